/* Hears of all that happens, remembers what is needed of it, and has it judged: who may write what
 * when a transaction is done (sim-writers.h), orders when the store has them (sim-orders.c), and
 * units when their systemd has acted (sim-actions.c). */
#include "tests/sim/sim-check-internal.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-scales.h"
#include "tests/sim/sim-units.h"

static void place_free(void *p) {
    SimPlace *place = p;
    sim_words_done(&place->words);
    free(place);
}

SimPlace *sim_check_need_place(SimCheck *check, const char *machine_id, const char *name) {
    _cleanup_free_ char *key = sim_must(str_printf("%s/%s", machine_id, name));
    SimPlace *place = map_get(check->places, key);
    if (place)
        return place;
    place = sim_must(calloc(1, sizeof(SimPlace)));
    if (map_put(check->places, key, place) < 0)
        abort();
    return place;
}

bool sim_check_was_up_since(SimCheck *check, const Order *order, usec_t since) {
    const UnitState *state = sim_view_state(check->cluster->view, order->machine_id, order->name);
    return (state && unit_state_is_up(state)) ||
           sim_check_need_place(check, order->machine_id, order->name)->up_usec >= since;
}

static void on_txn(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    const SimNode *node = userdata;
    SimCheck *check = node->cluster->userdata;
    const char *key = sim_writers_judge(&check->writers, check->requests, node, txn, result);
    if (key)
        sim_trace_fail(check->trace, "machine %s wrote %s, which it must not", node->id, key);
    sim_reboots_judge_txn(check, txn, result);
    if (result->succeeded && sim_txn_scales(txn))
        sim_scales_judge(check, txn);
}

static char *change_key(KeyKind kind, const char *machine_id, const char *name) {
    return sim_must(str_printf("%d/%s/%s", kind, str_or(machine_id, ""), str_or(name, "")));
}

usec_t sim_check_last_change(const SimCheck *check, KeyKind kind, const char *machine_id,
                             const char *name) {
    _cleanup_free_ char *key = change_key(kind, machine_id, name);
    return (usec_t) (uintptr_t) map_get(check->changes, key);
}

usec_t sim_check_last_change_of_any(const SimCheck *check) {
    return check->changed_usec;
}

uint64_t sim_check_count_brakes(const SimCheck *check) {
    return check->n_brakes;
}

static void on_change(const Key *key, const void *old, const void *new, void *userdata) {
    SimCheck *check = userdata;
    _cleanup_free_ char *name = change_key(key->kind, key->machine_id, key->name);
    usec_t now = loop_now(check->cluster->loop);
    if (map_put(check->changes, name, (void *) (uintptr_t) now) < 0)
        abort();
    check->changed_usec = now;
    sim_orders_judge_change(check, key, old, new);
}

static void on_revision(_unused_ int64_t revision, void *userdata) {
    sim_orders_judge_revision(userdata);
}

/* Whatever systemd calls it, as long as a process of it can be there. */
static void check_runs_once(SimCheck *check) {
    for (size_t i = 0; sim_unit(i); i++)
        if (sim_unit(i)->runs_once && sim_count_running(check->cluster, sim_unit(i)->name) > 1)
            sim_trace_fail(check->trace, "%s runs on two machines", sim_unit(i)->name);
}

void sim_check_step(SimCheck *check) {
    check_runs_once(check);
    for (size_t i = 0; i < check->cluster->n_nodes; i++) {
        SimNode *node = &check->cluster->nodes[i];
        char *const *actions = fake_script_actions(fake_systemd_script(node->systemd));
        while (actions && actions[check->n_seen[i]])
            sim_actions_judge(check, node, actions[check->n_seen[i]++]);
    }
}

void sim_check_note_meddling(SimCheck *check, const SimNode *node, const char *unit) {
    sim_check_need_place(check, node->id, unit)->was_meddled_with = true;
}

void sim_check_note_failing_starts(SimCheck *check, const SimNode *node, const char *unit) {
    sim_check_need_place(check, node->id, unit)->may_fail = true;
}

void sim_check_note_coming_back(SimCheck *check, const SimNode *node, const char *unit,
                                usec_t usec) {
    sim_check_need_place(check, node->id, unit)->back_until = loop_now(check->cluster->loop) + usec;
    sim_check_note_meddling(check, node, unit);
}

void sim_check_note_health(SimCheck *check, const SimNode *node, const char *unit, bool is_well) {
    SimPlace *place = sim_check_need_place(check, node->id, unit);
    if (!is_well)
        place->ill_until = USEC_INFINITY;
    else if (place->ill_until == USEC_INFINITY)
        place->ill_until = loop_now(check->cluster->loop);
}

void sim_check_note_other_file(SimCheck *check, const SimNode *node, const char *unit) {
    sim_check_need_place(check, node->id, unit)->has_other_file = true;
}

bool sim_check_has_other_file(const SimCheck *check, const SimNode *node, const char *unit) {
    return sim_check_need_place((SimCheck *) check, node->id, unit)->has_other_file;
}

bool sim_check_was_meddled_with(const SimCheck *check, const SimNode *node, const char *unit) {
    const SimPlace *place = sim_check_need_place((SimCheck *) check, node->id, unit);
    return place->was_meddled_with || place->may_fail;
}

SimCheck *sim_check_new(SimCluster *cluster, SimRequests *requests, SimTrace *trace) {
    static const SimViewHooks hooks = {.on_change = on_change, .on_revision = on_revision};
    SimCheck *check = sim_must(calloc(1, sizeof(SimCheck)));
    *check = (SimCheck){
        .cluster = cluster,
        .requests = requests,
        .trace = trace,
        .places = sim_must(map_new(place_free)),
        .changes = sim_must(map_new(NULL)),
        .hurried = sim_must(map_new(NULL)),
        .proposed = sim_must(map_new(NULL)),
        .judged_orders = sim_must(map_new(NULL)),
    };
    sim_view_set_hooks(cluster->view, &hooks, check);
    cluster->on_txn = on_txn;
    cluster->userdata = check;
    return check;
}

void sim_check_free(SimCheck *check) {
    if (!check)
        return;
    map_free(check->places);
    map_free(check->changes);
    map_free(check->hurried);
    map_free(check->proposed);
    map_free(check->judged_orders);
    free(check->judged_rollout);
    free(check);
}
