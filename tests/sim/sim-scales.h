/* Numbers of instances that are kept: what users ask for, and the promises about what comes of it:
 * never more are created nor fewer left than wanted, the lowest numbers come and the highest go,
 * and in the end there are as many as wanted. */
#pragma once

#include "tests/sim/sim-check.h"
#include "tests/sim/sim-run.h"

/* Deeds. */
void sim_scale(Sim *sim, SimAct *act);

/* Whether this transaction keeps a number: it is on the condition of a wish for one. */
bool sim_txn_scales(const StoreTxn *txn);
/* Of one that does, and has come to pass. */
void sim_scales_judge(SimCheck *check, const StoreTxn *txn);
/* All of them have come to rest. */
void sim_scales_check_rest(const SimCluster *cluster, SimTrace *trace);
