#include "fleetd/sched/desk.h"

#include "fleetd/sched/room.h"

static Resources plus(Resources a, Resources b) {
    return (Resources){a.memory_bytes + b.memory_bytes, a.cpu_thousandths + b.cpu_thousandths};
}

static Resources minus(Resources a, Resources b) {
    return (Resources){a.memory_bytes - b.memory_bytes, a.cpu_thousandths - b.cpu_thousandths};
}

Desk desk_of(ClusterMachine *machine) {
    return (Desk){.machine = machine, .load = machine->load, .reserved = machine->reserved};
}

static size_t share_of(const Desk *desk, Resources reserved) {
    return resources_share(&reserved, &desk->machine->capacity);
}

static Resources asked_on(const ClusterUnit *unit, const Desk *desk) {
    return unit_reserves(unit)
               ? reserve_resources(&unit->requirements->reserve, desk->machine->memory_bytes)
               : (Resources){};
}

size_t desk_load(const Desk *desk, bool is_by_share) {
    return is_by_share ? share_of(desk, desk->reserved) : desk->load;
}

size_t desk_load_with(const Desk *desk, const ClusterUnit *unit) {
    return unit_reserves(unit) ? share_of(desk, plus(desk->reserved, asked_on(unit, desk)))
                               : desk->load + 1;
}

/* Of units, the difference that is left says more than by how much the larger number shrinks, which
 * is one at most. */
int64_t desk_gain(const ClusterUnit *unit, const Desk *from, const Desk *to) {
    if (!unit_reserves(unit))
        return (int64_t) from->load - (int64_t) to->load - 1;
    size_t before = desk_load(from, true),
           left = share_of(from, minus(from->reserved, asked_on(unit, from)));
    return (int64_t) before - (int64_t) MAX(left, desk_load_with(to, unit));
}

bool desk_has_room(const Desk *desk, const ClusterUnit *unit) {
    Resources sum = plus(desk->reserved, asked_on(unit, desk));
    const Resources *capacity = &desk->machine->capacity;
    return !unit_reserves(unit) || (sum.memory_bytes <= capacity->memory_bytes &&
                                    sum.cpu_thousandths <= capacity->cpu_thousandths);
}

void desk_put(Desk *desk, const ClusterUnit *unit) {
    desk->load++;
    desk->reserved = plus(desk->reserved, asked_on(unit, desk));
}

void desks_move(const ClusterUnit *unit, Desk *from, Desk *to) {
    from->load--;
    from->reserved = minus(from->reserved, asked_on(unit, from));
    desk_put(to, unit);
}
