/* Machines come, change and go. */
#include "fleetd/sched/availability.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/room.h"
#include "fleetd/sched/spread.h"

#include <errno.h>

/* Until they are counted again, by what the machine is then. */
static int machine_forget_spread(Cluster *cluster, ClusterMachine *machine) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < machine->n_placements; i++)
        r = placement_forget_spread(cluster, machine->placements[i]);
    return r;
}

static int machine_set_metadata(Cluster *cluster, ClusterMachine *machine,
                                const Metadata *metadata) {
    Metadata copy;
    int r = metadata_copy(metadata, &copy);
    if (r < 0)
        return r;
    r = machine_forget_spread(cluster, machine);
    metadata_index_forget(&cluster->metadata);
    metadata_done(&machine->metadata);
    machine->metadata = copy;
    return r;
}

static int machine_enter(Cluster *cluster, ClusterMachine *machine) {
    if (machine->presence == MACHINE_PRESENCE_HERE)
        return 0;
    machine->presence = MACHINE_PRESENCE_HERE;
    return load_index_add(&cluster->here, machine);
}

static int machine_leave(Cluster *cluster, ClusterMachine *machine, bool has_left) {
    int r = machine_forget_spread(cluster, machine);
    if (machine->presence == MACHINE_PRESENCE_HERE) {
        load_index_remove(&cluster->here, machine);
        metadata_index_forget(&cluster->metadata);
        map_remove(cluster->roomy, machine->id);
    }
    machine->presence = MACHINE_PRESENCE_GONE;
    machine->is_held = false;
    machine->has_left = has_left;
    return r;
}

int cluster_put_machine(Cluster *cluster, const Machine *machine) {
    ClusterMachine *record;
    int r = cluster_need_machine(cluster, machine->id, &record);
    if (r < 0)
        return r;
    if (record->presence == MACHINE_PRESENCE_HERE && !record->is_held &&
        record->status == machine->status && machine_has_capacity(record, machine) &&
        metadata_equal(&record->metadata, &machine->metadata))
        return 0;

    record->is_held = false;
    record->status = machine->status;
    if ((r = machine_set_metadata(cluster, record, &machine->metadata)) < 0 ||
        (r = machine_enter(cluster, record)) < 0 ||
        (r = machine_set_capacity(cluster, record, machine)) < 0)
        return r;
    return concern_machine(cluster, record);
}

int cluster_hold_machine(Cluster *cluster, const char *id) {
    ClusterMachine *machine = cluster_find_machine(cluster, id);
    if (!machine || machine->is_held || machine->presence != MACHINE_PRESENCE_HERE)
        return 0;
    machine->is_held = true;
    return concern_machine(cluster, machine);
}

int cluster_remove_machine(Cluster *cluster, const char *id, bool has_left) {
    ClusterMachine *machine = cluster_find_machine(cluster, id);
    if (!machine || (machine->presence == MACHINE_PRESENCE_GONE && machine->has_left == has_left))
        return 0;
    int r = machine_leave(cluster, machine, has_left);
    if (r >= 0)
        r = concern_machine(cluster, machine);
    for (size_t i = 0; r >= 0 && i < machine->n_placements; i++)
        r = unit_refresh(cluster, machine->placements[i]->unit);
    if (r < 0)
        return r;
    machine_release(cluster, machine);
    return 0;
}

bool cluster_is_gone(const Cluster *cluster, const char *id) {
    const ClusterMachine *machine = cluster_find_machine(cluster, id);
    return machine && machine->presence == MACHINE_PRESENCE_GONE;
}

static int id_compare(const void *a, const void *b) {
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

int cluster_missing_machines(const Cluster *cluster, const char ***ret_ids) {
    const char **ids = calloc(map_size(cluster->machines) + 1, sizeof(*ids));
    if (!ids)
        return -ENOMEM;
    size_t n = 0;
    const char *id;
    const ClusterMachine *machine;
    MAP_FOREACH (id, machine, cluster->machines)
        if (machine->presence != MACHINE_PRESENCE_HERE && machine->n_orders > 0)
            ids[n++] = id;
    qsort(ids, n, sizeof(*ids), id_compare);
    *ret_ids = ids;
    return 0;
}

bool cluster_has_orders(const Cluster *cluster, const char *machine_id) {
    const ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    return machine && machine->n_orders > 0;
}
