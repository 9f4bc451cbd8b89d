#include "fleetd/sched/machine-set.h"

#include "fleetd/sched/cluster-internal.h"

#include <errno.h>

/* The position of the first machine whose id is not smaller. */
static size_t machine_set_position(const MachineSet *set, const char *id) {
    size_t low = 0, high = set->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(set->items[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int machine_set_add(MachineSet *set, ClusterMachine *machine) {
    if (set->n == set->n_allocated) {
        size_t n_allocated = MAX((size_t) 4, set->n_allocated * 2);
        ClusterMachine **items = realloc(set->items, n_allocated * sizeof(*items));
        if (!items)
            return -ENOMEM;
        set->items = items;
        set->n_allocated = n_allocated;
    }
    ClusterMachine **slot = &set->items[machine_set_position(set, machine->id)];
    memmove(slot + 1, slot, (size_t) (&set->items[set->n++] - slot) * sizeof(*slot));
    *slot = machine;
    return 0;
}

void machine_set_remove(MachineSet *set, const ClusterMachine *machine) {
    ClusterMachine **slot = &set->items[machine_set_position(set, machine->id)];
    memmove(slot, slot + 1, (size_t) (&set->items[--set->n] - slot) * sizeof(*slot));
}

void machine_set_done(MachineSet *set) {
    free(set->items);
    *set = (MachineSet){};
}
