/* What comes of machines that are to be rebooted. */
#pragma once

#include "tests/sim/sim-cluster.h"
#include "tests/sim/sim-trace.h"

/* When nothing is under way any more: each has had its turn, has ended, has failed, or waits for
 * units that stay, or for another that does. */
void sim_reboots_check_rest(const SimCluster *cluster, SimTrace *trace);

/* How long it may take until that is so, besides all else. */
usec_t sim_reboots_limit(const SimView *view);
