/* Machines sorted by id, in one array. Inside sched only. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct ClusterMachine ClusterMachine;

typedef struct MachineSet {
    ClusterMachine **items;
    size_t n;
    size_t n_allocated;
} MachineSet;

/* machine must not be in it yet. -ENOMEM. */
int machine_set_add(MachineSet *set, ClusterMachine *machine);
void machine_set_remove(MachineSet *set, const ClusterMachine *machine);
void machine_set_done(MachineSet *set);
