/* feasible -> rank -> plan, the third step, for one pair of a unit and a machine: from the order
 * that stands to the one that should. Inside sched only. */
#pragma once

#include "fleetd/sched/planner.h"

/* Takes the next step, if there is one to take now. why: the reason for a first order if the unit
 * is wanted there, else the reason to leave. */
int settle(Planner *planner, Placement *placement, bool is_wanted, const char *why);

bool order_is_withdrawn(const Placement *placement);
