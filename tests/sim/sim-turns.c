#include "tests/sim/sim-turns.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-check-internal.h"
#include "tests/sim/sim-fit.h"

/* So soon after its turn the order follows, if the leader lives. */
#define FOLLOWS_USEC (2 * USEC_PER_SEC)

/* The record by which machines keep files, if it is of that unit as it is now; NULL. */
static const Rollout *find_rollout(const SimView *view, const char *name) {
    const Rollout *rollout = map_get(sim_view_all(view, KEY_ROLLOUT), name);
    const Unit *unit = sim_view_unit(view, name);
    bool counts = rollout && rollout_keeps_files(rollout) && unit &&
                  map_has(sim_view_all(view, KEY_DEPLOYMENT), name) &&
                  streq(rollout->unit_hash, unit->hash);
    return counts ? rollout : NULL;
}

/* NULL: it is to have that of the unit. */
static const char *kept_there(const Rollout *rollout, const char *machine_id) {
    const RolloutUnit *machine = rollout_find_unit(rollout, machine_id);
    if (machine)
        return machine->keeps;
    return streq_ptr(rollout->before, rollout->unit_hash) ? NULL : rollout->before;
}

bool sim_turns_keep(const SimView *view, const Order *order) {
    const Rollout *rollout = find_rollout(view, order->name);
    return rollout && streq_ptr(kept_there(rollout, order->machine_id), order->hash);
}

/* --- not before its turn --- */

/* Whoever has asked for the unit since may have been faster than its leader. */
static bool is_unasked(const SimView *view, const Rollout *rollout) {
    return rollout->unit_revision == 0 ||
           rollout->unit_revision == sim_view_unit(view, rollout->name)->revision;
}

static bool is_launched(const Order *order) {
    return order && order->desired == LAUNCH_STATE_LAUNCHED;
}

/* Of one with the wanted file already there is nothing to be waited for. */
static bool has_yet_to_come(const Rollout *rollout, const RolloutUnit *machine) {
    if (!rollout->is_undone)
        return machine->phase == ROLLOUT_UNIT_WAITING;
    return machine->phase == ROLLOUT_UNIT_UPDATING || machine->phase == ROLLOUT_UNIT_DONE ||
           (machine->phase == ROLLOUT_UNIT_WAITING && machine->found);
}

static bool is_before_its_turn(const Rollout *rollout, const Order *old, const Order *new) {
    const RolloutUnit *machine = rollout_find_unit(rollout, new->machine_id);
    const char *kept = kept_there(rollout, new->machine_id);
    bool is_other = is_launched(old) && !streq(old->hash, new->hash);
    if (machine && is_other && has_yet_to_come(rollout, machine))
        return true;
    return (is_other || !is_launched(old)) && kept && !streq(kept, new->hash);
}

static void judge_turn(SimCheck *check, const Rollout *rollout, const Key *key, const Order *old,
                       const Order *new) {
    if (is_before_its_turn(rollout, old, new) && is_unasked(check->cluster->view, rollout))
        sim_trace_fail(check->trace, "%s on %s is given another file before its turn", key->name,
                       key->machine_id);
}

/* --- never more than the budget --- */

static bool is_up(const SimView *view, const Order *order) {
    const UnitState *state = sim_view_state(view, order->machine_id, order->name);
    return state && unit_state_is_up(state) && state->unit_revision >= order->unit_revision &&
           streq_ptr(state->hash, order->hash);
}

static bool has_settled(const SimCheck *check, const Order *order) {
    return sim_check_has_settled(check, KEY_STATE, order->machine_id, order->name) &&
           sim_check_has_settled(check, KEY_SCHEDULE, order->machine_id, order->name) &&
           sim_check_has_settled(check, KEY_MACHINE, order->machine_id, NULL);
}

static bool is_under_way(const RolloutUnit *machine) {
    return machine &&
           (machine->phase == ROLLOUT_UNIT_UPDATING || machine->phase == ROLLOUT_UNIT_RESTORING);
}

/* One whose turn it is its leader has counted as down, until it has heard otherwise. */
static bool is_surely_down(const SimCheck *check, const Rollout *rollout, const Order *order) {
    const SimView *view = check->cluster->view;
    const UnitState *state = sim_view_state(view, order->machine_id, order->name);
    bool is_unanswered = !state || !streq_ptr(state->hash, order->hash);
    if (is_under_way(rollout_find_unit(rollout, order->machine_id)) && is_unanswered)
        return true;
    return has_settled(check, order) && !is_up(view, order);
}

static size_t count_down(const SimCheck *check, const Rollout *rollout, const Key *key,
                         size_t *ret_n) {
    const char *pair;
    const Order *order;
    size_t n_down = 0;
    *ret_n = 0;
    MAP_FOREACH (pair, order, sim_view_all(check->cluster->view, KEY_SCHEDULE)) {
        if (!streq(order->name, key->name) || !is_launched(order))
            continue;
        (*ret_n)++;
        n_down +=
            !streq(order->machine_id, key->machine_id) && is_surely_down(check, rollout, order);
    }
    return n_down;
}

/* The state is still that of the former file. */
static bool was_surely_up(const SimCheck *check, const Order *old) {
    return is_up(check->cluster->view, old) &&
           sim_check_has_settled(check, KEY_STATE, old->machine_id, old->name) &&
           sim_check_has_settled(check, KEY_MACHINE, old->machine_id, NULL);
}

static bool is_just_its_turn(const SimCheck *check, const RolloutUnit *machine) {
    usec_t now = loop_realtime(check->cluster->loop);
    return is_under_way(machine) && machine->since_usec + FOLLOWS_USEC > now &&
           machine->since_usec <= now;
}

static bool has_its_turn(const SimCheck *check, const Rollout *rollout, const Order *old,
                         const Order *new) {
    return is_launched(old) && !streq(old->hash, new->hash) &&
           is_just_its_turn(check, rollout_find_unit(rollout, new->machine_id));
}

static void judge_budget(SimCheck *check, const Rollout *rollout, const Key *key,
                         const Order *old) {
    _cleanup_(requirements_freep) Requirements *requirements =
        sim_get_requirements(check->cluster->view, key->name);
    if (!requirements || !was_surely_up(check, old))
        return;
    const Budget *budget = &requirements->budget;
    size_t n, n_down = count_down(check, rollout, key, &n);
    size_t max = budget->is_percent ? n * budget->max_unavailable / 100 : budget->max_unavailable;
    if (n_down + 1 > max)
        sim_trace_fail(check->trace, "%s on %s gets another file while %zu machines are without it",
                       key->name, key->machine_id, n_down);
}

void sim_turns_judge_order(SimCheck *check, const Key *key, const Order *old, const Order *new) {
    const Rollout *rollout =
        is_launched(new) ? find_rollout(check->cluster->view, key->name) : NULL;
    if (!rollout || rollout_phase_is_over(rollout->phase))
        return;
    judge_turn(check, rollout, key, old, new);
    if (!has_its_turn(check, rollout, old, new))
        return;
    judge_budget(check, rollout, key, old);
    sim_brake_judge_beginning(check, key->name, "has its turn in a deployment");
}
