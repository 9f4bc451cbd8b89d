/* The fewest acts of a simulation with which it still fails in the same way. */
#pragma once

#include "tests/sim/sim-run.h"

/* keep has a flag for each of its acts; at first those that it failed with, then those that are
 * left. What fails in the same way says the same but for names and numbers. */
void sim_minimise(const Sim *failed, bool *keep);
