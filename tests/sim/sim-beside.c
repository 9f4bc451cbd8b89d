/* Units that a deployment lets run in two places for a while (UpdateOrder=start-first): whom the
 * promise of one place does not cover. That goes by the records of deployments, not by what the
 * scheduler makes of them; and of those that are let, the former one must not be told to leave
 * before the next one is up. */
#include "tests/sim/sim-check-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-units.h"

static char *beside_key(const char *name) {
    return sim_must(str_printf("beside/%s", name));
}

static bool rollout_lets(const Rollout *rollout, const char *name) {
    bool is_over = !rollout || rollout_phase_is_over(rollout->phase);
    const RolloutUnit *unit = is_over ? NULL : rollout_find_unit(rollout, name);
    return unit && unit->is_beside;
}

void sim_beside_note(SimCheck *check, const Rollout *old) {
    for (size_t i = 0; old && i < old->n_units; i++) {
        _cleanup_free_ char *key = beside_key(old->units[i].name);
        if (rollout_lets(old, old->units[i].name) &&
            map_put(check->changes, key, (void *) (uintptr_t) loop_now(check->cluster->loop)) < 0)
            abort();
    }
}

static bool is_let_now(const SimCheck *check, const char *unit) {
    _unused_ const char *name;
    const Rollout *rollout;
    MAP_FOREACH (name, rollout, sim_view_all(check->cluster->view, KEY_ROLLOUT))
        if (rollout_lets(rollout, unit))
            return true;
    return false;
}

bool sim_beside_is_allowed(const SimCheck *check, const char *name) {
    _cleanup_free_ char *key = beside_key(name);
    usec_t last = (usec_t) (uintptr_t) map_get(check->changes, key);
    return is_let_now(check, name) ||
           (last > 0 && loop_now(check->cluster->loop) <= last + sim_check_stale_usec(check));
}

/* When only one order is left, it is a unit like any other. */
static void forget_if_alone(SimCheck *check, const char *name) {
    if (sim_view_count_orders(check->cluster->view, name) > 1 || is_let_now(check, name))
        return;
    for (size_t i = 0; i < check->cluster->n_nodes; i++)
        sim_check_need_place(check, check->cluster->nodes[i].id, name)->is_beside = false;
}

static bool is_up_elsewhere(const SimView *view, const Key *key) {
    const char *pair;
    const Order *order;
    MAP_FOREACH (pair, order, sim_view_all(view, KEY_SCHEDULE)) {
        const UnitState *state = sim_view_state(view, order->machine_id, key->name);
        if (streq(order->name, key->name) && !streq(order->machine_id, key->machine_id) &&
            order->desired == LAUNCH_STATE_LAUNCHED && state && unit_state_is_up(state))
            return true;
    }
    return false;
}

static bool was_surely_up(const SimCheck *check, const Key *key, const Order *before) {
    const SimView *view = check->cluster->view;
    const UnitState *state = sim_view_state(view, key->machine_id, key->name);
    return sim_view_machine(view, key->machine_id) && state && unit_state_is_up(state) &&
           streq_ptr(state->hash, before->hash) && state->unit_revision >= before->unit_revision &&
           sim_check_has_settled(check, KEY_STATE, key->machine_id, key->name) &&
           sim_check_has_settled(check, KEY_MACHINE, key->machine_id, NULL);
}

/* Users want it up, with a file that lets it be in two places. */
static bool may_be_beside(const SimView *view, const char *name) {
    const Unit *unit = sim_view_unit(view, name);
    _cleanup_(requirements_freep) Requirements *requirements = sim_get_requirements(view, name);
    return unit && unit->desired == LAUNCH_STATE_LAUNCHED && requirements &&
           !requirements_bar_beside(requirements);
}

/* Who wants it to leave may have decided that just before. */
static bool is_late(const SimCheck *check, const Order *after) {
    if (after && after->desired == LAUNCH_STATE_LAUNCHED)
        return false;
    const char *name;
    _unused_ const void *rollout;
    MAP_FOREACH (name, rollout, sim_view_all(check->cluster->view, KEY_ROLLOUT))
        if (!sim_check_has_settled(check, KEY_ROLLOUT, NULL, name))
            return true;
    return false;
}

static bool has_former_file(const SimCheck *check, const Key *key, const Order *order) {
    const Unit *unit = sim_view_unit(check->cluster->view, key->name);
    return unit && (!streq(order->hash, unit->hash) || order->restart < unit->restart);
}

/* Of the one with the wanted file the usual rules hold. */
static void judge_order(SimCheck *check, const Key *key, const Order *before, const Order *after) {
    bool was_free =
             before && before->desired == LAUNCH_STATE_LAUNCHED && before->stop_within_usec == 0,
         is_same = after && after->desired == LAUNCH_STATE_LAUNCHED && before &&
                   streq(before->hash, after->hash) && before->restart == after->restart;
    if (was_free && !is_same && has_former_file(check, key, before) &&
        is_let_now(check, key->name) && may_be_beside(check->cluster->view, key->name) &&
        was_surely_up(check, key, before) && !is_late(check, after) &&
        sim_moves_has_time(check, key->machine_id) && !is_up_elsewhere(check->cluster->view, key))
        sim_trace_fail(check->trace, "%s is stopped on %s before its next one is up", key->name,
                       key->machine_id);
}

void sim_beside_judge_order(SimCheck *check, const Key *key, const Order *before,
                            const Order *after) {
    SimPlace *place = sim_check_need_place(check, key->machine_id, key->name);
    bool was_launched = before && before->desired == LAUNCH_STATE_LAUNCHED,
         is_launched = after && after->desired == LAUNCH_STATE_LAUNCHED,
         has_another = sim_view_count_orders(check->cluster->view, key->name) > 1;
    place->is_beside =
        is_launched && (place->is_beside || sim_beside_is_allowed(check, key->name) ||
                        (was_launched && has_another)); /* since before this order was changed */
    if (!after)
        forget_if_alone(check, key->name);
    judge_order(check, key, before, after);
}

bool sim_beside_is_ordered(const SimCheck *check, const char *name) {
    for (size_t i = 0; i < check->cluster->n_nodes; i++) {
        _cleanup_free_ char *key = sim_must(str_printf("%s/%s", check->cluster->nodes[i].id, name));
        const SimPlace *place = map_get(check->places, key);
        if (place && place->is_beside)
            return true;
    }
    return false;
}
