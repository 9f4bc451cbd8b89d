/* feasible -> rank -> plan, the third step, for one pair of a unit and a machine: from the order
 * that stands to the one that should. Inside sched only. */
#pragma once

#include "fleetd/sched/planner.h"

/* Takes the next step, if there is one to take now. why: the reason for a first order if the unit
 * is wanted there, else the reason to leave. */
int settle(Planner *planner, Placement *placement, bool is_wanted, const char *why);

/* Of an order that counts, and stays where it is although it should go: its reason says why. */
int settle_staying(Planner *planner, Placement *placement, const char *why);

/* Of one that is to stay as it is, whatever is wanted; stays: why, although it should go; NULL: it
 * need not. */
int settle_as_it_is(Planner *planner, Placement *placement, const char *stays);

bool order_is_withdrawn(const Placement *placement);
