/* Who replaces whom. Inside sched only.
 *
 * A glob in Replaces= counts only where it cannot go in a circle. Say that one unit may move
 * another if it replaces it, or if the other follows it (MachineOf). Then x does not replace y if y
 * may move x, directly or through others: two that replace each other both stay, and so on for
 * longer ways round. What is left has no circles, so whoever is moved never moves, in the end, the
 * one that moved it: units come to rest from the top down, each disturbed only by those above it
 * which rest already. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

bool unit_replaces(Cluster *cluster, const ClusterUnit *unit, const ClusterUnit *other);

/* Whether an order of other on a machine has to go, or still has to, for unit to be there. */
bool placement_is_replaced_by(Cluster *cluster, const Placement *other, const ClusterUnit *unit);
