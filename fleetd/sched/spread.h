/* How many of a group are where: of each group, which units share by Spread=, how many have an
 * order on machines with this value of a key. Only units that have Spread= themselves are counted.
 * Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

/* The unit has come to the machine or gone. -ENOMEM. */
int placement_count_spread(Cluster *cluster, Placement *placement);
/* Before the unit's options, or the machine's metadata, change. -ENOMEM. */
int placement_forget_spread(Cluster *cluster, Placement *placement);

/* The name under which the group is counted, to be handed to spread_count(). NULL when out of
 * memory; the caller frees. */
char *unit_spread_name(const ClusterUnit *unit);
/* Those of the group on machines with that value. -ENOMEM. */
int spread_count(const Cluster *cluster, const char *name, const char *key, const char *value,
                 size_t *ret);
