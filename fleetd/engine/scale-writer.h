/* Writes which instances of a template are created, or removed, in one transaction, which holds
 * only if all that it was decided on is as it was read, and this engine leads. */
#pragma once

#include "fleetd/engine/side-work.h"
#include "fleetd/sched/scale-step.h"

/* What is created has the file that the template has then, and is launched. The step does
 * something; to create, the template and its file must be known. -ENOMEM, or as of
 * side_work_write(). */
int scale_writer_put(SideWork *work, const char *template, const FeedScale *known,
                     const ScaleStep *step, StoreTxnDone done);
