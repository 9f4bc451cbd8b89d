/* Whom a change concerns: what has to be looked at again, and nothing else. A look that changes
 * nothing costs little; one that is forgotten leaves a unit where it must not be, or waiting for
 * ever. All return 0 or -ENOMEM. Inside sched only. */
#pragma once

#include "fleetd/sched/availability.h"

int look_at_unit(Cluster *cluster, ClusterUnit *unit);
int look_at_placement(Cluster *cluster, Placement *placement);
/* Takes the next one off the queue; NULL: nothing is left. */
WorkItem *look_next(Cluster *cluster);
/* Takes the unit off the queue, as a whole and in all its places. */
void look_away(Cluster *cluster, ClusterUnit *unit);

/* A unit has got, lost or moved an order that counts: its followers, and the obstructed. */
int concern_activity(Cluster *cluster, ClusterUnit *unit);
/* Those that wait for what they replace to find another place: something about that may differ. */
int concern_obstructed(Cluster *cluster);
/* An order has begun to count, or has gone: others on the machine that may not stay beside it, or
 * have waited for it to leave. */
int concern_neighbours(Cluster *cluster, Placement *placement);
/* Another number of its units is available: those of it that wait for their turn. */
int concern_group(Cluster *cluster, const UnitGroup *group);
/* Something has left a machine, or may be pushed off one now: units that would push others.
 * machine: where; those that wait there for others to leave look, too. */
int concern_preempters(Cluster *cluster, const ClusterMachine *machine);
/* An order no longer stands in anyone's way: those that were kept off the machine by it. */
int concern_released(Cluster *cluster, Placement *placement);
/* To go there, or to move there from one that is drained. */
bool unit_waits_for_machine(const ClusterUnit *unit);
/* Memory or CPU was released there, for those that wait for it (room.h). */
int concern_room(Cluster *cluster, ClusterMachine *machine);
/* A machine has come, changed or gone: its units, and all who wait for one. */
int concern_machine(Cluster *cluster, ClusterMachine *machine);
/* Where a followed unit follows on has changed, or whether it is known: those that wait for targets
 * tell of it. */
int concern_chains(Cluster *cluster, const ClusterUnit *unit);
/* Who may replace whom has changed somewhere. */
int concern_replacers(Cluster *cluster);
