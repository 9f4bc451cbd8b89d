/* A rebalance that users have asked for: whenever the model of the cluster is whole and all of it
 * is decided, it is looked up how far it is (fleetd/sched/rebalance-step.h). What has changed is
 * written, on the condition that the record is as it was read and that this engine leads; and the
 * scheduler is told of the moves that may be begun. All of it stands in the store, so that any
 * leader goes on with it. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Rebalancing Rebalancing;

int rebalancing_new(const SideWorkOptions *options, Rebalancing **ret);
void rebalancing_free(Rebalancing *rebalancing);
DEFINE_POINTER_CLEANUP(Rebalancing, rebalancing_free)

/* Something may have changed, or it is ready now. */
void rebalancing_look(Rebalancing *rebalancing);

void rebalancing_declare(Metrics *metrics);
