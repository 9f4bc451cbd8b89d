/* What users had asked for when the store was lost, and ask for again: metadata of machines, that
 * they be cordoned, and units. */
#pragma once

#include "tests/sim/sim-run.h"

typedef struct SimWishes SimWishes;

/* As of now; the units in the order in which a backup has them, or in any. Borrows random. */
SimWishes *sim_wishes_new(Sim *sim, SimRandom *random);
void sim_wishes_free(SimWishes *wishes);
size_t sim_wishes_count_units(const SimWishes *wishes);

/* Asks for what is wanted of machines, then for the first so many units, all at once or one some
 * time after the other, and again for what is not there in time. Returns when all is there, and
 * answered. false: a promise was broken. */
bool sim_wishes_ask(SimWishes *wishes, size_t n_units);
