/* Deployments of global units go machine by machine: who keeps the former file until its turn, and
 * how many are without the unit at a time. That goes by the records, not by what the scheduler
 * makes of them. */
#pragma once

#include "tests/sim/sim-check.h"

/* Whether that order is with a file that its machine keeps for now, and so need not be as asked. */
bool sim_turns_keep(const SimView *view, const Order *order);
/* An order has changed; new NULL: it has gone. */
void sim_turns_judge_order(SimCheck *check, const Key *key, const Order *old, const Order *new);
