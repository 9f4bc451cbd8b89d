/* What is decided and written beside the plan: reboots, deployments, numbers of instances, failures
 * and moves. It is all done by the same rules. Whenever the model of the cluster is whole, nothing
 * is left to plan, and this engine leads for sure, what comes next is looked up, and written, one
 * transaction at a time, on the condition that what it was decided on is as it was read, and that
 * this engine leads. It is looked up anew when the model knows of that. All that has to be known
 * stands in the store, so that any leader goes on with it. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct SideWorkOptions {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    Feed *feed;
    Cluster *cluster;
    Metrics *metrics;
    /* The model is as of that revision of the store, or later, and nothing is left to decide. */
    bool (*is_ready)(int64_t revision, void *userdata);
    /* Nothing is to be begun just now; whoever takes that back looks again. */
    bool (*is_held_back)(void *userdata);
    /* The cluster was told something, r 0, or is in an unknown state. */
    void (*on_told)(int r, void *userdata);
    /* A write was given up, and may still be on its way, and nothing may be decided before it
     * cannot come any more. */
    void (*on_unsure)(void *userdata);
    /* A write is over, which has held others back; the model may have yet to hear of it. */
    void (*on_through)(void *userdata);
    void *userdata;
} SideWorkOptions;

/* Of one kind. */
typedef struct SideWork {
    SideWorkOptions options;
    int (*act)(void *owner);
    void *owner;
    Timer *timer;
    StoreOp *op; /* NULL: nothing is being written */
    int64_t written_revision;
} SideWork;

/* act decides, when that may be done, and begins a write, or none. It is called again in a moment
 * when it answers negative; with -ENOMEM the cluster counts as in an unknown state. */
int side_work_init(SideWork *work, const SideWorkOptions *options, int (*act)(void *owner),
                   void *owner);
void side_work_done(SideWork *work);

/* Something may have changed, or it is ready now. */
void side_work_look(SideWork *work);
/* When nothing changes before that time; USEC_INFINITY: not by itself. */
void side_work_look_at(SideWork *work, usec_t realtime_usec);

bool side_work_is_held_back(const SideWork *work);
usec_t side_work_now(const SideWork *work); /* time of day */

/* Holds while this engine leads: one of the comparisons of every write. */
StoreCompare side_work_fence(const SideWork *work);
/* Begins a write; done gets the owner, and calls side_work_end(). */
int side_work_write(SideWork *work, const StoreTxn *txn, StoreTxnDone done);
/* The same of a key that is as of that revision; value NULL: it goes. */
int side_work_write_record(SideWork *work, const char *key, int64_t revision, const char *value,
                           StoreTxnDone done);
/* 1: it is written; 0: what it was decided on had changed; -errno: it is not known. It is tried
 * again in a moment if it is not written. */
int side_work_end(SideWork *work, int r, const StoreTxnResult *result);

/* The revision from which on the model knows all that was written; INT64_MAX: a write is under way.
 */
int64_t side_work_revision(const SideWork *work);
