/* Writes a plan to the store, step after step: transactions as large as the store takes, one after
 * another, each fenced by the leadership key, and by the absence of a machine whose orders it takes
 * away. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/sched/plan.h"

typedef struct Writer Writer;

/* Of a whole plan. 0: it is in the store as of revision. -ESTALE: it was overtaken: a fence did not
 * hold, or nothing was left to delete; part of it may have been written. Other errors: unknown what
 * was written, and what is still on its way may be written yet, as long as the fence holds. */
typedef void (*WriterDone)(int r, int64_t revision, void *userdata);

int writer_new(Store *store, WriterDone done, void *userdata, Writer **ret);
void writer_free(Writer *writer);
DEFINE_POINTER_CLEANUP(Writer, writer_free)

/* Only while not busy. feed tells which machines are there. On failure done is not called, and it
 * is unknown what was written, as above. now_usec: since 1970, for what tells times. */
int writer_write(Writer *writer, const Plan *plan, StoreCompare fence, const Feed *feed,
                 usec_t now_usec);
bool writer_is_busy(const Writer *writer);
