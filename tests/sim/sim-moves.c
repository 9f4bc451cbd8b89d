/* What leaves a machine because that is drained, or to even the load out, judged when the store has
 * it: somebody wants it so, another machine keeps a place for it, and its group's budget has room.
 * That goes by what the engine must have heard: the orders are its own, the rest may have changed
 * just now. */
#include "tests/sim/sim-check-internal.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-budget.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-rebalance.h"
#include "tests/sim/sim-units.h"

#define DRAINED "its machine is being drained"

static bool leaves_because_of_drain(const Order *order) {
    return strncmp(order->reason, DRAINED, strlen(DRAINED)) == 0;
}

/* Then everything leaves, whatever it means. */
static bool deadline_has_passed(const SimCheck *check, const Maintenance *maintenance) {
    return maintenance->deadline_usec > 0 &&
           loop_realtime(check->cluster->loop) >= maintenance->deadline_usec;
}

void sim_moves_note_hurry(SimCheck *check, const char *machine_id) {
    void *now = (void *) (uintptr_t) loop_now(check->cluster->loop);
    if (map_put(check->hurried, machine_id, now) < 0)
        abort();
}

void sim_moves_note(SimCheck *check, const char *machine_id, const Maintenance *old,
                    const Maintenance *new) {
    if ((old && old->deadline_usec > 0) || (new &&new->deadline_usec > 0))
        sim_moves_note_hurry(check, machine_id);
}

/* Nobody who decides now can think that the time of a drain is over. */
bool sim_moves_has_time(const SimCheck *check, const char *machine_id) {
    usec_t hurried = (usec_t) (uintptr_t) map_get(check->hurried, machine_id);
    Maintenance wanted;
    if (sim_view_wants(check->cluster->view, machine_id, &wanted) && wanted.deadline_usec > 0)
        return sim_check_wants_have_settled(check, machine_id) &&
               !deadline_has_passed(check, &wanted);
    return hurried == 0 || hurried + sim_check_stale_usec(check) < loop_now(check->cluster->loop);
}

static bool has_ordinary(const SimView *view, const char *machine_id) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE)) {
        const SimUnit *unit = sim_unit_find(order->name);
        if (streq(order->machine_id, machine_id) && unit && !unit->is_global)
            return true;
    }
    return false;
}

/* --- global units --- */

static void judge_global(SimCheck *check, const Order *order, const Maintenance *maintenance) {
    if (maintenance->ignore_global)
        sim_trace_fail(check->trace, "the global %s leaves %s, and should stay", order->name,
                       order->machine_id);
}

/* Whatever is wanted of the machine since: what else is there the engine has ordered itself. */
static void judge_turn(SimCheck *check, const Order *order, const Maintenance *maintenance) {
    if (sim_moves_has_time(check, order->machine_id) &&
        has_ordinary(check->cluster->view, order->machine_id))
        sim_trace_fail(check->trace, "the global %s leaves %s before others", order->name,
                       order->machine_id);
}

/* --- the others --- */

static void judge_place(SimCheck *check, const Order *order) {
    const char *key;
    const Order *next;
    MAP_FOREACH (key, next, sim_view_all(check->cluster->view, KEY_SCHEDULE))
        if (streq(next->name, order->name) && next->desired == LAUNCH_STATE_LOADED)
            return;
    sim_trace_fail(check->trace, "%s leaves %s, and no place is kept for it", order->name,
                   order->machine_id);
}

static const Order *find_launched(const SimView *view, const char *name) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE))
        if (streq(order->name, name) && order->desired == LAUNCH_STATE_LAUNCHED)
            return order;
    return NULL;
}

/* Of those that lose their orders at this revision others may have lost them for other reasons, and
 * after it was decided on the one that is judged. */
static bool was_down_before(const SimCheck *check, const char *name) {
    const char *pair;
    const void *change;
    MAP_FOREACH (pair, change, check->judged_orders) {
        const Order *order = map_get(sim_view_all(check->cluster->view, KEY_SCHEDULE), pair);
        if (streq(strchr(pair, '/') + 1, name) &&
            !(order && (SimOrderChange) (uintptr_t) change == SIM_ORDER_IS_WITHDRAWN &&
              (leaves_because_of_drain(order) || sim_leaves_for_balance(order))))
            return false;
    }
    return true;
}

static bool is_surely_down(const Unit *unit, const void *userdata) {
    const SimCheck *check = userdata;
    const SimView *view = check->cluster->view;
    if (!sim_check_has_settled(check, KEY_UNIT, NULL, unit->name))
        return false;
    const Order *order = find_launched(view, unit->name);
    if (!order)
        return was_down_before(check, unit->name);
    return !sim_is_available(view, unit->name) &&
           sim_check_has_settled(check, KEY_STATE, order->machine_id, unit->name) &&
           sim_check_has_settled(check, KEY_SCHEDULE, order->machine_id, unit->name);
}

/* How many there are in its group, for one. */
static bool all_units_have_settled(const SimCheck *check) {
    for (size_t i = 0; sim_unit(i); i++)
        if (!sim_check_has_settled(check, KEY_UNIT, NULL, sim_unit(i)->name))
            return false;
    return true;
}

static bool was_surely_up(const SimCheck *check, const Order *order) {
    const UnitState *state = sim_view_state(check->cluster->view, order->machine_id, order->name);
    return state && unit_state_is_up(state) &&
           sim_check_has_settled(check, KEY_STATE, order->machine_id, order->name);
}

static void judge_budget(SimCheck *check, const Order *order) {
    if (was_surely_up(check, order) && all_units_have_settled(check) &&
        !sim_budget_has_room(check->cluster->view, order->name, is_surely_down, check))
        sim_trace_fail(check->trace, "%s leaves %s, and its group has no budget for it",
                       order->name, order->machine_id);
}

/* That it was proposed is judged elsewhere. */
static void judge_balance(SimCheck *check, const Order *order, const Unit *unit) {
    if (!unit || unit->desired != LAUNCH_STATE_LAUNCHED ||
        !sim_check_has_settled(check, KEY_UNIT, NULL, order->name))
        return;
    judge_place(check, order);
    judge_budget(check, order);
}

void sim_moves_judge(SimCheck *check, const Order *order) {
    Maintenance wanted;
    bool is_wanted = sim_view_wants(check->cluster->view, order->machine_id, &wanted);
    const Maintenance *maintenance = is_wanted ? &wanted : NULL;
    const SimUnit *known = sim_unit_find(order->name);
    const Unit *unit = sim_view_unit(check->cluster->view, order->name);
    if (leaves_because_of_drain(order) && known && known->is_global)
        judge_turn(check, order, maintenance);
    if (sim_leaves_for_balance(order))
        judge_balance(check, order, unit);
    if (!leaves_because_of_drain(order) ||
        !sim_check_wants_have_settled(check, order->machine_id) ||
        !sim_check_has_settled(check, KEY_UNIT, NULL, order->name))
        return;
    if (!maintenance || !maintenance->is_draining) {
        sim_trace_fail(check->trace, "%s leaves %s, which nobody drains", order->name,
                       order->machine_id);
        return;
    }
    if (deadline_has_passed(check, maintenance))
        return;
    if (known && known->is_global)
        judge_global(check, order, maintenance);
    else if (unit && unit->desired == LAUNCH_STATE_LAUNCHED) {
        judge_place(check, order);
        judge_budget(check, order);
    }
}
