#include "fleetd/sched/feasible.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/kept.h"
#include "fleetd/sched/neighbours.h"
#include "fleetd/sched/replaces.h"
#include "fleetd/sched/room.h"

static bool metadata_suits(const Requirements *requirements, const ClusterMachine *machine,
                           Misfit *ret) {
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        const MetadataRequirement *wanted = &requirements->metadata[i];
        const char *found = metadata_get(&machine->metadata, wanted->key);
        if (found && strv_contains(wanted->values, found))
            continue;
        *ret = (Misfit){.kind = MISFIT_METADATA, .metadata = wanted, .found = found};
        return false;
    }
    return true;
}

static bool targets_are_there(const Cluster *cluster, const Requirements *requirements,
                              const ClusterMachine *machine, Misfit *ret) {
    STRV_FOREACH (target, requirements->machine_of) {
        const Placement *placement = placement_find(cluster_find_unit(cluster, *target), machine);
        if (placement && (placement_is_active(placement) || placement->orphan.exists))
            continue;
        *ret = (Misfit){.kind = MISFIT_MACHINE_OF, .name = *target};
        return false;
    }
    return true;
}

static bool unit_conflicts(const ClusterUnit *unit, const ClusterUnit *other) {
    return unit->requirements && !globs_are_empty(unit->requirements->conflicts) &&
           requirements_glob_matches(unit->requirements->conflicts, other->name);
}

bool units_conflict(const ClusterUnit *a, const ClusterUnit *b) {
    return unit_conflicts(a, b) || unit_conflicts(b, a);
}

/* Of two conflicting units on one machine the later request gives way; nobody does to one of which
 * no request can be read. */
static bool unit_is_senior(const ClusterUnit *unit, const ClusterUnit *than) {
    if (unit->is_held)
        return false;
    if (unit->revision != than->revision)
        return unit->revision < than->revision;
    return strcmp(unit->name, than->name) < 0;
}

static bool unit_would_replace(const ClusterUnit *unit, const ClusterUnit *other) {
    return unit->requirements && !globs_are_empty(unit->requirements->replaces) &&
           requirements_glob_matches(unit->requirements->replaces, other->name);
}

/* Nobody stops an orphan to make room, also not for one that replaces it. */
static MisfitKind orphan_obstacle(const ClusterUnit *unit, const ClusterUnit *orphan) {
    bool is_at_odds = units_conflict(unit, orphan) || unit_would_replace(unit, orphan) ||
                      unit_would_replace(orphan, unit);
    return is_at_odds ? MISFIT_ORPHAN : MISFIT_NONE;
}

/* What is there with a file that it keeps is not asked to bear more than that one did. */
static bool are_at_odds(const Cluster *cluster, const ClusterUnit *unit, bool may_stay,
                        const Placement *other) {
    bool is_kept = may_stay && unit_keeps_file_on(cluster, unit, other->machine);
    return is_kept ? unit_conflicts(other->unit, unit) : units_conflict(unit, other->unit);
}

/* Whether other, which is on the machine, keeps unit off it. may_stay: unit is there. */
static MisfitKind obstacle(Cluster *cluster, const ClusterUnit *unit, bool may_stay,
                           const Placement *other) {
    if (may_stay && !(placement_is_active(other) && unit_may_be_wanted(other->unit)))
        return MISFIT_NONE;
    if (other->orphan.exists)
        return orphan_obstacle(unit, other->unit);
    if (are_at_odds(cluster, unit, may_stay, other) &&
        (!may_stay || unit_is_senior(other->unit, unit)))
        return MISFIT_CONFLICT;
    return unit_replaces(cluster, other->unit, unit) ? MISFIT_HELD : MISFIT_NONE;
}

/* Of several obstacles the first by name is told. */
static void weigh_obstacle(Cluster *cluster, const ClusterUnit *unit, bool may_stay,
                           const Placement *other, Misfit *misfit) {
    if (!placement_is_there(other) || other->unit == unit || other->is_ignored ||
        (misfit->name && strcmp(misfit->name, other->unit->name) <= 0))
        return;
    MisfitKind kind = obstacle(cluster, unit, may_stay, other);
    if (kind != MISFIT_NONE)
        *misfit = (Misfit){.kind = kind, .name = other->unit->name};
}

static bool neighbours_allow(Cluster *cluster, const ClusterUnit *unit,
                             const ClusterMachine *machine, bool may_stay, Misfit *ret) {
    Misfit found = {};
    NeighbourWalk walk = {};
    const Placement *other;
    while ((other = neighbour_walk_next(machine, unit, &walk)))
        weigh_obstacle(cluster, unit, may_stay, other, &found);
    if (found.kind == MISFIT_NONE)
        return true;
    *ret = found;
    return false;
}

static bool requirements_hold(const Cluster *cluster, const ClusterUnit *unit,
                              const ClusterMachine *machine, Misfit *ret) {
    const Requirements *requirements = unit_requirements_on(cluster, unit, machine);
    if (!requirements)
        return true;
    if (requirements->machine_id && !streq(requirements->machine_id, machine->id)) {
        *ret = (Misfit){.kind = MISFIT_MACHINE_ID, .name = requirements->machine_id};
        return false;
    }
    return metadata_suits(requirements, machine, ret) &&
           targets_are_there(cluster, requirements, machine, ret);
}

bool machine_is_cordoned(const ClusterMachine *machine, Misfit *ret) {
    if (!machine->maintenance.exists)
        return false;
    *ret = (Misfit){.kind = machine->maintenance.is_draining ? MISFIT_DRAINED : MISFIT_CORDONED,
                    .name = machine->maintenance.message};
    return true;
}

/* What only a unit that is not there yet has to wait for. The agent's word that it has let go of an
 * order must be gone before an order that it could be taken to answer is put (settle.c). */
static bool machine_is_ready(const ClusterUnit *unit, const ClusterMachine *machine,
                             const Placement *placement, Misfit *ret) {
    if (machine_is_cordoned(machine, ret))
        return false;
    if (machine->status == MACHINE_STATUS_RESTARTING)
        *ret = (Misfit){.kind = MISFIT_RESTARTING};
    else if (placement && placement->answer.has_let_go &&
             placement->answer.revision >= unit->revision)
        *ret = (Misfit){.kind = MISFIT_UNCLEARED};
    else
        return true;
    return false;
}

bool machine_fits(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                  Misfit *ret) {
    const Placement *placement = unit->placements ? placement_find(unit, machine) : NULL;
    bool has_order = placement && placement->order.exists;
    if (machine->presence != MACHINE_PRESENCE_HERE)
        return has_order && machine->presence == MACHINE_PRESENCE_UNKNOWN;
    if (machine->is_held) {
        *ret = (Misfit){.kind = MISFIT_UNREADABLE};
        return has_order;
    }
    if (has_order && machine->maintenance.is_over && !unit_is_global(unit)) {
        machine_is_cordoned(machine, ret);
        return false;
    }
    return (has_order || machine_is_ready(unit, machine, placement, ret)) &&
           requirements_hold(cluster, unit, machine, ret) &&
           (has_order || machine_has_room(cluster, unit, machine, ret)) &&
           neighbours_allow(cluster, unit, machine, has_order && placement_is_active(placement),
                            ret);
}

static bool placement_bars(Cluster *cluster, const Placement *other, const ClusterUnit *unit) {
    if (other->unit == unit || !placement_is_active(other) || !unit_may_be_wanted(other->unit))
        return false;
    return unit_replaces(cluster, other->unit, unit) ||
           (unit_conflicts(other->unit, unit) && unit_is_senior(other->unit, unit));
}

bool machine_bars(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine) {
    NeighbourWalk walk = {};
    const Placement *other;
    while ((other = neighbour_walk_next(machine, unit, &walk)))
        if (placement_bars(cluster, other, unit))
            return true;
    return false;
}

bool misfit_equal(const Misfit *a, const Misfit *b) {
    return a->kind == b->kind && a->metadata == b->metadata && streq_ptr(a->name, b->name) &&
           streq_ptr(a->found, b->found);
}
