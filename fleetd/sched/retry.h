/* Units that have failed, as far as placing them depends on it: which are to be tried anew, and
 * where they have failed before. What is remembered of it and when it is time comes from whoever
 * leads (failure-step.h). Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

/* It has failed there, by its present file and request, and nobody on its machine restarts it. */
bool placement_is_failing(const Placement *placement);
/* Likewise, and it is time to try it anew. */
bool placement_is_due(const Placement *placement);

/* So often, for the present request. */
uint64_t unit_failures_on(const ClusterUnit *unit, const ClusterMachine *machine);
bool unit_has_failures(const ClusterUnit *unit);
/* Its record says that it is still failing there, which has to be put right before it gets an order
 * there: the next failure could not be told from the last one. machine NULL: anywhere. */
bool unit_awaits_retry(const ClusterUnit *unit, const ClusterMachine *machine);

/* A machine that is here has let go of it, and has yet to clear its word away, before which it gets
 * no order there. */
bool unit_is_being_cleared(const ClusterUnit *unit);
/* It has failed, and its next try is about to begin, which may be where it was: it waits for that
 * alone. */
bool unit_is_between_tries(const ClusterUnit *unit);

/* Something about the unit has changed that its failures may depend on. */
int unit_doubt(Cluster *cluster, ClusterUnit *unit);

int placement_set_failure(Placement *placement, const UnitState *state);
void placement_forget_failure(Placement *placement);
