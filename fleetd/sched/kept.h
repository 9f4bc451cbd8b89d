/* The machines of a global unit that keep the file that they have, until a deployment comes to them
 * (kept-files.h). Each is judged by the file that it is to have. What is ordered there stands as it
 * is: a deployment is no request, and asks nothing of those that it does not touch. Inside sched
 * only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

/* The file that the unit is to have on that machine: its own, or the one that is kept there. */
const char *unit_hash_on(const Cluster *cluster, const ClusterUnit *unit,
                         const ClusterMachine *machine);
/* What that file asks for; NULL: nothing, or it is not known. */
const Requirements *unit_requirements_on(const Cluster *cluster, const ClusterUnit *unit,
                                         const ClusterMachine *machine);
bool unit_keeps_file_on(const Cluster *cluster, const ClusterUnit *unit,
                        const ClusterMachine *machine);
/* Whether its order is as it is to be, as nobody has asked for the unit since then. */
bool placement_is_kept(const Cluster *cluster, const Placement *placement);
