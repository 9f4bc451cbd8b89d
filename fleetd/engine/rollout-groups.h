/* Groups that deployments split for a while, as a new file may name another Group=: until all units
 * of a deployment have it, each counts in both of its groups, or both would have a budget of their
 * own. */
#pragma once

#include "fleetd/engine/feed.h"

/* GroupRest by the name of the group: units of deployments under way that are not in it just now.
 * The caller frees. -ENOMEM. */
int rollout_groups_gather(const Feed *feed, const Cluster *cluster, Map **ret);
