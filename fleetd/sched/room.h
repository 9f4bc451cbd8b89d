/* Memory and CPU: what is reserved on each machine, who has room there, and who of those that wait
 * may have what was released. What is withdrawn has it until it is gone. Inside sched only. */
#pragma once

#include "fleetd/sched/feasible.h"

bool machine_has_capacity(const ClusterMachine *machine, const Machine *from);
int machine_set_capacity(Cluster *cluster, ClusterMachine *machine, const Machine *from);

/* The unit has come to the machine or gone, or asks for another amount. */
int placement_count_reserved(Cluster *cluster, Placement *placement);

/* Whether the machine has room for a unit that is not there. If not, ret says what it lacks. */
bool machine_has_room(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                      Misfit *ret);
/* Of one that is there: whether its machine lacks what it asks for. */
bool placement_overbooks(const Placement *placement);
bool unit_reserves(const ClusterUnit *unit);
/* The machine's share with it, in percent. */
size_t machine_share_with(const ClusterMachine *machine, const ClusterUnit *unit);

/* Those that wait are offered what was released, one after the other in the order of the queue, as
 * long as any of them fits: puts the next one into the queue, if the queue is empty. So of many
 * that wait for the same room only those are looked at that get some. The index of machines must be
 * fresh. -ENOMEM. */
int room_offer(Cluster *cluster);
