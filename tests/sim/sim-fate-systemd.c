/* What happens to systemd and its units, by itself or by somebody's hand. */
#include "tests/sim/sim-fate.h"

#include "tests/sim/sim-units.h"

/* Longest time until an agent tries a task again that has failed (agent-unit.c). */
#define RETRY_MAX_USEC (64 * USEC_PER_SEC)
#define FAILS_USEC (20 * USEC_PER_SEC)

/* --- systemd --- */

static void reconnect_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    fake_systemd_set_connected(node->systemd, true);
    node->has_no_bus = false;
    sim_node_note_trouble(node, 0);
}

static void break_bus(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    bool is_short = sim_random_chance(&act->random, 50);
    usec_t usec = is_short ? 0 : sim_random_span(&act->random, 10 * USEC_PER_SEC);
    fake_systemd_set_connected(node->systemd, false);
    node->has_no_bus = true;
    if (is_short)
        reconnect_later(sim, node, NULL);
    else
        sim_later(sim, usec, reconnect_later, node, NULL);
}

static void reexecute_systemd(Sim *sim, SimAct *act) {
    sim_node_note_trouble(sim_act_node(sim, act), 0);
    fake_systemd_reset(sim_act_node(sim, act)->systemd);
}

static void slow_bus(Sim *sim, SimAct *act) {
    fake_systemd_set_latency(sim_act_node(sim, act)->systemd,
                             sim_random_span(&act->random, 500 * USEC_PER_MSEC));
}

static void succeed_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    for (FakeAction action = 0; action < _FAKE_ACTION_MAX; action++)
        fake_script_fail_next(fake_systemd_script(node->systemd), action, 0, 0);
}

static void fail_actions(Sim *sim, SimAct *act) {
    static const int errnos[] = {-EIO, -ENOSPC, -ETIMEDOUT};
    SimNode *node = sim_act_node(sim, act);
    FakeAction action = (FakeAction) sim_random_below(&act->random, FAKE_ACTION_RELOAD);
    size_t n = 1 + sim_random_below(&act->random, 3);
    fake_script_fail_next(fake_systemd_script(node->systemd), action, n,
                          errnos[sim_random_below(&act->random, ELEMENTSOF(errnos))]);
    sim_later(sim, FAILS_USEC, succeed_later, node, NULL);
    sim_node_note_trouble(node, FAILS_USEC + RETRY_MAX_USEC);
}

/* What must never run twice is left alone by hands that would have it run twice: the guard's own
 * acts are for that (sim-fate-guard.c). */
static const SimUnit *other_unit(const SimAct *act) {
    const SimUnit *unit = sim_unit(act->unit);
    return unit->runs_once ? sim_unit(0) : unit;
}

/* --- jobs --- */

static void set_behaviour(SimNode *node, const SimUnit *unit, const FakeBehaviour *behaviour) {
    sim_must_be_zero(
        fake_script_set_behaviour(fake_systemd_script(node->systemd), unit->name, behaviour));
}

static void behave_later(_unused_ Sim *sim, SimNode *node, const void *unit) {
    set_behaviour(node, unit, &((const SimUnit *) unit)->behaviour);
}

/* TimeoutStopSec= is what ends it. */
#define STOP_HANGS_USEC (90 * USEC_PER_SEC)

static void hang_stop(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    const SimUnit *unit = other_unit(act);
    FakeBehaviour behaviour = unit->behaviour;
    usec_t usec = sim_random_span(&act->random, 60 * USEC_PER_SEC);
    behaviour.stop_usec = STOP_HANGS_USEC;
    set_behaviour(node, unit, &behaviour);
    sim_node_note_trouble(node, usec + STOP_HANGS_USEC);
    sim_later(sim, usec, behave_later, node, unit);
}

/* As by its socket. */
static void undo_stops(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    const SimUnit *unit = other_unit(act);
    FakeBehaviour behaviour = unit->behaviour;
    usec_t usec = sim_random_span(&act->random, 60 * USEC_PER_SEC);
    behaviour.comes_back = true;
    set_behaviour(node, unit, &behaviour);
    sim_check_note_coming_back(sim->check, node, unit->name, usec);
    sim_node_note_trouble(node, usec + RETRY_MAX_USEC);
    sim_later(sim, usec, behave_later, node, unit);
}

static void fail_start(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    const SimUnit *unit = sim_unit(act->unit);
    FakeBehaviour behaviour = unit->behaviour;
    behaviour.start_result = JOB_RESULT_TIMEOUT;
    behaviour.start_usec = sim_random_span(&act->random, 30 * USEC_PER_SEC);
    set_behaviour(node, unit, &behaviour);
    sim_check_note_failing_starts(sim->check, node, unit->name);
    sim_later(sim, sim_random_span(&act->random, 30 * USEC_PER_SEC), behave_later, node, unit);
}

/* --- units --- */

static void enter(Sim *sim, SimNode *node, const SimUnit *unit, const char *active, const char *sub,
                  const char *result) {
    if (fake_systemd_set_state(node->systemd, unit->name, active, sub, result) >= 0)
        sim_check_note_meddling(sim->check, node, unit->name);
}

static void crash_unit(Sim *sim, SimAct *act) {
    static const char *const results[] = {"exit-code", "signal", "oom-kill"};
    const SimUnit *unit = sim_unit(act->unit);
    const char *result = results[sim_random_below(&act->random, ELEMENTSOF(results))];
    if (sim_node_has(sim_act_node(sim, act), unit->name))
        enter(sim, sim_act_node(sim, act), unit, "failed", "failed", result);
}

static void stop_by_hand(Sim *sim, SimAct *act) {
    const SimUnit *unit = sim_unit(act->unit);
    if (sim_node_has(sim_act_node(sim, act), unit->name))
        enter(sim, sim_act_node(sim, act), unit, "inactive", "dead", "success");
}

static void start_by_hand(Sim *sim, SimAct *act) {
    const SimUnit *unit = other_unit(act);
    if (!sim_node_has(sim_act_node(sim, act), unit->name))
        enter(sim, sim_act_node(sim, act), unit, "active", "running", "success");
}

/* By Restart= in its file: it ends, and is back in a moment, several times. */
#define FLAPS_MAX 8

static void flap_back(Sim *sim, SimNode *node, const void *unit) {
    const char *name = ((const SimUnit *) unit)->name;
    if (streq_ptr(fake_systemd_active(node->systemd, name), "activating"))
        enter(sim, node, unit, "active", "running", "success");
}

static void flap(Sim *sim, SimNode *node, const void *unit) {
    const char *name = ((const SimUnit *) unit)->name;
    if (streq_ptr(fake_systemd_active(node->systemd, name), "active"))
        enter(sim, node, unit, "activating", "auto-restart", "exit-code");
    sim_later(sim, 100 * USEC_PER_MSEC, flap_back, node, unit);
}

static void flap_unit(Sim *sim, SimAct *act) {
    size_t n = 1 + sim_random_below(&act->random, FLAPS_MAX);
    for (size_t i = 0; i < n; i++)
        sim_later(sim, i * 300 * USEC_PER_MSEC, flap, sim_act_node(sim, act), other_unit(act));
}

/* --- their health --- */

/* The one that runs, from the act's unit and machine on: others have nobody who asks them. NULL:
 * none does. */
static const SimUnit *checked_unit(Sim *sim, SimAct *act, SimNode **ret_node) {
    SimNode *first = sim_act_node(sim, act), *nodes = sim->cluster->nodes;
    size_t n = sim->cluster->n_nodes;
    for (size_t i = 0; i < sim_units_count() * n; i++) {
        const SimUnit *unit = sim_unit((act->unit + i / n) % sim_units_count());
        SimNode *node = &nodes[((size_t) (first - nodes) + i % n) % n];
        if (unit->health_port == 0 || !sim_node_has(node, unit->name))
            continue;
        *ret_node = node;
        return unit;
    }
    return NULL;
}

static void recover_later(Sim *sim, SimNode *node, const void *unit) {
    fake_prober_set(node->prober, ((const SimUnit *) unit)->health_port, (FakeAnswer){});
    sim_check_note_health(sim->check, node, ((const SimUnit *) unit)->name, true);
}

static void fall_ill(Sim *sim, SimAct *act) {
    SimNode *node;
    const SimUnit *unit = checked_unit(sim, act, &node);
    usec_t delay = sim_random_chance(&act->random, 30) ? USEC_INFINITY : 0;
    if (!unit)
        return;
    fake_prober_set(node->prober, unit->health_port, (FakeAnswer){"it is ill", delay});
    sim_check_note_health(sim->check, node, unit->name, false);
    sim_later(sim, sim_random_span(&act->random, 2 * USEC_PER_MINUTE), recover_later, node, unit);
}

/* --- their files --- */

static void remove_file(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    const char *name = other_unit(act)->name;
    if (!fake_systemd_text(node->systemd, name))
        return;
    fake_systemd_lose_file(node->systemd, name);
    sim_check_note_other_file(sim->check, node, name);
}

static void replace_file(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    const char *name = other_unit(act)->name;
    if (!fake_systemd_text(node->systemd, name))
        return;
    fake_systemd_replace_file(node->systemd, name, "[Service]\nExecStart=/bin/other\n");
    sim_check_note_other_file(sim->check, node, name);
}

#define BREAKS_USEC (5 * USEC_PER_MINUTE)

static const char *const flaky[] = {"flaky.service", "flaky-apart.service", "flaky-big.service",
                                    "flaky-everywhere.service"};

void sim_break_unit(Sim *sim, SimNode *node, const SimUnit *unit, SimRandom *random) {
    FakeBehaviour behaviour = unit->behaviour;
    behaviour.life_usec = 1 + sim_random_span(random, USEC_PER_SEC);
    set_behaviour(node, unit, &behaviour);
    sim_later(sim, sim_random_span(random, BREAKS_USEC), behave_later, node, unit);
}

static void break_unit(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    const SimUnit *unit = sim_unit_find(flaky[sim_random_below(&act->random, ELEMENTSOF(flaky))]);
    sim_break_unit(sim, node, unit, &act->random);
    if (sim_random_chance(&act->random, 50))
        (void) fake_systemd_set_state(node->systemd, unit->name, "failed", "failed", "exit-code");
}

void sim_systemd_rests(Sim *sim, SimNode *node) {
    reconnect_later(sim, node, NULL);
    fake_systemd_set_latency(node->systemd, 0);
    succeed_later(sim, node, NULL);
    for (size_t i = 0; sim_unit(i); i++)
        behave_later(sim, node, sim_unit(i));
    for (size_t i = 0; sim_unit(i); i++)
        if (sim_unit(i)->health_port > 0)
            recover_later(sim, node, sim_unit(i));
    sim_node_note_trouble(node, 0);
}

static const SimDeed deeds[] = {
    {"the bus breaks", break_bus, 4},
    {"systemd is re-executed", reexecute_systemd, 4},
    {"systemd is slow", slow_bus, 4},
    {"systemd fails", fail_actions, 7},
    {"a stop hangs", hang_stop, 2},
    {"a unit comes back when it is stopped", undo_stops, 3},
    {"a start times out", fail_start, 3},
    {"a unit crashes", crash_unit, 6},
    {"a unit cannot run there", break_unit, 8},
    {"a unit falls ill", fall_ill, 8},
    {"a unit flaps", flap_unit, 5},
    {"a unit is stopped by hand", stop_by_hand, 4},
    {"a unit is started by hand", start_by_hand, 4},
    {"a unit's file is removed", remove_file, 3},
    {"a unit's file is replaced", replace_file, 3},
};

const SimDeeds sim_deeds_systemd = {deeds, ELEMENTSOF(deeds), 30};
