/* What a simulated cluster must have come to some time after the last fault and the last request:
 * everything is as the users asked for, or says why not. */
#pragma once

#include "tests/sim/sim-check.h"

/* Failures go to the trace. */
void sim_check_rest(SimCluster *cluster, const SimCheck *check, SimTrace *trace);
