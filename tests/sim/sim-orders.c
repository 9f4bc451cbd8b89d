/* What is decided, judged when the store has it: who leads and who leaves, that nobody is robbed of
 * an order that it carries out, and, when a revision is complete, that each new order fits, and is
 * the only one. The engine decides on what it has heard: what has changed just now it may not know.
 */
#include "tests/sim/sim-check-internal.h"
#include "tests/sim/sim-rebalance.h"
#include "tests/sim/sim-rollouts.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-turns.h"
#include "tests/sim/sim-units.h"
#include "tests/sim/sim-versions.h"

/* A machine that the store lost while it was away is given up only when it had its time to come
 * back. */
static void check_given_up(SimCheck *check, const Key *key) {
    const SimCluster *cluster = check->cluster;
    if (sim_check_last_change(check, KEY_MACHINE, key->machine_id, NULL) < cluster->store_away_usec)
        return;
    if (loop_now(cluster->loop) < cluster->store_back_usec + cluster->agent_ttl_usec)
        sim_trace_fail(check->trace, "machine %s was given up before it could come back",
                       key->machine_id);
}

/* A machine that is there is never just robbed of its order: it has stopped the unit before. What
 * it has let go of when its presence goes is taken for that, and not as it is given up. */
static void check_taken_order(SimCheck *check, const Key *key, const Order *order,
                              SimPlace *place) {
    const Machine *machine = sim_view_machine(check->cluster->view, key->machine_id);
    SimNode *node = sim_find_node(check->cluster, key->machine_id);
    bool is_here = machine && machine->status != MACHINE_STATUS_LEFT,
         is_withdrawn = order && order->desired == LAUNCH_STATE_INACTIVE;
    if (!machine && !(is_withdrawn && node && !sim_node_has(node, key->name))) {
        check_given_up(check, key);
        sim_brake_judge_given_up(check, key->machine_id, order);
    }
    if (!node || !sim_node_has(node, key->name))
        return;
    if (is_here && !place->was_meddled_with && !place->has_other_file)
        sim_trace_fail(check->trace, "the order for %s was taken from machine %s, which runs it",
                       key->name, key->machine_id);
    place->is_cut_off = true;
}

/* Only a machine that goes down may say that it leaves: what it has is given to others. */
static void check_goodbye(SimCheck *check, const Machine *machine) {
    const SimNode *node = sim_find_node(check->cluster, machine->id);
    if (machine->status == MACHINE_STATUS_LEFT && streq(machine->boot_id, node->boot_id) &&
        node->n_goodbyes != node->n_boots)
        sim_trace_fail(check->trace, "machine %s says that it leaves, and stays", machine->id);
}

/* Who leads is not replaced before its lease has run out, but by its own later run. */
static void check_succession(SimCheck *check, const char *old, const char *new) {
    if (old && new && !streq(old, new))
        sim_trace_fail(check->trace, "the leader's key was taken from %s by %s", old, new);
}

static void check_lost_file(SimCheck *check, const char *hash) {
    const char *name;
    const Unit *unit;
    MAP_FOREACH (name, unit, sim_view_all(check->cluster->view, KEY_UNIT))
        if (streq(unit->hash, hash))
            sim_trace_fail(check->trace, "the file of %s was deleted", name);
    sim_versions_judge_lost_file(check, hash);
}

static SimOrderChange change_of(const Order *before, const Order *after) {
    bool was_active = before && before->desired != LAUNCH_STATE_INACTIVE,
         is_active = after && after->desired != LAUNCH_STATE_INACTIVE;
    if (was_active == is_active || !after)
        return SIM_ORDER_IS_OTHER;
    return is_active ? SIM_ORDER_IS_GIVEN : SIM_ORDER_IS_WITHDRAWN;
}

static void note_order(SimCheck *check, const Key *key, const Order *old, const Order *new) {
    SimPlace *place = sim_check_need_place(check, key->machine_id, key->name);
    sim_words_say(&place->words, loop_now(check->cluster->loop), new);
    sim_beside_judge_order(check, key, old, new);
    sim_turns_judge_order(check, key, old, new);
    if (!new && !check->cluster->is_store_lost)
        check_taken_order(check, key, old, place);
    _cleanup_free_ char *pair = sim_must(str_printf("%s/%s", key->machine_id, key->name));
    if (map_put(check->judged_orders, pair, (void *) (uintptr_t) change_of(old, new)) < 0)
        abort();
}

static void note_unit(SimCheck *check, const Key *key, const void *old, const void *new) {
    sim_requests_note_unit(check->requests, key->name, new,
                           sim_view_revision(check->cluster->view));
    if (!check->cluster->is_store_lost)
        sim_versions_judge_unit(check, old, new);
}

static void note_machine(SimCheck *check, const Key *key, const Machine *old, const Machine *new) {
    if (new) {
        check_goodbye(check, new);
        sim_reboots_note_machine(check, new);
    }
    sim_brake_note_machine(check, key->machine_id, old, new);
}

static void note_state(SimCheck *check, const Key *key, const UnitState *old,
                       const UnitState *new) {
    if ((old && unit_state_is_up(old)) || (new &&unit_state_is_up(new)))
        sim_check_need_place(check, key->machine_id, key->name)->up_usec =
            loop_now(check->cluster->loop);
}

void sim_orders_judge_change(SimCheck *check, const Key *key, const void *old, const void *new) {
    if (key->kind == KEY_UNIT)
        note_unit(check, key, old, new);
    else if (key->kind == KEY_MACHINE)
        note_machine(check, key, old, new);
    else if (key->kind == KEY_STATE)
        note_state(check, key, old, new);
    else if (key->kind == KEY_BRAKE)
        sim_brake_note(check, old, new);
    else if (key->kind == KEY_LEADER)
        check_succession(check, old, new);
    else if (key->kind == KEY_FILE && !new && !check->cluster->is_store_lost)
        check_lost_file(check, key->name);
    else if (key->kind == KEY_MAINTENANCE)
        sim_moves_note(check, key->machine_id, old, new);
    else if (key->kind == KEY_REBOOT)
        sim_reboots_judge_record(check, key->machine_id, old, new);
    else if (key->kind == KEY_REBALANCE)
        sim_rebalance_judge_record(check, old, new);
    else if (key->kind == KEY_FAILURES)
        sim_retries_judge_record(check, old, new);
    else if (key->kind == KEY_SCHEDULE)
        note_order(check, key, old, new);
    else if (key->kind == KEY_ROLLOUT) {
        sim_beside_note(check, old);
        if (new)
            sim_must_be_zero(str_replace(&check->judged_rollout, key->name));
    }
}

/* What the engine decides on besides orders, which nobody else writes. */
static bool ground_has_settled(const SimCheck *check, const Order *order, const char *other) {
    return sim_check_has_settled(check, KEY_MACHINE, order->machine_id, NULL) &&
           sim_check_has_settled(check, KEY_METADATA, order->machine_id, "disk") &&
           sim_check_has_settled(check, KEY_UNIT, NULL, order->name) &&
           (!other || sim_check_has_settled(check, KEY_UNIT, NULL, other));
}

/* Its place is kept until those that it pushes away have left. */
static bool pushes_away(const Order *order) {
    return order->desired == LAUNCH_STATE_LOADED && strstr(order->reason, "pushes away");
}

static void check_fit(SimCheck *check, const Order *order) {
    const SimView *view = check->cluster->view;
    _cleanup_(sim_misfit_done) SimMisfit misfit =
        sim_find_misfit(view, order->name, order->machine_id);
    if (misfit.why && ground_has_settled(check, order, misfit.other))
        sim_trace_fail(check->trace, "%s is ordered on %s, where it does not fit: %s (%s)",
                       order->name, order->machine_id, misfit.why, str_or(misfit.other, "itself"));
}

/* It gets no units; but orders for what it has already, for another cluster. */
static void check_cordon(SimCheck *check, const Order *order) {
    const SimView *view = check->cluster->view;
    _cleanup_free_ char *pair = sim_must(str_printf("%s/%s", order->machine_id, order->name));
    Maintenance wanted;
    if (sim_view_wants(view, order->machine_id, &wanted) &&
        sim_check_wants_have_settled(check, order->machine_id) &&
        !map_has(sim_view_all(view, KEY_ORPHAN), pair))
        sim_trace_fail(check->trace, "%s is ordered on %s, which is cordoned", order->name,
                       order->machine_id);
}

/* An ordinary unit has one order; but that it may be told to let go of others, and has to before
 * that one says that it be started. Or a deployment starts the next one first. */
static void check_is_one(SimCheck *check, const char *name) {
    size_t n_active = 0, n_launched = 0, n = sim_view_count_orders(check->cluster->view, name);
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(check->cluster->view, KEY_SCHEDULE)) {
        n_active += streq(order->name, name) && order->desired != LAUNCH_STATE_INACTIVE;
        n_launched += streq(order->name, name) && order->desired == LAUNCH_STATE_LAUNCHED;
    }
    if (sim_beside_is_allowed(check, name) || sim_beside_is_ordered(check, name))
        return;
    if (n_active > 1)
        sim_trace_fail(check->trace, "%s has orders on two machines", name);
    else if (n_launched > 0 && n > 1)
        sim_trace_fail(check->trace, "%s is to be started, and has to leave another machine first",
                       name);
}

static void check_changed_order(SimCheck *check, const char *pair, SimOrderChange change) {
    const Order *order = map_get(sim_view_all(check->cluster->view, KEY_SCHEDULE), pair);
    const SimUnit *unit = order ? sim_unit_find(order->name) : NULL;
    if (!order)
        return;
    if (change == SIM_ORDER_IS_GIVEN) {
        if (!pushes_away(order))
            check_fit(check, order);
        check_cordon(check, order);
        sim_retries_judge_place(check, order);
    }
    if (change == SIM_ORDER_IS_WITHDRAWN) {
        sim_moves_judge(check, order);
        sim_rebalance_judge_move(check, order);
        sim_retries_judge_withdrawal(check, order);
    }
    if (unit && !unit->is_global)
        check_is_one(check, order->name);
}

void sim_orders_judge_revision(SimCheck *check) {
    const char *pair;
    const void *change;
    MAP_FOREACH (pair, change, check->judged_orders)
        check_changed_order(check, pair, (SimOrderChange) (uintptr_t) change);
    map_clear(check->judged_orders);
    if (check->judged_rollout)
        sim_rollouts_judge(
            check, check->judged_rollout,
            map_get(sim_view_all(check->cluster->view, KEY_ROLLOUT), check->judged_rollout));
    free(TAKE_PTR(check->judged_rollout));
}
