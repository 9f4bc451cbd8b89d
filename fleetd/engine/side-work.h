/* What is decided and written beside the plan, of what users ask for or what has failed. It is
 * all done by the same rules, whenever the model of the cluster is whole and nothing is left to
 * plan. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct SideWorkOptions {
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
} SideWorkOptions;
