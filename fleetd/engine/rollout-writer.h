/* Writes what comes next for a deployment, in one transaction, which holds only if all that it was
 * decided on is as it was read, and this engine leads. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"
#include "fleetd/sched/rollout-step.h"

typedef struct RolloutWriter {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    const Feed *feed;
    StoreTxnDone done;
    void *userdata;
} RolloutWriter;

/* The record, and the unit that gets another file, if any does. -ENOMEM, or as of store_txn(). */
int rollout_writer_put(const RolloutWriter *writer, const char *name, const FeedRollout *known,
                       const RolloutStep *step, StoreOp **ret);
/* Nothing is wanted any more: neither record stays. */
int rollout_writer_drop(const RolloutWriter *writer, const char *name, const FeedRollout *known,
                        StoreOp **ret);
