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
    bool has_place;       /* has left, and another machine has it now, or is to */
    bool is_mentioned;    /* by the stream that is being read */
    bool is_told;         /* as it is now */
    bool is_left_told;    /* that it has left, until it is there again, */
    bool is_waiting_told; /* and that it is nowhere, until it is not so */
} DrainUnit;

/* What is to be told of a unit. */
typedef enum DrainNews {
    DRAIN_NEWS_NONE,
    DRAIN_NEWS_STAYS,
    DRAIN_NEWS_LEFT,
    DRAIN_NEWS_LEFT_WAITS, /* it has left, and is nowhere */
    DRAIN_NEWS_WAITS,      /* that it has left was told */
    DRAIN_NEWS_PLACED,     /* that it was nowhere was told */
    _DRAIN_NEWS_MAX,
} DrainNews;

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
/* It is taken for told then. */
DrainNews drain_unit_take_news(DrainUnit *unit);
/* In order of appearance; NULL behind the last. */
DrainUnit *drain_tracker_get(const DrainTracker *tracker, size_t i);
