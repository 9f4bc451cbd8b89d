/* Whose turn it is, and what becomes of the deployment as a whole. Inside sched only. */
#pragma once

#include "fleetd/sched/rollout-unit.h"

#define TURN_ALL_LEFT "somebody has given its units another file"

/* The whole is in that phase now. -ENOMEM. */
int turn_enter(RolloutLook *look, RolloutPhase phase, const char *why);
int turn_enter_for_unit(RolloutLook *look, RolloutPhase phase, const RolloutUnit *unit);

bool turn_is_last(const RolloutUnit *unit);

/* NULL: none of the candidates may be touched now. */
RolloutUnit *turn_choose(const RolloutLook *look,
                         bool (*is_candidate)(const RolloutLook *look, const RolloutUnit *unit));
/* Why that is so. */
const char *turn_obstacle(const RolloutLook *look);
/* The unit gets a file now. Once a step. -ENOMEM. */
int turn_change(RolloutLook *look, RolloutUnit *unit, RolloutUnitPhase phase, const char *hash);
/* It is to be started anew with the file that it has. Likewise. */
int turn_restart(RolloutLook *look, RolloutUnit *unit);
/* A global unit gets it, which its machines then get one after the other: from now on each keeps
 * what it has. Any other unit: nothing. -ENOMEM. */
int turn_give_to_all(RolloutLook *look, const char *hash);
/* The first that cannot be read; NULL: there is none. */
const RolloutFact *turn_find_held(const RolloutLook *look);

/* Of those that get the new file before it is promoted all have begun. */
bool turn_canaries_have_begun(const RolloutLook *look);
int turn_await_promotion(RolloutLook *look);
