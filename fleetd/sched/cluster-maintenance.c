/* What people want of machines: that they get no units, or lose those they have. */
#include "fleetd/base/strv.h"
#include "fleetd/sched/cluster-internal.h"
#include "fleetd/sched/concerns.h"

static bool machine_has_maintenance(const ClusterMachine *machine, const Maintenance *maintenance) {
    return machine->maintenance.exists &&
           machine->maintenance.is_draining == maintenance->is_draining &&
           machine->maintenance.ignores_global == maintenance->ignore_global &&
           streq_ptr(machine->maintenance.message, maintenance->message);
}

int cluster_put_maintenance(Cluster *cluster, const Maintenance *maintenance) {
    ClusterMachine *machine;
    int r = cluster_need_machine(cluster, maintenance->machine_id, &machine);
    if (r < 0)
        return r;
    bool is_same = machine_has_maintenance(machine, maintenance);
    bool was_over = machine->maintenance.is_over;
    machine->maintenance.is_over = false;
    if (is_same && !was_over)
        return 0;
    r = str_replace(&machine->maintenance.message, maintenance->message);
    if (r < 0)
        return r;
    machine->maintenance.exists = true;
    machine->maintenance.is_draining = maintenance->is_draining;
    machine->maintenance.ignores_global = maintenance->ignore_global;
    return concern_machine(cluster, machine);
}

int cluster_remove_maintenance(Cluster *cluster, const char *machine_id) {
    ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    if (!machine || !machine->maintenance.exists)
        return 0;
    free(machine->maintenance.message);
    machine->maintenance = (MachineMaintenance){};
    int r = concern_machine(cluster, machine);
    machine_release(cluster, machine);
    return r;
}

int cluster_end_drain(Cluster *cluster, const char *machine_id) {
    ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    if (!machine || !machine->maintenance.is_draining || machine->maintenance.is_over)
        return 0;
    machine->maintenance.is_over = true;
    return concern_machine(cluster, machine);
}

size_t machine_count_ordinary(const ClusterMachine *machine) {
    size_t n = 0;
    for (size_t i = 0; i < machine->n_placements; i++) {
        const Placement *p = machine->placements[i];
        n += p->order.exists && !unit_is_global(p->unit);
    }
    return n;
}
