/* What goes wrong. Most of it lasts until the same thing happens again, or fate rests. */
#include "tests/sim/sim-run.h"

#include "fleetd/store/memory-store.h"
#include "tests/sim/pausable-loop.h"
#include "tests/sim/sim-units.h"

static int any_errno(Sim *sim) {
    static const int errnos[] = {-ETIMEDOUT, -ECONNREFUSED, -ECONNRESET, -EHOSTUNREACH};
    return errnos[sim_random_below(&sim->random, ELEMENTSOF(errnos))];
}

/* --- fleetd --- */

static void crash_fleetd(Sim *sim, SimNode *node) {
    bool is_restart = sim_random_chance(&sim->random, 60);
    sim_node_crash(node);
    if (is_restart)
        sim_node_start(node);
}

static void start_fleetd(_unused_ Sim *sim, SimNode *node) {
    sim_node_start(node);
}

static void stop_fleetd(_unused_ Sim *sim, SimNode *node) {
    sim_node_stop(node);
}

static void pause_fleetd(_unused_ Sim *sim, SimNode *node) {
    if (pausable_loop_is_paused(node->loop))
        sim_node_resume(node);
    else
        sim_node_pause(node);
}

/* --- machines --- */

static void cut_power(Sim *sim, SimNode *node) {
    bool is_reboot = sim_random_chance(&sim->random, 40);
    sim_node_cut_power(node);
    if (is_reboot)
        sim_node_boot(node);
}

static void shut_down(_unused_ Sim *sim, SimNode *node) {
    sim_node_shut_down(node);
}

static void boot(_unused_ Sim *sim, SimNode *node) {
    sim_node_boot(node);
}

/* --- ways to the store --- */

static void cut_off(Sim *sim, SimNode *node) {
    if (sim->cluster->is_store_away) /* for all */
        return;
    sim_node_cut_off(node, sim_random_chance(&sim->random, 50) ? any_errno(sim) : 0);
}

static void break_watches(_unused_ Sim *sim, SimNode *node) {
    faulty_store_break_watches(node->link, -ECONNRESET);
}

static void set_way(Sim *sim, SimNode *node) {
    usec_t min = sim_random_span(&sim->random, 200 * USEC_PER_MSEC);
    StoreFaults faults = {
        .latency_min_usec = min,
        .latency_max_usec = min + sim_random_span(&sim->random, 300 * USEC_PER_MSEC),
        .timeout_usec = USEC_PER_SEC + sim_random_span(&sim->random, 4 * USEC_PER_SEC),
    };
    if (sim_random_chance(&sim->random, 50)) {
        faults.lost_request_permille = (unsigned) sim_random_span(&sim->random, 100);
        faults.lost_answer_permille = (unsigned) sim_random_span(&sim->random, 100);
        faults.broken_watch_permille = (unsigned) sim_random_span(&sim->random, 100);
    }
    faulty_store_set_faults(node->link, &faults);
    tap_store_set_late(
        node->way,
        sim_random_chance(&sim->random, 30) ? (unsigned) sim_random_span(&sim->random, 100) : 0,
        faults.timeout_usec);
}

void sim_fate_sets_ways(Sim *sim) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        set_way(sim, &sim->cluster->nodes[i]);
}

/* --- the store --- */

static void end_outage(Sim *sim, _unused_ SimNode *node) {
    sim_cluster_thaw_store(sim->cluster);
}

static void begin_outage(Sim *sim, SimNode *node) {
    if (sim->cluster->is_store_away) {
        end_outage(sim, node);
        return;
    }
    if (sim_random_chance(&sim->random, 50))
        sim_cluster_freeze_store(sim->cluster);
    else
        sim_cluster_cut_off(sim->cluster, any_errno(sim));
}

static void long_outage(Sim *sim, SimNode *node) {
    if (!sim->cluster->is_store_away)
        begin_outage(sim, node);
    sim_pass(sim, 20 * USEC_PER_SEC + sim_random_below(&sim->random, 60 * USEC_PER_SEC));
    end_outage(sim, node);
}

static void compact(Sim *sim, _unused_ SimNode *node) {
    memory_store_compact(sim->cluster->store, sim_view_revision(sim->cluster->view));
}

/* --- systemd --- */

static void break_bus(_unused_ Sim *sim, SimNode *node) {
    bool is_short = sim_random_chance(&sim->random, 50);
    fake_systemd_set_connected(node->systemd, false);
    if (!is_short)
        sim_pass(sim, sim_random_span(&sim->random, 10 * USEC_PER_SEC));
    fake_systemd_set_connected(node->systemd, true);
}

static void reexecute_systemd(_unused_ Sim *sim, SimNode *node) {
    fake_systemd_reset(node->systemd);
}

static void slow_bus(Sim *sim, SimNode *node) {
    fake_systemd_set_latency(node->systemd, sim_random_span(&sim->random, 500 * USEC_PER_MSEC));
}

static void fail_actions(Sim *sim, SimNode *node) {
    static const int errnos[] = {-EIO, -ENOSPC, -ETIMEDOUT};
    fake_script_fail_next(fake_systemd_script(node->systemd),
                          (FakeAction) sim_random_below(&sim->random, FAKE_ACTION_RELOAD),
                          1 + sim_random_below(&sim->random, 3),
                          errnos[sim_random_below(&sim->random, ELEMENTSOF(errnos))]);
}

static void crash_unit(Sim *sim, SimNode *node) {
    static const char *const results[] = {"exit-code", "signal", "oom-kill"};
    const SimUnit *unit = sim_unit(sim_random_below(&sim->random, sim_units_count()));
    if (!sim_node_has(node, unit->name))
        return;
    sim_trace(&sim->trace, "fate: %s crashes", unit->name);
    fake_systemd_set_state(node->systemd, unit->name, "failed", "failed",
                           results[sim_random_below(&sim->random, ELEMENTSOF(results))]);
    sim_check_note_meddling(sim->check, node, unit->name);
}

/* --- the guard --- */

static void crash_guard(Sim *sim, SimNode *node) {
    sim_guard_crash(node->guard, 100 * USEC_PER_MSEC + sim_random_span(&sim->random, USEC_PER_SEC));
}

static void fail_guard(Sim *sim, SimNode *node) {
    FakeGuardHost *host = sim_guard_host(node->guard);
    if (!host)
        return;
    fake_guard_host_set_latency(host, sim_random_span(&sim->random, 500 * USEC_PER_MSEC));
    fake_guard_host_fail_next(host,
                              (FakeGuardCall) sim_random_below(&sim->random, _FAKE_GUARD_CALL_MAX),
                              1 + (unsigned) sim_random_below(&sim->random, 3));
}

/* A socket, a timer, a user: whoever does not know that nobody vouches for the unit any more. */
static void start_overdue(Sim *sim, SimNode *node) {
    for (size_t i = 0; sim_unit(i); i++) {
        const char *name = sim_unit(i)->name;
        if (sim_unit(i)->runs_once && sim_guard_may_stop(node->systemd, name))
            sim_trace(&sim->trace, "fate: somebody starts %s: %s", name,
                      fake_systemd_start(node->systemd, name) < 0 ? "refused" : "started");
    }
}

static const struct {
    const char *name;
    void (*act)(Sim *sim, SimNode *node);
    unsigned weight;
} acts[] = {
    {"fleetd crashes", crash_fleetd, 10},
    {"fleetd starts", start_fleetd, 12},
    {"fleetd stops", stop_fleetd, 8},
    {"fleetd is paused, or resumed", pause_fleetd, 10},
    {"power is cut", cut_power, 7},
    {"shuts down", shut_down, 5},
    {"boots", boot, 12},
    {"is cut off, or not any more", cut_off, 10},
    {"watches break", break_watches, 6},
    {"has another way to the store", set_way, 6},
    {"the store goes away, or comes back", begin_outage, 4},
    {"the store is away for long", long_outage, 3},
    {"the store is compacted", compact, 6},
    {"the bus breaks", break_bus, 4},
    {"systemd is re-executed", reexecute_systemd, 4},
    {"systemd is slow", slow_bus, 4},
    {"systemd fails", fail_actions, 8},
    {"a unit crashes", crash_unit, 8},
    {"the guard crashes", crash_guard, 4},
    {"the guard fails", fail_guard, 4},
    {"somebody starts what nobody vouches for", start_overdue, 6},
};

void sim_fate_acts(Sim *sim) {
    unsigned total = 0;
    for (size_t i = 0; i < ELEMENTSOF(acts); i++)
        total += acts[i].weight;
    size_t chosen = sim_random_below(&sim->random, total), i = 0;
    while (chosen >= acts[i].weight)
        chosen -= acts[i++].weight;
    size_t machine = sim_random_below(&sim->random, sim->cluster->n_nodes);
    sim_trace(&sim->trace, "fate: machine %zu: %s", machine + 1, acts[i].name);
    acts[i].act(sim, &sim->cluster->nodes[machine]);
}

static void node_rests(Sim *sim, SimNode *node, bool comes_back) {
    StoreFaults faults = {.latency_max_usec = 10 * USEC_PER_MSEC,
                          .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    faulty_store_set_faults(node->link, &faults);
    tap_store_set_late(node->way, 0, 0);
    fake_systemd_set_latency(node->systemd, 0);
    for (FakeAction action = 0; action < _FAKE_ACTION_MAX; action++)
        fake_script_fail_next(fake_systemd_script(node->systemd), action, 0, 0);
    sim_node_resume(node);
    if (comes_back)
        sim_node_boot(node);
    if (node->is_leaving) /* its farewell is over in a moment, even if units have to stop first */
        sim_pass(sim, 30 * USEC_PER_SEC);
    sim_node_start(node);
}

void sim_fate_rests(Sim *sim) {
    sim_trace(&sim->trace, "fate rests");
    end_outage(sim, NULL);
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        node_rests(sim, &sim->cluster->nodes[i], i == 0 || sim_random_chance(&sim->random, 70));
    sim_node_boot(&sim->cluster->nodes[0]);
}
