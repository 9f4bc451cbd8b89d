#include "fleetd/sched/beside.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/explain.h"
#include "fleetd/sched/retry.h"
#include "fleetd/sched/settle.h"

#include <errno.h>

typedef struct BesideWish {
    char *obstacle; /* why there is no other place; NULL: there is one */
} BesideWish;

void beside_wish_free(void *p) {
    BesideWish *wish = p;
    free(wish->obstacle);
    free(wish);
}

/* NULL: it is not wanted. */
static BesideWish *wish_of(const Cluster *cluster, const ClusterUnit *unit) {
    return map_size(cluster->beside) > 0 ? map_get(cluster->beside, unit->name) : NULL;
}

/* --- what there is --- */

/* Started for fleet, with a known file, by an order that is not held to one place, on a machine
 * that has time for it. */
static bool is_free(const Placement *placement) {
    return placement_is_active(placement) && !placement->order.is_unwritten &&
           !placement->machine->maintenance.is_over &&
           placement->order.desired == LAUNCH_STATE_LAUNCHED &&
           !str_is_empty(placement->order.hash) && placement->order.stop_within_usec == 0;
}

bool placement_may_stay(const Placement *placement) {
    return is_free(placement) && placement_is_available(placement);
}

static bool unit_may_be_beside(const ClusterUnit *unit) {
    const Requirements *requirements = unit->requirements;
    return unit->desired == LAUNCH_STATE_LAUNCHED && requirements &&
           !requirements_bar_beside(requirements);
}

static bool placement_is_former(const Placement *placement) {
    return is_free(placement) && !placement_has_target(placement);
}

bool placement_stays_beside(const Cluster *cluster, const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    return wish_of(cluster, unit) && unit_may_be_beside(unit) && placement_is_former(placement);
}

Placement *beside_find_next(const ClusterUnit *unit) {
    Placement *found = NULL;
    for (Placement *p = unit->placements; p; p = p->next)
        if (placement_is_active(p) && placement_has_target(p) &&
            (!found || strcmp(p->machine->id, found->machine->id) < 0))
            found = p;
    return found;
}

/* Rather one that is up. */
static bool former_is_better(const Placement *placement, const Placement *than) {
    bool is_up = placement_is_available(placement), was_up = than && placement_is_available(than);
    return !than || is_up > was_up ||
           (is_up == was_up && strcmp(placement->machine->id, than->machine->id) < 0);
}

void beside_look_anew(const Cluster *cluster, const ClusterUnit *unit) {
    BesideWish *wish = wish_of(cluster, unit);
    if (wish)
        free(TAKE_PTR(wish->obstacle));
}

/* Its machine may be away for a moment, in which it would get its new file there. */
static bool is_unheard_of(const Placement *placement) {
    return placement->machine->presence != MACHINE_PRESENCE_HERE || !placement->report.is_known;
}

Placement *beside_find_former(Cluster *cluster, const ClusterUnit *unit) {
    Placement *found = NULL;
    if (!wish_of(cluster, unit) || !unit_may_be_beside(unit))
        return NULL;
    for (Placement *p = unit->placements; p; p = p->next)
        if (placement_is_former(p) && former_is_better(p, found) &&
            !machine_bars(cluster, unit, p->machine))
            found = p;
    bool is_needed =
        found && (placement_is_available(found) || is_unheard_of(found) || beside_find_next(unit));
    return is_needed ? found : NULL;
}

int beside_look_at_next(Cluster *cluster, const Placement *former, const Placement *next,
                        bool *ret_leaves, char **ret_stays) {
    Misfit misfit;
    Choice choice;
    *ret_leaves =
        placement_is_due(next) || !machine_fits(cluster, next->unit, next->machine, &misfit);
    *ret_stays = NULL;
    bool is_here = next->machine->presence == MACHINE_PRESENCE_HERE;
    if (*ret_leaves || !is_here || !next->machine->maintenance.is_draining)
        return 0;
    if (!placement_is_available(former))
        return str_replace(ret_stays, "its former one is not up (UpdateOrder)");
    int r = rank_machines(cluster, next->unit, &choice);
    if (r < 0)
        return r;
    *ret_leaves = choice.machine != NULL;
    return *ret_leaves ? 0 : explain_move(cluster, next->unit, ret_stays);
}

bool machine_has_former(const Cluster *cluster, const ClusterUnit *unit,
                        const ClusterMachine *machine, Misfit *ret) {
    const Placement *placement = wish_of(cluster, unit) ? placement_find(unit, machine) : NULL;
    if (!placement || !placement_stays_beside(cluster, placement))
        return false;
    *ret = (Misfit){.kind = MISFIT_FORMER};
    return true;
}

const char *beside_obstacle(const Cluster *cluster, const ClusterUnit *unit) {
    const BesideWish *wish = wish_of(cluster, unit);
    return wish ? wish->obstacle : NULL;
}

/* --- what is done --- */

int cluster_set_beside(Cluster *cluster, const char *name, bool is_wanted) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (map_has(cluster->beside, name) == is_wanted)
        return 0;
    if (is_wanted) {
        BesideWish *wish = calloc(1, sizeof(BesideWish));
        if (!wish || map_put(cluster->beside, name, wish) < 0) {
            free(wish);
            return -ENOMEM;
        }
    } else
        map_remove(cluster->beside, name);
    return unit ? look_at_unit(cluster, unit) : 0;
}

int beside_keep(Planner *planner, Placement *former) {
    const char *why = NULL;
    if (former->machine->maintenance.is_draining &&
        !(why = beside_obstacle(planner->cluster, former->unit)))
        why = "its next one has yet to be updated (UpdateOrder)";
    return settle_as_it_is(planner, former, why);
}

/* It stays as it is until there is room, or nobody wants it any more. */
static int wait_for_room(Planner *planner, ClusterUnit *unit, const Choice *choice,
                         BesideWish *wish) {
    _cleanup_free_ char *why = NULL;
    int r = unit_set_waits(planner->cluster, unit, WAIT_TO_MOVE, choice->is_obstructed);
    if (r >= 0)
        r = explain_move(planner->cluster, unit, &why);
    if (r >= 0)
        wish->obstacle = TAKE_PTR(why);
    return r;
}

int beside_begin(Planner *planner, const Placement *former) {
    Cluster *cluster = planner->cluster;
    ClusterUnit *unit = former->unit;
    BesideWish *wish = wish_of(cluster, unit);
    Placement *next;
    Choice choice;
    if (is_unheard_of(former)) /* until it is back, or gone */
        return 0;
    int r = rank_machines(cluster, unit, &choice);
    if (r < 0 || !choice.machine)
        return r < 0 ? r : wait_for_room(planner, unit, &choice, wish);
    _cleanup_free_ char *why =
        str_printf("%s; started before the former one on %s is stopped",
                   planner_choice_reason(planner, &choice), former->machine->id);
    if (!why)
        return -ENOMEM;
    r = unit_set_waits(cluster, unit, WAIT_NONE, false);
    if (r >= 0)
        r = cluster_need_placement(cluster, unit, choice.machine, &next);
    return r < 0 ? r : settle(planner, next, true, why);
}
