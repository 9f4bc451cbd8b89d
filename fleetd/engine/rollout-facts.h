/* What a deployment has to know of its units, gathered from the feed and the cluster. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/sched/rollout-step.h"

/* Fills all of ret but time and brake, which borrows from feed and cluster until they change. name:
 * of a unit or a template. The caller frees ret->units, as ret_units. -ENOMEM. */
int rollout_facts_gather(const Feed *feed, const Cluster *cluster, const char *name,
                         RolloutFacts *ret, RolloutFact **ret_units);
