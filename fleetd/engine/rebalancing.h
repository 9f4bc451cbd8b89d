/* A rebalance that users have asked for: it is looked up how far it is
 * (fleetd/sched/rebalance-step.h), and what has changed is written; and the scheduler is told of
 * the moves that may be begun. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Rebalancing Rebalancing;

int rebalancing_new(const SideWorkOptions *options, Rebalancing **ret);
void rebalancing_free(Rebalancing *rebalancing);
DEFINE_POINTER_CLEANUP(Rebalancing, rebalancing_free)

/* Something may have changed, or it is ready now. */
void rebalancing_look(Rebalancing *rebalancing);

void rebalancing_declare(Metrics *metrics);
