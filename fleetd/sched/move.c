#include "fleetd/sched/move.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/explain.h"
#include "fleetd/sched/move-wish.h"
#include "fleetd/sched/retry.h"
#include "fleetd/sched/settle.h"

#include <errno.h>

static bool placement_is_drained(const Placement *placement) {
    const ClusterMachine *machine = placement->machine;
    return machine->maintenance.is_draining && machine->presence == MACHINE_PRESENCE_HERE &&
           placement_is_active(placement);
}

bool placement_should_move(const Placement *placement) {
    return placement_is_drained(placement) || placement_is_due(placement) ||
           placement_is_wished_away(placement);
}

bool placement_should_end(const Placement *placement) {
    const ClusterMachine *machine = placement->machine;
    return machine->maintenance.is_draining && !machine->maintenance.ignores_global &&
           placement->order.exists &&
           (machine->maintenance.is_over || machine_count_ordinary(machine) == 0);
}

char *move_reason(const Placement *from) {
    if (placement_is_due(from) && !placement_is_drained(from))
        return str_printf("%s on this machine; it is tried anew", from->report.failure);
    if (placement_is_wished_away(from) && !placement_is_drained(from))
        return str_printf("moves to %s, to even the load out", from->unit->wish->to);
    const char *message = from->machine->maintenance.message;
    return str_printf("its machine is being drained%s%s", message ? ": " : "", str_or(message, ""));
}

/* What it waits for stands elsewhere (model/failures.h, model/rebalance.h). */
static int stay_as_before(Planner *planner, Placement *placement, WaitCause cause) {
    int r = unit_set_waits(planner->cluster, placement->unit, cause, false);
    return r < 0 ? r : settle(planner, placement, true, NULL);
}

/* In the words of a pending, as it is the same question. */
static int stay_without_place(Planner *planner, Placement *placement, const Choice *choice) {
    Cluster *cluster = planner->cluster;
    _cleanup_free_ char *why = NULL;
    int r = unit_set_waits(cluster, placement->unit, WAIT_TO_MOVE, choice->is_obstructed);
    if (r < 0)
        return r;
    if (!placement_is_drained(placement))
        return settle(planner, placement, true, NULL);
    r = explain_move(cluster, placement->unit, &why);
    return r < 0 ? r : settle_staying(planner, placement, why);
}

static int stay_for_budget(Planner *planner, Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    const Budget *budget = unit->requirements ? &unit->requirements->budget : NULL;
    unsigned n = budget ? budget->max_unavailable : MAX_UNAVAILABLE_DEFAULT;
    _cleanup_free_ char *why =
        str_printf("only %u%s of its group may be down at a time (MaxUnavailable)", n,
                   budget && budget->is_percent ? "%" : "");
    if (!why)
        return -ENOMEM;
    int r = unit_set_waits(planner->cluster, placement->unit, WAIT_FOR_BUDGET, false);
    return r < 0 ? r : settle_staying(planner, placement, why);
}

int move_end(Planner *planner, Placement *from) {
    _cleanup_free_ char *why = move_reason(from);
    return why ? settle(planner, from, false, why) : -ENOMEM;
}

static int move_to_take(Planner *planner, const Placement *from, ClusterMachine *machine,
                        char *why_take, Placement **ret) {
    Placement *to;
    _cleanup_free_ char *why = why_take;
    if (!why)
        return -ENOMEM;
    int r = cluster_need_placement(planner->cluster, from->unit, machine, &to);
    if (r < 0 || (r = settle(planner, to, true, why)) < 0)
        return r;
    *ret = to;
    return 0;
}

static int move_to_choice(Planner *planner, const Placement *from, const Choice *choice,
                          Placement **ret) {
    char *why = str_printf("%s; moved from %s, %s", planner_choice_reason(planner, choice),
                           from->machine->id,
                           placement_is_drained(from) ? "which was drained" : "where it failed");
    return move_to_take(planner, from, choice->machine, why, ret);
}

/* To the machine for which it was proposed, and to no other. */
static int move_as_wished(Planner *planner, Placement *from, Placement **ret) {
    ClusterMachine *to = cluster_find_machine(planner->cluster, from->unit->wish->to);
    MoveProspect prospect = MOVE_IS_OFF;
    Misfit misfit = {};
    int r = to && to->presence == MACHINE_PRESENCE_HERE
                ? placement_can_move(planner->cluster, from, to, &prospect, &misfit)
                : 0;
    if (r < 0)
        return r;
    if (prospect == MOVE_IS_OFF)
        return stay_as_before(planner, from, WAIT_NONE);
    if (prospect == MOVE_HAS_TO_WAIT && misfit.kind != MISFIT_NONE)
        return stay_as_before(planner, from, WAIT_TO_MOVE);
    if (prospect == MOVE_HAS_TO_WAIT || !unit_may_go_down(from->unit))
        return stay_as_before(planner, from, WAIT_FOR_BUDGET);
    if ((r = unit_set_waits(planner->cluster, from->unit, WAIT_NONE, false)) < 0)
        return r;
    char *why = str_printf("evens the load out; moved from %s", from->machine->id);
    return move_to_take(planner, from, to, why, ret);
}

int move_begin(Planner *planner, Placement *from, Placement **ret) {
    Cluster *cluster = planner->cluster;
    ClusterUnit *unit = from->unit;
    Choice choice;
    *ret = NULL;
    if (!placement_is_drained(from) && !placement_is_due(from))
        return move_as_wished(planner, from, ret);
    int r = rank_machines(cluster, unit, &choice);
    if (r < 0)
        return r;
    if (!choice.machine)
        return stay_without_place(planner, from, &choice);
    if (!unit_may_go_down(unit))
        return stay_for_budget(planner, from);
    if ((r = unit_set_waits(cluster, unit, WAIT_NONE, false)) < 0)
        return r;
    if (unit->desired != LAUNCH_STATE_LAUNCHED || choice.machine == from->machine)
        return move_end(planner, from); /* it is loaded in one place at a time, too */
    return move_to_choice(planner, from, &choice, ret);
}
