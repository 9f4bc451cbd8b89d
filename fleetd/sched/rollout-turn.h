/* Whose turn it is, and what becomes of the deployment as a whole. Inside sched only. */
#pragma once

#include "fleetd/sched/rollout-unit.h"

/* The whole is in that phase now. -ENOMEM. */
int look_enter(RolloutLook *look, RolloutPhase phase, const char *why);
int look_enter_for_unit(RolloutLook *look, RolloutPhase phase, const RolloutUnit *unit);

bool turn_is_last(const RolloutUnit *unit);

/* NULL: none of the candidates may be touched now. */
RolloutUnit *look_choose(const RolloutLook *look,
                         bool (*is_candidate)(const RolloutLook *look, const RolloutUnit *unit));
/* Why that is so. */
const char *look_obstacle(const RolloutLook *look);
/* The unit gets a file now. Once a step. */
void look_change(RolloutLook *look, RolloutUnit *unit, RolloutUnitPhase phase, const char *hash);
