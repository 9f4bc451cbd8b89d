/* Deployments, each from one step to the next (fleetd/sched/rollout-step.h): at most one unit's new
 * file is written at a time, together with the record. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Rollouts Rollouts;

int rollouts_new(const SideWorkOptions *options, Rollouts **ret);
void rollouts_free(Rollouts *rollouts);
DEFINE_POINTER_CLEANUP(Rollouts, rollouts_free)

/* Something may have changed, or it is ready now. */
void rollouts_look(Rollouts *rollouts);

/* As side_work_revision(). */
int64_t rollouts_revision(const Rollouts *rollouts);
