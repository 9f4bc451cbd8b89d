/* A deployment of a global unit: the unit gets its file at once, and its machines have it one after
 * the other (docs/architecture.md, "Deployments"). Inside sched only. */
#pragma once

#include "fleetd/sched/rollout-unit.h"

/* Whether the record is of what there is: 1: so it is; 0: it does not go on, or not now. from: the
 * record that this one replaces in the midst; NULL: none. -ENOMEM. */
int global_look(RolloutLook *look, const Rollout *from);
