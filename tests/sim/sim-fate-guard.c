/* What happens to the guard of what must never run twice. */
#include "tests/sim/sim-fate.h"
#include "tests/sim/sim-units.h"

static void crash_guard(Sim *sim, SimAct *act) {
    sim_guard_crash(sim_act_node(sim, act)->guard,
                    100 * USEC_PER_MSEC + sim_random_span(&act->random, USEC_PER_SEC));
}

static void fail_guard(Sim *sim, SimAct *act) {
    FakeGuardHost *host = sim_guard_host(sim_act_node(sim, act)->guard);
    usec_t latency = sim_random_span(&act->random, 500 * USEC_PER_MSEC);
    FakeGuardCall call = (FakeGuardCall) sim_random_below(&act->random, _FAKE_GUARD_CALL_MAX);
    unsigned n = 1 + (unsigned) sim_random_below(&act->random, 3);
    if (!host)
        return;
    fake_guard_host_set_latency(host, latency);
    fake_guard_host_fail_next(host, call, n);
}

/* Its start, before the start of each unit that it guards: so long that users think better of it.
 */
#define SIM_GUARD_START_USEC (20 * USEC_PER_SEC)
#define GUARD_SLOW_USEC (3 * USEC_PER_MINUTE)

static void quicken_guard(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    fake_systemd_set_guard_start(node->systemd, 0);
}

void sim_guard_slow(Sim *sim, SimNode *node, usec_t usec) {
    fake_systemd_set_guard_start(node->systemd, usec);
    sim_node_note_trouble(node, GUARD_SLOW_USEC + usec);
    sim_later(sim, GUARD_SLOW_USEC, quicken_guard, node, NULL);
}

static void slow_guard(Sim *sim, SimAct *act) {
    sim_guard_slow(sim, sim_act_node(sim, act),
                   sim_random_span(&act->random, SIM_GUARD_START_USEC));
}

/* A socket, a timer, a user: whoever does not know that nobody vouches for the unit any more. */
static void start_overdue(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    for (size_t i = 0; sim_unit(i); i++) {
        const char *name = sim_unit(i)->name;
        if (sim_unit(i)->runs_once && sim_guard_may_stop(node->systemd, name))
            sim_trace(&sim->trace, "fate: somebody starts %s: %s", name,
                      fake_systemd_start(node->systemd, name) < 0 ? "refused" : "started");
    }
}

void sim_guard_rests(SimNode *node) {
    FakeGuardHost *host = sim_guard_host(node->guard);
    fake_systemd_set_guard_start(node->systemd, 0);
    if (!host)
        return;
    fake_guard_host_set_latency(host, 0);
    for (FakeGuardCall call = 0; call < _FAKE_GUARD_CALL_MAX; call++)
        fake_guard_host_fail_next(host, call, 0);
}

static const SimDeed deeds[] = {
    {"the guard is killed", crash_guard, 4},
    {"the guard fails", fail_guard, 4},
    {"the guard is slow to start", slow_guard, 8},
    {"somebody starts what nobody vouches for", start_overdue, 6},
};

const SimDeeds sim_deeds_guard = {deeds, ELEMENTSOF(deeds), 12};
