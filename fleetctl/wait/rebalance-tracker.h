/* How far a rebalance is, line by line of the stream of events. Pure. */
#pragma once

#include "fleetctl/api/api-rebalance.h"

typedef struct TrackedMove {
    char *unit, *from, *to;
    MovePhase phase;
    char *why;    /* NULL: nothing to be said */
    bool is_told; /* kept by whoever tells it; false again when it has ended */
} TrackedMove;

/* Of a copy: for who goes on while more lines come. -ENOMEM, after which it is empty. */
int tracked_move_copy(const TrackedMove *move, TrackedMove *ret);
void tracked_move_done(TrackedMove *move);
#define _cleanup_tracked_move_ _cleanup_(tracked_move_done)

typedef enum RebalanceEnd {
    REBALANCE_END_NONE,
    REBALANCE_END_REACHED,   /* done, or proposed */
    REBALANCE_END_REPLACED,  /* by another one */
    REBALANCE_END_CANCELLED, /* or lost */
} RebalanceEnd;

typedef struct RebalanceTracker {
    bool is_synced;
    bool is_mentioned; /* by the stream that is being read */
    int64_t id;        /* 0: nothing was told yet */
    RebalancePhase phase;
    char *why;        /* it waits; NULL: it does not */
    bool is_why_told; /* kept by whoever tells it; false again when it changes */
    TrackedMove *moves;
    size_t n_moves;
    RebalanceEnd end;
} RebalanceTracker;

void rebalance_tracker_done(RebalanceTracker *tracker);
#define _cleanup_rebalance_tracker_ _cleanup_(rebalance_tracker_done)

void rebalance_tracker_begin(RebalanceTracker *tracker); /* a stream begins, with the present */
/* Takes a line in. -EBADMSG: not a line of the stream. -ENOMEM. */
int rebalance_tracker_feed(RebalanceTracker *tracker, const char *line, size_t size, Error *reterr);
/* The same of what GET answered. */
int rebalance_tracker_take(RebalanceTracker *tracker, json_object *json, Error *reterr);

/* Which moves there are is known. */
bool rebalance_tracker_has_moves(const RebalanceTracker *tracker);
size_t rebalance_tracker_count(const RebalanceTracker *tracker, MovePhase phase);
