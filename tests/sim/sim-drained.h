/* What machines still have that are drained: judged when nothing is under way any more. */
#pragma once

#include "tests/sim/sim-cluster.h"
#include "tests/sim/sim-trace.h"

void sim_check_drained_rest(SimCluster *cluster, SimTrace *trace);
