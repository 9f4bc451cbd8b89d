#include "fleetd/sched/machine-set.h"

#include "fleetd/sched/cluster-internal.h"

#include <errno.h>

/* The position of the first machine whose id is not smaller. */
static size_t machine_set_position(const MachineSet *set, const char *id) {
    size_t low = 0, high = set->n;
    if (high > 0 && strcmp(machine_set_get(set, high - 1)->id, id) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(machine_set_get(set, middle)->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int machine_set_reserve(MachineSet *set) {
    if (set->first + set->n < set->n_allocated)
        return 0;
    if (set->first > set->n / 2) {
        memmove(set->items, &set->items[set->first], set->n * sizeof(*set->items));
        set->first = 0;
        return 0;
    }
    size_t n_allocated = MAX((size_t) 4, set->n_allocated * 2);
    ClusterMachine **items = realloc(set->items, n_allocated * sizeof(*items));
    if (!items)
        return -ENOMEM;
    set->items = items;
    set->n_allocated = n_allocated;
    return 0;
}

int machine_set_add(MachineSet *set, ClusterMachine *machine) {
    int r = machine_set_reserve(set);
    if (r < 0)
        return r;
    size_t position = machine_set_position(set, machine->id);
    ClusterMachine **slot = &set->items[set->first + position];
    memmove(slot + 1, slot, (set->n - position) * sizeof(*slot));
    *slot = machine;
    set->n++;
    return 0;
}

void machine_set_remove(MachineSet *set, const ClusterMachine *machine) {
    size_t position = machine_set_position(set, machine->id);
    set->n--;
    if (position == 0) {
        set->first++;
        return;
    }
    ClusterMachine **slot = &set->items[set->first + position];
    memmove(slot, slot + 1, (set->n - position) * sizeof(*slot));
}

void machine_set_done(MachineSet *set) {
    free(set->items);
    *set = (MachineSet){};
}
