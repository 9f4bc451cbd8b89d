/* How a global unit does on each of its machines, which together are its group. */
#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/kept.h"

#include <errno.h>

/* What is leaving is not the unit's any more. */
static bool placement_counts(const Placement *placement) {
    return placement_is_active(placement) && !placement->order.is_unwritten;
}

static bool placement_has_its_file(const Cluster *cluster, const Placement *placement) {
    return streq_ptr(placement->order.hash,
                     unit_hash_on(cluster, placement->unit, placement->machine));
}

static bool is_as_ordered(const Cluster *cluster, const Placement *placement) {
    return placement_answers_launch(placement) && placement_has_its_file(cluster, placement);
}

static void look_out(const Cluster *cluster, const Placement *placement, MachineOutlook *ret) {
    bool is_as_wanted = is_as_ordered(cluster, placement);
    *ret = (MachineOutlook){
        .machine_id = placement->machine->id,
        .hash = unit_hash_on(cluster, placement->unit, placement->machine),
        .is_away = placement->machine->presence != MACHINE_PRESENCE_HERE,
        .is_available = is_as_wanted && placement->report.is_up,
        .is_up = placement->report.is_up,
        .has_failed = is_as_wanted && placement->report.is_given_up,
        .trouble = placement_has_its_file(cluster, placement) ? placement_trouble(placement) : NULL,
    };
}

static size_t count_places(const ClusterUnit *unit) {
    size_t n = 0;
    for (const Placement *p = unit->placements; p; p = p->next)
        n += placement_counts(p);
    return n;
}

/* One that is down already costs nothing. */
static void ask_budget(const ClusterUnit *unit, GlobalOutlook *outlook) {
    size_t n_down = 0, budget = unit_budget_of(unit, outlook->n_machines);
    outlook->has_no_budget = budget == 0;
    for (size_t i = 0; i < outlook->n_machines; i++)
        n_down += !outlook->machines[i].is_available;
    for (size_t i = 0; i < outlook->n_machines; i++) {
        MachineOutlook *machine = &outlook->machines[i];
        machine->may_go_down = !machine->is_up || n_down + machine->is_available <= budget;
    }
}

int cluster_look_out_global(const Cluster *cluster, const char *name, GlobalOutlook *ret) {
    const ClusterUnit *unit = cluster_find_unit(cluster, name);
    *ret = (GlobalOutlook){.is_global = unit && unit_is_global(unit)};
    if (!ret->is_global)
        return 0;
    ret->unusable = unit->held.why;
    size_t n = count_places(unit);
    MachineOutlook *machines = calloc(n + 1, sizeof(MachineOutlook));
    if (!machines)
        return -ENOMEM;
    ret->machines = machines;
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_counts(p))
            look_out(cluster, p, &machines[ret->n_machines++]);
    ask_budget(unit, ret);
    return 0;
}
