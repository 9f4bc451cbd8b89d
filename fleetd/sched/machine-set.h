/* Machines sorted by id, in one array. Taking from the front and adding at the end, which is what
 * filling equal machines does, moves nothing. Inside sched only. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct ClusterMachine ClusterMachine;

typedef struct MachineSet {
    ClusterMachine **items; /* those in use begin at first */
    size_t first;
    size_t n;
    size_t n_allocated;
} MachineSet;

/* machine must not be in it yet. -ENOMEM. */
int machine_set_add(MachineSet *set, ClusterMachine *machine);
void machine_set_remove(MachineSet *set, const ClusterMachine *machine);
void machine_set_done(MachineSet *set);

static inline ClusterMachine *machine_set_get(const MachineSet *set, size_t i) {
    return set->items[set->first + i];
}
