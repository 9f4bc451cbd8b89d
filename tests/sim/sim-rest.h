/* What a simulated cluster must have come to some time after the last fault and the last request:
 * everything is as the users asked for, or says why not. */
#pragma once

#include "tests/sim/sim-check.h"

/* Failures go to the trace. Units and machines; and that nothing else is left in the store, for
 * which the collector needs its time. */
void sim_check_units_rest(SimCluster *cluster, const SimCheck *check, SimTrace *trace);
void sim_check_files_rest(SimCluster *cluster, const SimCheck *check, SimTrace *trace);
