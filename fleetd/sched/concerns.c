#include "fleetd/sched/concerns.h"

#include "fleetd/sched/neighbours.h"
#include "fleetd/sched/room.h"

#include <errno.h>

int look_at_unit(Cluster *cluster, ClusterUnit *unit) {
    return work_queue_push(&cluster->queue, &unit->work);
}

int look_at_placement(Cluster *cluster, Placement *placement) {
    if (placement->work.position > 0)
        return 0;
    int r = work_queue_push(&cluster->queue, &placement->work);
    if (r < 0)
        return r;
    placement->unit->n_queued_placements++;
    return 0;
}

WorkItem *look_next(Cluster *cluster) {
    WorkItem *item = work_queue_pop(&cluster->queue);
    if (item && item->placement)
        item->unit->n_queued_placements--;
    return item;
}

void look_away(Cluster *cluster, ClusterUnit *unit) {
    work_queue_remove(&cluster->queue, &unit->work);
    for (Placement *p = unit->placements; p && unit->n_queued_placements > 0; p = p->next) {
        if (p->work.position == 0)
            continue;
        work_queue_remove(&cluster->queue, &p->work);
        unit->n_queued_placements--;
    }
}

/* Every unit of an index that names units. */
static int look_at_all(Cluster *cluster, const Map *units) {
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, units) {
        int r = look_at_unit(cluster, unit);
        if (r < 0)
            return r;
    }
    return 0;
}

bool unit_waits_for_machine(const ClusterUnit *unit) {
    return unit->waits == WAIT_FOR_MACHINE || unit->waits == WAIT_TO_MOVE;
}

static int look_at_waiting(Cluster *cluster, WaitCause cause) {
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->waiting) {
        int r = unit->waits == cause ? look_at_unit(cluster, unit) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int concern_group(Cluster *cluster, const UnitGroup *group) {
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->waiting) {
        bool is_waiting = unit->waits == WAIT_FOR_BUDGET && unit->group == group;
        int r = is_waiting ? look_at_unit(cluster, unit) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int concern_activity(Cluster *cluster, ClusterUnit *unit) {
    int r = look_at_all(cluster, unit->followers);
    if (r < 0)
        return r;
    return concern_obstructed(cluster);
}

int concern_obstructed(Cluster *cluster) {
    return look_at_all(cluster, cluster->obstructed);
}

int concern_chains(Cluster *cluster, const ClusterUnit *unit) {
    if (map_size(unit->followers) == 0)
        return 0;
    return look_at_waiting(cluster, WAIT_FOR_TARGET);
}

static bool unit_shuns(const ClusterUnit *unit, const ClusterUnit *other) {
    const Requirements *requirements = unit->requirements;
    return requirements && ((!globs_are_empty(requirements->conflicts) &&
                             requirements_glob_matches(requirements->conflicts, other->name)) ||
                            (!globs_are_empty(requirements->replaces) &&
                             requirements_glob_matches(requirements->replaces, other->name)));
}

/* Whether the two may keep each other off a machine. */
static bool units_are_at_odds(const ClusterUnit *a, const ClusterUnit *b) {
    return a != b && (unit_shuns(a, b) || unit_shuns(b, a));
}

int concern_neighbours(Cluster *cluster, Placement *placement) {
    NeighbourWalk walk = {};
    Placement *other;
    int r = 0;
    while (r >= 0 && (other = neighbour_walk_next(placement->machine, placement->unit, &walk)))
        if (placement_is_there(other) && units_are_at_odds(other->unit, placement->unit))
            r = look_at_placement(cluster, other);
    return r;
}

static int look_at_global(Cluster *cluster, ClusterUnit *unit, ClusterMachine *machine) {
    if (!unit_is_wanted(unit) || machine->presence != MACHINE_PRESENCE_HERE)
        return 0;
    Placement *placement;
    int r = cluster_need_placement(cluster, unit, machine, &placement);
    if (r < 0)
        return r;
    return look_at_placement(cluster, placement);
}

/* Global units leave a machine behind all others. */
static int concern_drain(Cluster *cluster, ClusterMachine *machine) {
    if (!machine->maintenance.is_draining || machine_count_ordinary(machine) > 0)
        return 0;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < machine->n_placements; i++)
        if (unit_is_global(machine->placements[i]->unit))
            r = look_at_placement(cluster, machine->placements[i]);
    return r;
}

int concern_preempters(Cluster *cluster, const ClusterMachine *machine) {
    const char *name;
    ClusterUnit *unit;
    if (!machine && map_size(cluster->waiting) == 0)
        return 0; /* as for each of many units that a new leader is told of */
    MAP_FOREACH (name, unit, cluster->preempters) {
        Placement *placement = machine ? placement_find(unit, machine) : NULL;
        bool is_there = placement && placement->order.exists;
        int r = unit->waits == WAIT_FOR_MACHINE ? look_at_unit(cluster, unit)
                : is_there                      ? look_at_placement(cluster, placement)
                                                : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int concern_released(Cluster *cluster, Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    ClusterMachine *machine = placement->machine;
    const char *name;
    ClusterUnit *other;
    int r = concern_obstructed(cluster);
    if (r < 0)
        return r;
    MAP_FOREACH (name, other, cluster->waiting) {
        if (unit_waits_for_machine(other) && units_are_at_odds(other, unit) &&
            (r = look_at_unit(cluster, other)) < 0)
            return r;
    }
    MAP_FOREACH (name, other, cluster->globals) {
        if (units_are_at_odds(other, unit) && (r = look_at_global(cluster, other, machine)) < 0)
            return r;
    }
    if ((r = concern_preempters(cluster, machine)) < 0)
        return r;
    r = concern_neighbours(cluster, placement); /* who waits to start when it has left */
    return r < 0 ? r : concern_drain(cluster, machine);
}

int concern_room(Cluster *cluster, ClusterMachine *machine) {
    if (machine->presence != MACHINE_PRESENCE_HERE)
        return 0;
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->globals) {
        int r = unit_reserves(unit) ? look_at_global(cluster, unit, machine) : 0;
        if (r < 0)
            return r;
    }
    bool is_news = map_size(cluster->waiting) > 0 && !map_has(cluster->roomy, machine->id);
    int r = is_news ? map_put(cluster->roomy, machine->id, machine) : 0;
    return r < 0 ? r : concern_obstructed(cluster);
}

static int concern_globals(Cluster *cluster, ClusterMachine *machine) {
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->globals) {
        int r = look_at_global(cluster, unit, machine);
        if (r < 0)
            return r;
        if (unit->pending && (r = look_at_unit(cluster, unit)) < 0) /* its reasons name machines */
            return r;
    }
    return 0;
}

int concern_machine(Cluster *cluster, ClusterMachine *machine) {
    int r;
    for (size_t i = 0; i < machine->n_placements; i++) {
        if ((r = look_at_placement(cluster, machine->placements[i])) < 0 ||
            (r = concern_activity(cluster, machine->placements[i]->unit)) < 0)
            return r;
    }
    if ((r = look_at_waiting(cluster, WAIT_FOR_MACHINE)) < 0 ||
        (r = look_at_waiting(cluster, WAIT_TO_MOVE)) < 0)
        return r;
    return concern_globals(cluster, machine);
}

int concern_replacers(Cluster *cluster) {
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->replacers) {
        int r = look_at_unit(cluster, unit);
        for (Placement *p = unit->placements; r >= 0 && p; p = p->next) {
            if (!p->order.exists)
                continue;
            r = concern_released(cluster, p);
            if (r >= 0)
                r = concern_neighbours(cluster, p);
        }
        if (r < 0)
            return r;
    }
    return 0;
}
