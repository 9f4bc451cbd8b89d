/* How far deployments are, line by line of the stream of events. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"
#include "fleetd/model/rollout.h"

typedef struct RolloutUnitProgress {
    char *name;
    RolloutUnitPhase phase;
    char *why;         /* NULL: nothing to be said */
    bool is_gone;      /* it was a part of it, and is none any more */
    bool is_mentioned; /* by the record that is being read */
    bool is_told;      /* kept by whoever tells it; false again when it changes */
} RolloutUnitProgress;

typedef enum RolloutEnd {
    ROLLOUT_END_NONE,
    ROLLOUT_END_REACHED,  /* its phase says how */
    ROLLOUT_END_REPLACED, /* by another deployment */
    ROLLOUT_END_GONE,     /* the unit was destroyed */
} RolloutEnd;

typedef struct RolloutProgress {
    char *name;
    int64_t id;         /* 0: nothing was told yet */
    bool is_restart;    /* no file comes with it */
    RolloutPhase phase; /* _ROLLOUT_PHASE_INVALID: one that this fleetctl does not know */
    char *why;
    bool is_global; /* units are machines, by their ids */
    RolloutUnitProgress *units;
    size_t n_units;
    RolloutEnd end;
    bool is_mentioned; /* by the stream that is being read */
    bool is_told;
} RolloutProgress;

typedef struct RolloutTracker RolloutTracker;

int rollout_tracker_new(RolloutTracker **ret);
void rollout_tracker_free(RolloutTracker *tracker);
DEFINE_POINTER_CLEANUP(RolloutTracker, rollout_tracker_free)
int rollout_tracker_add(RolloutTracker *tracker, const char *name);

void rollout_tracker_begin(RolloutTracker *tracker); /* a stream begins, with the present */
/* Takes a line in. -EBADMSG: not a line of the stream. -ENOMEM. */
int rollout_tracker_feed(RolloutTracker *tracker, const char *line, size_t size, Error *reterr);

/* The present was told, and all have ended, or wait for a person. */
bool rollout_tracker_is_over(const RolloutTracker *tracker);
/* In the order in which they were added; NULL behind the last. */
RolloutProgress *rollout_tracker_get(const RolloutTracker *tracker, size_t i);
/* Of its units, without the template and those that are gone: those in that phase, or all with
 * _ROLLOUT_UNIT_PHASE_MAX. */
size_t rollout_progress_count(const RolloutProgress *progress, RolloutUnitPhase phase);
