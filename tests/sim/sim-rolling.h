/* What happens at last to some clusters that are at rest: users drain one machine after the other,
 * and nothing goes wrong meanwhile, but that the leader may be killed. So no group may ever have
 * more units down than it allows, by what systemd runs: promises and states do not count. */
#pragma once

#include "tests/sim/sim-run.h"

typedef struct SimRolling SimRolling;

bool sim_rolling_is_due(const Sim *sim);

/* Returns when it is over, and all is at rest, or a promise was broken. */
void sim_rolling_happen(Sim *sim);

/* After every step of the loop; NULL: nothing is drained so. */
void sim_rolling_step(SimRolling *rolling);
