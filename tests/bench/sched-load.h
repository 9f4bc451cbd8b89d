/* A cluster to place, as large as asked for, with a kind of constraint; and whether a plan for it
 * keeps to that. Units come in groups of SCHED_GROUP, as the instances of a template do. */
#pragma once

#include "fleetd/sched/plan.h"

#define SCHED_GROUP 10
#define SCHED_REGIONS 4
#define SCHED_RACK_MACHINES 20

typedef struct SchedLoad SchedLoad;

/* kind: "none", "metadata" (a region), "conflicts" (no two of a group on a machine), "machine-of"
 * (a group follows its first), "mix" (a group of each, in turn), "rack" (metadata that few machines
 * have), "memory" (each reserves memory and CPU),
 * "spread" (a group is balanced over regions). NULL: no such kind. */
SchedLoad *sched_load_new(size_t n_machines, size_t n_units, const char *kind);
void sched_load_free(SchedLoad *load);
DEFINE_POINTER_CLEANUP(SchedLoad, sched_load_free)

/* Tell the cluster of it. */
void sched_load_put_machine(const SchedLoad *load, Cluster *cluster, size_t i);
void sched_load_put_unit(const SchedLoad *load, Cluster *cluster, size_t i);
void sched_load_lose_machine(SchedLoad *load, Cluster *cluster, size_t i);

/* Takes the plan's orders for written. Ends the program if a step is anything but an order, or the
 * withdrawal of one on a machine that is gone. */
void sched_load_follow(SchedLoad *load, const Plan *plan);
/* Ends the program unless each of the first n units has a place, on a machine that is there, and
 * all constraints hold. */
void sched_load_check(const SchedLoad *load, size_t n);
