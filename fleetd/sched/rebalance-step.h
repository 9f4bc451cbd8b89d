/* What becomes of a rebalance: from the record as it stands to the one that should. Pure. */
#pragma once

#include "fleetd/sched/cluster.h"

/* First the moves that are proposed (proposal.h), then what has become of each. is_held_back:
 * nothing is to be begun just now. The cluster is whole, and nothing is left to decide. The caller
 * frees. -ENOMEM. */
int rebalance_step(Cluster *cluster, const Rebalance *before, bool is_held_back, Rebalance **ret);
