/* Writes which instances of a template are created, or removed, in one transaction, which holds
 * only if all that it was decided on is as it was read, and this engine leads. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"
#include "fleetd/sched/scale-step.h"

typedef struct ScaleWriter {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    const Feed *feed;
    StoreTxnDone done;
    void *userdata;
} ScaleWriter;

/* What is created has the file that the template has then, and is launched. The step does
 * something; to create, the template and its file must be known. -ENOMEM, or as of store_txn(). */
int scale_writer_put(const ScaleWriter *writer, const char *template, const FeedScale *known,
                     const ScaleStep *step, StoreOp **ret);
