#include "fleetd/sched/decide.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/beside.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/explain.h"
#include "fleetd/sched/move.h"
#include "fleetd/sched/preempt.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/retry.h"
#include "fleetd/sched/room.h"
#include "fleetd/sched/settle.h"

#include <errno.h>

/* A chain of MachineOf= is decided from its end, so that one pass settles it. Longer ones, which
 * nobody has, take the long way: followers are looked at again when their target was placed. */
#define CHAIN_LENGTH_MAX 64

typedef struct Places {
    Placement **items; /* of one unit, by machine id */
    size_t n;
    Placement *few[4]; /* the items, if no more */
} Places;

static void places_done(Places *places) {
    if (places->items != places->few)
        free(places->items);
}

static int places_compare(const void *a, const void *b) {
    const Placement *const *x = a, *const *y = b;
    return strcmp((*x)->machine->id, (*y)->machine->id);
}

/* ret: empty. It must stay where it is. */
static int places_collect(const ClusterUnit *unit, Places *ret) {
    size_t n = 0;
    for (const Placement *p = unit->placements; p; p = p->next)
        n++;
    ret->items = n <= ELEMENTSOF(ret->few) ? ret->few : malloc(n * sizeof(Placement *));
    if (!ret->items)
        return -ENOMEM;
    for (Placement *p = unit->placements; p; p = p->next)
        ret->items[ret->n++] = p;
    if (n > 1)
        qsort(ret->items, n, sizeof(Placement *), places_compare);
    return 0;
}

/* Of two places where a unit is: rather where it is known what is there, where this cluster has
 * ordered it, where the machine is here, where it is launched as wanted, from where it need not
 * move, and where what is wanted is there already. */
static int place_worth(const Placement *place) {
    bool is_readable = place->order.hash[0];
    bool is_here = place->machine->presence == MACHINE_PRESENCE_HERE;
    bool is_as_wanted = placement_has_target(place);
    bool is_launched = place->order.desired == LAUNCH_STATE_LAUNCHED;
    return is_readable << 5 | !place->order.is_unwritten << 4 | is_here << 3 |
           (!place->order.is_unwritten && is_launched && is_as_wanted) << 2 |
           !placement_should_move(place) << 1 | (place->order.is_unwritten && is_as_wanted);
}

static bool place_is_better(const Placement *place, const Placement *than) {
    return place_worth(place) > place_worth(than);
}

/* Nothing that was withdrawn is given back to a machine that cannot be judged, or gets no units. */
static bool machine_takes_back(const ClusterMachine *machine) {
    return machine->presence == MACHINE_PRESENCE_HERE && !machine->maintenance.exists;
}

static bool may_be_given_back(const ClusterUnit *unit, const Placement *placement) {
    return unit->n_orders == 1 && order_is_withdrawn(placement) &&
           unit->revision > placement->order.revision && machine_takes_back(placement->machine) &&
           !placement_overbooks(placement);
}

/* The order that an ordinary unit keeps: one that it may keep as it is, the better if it has
 * several; else its only one, withdrawn, if it is now asked for again. */
static Placement *find_kept(Cluster *cluster, const ClusterUnit *unit, const Places *places) {
    Placement *kept = NULL;
    Misfit misfit;
    for (size_t i = 0; i < places->n; i++) {
        Placement *p = places->items[i];
        bool is_candidate = placement_is_active(p) || may_be_given_back(unit, p);
        if (is_candidate && (!kept || place_is_better(p, kept)) &&
            machine_fits(cluster, unit, p->machine, &misfit))
            kept = p;
    }
    return kept;
}

static char *leaving_reason(Cluster *cluster, const Placement *placement, const Placement *kept) {
    Misfit misfit = {};
    bool fits = machine_fits(cluster, placement->unit, placement->machine, &misfit);
    if (fits && kept)
        return str_printf("is placed on %s", kept->machine->id);
    return fits || misfit.kind == MISFIT_DRAINED ? move_reason(placement)
                                                 : misfit_leaving_text(&misfit);
}

/* Away from a machine; kept: the other order that makes this one superfluous, if that is why. */
static int leave(Planner *planner, Placement *placement, const Placement *kept) {
    if (!placement_is_active(placement)) /* it is leaving already, and knows why */
        return settle(planner, placement, false, "");
    _cleanup_free_ char *why = leaving_reason(planner->cluster, placement, kept);
    if (!why)
        return -ENOMEM;
    return settle(planner, placement, false, why);
}

/* Nothing fits as it is. Nobody is pushed where waiting for a moment is enough. */
static int place_by_force(Planner *planner, ClusterUnit *unit, bool is_obstructed) {
    const ClusterMachine *machine = NULL;
    int r = unit_is_being_cleared(unit) ? 0 : preempt(planner, unit, &machine);
    if (r < 0)
        return r;
    return machine ? unit_set_waits(planner->cluster, unit, WAIT_NONE, false)
                   : unit_set_waits(planner->cluster, unit, WAIT_FOR_MACHINE, is_obstructed);
}

/* A place for a unit that has none. The order that was deleted for it just before, if any, goes in
 * the same transaction: whoever reads the store finds the unit in one place or the other. */
static int place(Planner *planner, ClusterUnit *unit, bool has_left_another) {
    Cluster *cluster = planner->cluster;
    if (unit_is_between_tries(unit)) /* until that is written down, and its last place is clear */
        return unit_set_waits(cluster, unit, WAIT_NONE, false);
    if (unit_unplaced_target(cluster, unit))
        return unit_set_waits(cluster, unit, WAIT_FOR_TARGET, false);
    Choice choice;
    int r = rank_machines(cluster, unit, &choice);
    if (r < 0)
        return r;
    if (!choice.machine)
        return place_by_force(planner, unit, choice.is_obstructed);

    Placement *placement;
    r = cluster_need_placement(cluster, unit, choice.machine, &placement);
    if (r < 0 || (r = unit_set_waits(cluster, unit, WAIT_NONE, false)) < 0)
        return r;
    planner->joins = has_left_another;
    r = settle(planner, placement, true, planner_choice_reason(planner, &choice));
    planner->joins = false;
    return r;
}

static int adopt_all(Planner *planner, const Places *places) {
    for (size_t i = 0; i < places->n; i++) {
        int r = placement_adopt(planner->cluster, places->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Its next place, and the end of this one, in one transaction. */
static int decide_move(Planner *planner, Placement *from) {
    Placement *to;
    size_t n_steps = planner->plan->n_steps;
    int r = move_begin(planner, from, &to);
    if (r < 0 || !to)
        return r;
    planner->joins = planner->plan->n_steps > n_steps;
    r = move_end(planner, from);
    planner->joins = false;
    return r;
}

/* The next step for the one with the wanted file; NULL: there is none yet. */
static int decide_next(Planner *planner, ClusterUnit *unit, const Placement *former,
                       Placement *next) {
    if (!next && (unit->n_orders > 1 || unit_awaits_retry(unit, NULL)))
        return 0;
    if (!next)
        return beside_begin(planner, former);
    _cleanup_free_ char *stays = NULL;
    bool leaves;
    int r = beside_look_at_next(planner->cluster, former, next, &leaves, &stays);
    if (r >= 0)
        r = unit_set_waits(planner->cluster, unit, stays ? WAIT_TO_MOVE : WAIT_NONE, false);
    if (r < 0)
        return r;
    if (leaves)
        return leave(planner, next, NULL);
    return stays ? settle_staying(planner, next, stays) : settle(planner, next, true, NULL);
}

/* The former one stays as it is; all others but the next one leave. */
static int decide_beside(Planner *planner, ClusterUnit *unit, const Places *places,
                         Placement *former) {
    Placement *next = beside_find_next(unit);
    int r = 0;
    for (size_t i = 0; r >= 0 && i < places->n; i++)
        if (places->items[i] != former && places->items[i] != next)
            r = leave(planner, places->items[i], next ? next : former);
    if (r >= 0)
        r = decide_next(planner, unit, former, next);
    return r < 0 ? r : beside_keep(planner, former);
}

static int decide_ordinary(Planner *planner, ClusterUnit *unit, const Places *places) {
    int adopted = adopt_all(planner, places);
    if (adopted < 0)
        return adopted;
    beside_look_anew(planner->cluster, unit);
    Placement *former = beside_find_former(planner->cluster, unit);
    if (former)
        return decide_beside(planner, unit, places, former);
    Placement *kept = find_kept(planner->cluster, unit, places);
    size_t n_steps = planner->plan->n_steps;
    for (size_t i = 0; i < places->n; i++) {
        int r = places->items[i] == kept ? 0 : leave(planner, places->items[i], kept);
        if (r < 0)
            return r;
    }
    if (unit->n_orders == 0)
        return place(planner, unit, planner->plan->n_steps > n_steps);
    if (kept && placement_should_move(kept) && unit->n_orders == 1)
        return decide_move(planner, kept);
    int r = kept ? settle(planner, kept, true, NULL) : 0; /* it may have waited for the others */
    return r < 0 ? r : unit_set_waits(planner->cluster, unit, WAIT_NONE, false);
}

static const char *unwanted_reason(const ClusterUnit *unit) {
    return unit->is_known ? "unloaded" : "destroyed";
}

/* Whether a global unit must go from there, or has been told to, and may not come back. */
static bool placement_is_left(Cluster *cluster, const Placement *placement) {
    Misfit misfit;
    bool is_leaving = order_is_withdrawn(placement) && !machine_takes_back(placement->machine);
    return is_leaving || placement_should_end(placement) ||
           !machine_fits(cluster, placement->unit, placement->machine, &misfit);
}

/* A global unit on one machine, or one that nobody wants. */
static int decide_place(Planner *planner, Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    if (!unit_is_wanted(unit))
        return settle(planner, placement, false, unwanted_reason(unit));
    int r = placement_adopt(planner->cluster, placement);
    if (r < 0)
        return r;
    if (placement_is_left(planner->cluster, placement))
        return leave(planner, placement, NULL);
    if (placement_is_due(placement) && machine_takes_back(placement->machine))
        return move_end(planner, placement);
    if (!placement->order.exists && unit_awaits_retry(unit, placement->machine))
        return 0;
    return settle(planner, placement, true, "global unit, and the machine fits");
}

static int decide_everywhere(Planner *planner, const Places *places) {
    for (size_t i = 0; i < places->n; i++) {
        int r = decide_place(planner, places->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int need_places_everywhere(Cluster *cluster, ClusterUnit *unit) {
    const MachineSet *machines = &cluster->here.machines;
    for (size_t i = 0; i < machines->n; i++) {
        Placement *placement;
        int r = cluster_need_placement(cluster, unit, machines->items[i], &placement);
        if (r < 0)
            return r;
    }
    return 0;
}

static int decide_unit(Planner *planner, ClusterUnit *unit, unsigned depth);

static int decide_targets(Planner *planner, const ClusterUnit *unit, unsigned depth) {
    if (!unit->requirements || depth == CHAIN_LENGTH_MAX)
        return 0;
    STRV_FOREACH (name, unit->requirements->machine_of) {
        ClusterUnit *target = cluster_find_unit(planner->cluster, *name);
        if (!target || target->is_held ||
            (target->work.position == 0 && target->n_queued_placements == 0))
            continue;
        int r = decide_unit(planner, target, depth + 1);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool unit_is_ordinary(const ClusterUnit *unit) {
    return unit_is_wanted(unit) && !unit_is_global(unit);
}

/* What must be in place before a unit's own places are looked at. */
static int prepare_unit(Planner *planner, ClusterUnit *unit, unsigned depth) {
    if (unit_is_ordinary(unit)) {
        int r = decide_targets(planner, unit, depth);
        look_away(planner->cluster, unit); /* they may have asked for this very look */
        return r;
    }
    int r = unit_set_waits(planner->cluster, unit, WAIT_NONE, false);
    if (r < 0 || !unit_is_wanted(unit))
        return r;
    return need_places_everywhere(planner->cluster, unit);
}

static int decide_unit(Planner *planner, ClusterUnit *unit, unsigned depth) {
    look_away(planner->cluster, unit);
    int r = planner_touch(planner, unit); /* holds the record, too */
    if (r < 0 || (r = prepare_unit(planner, unit, depth)) < 0)
        return r;
    _cleanup_(places_done) Places places = {};
    r = places_collect(unit, &places);
    if (r < 0)
        return r;
    r = unit_is_ordinary(unit) ? decide_ordinary(planner, unit, &places)
                               : decide_everywhere(planner, &places);
    for (size_t i = 0; r >= 0 && i < places.n; i++)
        placement_release(planner->cluster, places.items[i]);
    return r;
}

int decide(Planner *planner, const WorkItem *item) {
    Placement *placement = item->placement;
    if (item->unit->is_held) {
        int r = planner_touch(planner, item->unit);
        if (placement)
            placement_release(planner->cluster, placement);
        return r;
    }
    if (!placement || unit_is_ordinary(item->unit))
        return decide_unit(planner, item->unit, 0);
    int r = planner_touch(planner, item->unit);
    if (r < 0 || (r = decide_place(planner, placement)) < 0)
        return r;
    placement_release(planner->cluster, placement);
    return 0;
}
