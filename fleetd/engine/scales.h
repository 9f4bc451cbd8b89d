/* Keeps as many instances of templates as users want (fleetd/sched/scale-step.h): whenever the
 * model of the cluster is whole and all of it is decided, what is missing is created, and what is
 * too many removed, a batch at a time. The wish is all that has to be known, and stands in the
 * store, so that any leader goes on with it. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct Scales Scales;

typedef struct ScalesOptions {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    Feed *feed;
    Metrics *metrics;
    /* The model is as of that revision of the store, or later, and nothing is left to decide. */
    bool (*is_ready)(int64_t revision, void *userdata);
    /* Somebody else is about to change instances or templates, and that is not known yet. */
    bool (*is_held_back)(void *userdata);
    /* A write is over, which has held others back; the model may have yet to hear of it. */
    void (*on_through)(void *userdata);
    void *userdata;
} ScalesOptions;

int scales_new(const ScalesOptions *options, Scales **ret);
void scales_free(Scales *scales);
DEFINE_POINTER_CLEANUP(Scales, scales_free)

/* Something may have changed, or it is ready now. */
void scales_look(Scales *scales);

/* The revision from which on the model knows all that was written; INT64_MAX: a write is under way.
 */
int64_t scales_revision(const Scales *scales);

void scales_declare(Metrics *metrics);
