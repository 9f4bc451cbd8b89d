/* Deployments, each from one step to the next (fleetd/sched/rollout-step.h): whenever the model of
 * the cluster is whole and all of it is decided, what comes next is looked up, and written: at most
 * one unit's new file, together with the record, in one transaction. It holds only if the record,
 * the deployment, the unit and the file are as they were read, and this engine leads. All of it
 * stands in the store, so that any leader goes on with it. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct Rollouts Rollouts;

typedef struct RolloutsCallbacks {
    /* The model is as of that revision of the store, or later, and nothing is left to decide. */
    bool (*is_ready)(int64_t revision, void *userdata);
    bool (*is_held)(void *userdata); /* the brake holds */
    /* A write was given up, and may still be on its way: what else is down of a group must not be
     * counted before it cannot come any more. */
    void (*on_unsure)(void *userdata);
    void (*on_through)(void *userdata); /* a write has ended, and what waited for that may go on */
} RolloutsCallbacks;

int rollouts_new(Store *store, Loop *loop, const Leadership *leadership, const Feed *feed,
                 const Cluster *cluster, const RolloutsCallbacks *callbacks, void *userdata,
                 Rollouts **ret);
void rollouts_free(Rollouts *rollouts);
DEFINE_POINTER_CLEANUP(Rollouts, rollouts_free)

/* Something may have changed, or it is ready now. */
void rollouts_look(Rollouts *rollouts);

/* The revision from which on the model knows all that was written; INT64_MAX: a write is under way.
 */
int64_t rollouts_revision(const Rollouts *rollouts);
