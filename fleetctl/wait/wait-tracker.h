/* What has become of many requests, line by line of the stream of events. Pure. */
#pragma once

#include "fleetctl/wait/wait-judge.h"
#include "fleetd/base/map.h"

typedef struct WaitUnit {
    const char *name;
    int64_t revision;
    bool is_quiet; /* it was as wanted already: success is not worth a line */
    WaitStatus status;
    ApiEvent event;    /* the line that led to the status; borrows from line */
    json_object *line; /* NULL while none did */
    char *obstacle;    /* why a restart has to wait; NULL: it does not, or is not known to */
    bool is_obstacle_told;
    Map *orphans;      /* set of ids: of the machines that have it for another cluster */
    Map *holders;      /* set of ids: of the machines that have it still */
    bool saw_running;  /* a job, since the request */
    bool is_mentioned; /* by the stream that is being read */
    bool is_told;      /* kept by whoever tells the status; false again when it changes */
} WaitUnit;

typedef struct WaitTracker WaitTracker;

int wait_tracker_new(WaitGoal goal, WaitTracker **ret);
void wait_tracker_free(WaitTracker *tracker);
DEFINE_POINTER_CLEANUP(WaitTracker, wait_tracker_free)

/* Waits for a unit too, once per name. -ENOMEM. */
int wait_tracker_add(WaitTracker *tracker, const char *name, int64_t revision, bool is_quiet);

/* A stream begins, with the present: which is also told by what it does not mention. */
void wait_tracker_begin(WaitTracker *tracker);

/* Takes a line in. 1: a unit's status has changed; 0: none has; -EBADMSG: not a line of the stream.
 */
int wait_tracker_feed(WaitTracker *tracker, const char *line, size_t size, Error *reterr);

WaitGoal wait_tracker_goal(const WaitTracker *tracker);
size_t wait_tracker_count(const WaitTracker *tracker, WaitStatus status);
size_t wait_tracker_count_open(const WaitTracker *tracker);
/* Whether a machine has one of them for another cluster still. */
bool wait_tracker_has_orphans(const WaitTracker *tracker);
/* All units in order of addition. NULL behind the last. */
WaitUnit *wait_tracker_get(const WaitTracker *tracker, size_t i);
