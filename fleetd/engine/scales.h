/* Keeps as many instances of templates as users want (fleetd/sched/scale-step.h): what is missing
 * is created, and what is too many removed, a batch at a time. The wish is all that has to be
 * known. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Scales Scales;

int scales_new(const SideWorkOptions *options, Scales **ret);
void scales_free(Scales *scales);
DEFINE_POINTER_CLEANUP(Scales, scales_free)

/* Something may have changed, or it is ready now. */
void scales_look(Scales *scales);

/* As side_work_revision(). */
int64_t scales_revision(const Scales *scales);

void scales_declare(Metrics *metrics);
