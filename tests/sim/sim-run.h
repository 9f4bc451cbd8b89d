/* One simulation: a seed decides on everything that happens to a cluster. */
#pragma once

#include "tests/sim/sim-check.h"
#include "tests/sim/sim-random.h"

typedef struct Sim {
    uint64_t seed;
    SimRandom random;
    SimTrace trace;
    SimCluster *cluster;
    SimCheck *check;
} Sim;

/* Runs it. trace.failure tells how it went; the caller calls sim_done(). */
void sim_run(Sim *sim, uint64_t seed, bool is_verbose);
void sim_done(Sim *sim);

/* Time passes; false: a promise was broken meanwhile. */
bool sim_pass(Sim *sim, usec_t usec);

/* Something that users do; something that goes wrong, or is mended. */
void sim_user_acts(Sim *sim);
void sim_fate_acts(Sim *sim);
/* Chance decides how good the ways to the store are. */
void sim_fate_sets_ways(Sim *sim);
/* Mends everything, but for machines that stay away. */
void sim_fate_rests(Sim *sim);
