#include "tests/sim/sim-rest.h"

#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"
#include "tests/sim/sim-check-internal.h"
#include "tests/sim/sim-drained.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-rebalance.h"
#include "tests/sim/sim-reboots.h"
#include "tests/sim/sim-rollouts.h"
#include "tests/sim/sim-scales.h"
#include "tests/sim/sim-turns.h"
#include "tests/sim/sim-units.h"
#include "tests/sim/sim-versions.h"

typedef struct Rest {
    SimCluster *cluster;
    const SimCheck *check;
    SimTrace *trace;
} Rest;

static bool unit_is_wanted(const Unit *unit) {
    return unit && unit->desired != LAUNCH_STATE_INACTIVE && !unit_name_is_template(unit->name);
}

/* --- what runs is as ordered --- */

static void check_systemd(const Rest *rest, SimNode *node, const Order *order,
                          const UnitState *state) {
    const SimUnit *unit = sim_unit_find(order->name);
    const char *started = fake_systemd_started_hash(node->systemd, order->name);
    char hash[UNIT_FILE_HASH_LENGTH + 1] = "";
    const char *text = fake_systemd_text(node->systemd, order->name);
    bool is_launched = order->desired == LAUNCH_STATE_LAUNCHED,
         runs = sim_node_has(node, order->name);
    if (text)
        sim_must_be_zero(unit_file_hash_text(text, strlen(text), hash));
    bool has_other_file = sim_check_has_other_file(rest->check, node, order->name),
         was_meddled_with =
             has_other_file || sim_check_was_meddled_with(rest->check, node, order->name);
    if (!streq(hash, order->hash) && !has_other_file)
        sim_trace_fail(rest->trace, "%s has another file on %s than ordered", order->name,
                       node->id);
    if (state->job == JOB_RESULT_ERROR) /* systemd would not have it, and fleet does not insist */
        return;
    if (is_launched && !streq_ptr(started, order->hash) && !was_meddled_with)
        sim_trace_fail(rest->trace, "%s was not started on %s", order->name, node->id);
    if (is_launched && !was_meddled_with &&
        fake_systemd_restart_number(node->systemd, order->name) < order->restart)
        sim_trace_fail(rest->trace, "%s was not restarted on %s", order->name, node->id);
    if (is_launched && !runs && !unit->may_rest && !was_meddled_with)
        sim_trace_fail(rest->trace, "%s does not run on %s", order->name, node->id);
    /* What must never run twice may have been started by somebody else (sim-fate-guard.c); and a
     * start whose answer fleetd did not hear is somebody else's for it. */
    bool is_anybodys = unit->runs_once || fake_systemd_is_unheard(node->systemd, order->name);
    if (!is_launched && runs && !was_meddled_with && !is_anybodys)
        sim_trace_fail(rest->trace, "%s runs on %s and is to be loaded", order->name, node->id);
}

static void check_state(const Rest *rest, SimNode *node, const Order *order) {
    const UnitState *state = sim_view_state(rest->cluster->view, node->id, order->name);
    const SimUnit *unit = sim_unit_find(order->name);
    if (!state) {
        sim_trace_fail(rest->trace, "machine %s says nothing of %s", node->id, order->name);
        return;
    }
    check_systemd(rest, node, order, state);
    if (!streq_ptr(state->active, fake_systemd_active(node->systemd, order->name)) &&
        !sim_check_has_other_file(rest->check, node, order->name))
        sim_trace_fail(rest->trace, "machine %s says that %s is %s", node->id, order->name,
                       str_or(state->active, "unknown"));
    if (unit->never_answers && order->desired == LAUNCH_STATE_LAUNCHED)
        return;
    if (state->unit_revision != order->unit_revision || !job_result_is_final(state->job))
        sim_trace_fail(rest->trace, "machine %s has not answered the order for %s", node->id,
                       order->name);
    if (state->current != order->desired && state->job != JOB_RESULT_ERROR)
        sim_trace_fail(rest->trace, "machine %s says that %s is only %s", node->id, order->name,
                       launch_state_to_string(state->current));
}

/* A deployment that waits for a user keeps what was there before beside what has failed. */
static bool is_former(const Rest *rest, const Order *order, const Unit *unit) {
    return (!streq(order->hash, unit->hash) || order->restart < unit->restart) &&
           sim_beside_is_allowed(rest->check, order->name);
}

static void check_order(const Rest *rest, const Order *order) {
    const Unit *unit = sim_view_unit(rest->cluster->view, order->name);
    if (!unit_is_wanted(unit)) {
        sim_trace_fail(rest->trace, "%s has an order on %s and is not wanted", order->name,
                       order->machine_id);
        return;
    }
    if (is_former(rest, order, unit) || sim_turns_keep(rest->cluster->view, order))
        return;
    if (order->desired != unit->desired || order->unit_revision != unit->revision ||
        !streq(order->hash, unit->hash) || order->restart != unit->restart)
        sim_trace_fail(rest->trace, "the order for %s on %s is not what was asked for", order->name,
                       order->machine_id);
    for (size_t i = 0; i < rest->cluster->n_nodes; i++) {
        SimNode *node = &rest->cluster->nodes[i];
        if (!streq(node->id, order->machine_id))
            continue;
        if (sim_node_runs(node))
            check_state(rest, node, order);
        else
            sim_trace_fail(rest->trace, "%s is ordered on %s, which is gone", order->name,
                           node->id);
    }
}

/* --- what is wanted is ordered --- */

static void check_pending(const Rest *rest, const Unit *unit) {
    const Pending *pending = sim_view_pending(rest->cluster->view, unit->name);
    if (!pending || pending->unit_revision != unit->revision || !*pending->summary) {
        sim_trace_fail(rest->trace, "%s is on no machine, and nobody says why", unit->name);
        return;
    }
    if (sim_replaces_any(rest->cluster->view, unit->name)) /* they may have nowhere else to go */
        return;
    for (size_t i = 0; i < rest->cluster->n_nodes; i++)
        if (sim_could_go(rest->cluster->view, unit->name, rest->cluster->nodes[i].id))
            sim_trace_fail(rest->trace, "%s waits, although it fits on %s: %s", unit->name,
                           rest->cluster->nodes[i].id, pending->summary);
}

static void check_global(const Rest *rest, const Unit *unit) {
    for (size_t i = 0; i < rest->cluster->n_nodes; i++) {
        const char *id = rest->cluster->nodes[i].id;
        if (!sim_view_order(rest->cluster->view, id, unit->name) &&
            sim_could_go(rest->cluster->view, unit->name, id))
            sim_trace_fail(rest->trace, "the global %s is not on %s", unit->name, id);
    }
}

static void check_unit(const Rest *rest, const Unit *unit) {
    size_t n_orders = sim_view_count_orders(rest->cluster->view, unit->name);
    if (!unit_is_wanted(unit))
        return;
    if (sim_unit_find(unit->name)->is_global)
        check_global(rest, unit);
    else if (n_orders > 1 && !sim_beside_is_allowed(rest->check, unit->name))
        sim_trace_fail(rest->trace, "%s has several orders", unit->name);
    if (n_orders == 0)
        check_pending(rest, unit);
}

/* --- nothing else is left --- */

static void check_pending_is_due(const Rest *rest, const Pending *pending) {
    const SimView *view = rest->cluster->view;
    if (!unit_is_wanted(sim_view_unit(view, pending->name)) ||
        sim_view_count_orders(view, pending->name) > 0)
        sim_trace_fail(rest->trace, "%s is said to wait, and does not", pending->name);
}

static void check_state_is_due(const Rest *rest, const UnitState *state) {
    if (!sim_view_order(rest->cluster->view, state->machine_id, state->name))
        sim_trace_fail(rest->trace, "the state of %s on %s is left over", state->name,
                       state->machine_id);
}

static void check_orphan_is_due(const Rest *rest, const Orphan *orphan) {
    sim_trace_fail(rest->trace, "%s is an orphan on %s", orphan->name, orphan->machine_id);
}

static void check_file_is_due(const Rest *rest, const char *hash) {
    const char *name;
    const Unit *unit;
    MAP_FOREACH (name, unit, sim_view_all(rest->cluster->view, KEY_UNIT))
        if (streq(unit->hash, hash))
            return;
    const Deployment *deployment;
    MAP_FOREACH (name, deployment, sim_view_all(rest->cluster->view, KEY_DEPLOYMENT))
        if (streq_ptr(deployment->hash, hash))
            return;
    if (sim_rollouts_name_file(rest->cluster->view, hash))
        return;
    if (!sim_versions_use_file(rest->cluster, hash))
        sim_trace_fail(rest->trace, "the file %s is left over", hash);
}

/* place: "name/slot". */
static void check_past_is_due(const Rest *rest, const char *place) {
    _cleanup_free_ char *name = sim_must(strndup(place, strcspn(place, "/")));
    if (!sim_view_unit(rest->cluster->view, name))
        sim_trace_fail(rest->trace, "where %s was is left over", name);
}

static void check_node(const Rest *rest, SimNode *node) {
    const Machine *machine = sim_view_machine(rest->cluster->view, node->id);
    bool is_here = machine && machine->status == MACHINE_STATUS_RUNNING &&
                   streq(machine->boot_id, node->boot_id);
    if (sim_node_runs(node) != is_here || (machine && !is_here))
        sim_trace_fail(rest->trace, "machine %s is %s, and the store says %s", node->id,
                       sim_node_runs(node) ? "here" : "away",
                       machine ? machine_status_to_string(machine->status) : "nothing");
    _cleanup_free_ const char **names = NULL;
    sim_must_be_zero(fake_systemd_names(node->systemd, &names));
    for (const char **name = names; *name; name++)
        if (!sim_view_order(rest->cluster->view, node->id, *name))
            sim_trace_fail(rest->trace, "machine %s still has %s", node->id, *name);
    for (size_t i = 0; sim_unit(i); i++)
        if (sim_node_has(node, sim_unit(i)->name) &&
            !sim_check_has_other_file(rest->check, node, sim_unit(i)->name) &&
            !sim_view_order(rest->cluster->view, node->id, sim_unit(i)->name))
            sim_trace_fail(rest->trace, "machine %s still runs %s", node->id, sim_unit(i)->name);
}

void sim_check_files_rest(SimCluster *cluster, const SimCheck *check, SimTrace *trace) {
    const Rest rest = {.cluster = cluster, .check = check, .trace = trace};
    const char *hash, *place;
    _unused_ const void *value;
    MAP_FOREACH (hash, value, sim_view_all(cluster->view, KEY_FILE))
        check_file_is_due(&rest, hash);
    MAP_FOREACH (place, value, sim_view_all(cluster->view, KEY_PAST))
        check_past_is_due(&rest, place);
}

void sim_check_units_rest(SimCluster *cluster, const SimCheck *check, SimTrace *trace) {
    const Rest rest = {.cluster = cluster, .check = check, .trace = trace};
    const SimView *view = cluster->view;
    const char *key;
    const void *value;
    if (!sim_leader(cluster))
        sim_trace_fail(trace, "there is no leader, or more than one");
    for (size_t i = 0; i < cluster->n_nodes; i++)
        check_node(&rest, &cluster->nodes[i]);
    sim_versions_check_rest(cluster, trace);
    sim_rollouts_check_rest(cluster, trace);
    sim_scales_check_rest(cluster, trace);
    sim_rebalance_check_rest(cluster, trace);
    MAP_FOREACH (key, value, sim_view_all(view, KEY_SCHEDULE))
        check_order(&rest, value);
    MAP_FOREACH (key, value, sim_view_all(view, KEY_UNIT))
        check_unit(&rest, value);
    MAP_FOREACH (key, value, sim_view_all(view, KEY_PENDING))
        check_pending_is_due(&rest, value);
    MAP_FOREACH (key, value, sim_view_all(view, KEY_STATE))
        check_state_is_due(&rest, value);
    MAP_FOREACH (key, value, sim_view_all(view, KEY_ORPHAN))
        check_orphan_is_due(&rest, value);
    sim_check_drained_rest(cluster, trace);
    sim_reboots_check_rest(cluster, trace);
    if (sim_view_brake(view))
        sim_trace_fail(trace, "machines are held for ever");
}
