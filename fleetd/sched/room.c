#include "fleetd/sched/room.h"

#include "fleetd/sched/concerns.h"
#include "fleetd/sched/preempt.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/replaces.h"

bool unit_reserves(const ClusterUnit *unit) {
    return unit->requirements && !reserve_is_none(&unit->requirements->reserve);
}

static Resources unit_resources(const ClusterUnit *unit, const ClusterMachine *machine) {
    return unit_reserves(unit)
               ? reserve_resources(&unit->requirements->reserve, machine->memory_bytes)
               : (Resources){};
}

/* What is counted */

static Resources resources_add(Resources a, Resources b) {
    return (Resources){a.memory_bytes + b.memory_bytes, a.cpu_thousandths + b.cpu_thousandths};
}

static Resources resources_subtract(Resources a, Resources b) {
    return (Resources){a.memory_bytes - b.memory_bytes, a.cpu_thousandths - b.cpu_thousandths};
}

static bool resources_equal(Resources a, Resources b) {
    return a.memory_bytes == b.memory_bytes && a.cpu_thousandths == b.cpu_thousandths;
}

static int machine_update_share(Cluster *cluster, ClusterMachine *machine) {
    machine->share = resources_share(&machine->reserved, &machine->capacity);
    bool is_here = machine->presence == MACHINE_PRESENCE_HERE;
    return is_here ? load_index_move(&cluster->here, LOAD_SHARE, machine) : 0;
}

int placement_count_reserved(Cluster *cluster, Placement *placement) {
    ClusterMachine *machine = placement->machine;
    Resources before = placement->reserved, now = {};
    if (placement_is_there(placement))
        now = unit_resources(placement->unit, machine);
    if (resources_equal(before, now))
        return 0;
    placement->reserved = now;
    machine->reserved = resources_subtract(resources_add(machine->reserved, now), before);
    int r = machine_update_share(cluster, machine);
    bool is_release =
        now.memory_bytes < before.memory_bytes || now.cpu_thousandths < before.cpu_thousandths;
    return r >= 0 && is_release ? concern_room(cluster, machine) : r;
}

bool machine_has_capacity(const ClusterMachine *machine, const Machine *from) {
    return machine->memory_bytes == from->memory_bytes &&
           resources_equal(machine->capacity, machine_capacity(from));
}

int machine_set_capacity(Cluster *cluster, ClusterMachine *machine, const Machine *from) {
    machine->memory_bytes = from->memory_bytes;
    machine->capacity = machine_capacity(from);
    for (size_t i = 0; i < machine->n_placements; i++) {
        int r = placement_recount(cluster, machine->placements[i]);
        if (r < 0)
            return r;
    }
    return machine_update_share(cluster, machine);
}

size_t machine_share_with(const ClusterMachine *machine, const ClusterUnit *unit) {
    Resources reserved = resources_add(machine->reserved, unit_resources(unit, machine));
    return resources_share(&reserved, &machine->capacity);
}

/* What fits */

/* What a unit replaces there has left when it starts. */
static Resources reserved_beside(Cluster *cluster, const ClusterUnit *unit,
                                 const ClusterMachine *machine) {
    Resources reserved = machine->reserved;
    if (unit_preempts(unit) || machine->is_relieved)
        for (size_t i = 0; i < machine->n_placements; i++)
            if (machine->placements[i]->is_ignored)
                reserved = resources_subtract(reserved, machine->placements[i]->reserved);
    if (!unit->requirements || globs_are_empty(unit->requirements->replaces))
        return reserved;
    for (size_t i = 0; i < machine->n_placements; i++)
        if (!machine->placements[i]->is_ignored &&
            placement_is_replaced_by(cluster, machine->placements[i], unit))
            reserved = resources_subtract(reserved, machine->placements[i]->reserved);
    return reserved;
}

static bool amount_fits(MisfitKind kind, uint64_t asked, uint64_t reserved, uint64_t capacity,
                        Misfit *ret) {
    uint64_t left = capacity > reserved ? capacity - reserved : 0;
    if (asked <= left)
        return true;
    *ret = (Misfit){.kind = kind, .asked = asked, .left = left, .capacity = capacity};
    return false;
}

bool machine_has_room(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                      Misfit *ret) {
    if (!unit->is_particular || !unit_reserves(unit))
        return true;
    const Resources *capacity = &machine->capacity;
    Resources asked = unit_resources(unit, machine);
    Resources reserved = reserved_beside(cluster, unit, machine);
    return amount_fits(MISFIT_MEMORY, asked.memory_bytes, reserved.memory_bytes,
                       capacity->memory_bytes, ret) &&
           amount_fits(MISFIT_CPU, asked.cpu_thousandths, reserved.cpu_thousandths,
                       capacity->cpu_thousandths, ret);
}

bool placement_overbooks(const Placement *placement) {
    const ClusterMachine *machine = placement->machine;
    const Resources *asked = &placement->reserved;
    return machine->presence == MACHINE_PRESENCE_HERE &&
           ((asked->memory_bytes > 0 &&
             machine->reserved.memory_bytes > machine->capacity.memory_bytes) ||
            (asked->cpu_thousandths > 0 &&
             machine->reserved.cpu_thousandths > machine->capacity.cpu_thousandths));
}

/* Who gets what was released */

static bool unit_fits_roomy(Cluster *cluster, const ClusterUnit *unit) {
    const char *id;
    const ClusterMachine *machine;
    Misfit misfit;
    MAP_FOREACH (id, machine, cluster->roomy)
        if (machine_has_room(cluster, unit, machine, &misfit) &&
            machine_can_take(cluster, unit, machine, &misfit))
            return true;
    return false;
}

static ClusterUnit *find_taker(Cluster *cluster) {
    const char *name;
    ClusterUnit *unit, *first = NULL;
    MAP_FOREACH (name, unit, cluster->waiting)
        if (unit_waits_for_machine(unit) && !unit->is_held && unit_reserves(unit) &&
            (!first || unit_is_before(unit, first)) && unit_fits_roomy(cluster, unit))
            first = unit;
    return first;
}

int room_offer(Cluster *cluster) {
    if (cluster->queue.n > 0 || map_size(cluster->roomy) == 0)
        return 0;
    ClusterUnit *taker = find_taker(cluster);
    bool is_news = taker && taker != cluster->last_taker; /* else it did not take it */
    cluster->last_taker = is_news ? taker : NULL;
    if (is_news)
        return look_at_unit(cluster, taker);
    map_clear(cluster->roomy);
    return 0;
}
