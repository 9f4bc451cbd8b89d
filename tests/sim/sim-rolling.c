#include "tests/sim/sim-rolling.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-budget.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-rebalance.h"
#include "tests/sim/sim-rebooters.h"
#include "tests/sim/sim-units.h"

#define ROLLING_PERCENT 50
#define EVENED_PERCENT 50
#define REBOOTED_PERCENT 40
#define LOOK_EVERY_USEC (100 * USEC_PER_MSEC)

/* What was asked of a fleetd that has ended meanwhile is asked for again. */
#define TRY_USEC (6 * USEC_PER_SEC)
#define TRIES 10

#define KILLED_WITHIN_USEC (4 * USEC_PER_SEC)

struct SimRolling {
    Sim *sim;
    SimRandom random;
    usec_t next_usec;
    uint64_t were_up; /* a bit for each unit, by its number, when this drain began */
    uint64_t judged;  /* of those that were down at the last look */
};

static SimRandom rolling_random(uint64_t seed) {
    SimRandom random = {~seed + 1}; /* of nothing else */
    return random;
}

/* What takes the place of others makes them leave, whatever their groups allow. */
bool sim_rolling_is_due(const Sim *sim) {
    SimRandom random = rolling_random(sim->seed);
    const char *name;
    const Unit *unit;
    MAP_FOREACH (name, unit, sim_view_all(sim->cluster->view, KEY_UNIT))
        if (unit->desired != LAUNCH_STATE_INACTIVE && sim_replaces_any(sim->cluster->view, name))
            return false;
    return sim_random_chance(&random, ROLLING_PERCENT);
}

/* --- judging --- */

/* What ends by itself, or does not come up, says nothing. */
static bool unit_is_steady(const char *name) {
    const SimUnit *unit = sim_unit_find(name);
    return unit && !unit->may_rest && !unit->never_answers;
}

static bool unit_is_up(const Unit *unit, const void *userdata) {
    const SimCluster *cluster = userdata;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (streq_ptr(fake_systemd_active(cluster->nodes[i].systemd, unit->name), "active"))
            return true;
    return false;
}

/* Stopped by hand, long before: it rests, as what has ended well does. */
static bool unit_was_stopped(const SimRolling *rolling, const char *name) {
    const SimCluster *cluster = rolling->sim->cluster;
    for (size_t i = 0; sim_unit(i); i++)
        if (streq(sim_unit(i)->name, name) && rolling->were_up >> i & 1)
            return false;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const char *active = fake_systemd_active(cluster->nodes[i].systemd, name);
        if (active && !streq(active, "inactive"))
            return false;
    }
    return true;
}

static bool unit_is_down(const Unit *unit, const void *userdata) {
    const SimRolling *rolling = userdata;
    return unit_is_steady(unit->name) && !unit_is_up(unit, rolling->sim->cluster) &&
           !unit_was_stopped(rolling, unit->name);
}

/* Those that are to be up, do not end by themselves, and are. */
static uint64_t find_up(const SimCluster *cluster) {
    uint64_t up = 0;
    for (size_t i = 0; sim_unit(i); i++) {
        const Unit *unit = sim_view_unit(cluster->view, sim_unit(i)->name);
        bool is_up = unit && unit->desired == LAUNCH_STATE_LAUNCHED && !sim_unit(i)->is_global &&
                     unit_is_steady(unit->name) && unit_is_up(unit, cluster);
        up |= (uint64_t) is_up << i;
    }
    return up;
}

static bool has_room(const SimRolling *rolling, const char *name) {
    const SimCluster *cluster = rolling->sim->cluster;
    return sim_budget_has_room(cluster->view, name, unit_is_down, rolling);
}

static bool another_had_room(const SimRolling *rolling, const char *name, uint64_t down) {
    for (size_t i = 0; sim_unit(i); i++)
        if (down >> i & 1 && !streq(sim_unit(i)->name, name) &&
            sim_share_budget(rolling->sim->cluster->view, name, sim_unit(i)->name) &&
            has_room(rolling, sim_unit(i)->name))
            return true;
    return false;
}

/* The last of a group that was taken down had room, whichever that is. */
static void judge(const SimRolling *rolling, uint64_t down) {
    for (size_t i = 0; sim_unit(i); i++) {
        const char *name = sim_unit(i)->name;
        if (down >> i & 1 && !has_room(rolling, name) && !another_had_room(rolling, name, down))
            sim_trace_fail(&rolling->sim->trace, "%s is down, and too many of its group are", name);
    }
}

void sim_rolling_step(SimRolling *rolling) {
    if (!rolling || loop_now(rolling->sim->cluster->loop) < rolling->next_usec)
        return;
    rolling->next_usec = loop_now(rolling->sim->cluster->loop) + LOOK_EVERY_USEC;
    uint64_t down = rolling->were_up & ~find_up(rolling->sim->cluster);
    if (down != rolling->judged && down != 0)
        judge(rolling, down);
    rolling->judged = down;
}

/* --- draining --- */

static SimNode *choose_node(SimRolling *rolling) {
    SimCluster *cluster = rolling->sim->cluster;
    size_t first = sim_random_below(&rolling->random, cluster->n_nodes);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        SimNode *node = &cluster->nodes[(first + i) % cluster->n_nodes];
        if (node->api && !node->is_leaving)
            return node;
    }
    return NULL;
}

typedef struct Wanted {
    Sim *sim;
    const SimNode *node;
    bool is_drained;
} Wanted;

static bool is_as_wanted(void *userdata) {
    const Wanted *wanted = userdata;
    const Maintenance *maintenance =
        sim_view_maintenance(wanted->sim->cluster->view, wanted->node->id);
    return wanted->is_drained ? maintenance && maintenance->is_draining : !maintenance;
}

/* Until it is taken. false: a promise was broken. */
static bool want(SimRolling *rolling, Wanted *wanted) {
    const SimRequestWhat what = {
        .kind = wanted->is_drained ? SIM_REQUEST_MAINTAIN : SIM_REQUEST_RELEASE,
        .name = wanted->node->id,
        .maintenance = {.is_draining = wanted->is_drained},
        .patience_usec = USEC_INFINITY,
    };
    for (unsigned i = 0; i < TRIES && !is_as_wanted(wanted); i++) {
        SimNode *node = choose_node(rolling);
        if (node)
            sim_requests_ask(rolling->sim->requests, node, &what);
        if (!sim_pass_until(rolling->sim, is_as_wanted, wanted, TRY_USEC))
            return false;
    }
    if (!is_as_wanted(wanted))
        sim_trace_fail(&rolling->sim->trace, "what users want of a machine is not taken");
    return !rolling->sim->trace.failure;
}

static void start_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_start(node);
}

static void kill_later(Sim *sim, _unused_ SimNode *node, _unused_ const void *data) {
    SimNode *leader = sim_leader(sim->cluster);
    if (!leader)
        return;
    sim_node_crash(leader);
    sim_later(sim, USEC_PER_SEC, start_later, leader, NULL);
}

static void maybe_kill_leader(SimRolling *rolling) {
    bool is_killed = sim_random_chance(&rolling->random, 40);
    usec_t usec = sim_random_span(&rolling->random, KILLED_WITHIN_USEC);
    if (is_killed)
        sim_later(rolling->sim, usec, kill_later, NULL, NULL);
}

static bool drain(SimRolling *rolling, const SimNode *node) {
    Sim *sim = rolling->sim;
    sim_trace(&sim->trace, "users drain %s, and wait", node->id);
    sim->report.n_drains++;
    rolling->were_up = find_up(sim->cluster);
    maybe_kill_leader(rolling);
    return want(rolling, &(Wanted){sim, node, true}) &&
           sim_pass(sim, KILLED_WITHIN_USEC + SIM_HEAL_USEC) && sim_await_units_rest(sim);
}

/* What waited for a place may get one then. */
static bool undrain(SimRolling *rolling, const SimNode *node) {
    rolling->were_up = find_up(rolling->sim->cluster);
    return want(rolling, &(Wanted){rolling->sim, node, false}) &&
           sim_pass(rolling->sim, SIM_HEAL_USEC) && sim_await_units_rest(rolling->sim);
}

/* The machine that was drained last has nothing on it by then. */
static bool even_out(SimRolling *rolling) {
    Sim *sim = rolling->sim;
    rolling->were_up = find_up(sim->cluster);
    sim_rebalance_ask(sim, 0, false);
    maybe_kill_leader(rolling);
    return sim_pass(sim, KILLED_WITHIN_USEC + SIM_HEAL_USEC) && sim_await_units_rest(sim);
}

static bool roll(SimRolling *rolling) {
    SimCluster *cluster = rolling->sim->cluster;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (!undrain(rolling, &cluster->nodes[i]))
            return false;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const SimNode *node = &cluster->nodes[i];
        if (sim_node_runs(node) && !(drain(rolling, node) && undrain(rolling, node)))
            return false;
    }
    return !sim_random_chance(&rolling->random, EVENED_PERCENT) || even_out(rolling);
}

/* One after the other, or two at a time: what is up stays up as when each was drained. Those that
 * do not end are cancelled. */
static bool reboot(SimRolling *rolling) {
    Sim *sim = rolling->sim;
    unsigned max_parallel = 1 + (unsigned) sim_random_below(&rolling->random, 2);
    sim_trace(&sim->trace, "users reboot all machines, %u at a time, and wait", max_parallel);
    rolling->were_up = find_up(sim->cluster);
    maybe_kill_leader(rolling);
    return sim_reboot_all(sim, &rolling->random, max_parallel) &&
           sim_pass(sim, KILLED_WITHIN_USEC + SIM_HEAL_USEC) && sim_await_units_rest(sim) &&
           sim_end_reboots(sim);
}

void sim_rolling_happen(Sim *sim) {
    SimRolling rolling = {.sim = sim, .random = rolling_random(sim->seed)};
    (void) sim_random(&rolling.random); /* sim_rolling_is_due() */
    sim->rolling = &rolling;
    if (roll(&rolling) &&
        (!sim_random_chance(&rolling.random, REBOOTED_PERCENT) || reboot(&rolling)))
        sim_fate_rests(sim);
    sim->rolling = NULL;
}
