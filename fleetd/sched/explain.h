/* Why a unit that should run has no place: the pending, machine by machine. Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

/* For a unit that is pending. The caller frees. -ENOMEM. */
int explain_waiting(Cluster *cluster, const ClusterUnit *unit, Pending **ret);

/* Why a unit that should leave its machine cannot: which others do not fit. The caller frees. */
int explain_move(Cluster *cluster, const ClusterUnit *unit, char **ret);

/* The first unit of MachineOf= that is on no machine; NULL: all are on one. */
const char *unit_unplaced_target(const Cluster *cluster, const ClusterUnit *unit);
