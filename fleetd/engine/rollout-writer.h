/* Writes what comes next for a deployment, in one transaction, which holds only if all that it was
 * decided on is as it was read, and this engine leads. */
#pragma once

#include "fleetd/engine/side-work.h"
#include "fleetd/sched/rollout-step.h"

/* The record, and the unit that gets another file, if any does. -ENOMEM, or as of
 * side_work_write(). */
int rollout_writer_put(SideWork *work, const char *name, const FeedRollout *known,
                       const RolloutStep *step, StoreTxnDone done);
/* Nothing is wanted any more: neither record stays. */
int rollout_writer_drop(SideWork *work, const char *name, const FeedRollout *known,
                        StoreTxnDone done);
