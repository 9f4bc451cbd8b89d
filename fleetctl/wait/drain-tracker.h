/* How far the drains of machines are, line by line of the stream of events. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

typedef enum DrainEnd {
    DRAIN_END_NONE,
    DRAIN_END_DONE,      /* it was empty when that was taken back */
    DRAIN_END_CANCELLED, /* it was not */
} DrainEnd;

/* From its end on, nothing is taken in of what it has. */
typedef struct DrainMachine {
    char *id;
    DrainEnd end;
    bool is_told; /* kept by whoever tells it; false again when it changes */
} DrainMachine;

typedef struct DrainUnit {
    char *name;
    const DrainMachine *machine; /* that it is to leave */
    char *stays;                 /* why it is still there; NULL: it is leaving, or will soon */
    char *waits;                 /* has left, and this is why it is nowhere; NULL: it is not so */
    bool has_left;
    bool is_mentioned; /* by the stream that is being read */
    bool is_told;      /* kept by whoever tells it; false again when it changes */
} DrainUnit;

typedef struct DrainTracker DrainTracker;

/* is_ignoring_global: these may stay. */
int drain_tracker_new(bool is_ignoring_global, DrainTracker **ret);
void drain_tracker_free(DrainTracker *tracker);
DEFINE_POINTER_CLEANUP(DrainTracker, drain_tracker_free)
int drain_tracker_add(DrainTracker *tracker, const char *machine_id);

void drain_tracker_begin(DrainTracker *tracker); /* a stream begins, with the present */
/* Takes a line in. -EBADMSG: not a line of the stream. -ENOMEM. */
int drain_tracker_feed(DrainTracker *tracker, const char *line, size_t size, Error *reterr);

/* The present was told, and nothing is on any of the machines that are still to be drained. */
bool drain_tracker_is_over(const DrainTracker *tracker);
size_t drain_tracker_count_left(const DrainTracker *tracker);
size_t drain_tracker_count_remaining(const DrainTracker *tracker);
/* In the order in which they were added; NULL behind the last. */
DrainMachine *drain_tracker_get_machine(const DrainTracker *tracker, size_t i);
/* In order of appearance; NULL behind the last. */
DrainUnit *drain_tracker_get(const DrainTracker *tracker, size_t i);
