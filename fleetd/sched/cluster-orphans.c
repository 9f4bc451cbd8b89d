/* Units that are on machines for another cluster: how they come, go, and become this one's. */
#include "fleetd/base/strv.h"
#include "fleetd/sched/cluster-internal.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/neighbours.h"

#include <errno.h>

static bool placement_has_orphan(const Placement *placement, const Orphan *orphan) {
    return placement->orphan.exists && placement->orphan.desired == orphan->desired &&
           streq_ptr(placement->orphan.hash, orphan->hash);
}

static int placement_begin_orphan(Cluster *cluster, Placement *placement) {
    ClusterMachine *machine = placement->machine;
    placement->orphan.exists = true;
    machine->n_orphans++;
    int r = unit_has_globs(placement->unit) ? machine_add_globbed(machine, placement) : 0;
    if (r >= 0)
        r = machine_set_load(cluster, machine, machine->load + 1);
    return r < 0 ? r : placement_recount(cluster, placement);
}

/* Until users say what the unit is, its neighbours go by the file that is there. */
static int unit_learn_requirements_take(Cluster *cluster, ClusterUnit *unit,
                                        Requirements *requirements) {
    if (!requirements || unit->is_known || unit->requirements) {
        requirements_free(requirements);
        return 0;
    }
    int r = unit_set_requirements_take(cluster, unit, requirements);
    return r < 0 ? r : look_at_unit(cluster, unit);
}

int cluster_put_orphan_take(Cluster *cluster, const Orphan *orphan, Requirements *requirements) {
    _cleanup_(requirements_freep) Requirements *owned = requirements;
    Placement *placement;
    int r = cluster_need_place(cluster, orphan->machine_id, orphan->name, &placement);
    if (r < 0 || placement->order.exists || placement_has_orphan(placement, orphan))
        return r;
    usec_t stop_within_usec = cluster_stop_within(cluster, requirements);
    r = shared_text_replace(&placement->orphan.hash, orphan->hash, placement->unit->hash);
    if (r >= 0)
        r = unit_learn_requirements_take(cluster, placement->unit, TAKE_PTR(owned));
    if (r >= 0 && !placement->orphan.exists)
        r = placement_begin_orphan(cluster, placement);
    if (r < 0)
        return r;
    placement->orphan.desired = orphan->desired;
    placement->orphan.stop_within_usec = stop_within_usec;
    placement->answer.has_let_go = false;
    return look_at_placement(cluster, placement);
}

int cluster_remove_orphan(Cluster *cluster, const char *machine_id, const char *name) {
    Placement *placement = cluster_find_placement(cluster, machine_id, name);
    if (!placement || !placement->orphan.exists)
        return 0;
    ClusterMachine *machine = placement->machine;
    placement->orphan.exists = false;
    machine->n_orphans--;
    machine_remove_globbed(machine, placement);
    int r = machine_set_load(cluster, machine, machine->load - 1);
    if (r >= 0)
        r = placement_recount(cluster, placement);
    if (r >= 0)
        r = concern_released(cluster, placement);
    if (r >= 0)
        r = concern_activity(cluster, placement->unit);
    return r < 0 ? r : look_at_placement(cluster, placement);
}

int placement_adopt(Cluster *cluster, Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    if (!placement->orphan.exists || !unit_is_wanted(unit) ||
        placement->machine->presence != MACHINE_PRESENCE_HERE)
        return 0;
    Order order = {.hash = (char *) placement->orphan.hash,
                   .desired = placement->orphan.desired,
                   .unit_revision = unit->revision,
                   .restart = unit->restart,
                   .stop_within_usec = placement->orphan.stop_within_usec,
                   .reason = (char *) "was there already, for another cluster"};
    int64_t n_places = unit->n_places_known;
    int r = placement_set_order(cluster, placement, &order);
    placement->order.is_unwritten = r >= 0;
    placement->unit->n_places_known = n_places;              /* it is none of this cluster's yet */
    return r < 0 ? r : concern_released(cluster, placement); /* an order is less in the way */
}
