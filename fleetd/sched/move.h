/* A unit leaves a machine that is being drained, or on which it has failed, or to even the load
 * out: only when another has room for it, which is kept for it from then on, and only as far as its
 * group's budget goes. Inside sched only. */
#pragma once

#include "fleetd/sched/planner.h"

/* Whether the unit should go from there, if it can: its machine is being drained, or it has failed
 * there and is to be tried anew, which may be in the same place; or users want it elsewhere. */
bool placement_should_move(const Placement *placement);
/* Of a global unit: it leaves behind all others. */
bool placement_should_end(const Placement *placement);

/* For an ordinary unit's only order, which placement_should_move(). ret: its next place, which has
 * an order now, so that this one can be taken back; NULL: it stays for now, and its order says why,
 * or this one is taken back already. */
int move_begin(Planner *planner, Placement *from, Placement **ret);

/* Takes the order back that it moves from. */
int move_end(Planner *planner, Placement *from);

/* Why it leaves. NULL when out of memory; the caller frees. */
char *move_reason(const Placement *from);
