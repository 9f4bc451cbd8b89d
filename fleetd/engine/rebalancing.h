/* A rebalance that users have asked for: whenever the model of the cluster is whole and all of it
 * is decided, it is looked up how far it is (fleetd/sched/rebalance-step.h). What has changed is
 * written, on the condition that the record is as it was read and that this engine leads; and the
 * scheduler is told of the moves that may be begun. All of it stands in the store, so that any
 * leader goes on with it. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct Rebalancing Rebalancing;

typedef struct RebalancingOptions {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    const Feed *feed;
    Cluster *cluster;
    Metrics *metrics;
    /* The model is as of that revision of the store, or later, and nothing is left to decide. */
    bool (*is_ready)(int64_t revision, void *userdata);
    /* Nothing is to be begun just now; whoever takes that back looks again. */
    bool (*is_held_back)(void *userdata);
    /* The cluster was told something, r 0, or is in an unknown state. */
    void (*on_told)(int r, void *userdata);
    void *userdata;
} RebalancingOptions;

int rebalancing_new(const RebalancingOptions *options, Rebalancing **ret);
void rebalancing_free(Rebalancing *rebalancing);
DEFINE_POINTER_CLEANUP(Rebalancing, rebalancing_free)

/* Something may have changed, or it is ready now. */
void rebalancing_look(Rebalancing *rebalancing);

void rebalancing_declare(Metrics *metrics);
