/* What happens to some clusters that are at rest: users ask what would come of a request, then make
 * it, and nothing goes wrong meanwhile. So what they were told is what happens. */
#pragma once

#include "tests/sim/sim-run.h"

bool sim_forecasts_are_due(uint64_t seed);

/* Returns when it is over, and all is at rest, or a promise was broken. */
void sim_forecasts_happen(Sim *sim);
