/* What must not notice that the store was lost: where each unit was ordered when that happened, and
 * what ran by its order. */
#pragma once

#include "tests/sim/sim-check.h"

typedef struct SimKept SimKept;

/* As of now, when the cluster is at rest. */
SimKept *sim_kept_new(SimCluster *cluster, SimTrace *trace);
void sim_kept_free(SimKept *kept);

/* After every step of the loop: nobody touches what runs, or begins anything with a unit on another
 * machine. NULL: nothing was lost. */
void sim_kept_step(SimKept *kept);
/* When all was asked for again, and is at rest: each unit is ordered where it was, and what ran
 * runs. */
void sim_kept_check_rest(const SimKept *kept);
