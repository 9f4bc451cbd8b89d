/* A deployment that is rolled back: all units get again what they had. Inside sched only. */
#pragma once

#include "fleetd/sched/rollout-unit.h"

/* failed: the unit for which it is done; NULL: a user wants it. -ENOMEM. */
int back_begin(RolloutLook *look, const RolloutUnit *failed);
int back_go_on(RolloutLook *look);
