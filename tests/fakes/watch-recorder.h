/* Writes down what a watch tells, for tests, and checks that it is told in order. */
#pragma once

#include "tests/fakes/store-sync.h"

typedef struct WatchRecorder {
    const StoreSync *sync;
    StoreOp *op;        /* NULL: not watching (any more) */
    char *log;          /* "+key=value -key ...", of all that was told */
    int64_t *revisions; /* of each event */
    size_t n_events, n_batches, n_created, n_closed;
    int64_t created_revision;
    int closed_r;
    bool cancels_itself; /* on the first event */
    bool is_broken;      /* a rule of StoreWatchCallbacks was broken */
} WatchRecorder;

/* Begins to watch; the recorder must stay where it is. What store_watch() returns. */
int watch_recorder_start(WatchRecorder *recorder, const StoreSync *sync, const StoreWatch *watch);
/* Runs the loop until so many events have been told in all, or the watch stands, or has ended.
 * false: not in time. */
bool watch_recorder_wait_events(WatchRecorder *recorder, size_t n_events);
bool watch_recorder_wait_created(WatchRecorder *recorder);
bool watch_recorder_wait_closed(WatchRecorder *recorder);

void watch_recorder_done(WatchRecorder *recorder); /* cancels the watch; its store must live */
#define _cleanup_recorder_ _cleanup_(watch_recorder_done)
