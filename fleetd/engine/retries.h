/* Units that have failed: whenever the model of the cluster is whole and all of it is decided, what
 * is to be remembered of them is looked up (fleetd/sched/failure-step.h), and written, on the
 * condition that the records are as they were read and that this engine leads; and when it is time,
 * the scheduler is told to try them anew. All of it stands in the store, so that any leader goes on
 * with it. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct Retries Retries;

typedef struct RetriesOptions {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    const Feed *feed;
    Cluster *cluster;
    Metrics *metrics;
    /* The model is as of that revision of the store, or later, and nothing is left to decide. */
    bool (*is_ready)(int64_t revision, void *userdata);
    /* Nothing is to be tried anew just now; whoever takes that back looks again. */
    bool (*is_held_back)(void *userdata);
    /* The cluster was told something, r 0, or is in an unknown state. */
    void (*on_told)(int r, void *userdata);
    void *userdata;
} RetriesOptions;

int retries_new(const RetriesOptions *options, Retries **ret);
void retries_free(Retries *retries);
DEFINE_POINTER_CLEANUP(Retries, retries_free)

/* Something may have changed, or it is ready now. */
void retries_look(Retries *retries);

void retries_declare(Metrics *metrics);
