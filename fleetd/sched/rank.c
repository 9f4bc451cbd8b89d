#include "fleetd/sched/rank.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/replaces.h"
#include "fleetd/sched/room.h"

#include <stdio.h>

static bool unit_fits_elsewhere(Cluster *cluster, const ClusterUnit *unit,
                                const ClusterMachine *machine) {
    LoadWalk walk = {};
    const ClusterMachine *other;
    Misfit misfit;
    while (!unit->is_held && (other = load_walk_next(&cluster->here, &walk)))
        if (other != machine && machine_fits(cluster, unit, other, &misfit))
            return true;
    return false;
}

/* Global units just leave: they are everywhere else already. So does what leaves anyway. */
static bool placement_needs_another_place(const Placement *placement) {
    return placement_is_active(placement) && unit_may_be_wanted(placement->unit) &&
           !unit_is_global(placement->unit);
}

/* The first by name of those that the unit replaces on the machine and that fit nowhere else. */
static const char *find_obstruction(Cluster *cluster, const ClusterUnit *unit,
                                    const ClusterMachine *machine) {
    const char *found = NULL;
    for (size_t i = 0; i < machine->n_placements; i++) {
        const Placement *other = machine->placements[i];
        if ((!found || strcmp(other->unit->name, found) < 0) &&
            placement_needs_another_place(other) &&
            placement_is_replaced_by(cluster, other, unit) &&
            !unit_fits_elsewhere(cluster, other->unit, machine))
            found = other->unit->name;
    }
    return found;
}

bool machine_can_take(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                      Misfit *ret) {
    if (machine_is_cordoned(machine, ret) || !machine_fits(cluster, unit, machine, ret))
        return false;
    if (!unit->requirements || globs_are_empty(unit->requirements->replaces))
        return true;
    const char *obstruction = find_obstruction(cluster, unit, machine);
    if (!obstruction)
        return true;
    *ret = (Misfit){.kind = MISFIT_OBSTRUCTED, .name = obstruction};
    return false;
}

static ClusterMachine *unit_machine(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (p->order.exists)
            return p->machine;
    return NULL;
}

/* Whether only one machine, if any, comes into question, as the unit names it or follows an
 * ordinary unit. */
static bool unit_names_machine(const Cluster *cluster, const ClusterUnit *unit,
                               ClusterMachine **ret) {
    const Requirements *requirements = unit->requirements;
    if (requirements && requirements->machine_id) {
        *ret = cluster_find_machine(cluster, requirements->machine_id);
        return true;
    }
    if (!requirements || globs_are_empty(requirements->machine_of))
        return false;
    const ClusterUnit *target = cluster_find_unit(cluster, requirements->machine_of[0]);
    if (target && target->n_orders > 1)
        return false;
    *ret = target ? unit_machine(target) : NULL;
    return true;
}

/* Machines come in order of load; of a unit that reserves in that of what is reserved before it
 * comes, which differs from that with it as far as machines differ in size. */
static void choice_weigh(const ClusterUnit *unit, ClusterMachine *machine, Choice *choice) {
    size_t share = choice->is_by_share ? machine_share_with(machine, unit) : 0;
    const ClusterMachine *best = choice->machine;
    bool is_better = !best || share < choice->share ||
                     (choice->is_by_share && share == choice->share &&
                      (machine->load < best->load ||
                       (machine->load == best->load && strcmp(machine->id, best->id) < 0)));
    if (!is_better)
        return;
    choice->machine = machine;
    choice->load = machine->load;
    choice->share = share;
}

static void choice_consider(Cluster *cluster, const ClusterUnit *unit, ClusterMachine *machine,
                            Choice *choice) {
    Misfit misfit = {};
    choice->n_seen++;
    if (machine_can_take(cluster, unit, machine, &misfit)) {
        choice->n_fit++;
        choice_weigh(unit, machine, choice);
    }
    choice->is_obstructed = choice->is_obstructed || misfit.kind == MISFIT_OBSTRUCTED;
}

/* The least loaded first. */
static int choice_consider_all(Cluster *cluster, const ClusterUnit *unit, Choice *choice) {
    LoadWalk walk = {.kind = choice->is_by_share ? LOAD_SHARE : LOAD_UNITS};
    int r = load_index_refresh(&cluster->here, walk.kind);
    if (r >= 0)
        r = metadata_index_find(&cluster->metadata, &cluster->here.machines, unit->requirements,
                                &walk.only);
    if (r < 0)
        return r;
    while (!choice->machine || choice->n_seen < RANK_COUNT_MAX) {
        ClusterMachine *machine = load_walk_next(&cluster->here, &walk);
        if (!machine) {
            choice->n_seen = cluster->here.machines.n;
            return 0;
        }
        choice_consider(cluster, unit, machine, choice);
    }
    return 0;
}

int rank_machines(Cluster *cluster, const ClusterUnit *unit, Choice *ret) {
    *ret = (Choice){.is_by_share = unit_reserves(unit)};
    ClusterMachine *machine;
    if (!unit_names_machine(cluster, unit, &machine))
        return choice_consider_all(cluster, unit, ret);
    if (machine)
        choice_consider(cluster, unit, machine, ret);
    ret->n_seen = cluster->here.machines.n;
    return 0;
}

void choice_reason(const Cluster *cluster, const Choice *choice, char ret[CHOICE_REASON_SIZE]) {
    size_t n_machines = cluster->here.machines.n;
    bool is_complete = choice->n_seen == n_machines;
    if (n_machines == 1)
        snprintf(ret, CHOICE_REASON_SIZE, "only machine in the cluster");
    else if (is_complete && choice->n_fit == 1)
        snprintf(ret, CHOICE_REASON_SIZE, "only machine that fits (of %zu)", n_machines);
    else if (choice->is_by_share)
        snprintf(ret, CHOICE_REASON_SIZE,
                 "smallest share reserved (%zu%% with it) of %s%zu machines that fit",
                 choice->share, is_complete ? "" : "at least ", choice->n_fit);
    else
        snprintf(ret, CHOICE_REASON_SIZE, "fewest units (%zu) of %s%zu machines that fit",
                 choice->load, is_complete ? "" : "at least ", choice->n_fit);
}
