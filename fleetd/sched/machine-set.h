/* Machines sorted by id, in one array; and some of them, as bits: a machine's stands where the
 * machine stands in the array. Inside sched only. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct ClusterMachine ClusterMachine;

typedef struct MachineSet {
    ClusterMachine **items;
    size_t n;
    size_t n_allocated;
} MachineSet;

#define MACHINE_WORD_BITS 64
static inline size_t machine_set_words(const MachineSet *set) {
    return (set->n + MACHINE_WORD_BITS - 1) / MACHINE_WORD_BITS;
}

/* machine must not be in it yet. -ENOMEM. */
int machine_set_add(MachineSet *set, ClusterMachine *machine);
void machine_set_remove(MachineSet *set, const ClusterMachine *machine);
void machine_set_done(MachineSet *set);
