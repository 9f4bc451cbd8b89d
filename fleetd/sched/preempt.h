/* Units with Preempt=yes: one that fits nowhere may push units of a lower priority off a machine,
 * as few as will do, and of these rather the lowest. It gets its order there at once, which keeps
 * the place, and is started when they have left (settle.c). Who was pushed waits, or is placed
 * elsewhere, like anybody. As priorities only go down on the way, nobody pushes in a circle; and as
 * nobody pushes what replaces it, the two do not push each other. Inside sched only. */
#pragma once

#include "fleetd/sched/planner.h"

bool unit_preempts(const ClusterUnit *unit);

/* For a unit that fits on no machine. ret_machine: where it pushed others off, and has its order
 * now; NULL: nowhere. -ENOMEM. */
int preempt(Planner *planner, ClusterUnit *unit, const ClusterMachine **ret_machine);

/* Of an order that pushed others, and is not launched yet: the first by name of those that are yet
 * to leave for lack of room; NULL: there is room, or none is leaving. */
const Placement *preempt_find_in_the_way(Cluster *cluster, const Placement *placement);
