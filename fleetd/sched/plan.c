#include "fleetd/sched/plan.h"

#include "fleetd/sched/concerns.h"
#include "fleetd/sched/decide.h"
#include "fleetd/sched/explain.h"
#include "fleetd/sched/room.h"

#include <errno.h>

/* A unit that was decided on and has no order although it should says why. One that is queued again
 * is not done yet. */
static int plan_pending(Planner *planner, ClusterUnit *unit) {
    bool is_unreadable = unit->is_held && !unit->held.why;
    if (unit->work.position > 0 || unit->n_queued_placements > 0 || is_unreadable)
        return 0;
    if (!unit_is_pending(unit))
        return unit->pending ? planner_delete_pending(planner, unit) : 0;
    _cleanup_(pending_freep) Pending *pending = NULL;
    int r = explain_waiting(planner->cluster, unit, &pending);
    if (r < 0 || (unit->pending && pending_equal(unit->pending, pending)))
        return r;
    return planner_put_pending_take(planner, unit, TAKE_PTR(pending));
}

/* Coalesced: many events may have changed it. */
static int plan_replacing(Cluster *cluster) {
    if (!cluster->replacing_has_changed)
        return 0;
    cluster->replacing_has_changed = false;
    return concern_replacers(cluster);
}

int cluster_plan(Cluster *cluster, size_t max_units, Plan **ret) {
    _cleanup_(planner_done) Planner planner;
    int r = planner_init(&planner, cluster);
    if (r >= 0)
        r = load_index_refresh(&cluster->here, LOAD_UNITS);
    if (r >= 0)
        r = plan_replacing(cluster);
    const WorkItem *item;
    for (size_t n = 0; r >= 0 && (max_units == 0 || n < max_units); n++) {
        r = room_offer(cluster);
        if (r < 0 || !(item = look_next(cluster)))
            break;
        r = decide(&planner, item);
    }
    for (size_t i = 0; r >= 0 && i < planner.n_touched; i++)
        r = plan_pending(&planner, planner.touched[i]);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(planner.plan);
    return 0;
}

bool cluster_has_work(const Cluster *cluster) {
    return cluster->queue.n > 0 || map_size(cluster->roomy) > 0;
}

void plan_free(Plan *plan) {
    if (!plan)
        return;
    for (size_t i = 0; i < plan->n_steps; i++) {
        free(plan->steps[i].order);
        pending_free(plan->steps[i].pending);
    }
    free(plan->steps);
    free(plan);
}
