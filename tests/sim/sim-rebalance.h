/* Users who want the load evened out, at any time; and what must hold of what comes of it. */
#pragma once

#include "fleetd/model/rebalance.h"
#include "tests/sim/sim-run.h"

void sim_rebalance(Sim *sim, SimAct *act);
/* In place of any former one. max_moves: 0: as many as help. */
void sim_rebalance_ask(Sim *sim, uint64_t max_moves, bool is_dry_run);

/* Its record has changed; NULL: there is none. */
void sim_rebalance_judge_record(SimCheck *check, const Rebalance *old, const Rebalance *next);
/* Of an order that was just withdrawn: if for that, it was proposed, and somebody wants it. */
void sim_rebalance_judge_move(SimCheck *check, const Order *order);
/* Whether that is why it was withdrawn. */
bool sim_leaves_for_balance(const Order *order);
/* When all has come to rest: what still waits has a reason to. */
void sim_rebalance_check_rest(SimCluster *cluster, SimTrace *trace);
