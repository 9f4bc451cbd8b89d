/* Machines that are to be rebooted, each from one phase to the next (fleetd/sched/reboot-phase.h):
 * whenever the model of the cluster is whole and all of it is decided, what comes next is looked
 * up, and written, one change at a time, on the condition that the record is as it was read and
 * that this engine leads. All of it stands in the store, so that any leader goes on with it. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct Reboots Reboots;

typedef struct RebootsCallbacks {
    /* The model is as of that revision of the store, or later, and nothing is left to decide. */
    bool (*is_ready)(int64_t revision, void *userdata);
    bool (*is_held)(void *userdata); /* the brake holds: no reboot begins */
    /* A write was given up, and may still be on its way: another machine must not be given the
     * place before it cannot come any more. */
    void (*on_unsure)(void *userdata);
} RebootsCallbacks;

int reboots_new(Store *store, Loop *loop, const Leadership *leadership, const Feed *feed,
                const Cluster *cluster, const RebootsCallbacks *callbacks, void *userdata,
                Reboots **ret);
void reboots_free(Reboots *reboots);
DEFINE_POINTER_CLEANUP(Reboots, reboots_free)

/* Something may have changed, or it is ready now. */
void reboots_look(Reboots *reboots);
bool reboots_is_writing(const Reboots *reboots);
