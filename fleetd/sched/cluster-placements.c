/* Placements: how they come, where they hang, what they say, and how they go. */
#include "fleetd/sched/cluster-internal.h"
#include "fleetd/sched/room.h"
#include "fleetd/sched/spread.h"

#include <errno.h>

void placement_free(Placement *placement) {
    shared_text_drop(placement->order.hash);
    shared_text_drop(placement->order.reason);
    shared_text_drop(placement->orphan.hash);
    shared_text_drop(placement->report.hash);
    free(placement->report.failure);
    free(placement->report.trouble);
    free(placement);
}

Placement *cluster_find_placement(const Cluster *cluster, const char *machine_id,
                                  const char *name) {
    const ClusterMachine *machine = cluster_find_machine(cluster, machine_id);
    return machine ? placement_find(cluster_find_unit(cluster, name), machine) : NULL;
}

Placement *placement_find(const ClusterUnit *unit, const ClusterMachine *machine) {
    if (!unit)
        return NULL;
    if (unit->n_placements <= machine->n_placements) {
        for (Placement *p = unit->placements; p; p = p->next)
            if (p->machine == machine)
                return p;
    } else
        for (size_t i = 0; i < machine->n_placements; i++)
            if (machine->placements[i]->unit == unit)
                return machine->placements[i];
    return NULL;
}

static void unit_link_placement(ClusterUnit *unit, Placement *placement) {
    placement->next = unit->placements;
    if (placement->next)
        placement->next->previous = placement;
    unit->placements = placement;
    unit->n_placements++;
}

static void unit_unlink_placement(ClusterUnit *unit, Placement *placement) {
    if (placement->next)
        placement->next->previous = placement->previous;
    *(placement->previous ? &placement->previous->next : &unit->placements) = placement->next;
    unit->n_placements--;
}

static int machine_grow_placements(ClusterMachine *machine) {
    size_t n = MAX((size_t) 8, machine->n_placements_allocated * 2);
    Placement **placements = realloc(machine->placements, n * sizeof(*placements));
    if (!placements)
        return -ENOMEM;
    machine->placements = placements;
    uint64_t *sieves = realloc(machine->name_sieves, n * sizeof(*sieves));
    if (!sieves)
        return -ENOMEM;
    machine->name_sieves = sieves;
    machine->n_placements_allocated = n;
    return 0;
}

static void machine_put_placement(ClusterMachine *machine, size_t position, Placement *placement) {
    placement->position = position;
    machine->placements[position] = placement;
    machine->name_sieves[position] = placement->unit->name_sieve;
}

static int machine_add_placement_take(ClusterMachine *machine, Placement *placement) {
    bool is_full = machine->n_placements == machine->n_placements_allocated;
    int r = is_full ? machine_grow_placements(machine) : 0;
    if (r >= 0)
        machine_put_placement(machine, machine->n_placements++, placement);
    return r;
}

static void machine_free_placement(ClusterMachine *machine, Placement *placement) {
    Placement *last = machine->placements[--machine->n_placements];
    machine_put_placement(machine, placement->position, last);
    placement_free(placement);
}

int cluster_need_placement(Cluster *cluster, ClusterUnit *unit, ClusterMachine *machine,
                           Placement **ret) {
    Placement *placement = placement_find(unit, machine);
    if (!placement) {
        placement = calloc(1, sizeof(Placement));
        if (!placement)
            return -ENOMEM;
        placement->unit = unit;
        placement->machine = machine;
        placement->work = (WorkItem){.unit = unit, .placement = placement};
        int r = machine_add_placement_take(machine, placement);
        if (r < 0) {
            free(placement);
            return r;
        }
        unit_link_placement(unit, placement);
    }
    *ret = placement;
    return 0;
}

int cluster_need_place(Cluster *cluster, const char *machine_id, const char *name,
                       Placement **ret) {
    ClusterUnit *unit;
    ClusterMachine *machine;
    int r;
    if ((r = cluster_need_machine(cluster, machine_id, &machine)) < 0 ||
        (r = cluster_need_unit(cluster, name, &unit)) < 0)
        return r;
    return cluster_need_placement(cluster, unit, machine, ret);
}

int placement_recount(Cluster *cluster, Placement *placement) {
    bool is_counted = placement->is_spread || placement->reserved.memory_bytes > 0 ||
                      placement->reserved.cpu_thousandths > 0;
    if (!placement->unit->is_particular && !is_counted)
        return 0;
    int r = placement_count_spread(cluster, placement);
    return r < 0 ? r : placement_count_reserved(cluster, placement);
}

void placement_release(Cluster *cluster, Placement *placement) {
    ClusterUnit *unit = placement->unit;
    ClusterMachine *machine = placement->machine;
    if (placement_is_there(placement) || placement->answer.has_let_go ||
        placement->report.is_known || placement->step > 0 || placement->work.position > 0)
        return;
    unit_unlink_placement(unit, placement);
    machine_free_placement(machine, placement);
    unit_release(cluster, unit);
    machine_release(cluster, machine);
}

bool placement_is_there(const Placement *placement) {
    return placement->order.exists || placement->orphan.exists;
}

usec_t placement_stop_within(const Cluster *cluster, const Placement *placement) {
    if (!placement->order.exists)
        return 0;
    usec_t of_file =
        *placement->order.hash ? 0 : cluster_stop_within(cluster, placement->unit->requirements);
    return MAX(placement->order.stop_within_usec, of_file);
}

bool placement_is_active(const Placement *placement) {
    return placement->order.exists && placement->order.desired != LAUNCH_STATE_INACTIVE &&
           placement->machine->presence != MACHINE_PRESENCE_GONE;
}
