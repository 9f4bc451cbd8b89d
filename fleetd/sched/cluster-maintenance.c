/* What people want of machines: that they get no units, or lose those they have. */
#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/cluster-internal.h"
#include "fleetd/sched/concerns.h"

#include <errno.h>
#include <stdlib.h>

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

size_t cluster_count_ordinary(const Cluster *cluster, const char *machine_id) {
    const ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    return machine ? machine_count_ordinary(machine) : 0;
}

int cluster_name_staying(const Cluster *cluster, const char *machine_id, char **ret) {
    const ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    const Placement *first = NULL;
    size_t n = 0;
    for (size_t i = 0; machine && i < machine->n_placements; i++) {
        const Placement *p = machine->placements[i];
        if (!p->order.exists || !order_reason_stays(p->order.reason))
            continue;
        n++;
        if (!first || strcmp(p->unit->name, first->unit->name) < 0)
            first = p;
    }
    *ret =
        first ? stays_format(first->unit->name, order_reason_stays(first->order.reason), n) : NULL;
    return first && !*ret ? -ENOMEM : 0;
}

#define NAMES_MAX 5

static int name_compare(const void *a, const void *b) {
    return strcmp(*(char *const *) a, *(char *const *) b);
}

int cluster_name_unavailable(const Cluster *cluster, const char *machine_id, char **ret) {
    const ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    _cleanup_(strv_freep) char **names = NULL;
    for (size_t i = 0; machine && i < machine->n_placements; i++) {
        const Placement *p = machine->placements[i];
        if (placement_is_active(p) && p->order.desired == LAUNCH_STATE_LAUNCHED &&
            !placement_is_available(p) && strv_push(&names, p->unit->name) < 0)
            return -ENOMEM;
    }
    size_t n = strv_length(names);
    if (n > 0)
        qsort(names, n, sizeof(char *), name_compare);
    for (size_t i = NAMES_MAX; i < n; i++)
        free(TAKE_PTR(names[i]));
    *ret = n > 0 ? strv_join(names, ", ") : NULL;
    return n > 0 && !*ret ? -ENOMEM : 0;
}
