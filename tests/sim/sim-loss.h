/* The last of what happens in some simulations: the store, of a cluster at rest, loses everything,
 * and users ask for what they had. */
#pragma once

#include "tests/sim/sim-run.h"

bool sim_loss_is_due(uint64_t seed);

/* Returns when all was asked for again and nothing goes wrong any more, or a promise was broken.
 * sim->kept remembers from now on what must not notice. */
void sim_loss_happen(Sim *sim);
