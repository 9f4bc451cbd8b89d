/* What happens to machines and their fleetds. Each act ends by itself, some time later, or when
 * fate rests. */
#include "tests/sim/sim-fate.h"

#include "tests/sim/pausable-loop.h"

#define FAREWELL_MAX_USEC (30 * USEC_PER_SEC) /* even if units have to stop first */
#define STEPS_MAX 200 /* that a fleetd may still do before it is killed at one of them */

/* --- fleetd --- */

static void start_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_start(node);
}

/* systemd restarts it after a moment; or somebody does, some time. */
static void restart_some_time(Sim *sim, SimNode *node, SimRandom *random) {
    bool is_at_once = sim_random_chance(random, 30);
    usec_t usec = is_at_once ? 0 : sim_random_span(random, 90 * USEC_PER_SEC);
    sim_later(sim, usec, start_later, node, NULL);
}

static void crash_fleetd(Sim *sim, SimAct *act) {
    sim_node_crash(sim_act_node(sim, act));
    restart_some_time(sim, sim_act_node(sim, act), &act->random);
}

static void crash_fleetd_at_step(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    if (!sim_node_runs(node))
        return;
    uint64_t n = 1 + sim_random_span(&act->random, STEPS_MAX);
    sim_trace(&sim->trace, "fate: it is killed at its call %llu from now", (unsigned long long) n);
    sim_fuse_set(node->fuse, n);
}

static void stop_fleetd(Sim *sim, SimAct *act) {
    sim_node_stop(sim_act_node(sim, act));
    restart_some_time(sim, sim_act_node(sim, act), &act->random);
}

static void start_fleetd(Sim *sim, SimAct *act) {
    sim_node_start(sim_act_node(sim, act));
}

static void resume_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_resume(node);
}

static void pause_fleetd(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    sim_node_pause(node);
    sim_later(sim, sim_random_span(&act->random, 60 * USEC_PER_SEC), resume_later, node, NULL);
}

/* --- machines --- */

static void boot_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_boot(node);
}

static void boot_some_time(Sim *sim, SimNode *node, SimRandom *random) {
    bool is_at_once = sim_random_chance(random, 30);
    usec_t usec = is_at_once ? 0 : sim_random_span(random, 3 * USEC_PER_MINUTE);
    sim_later(sim, usec, boot_later, node, NULL);
}

static void cut_power(Sim *sim, SimAct *act) {
    sim_node_cut_power(sim_act_node(sim, act));
    boot_some_time(sim, sim_act_node(sim, act), &act->random);
}

static void shut_down(Sim *sim, SimAct *act) {
    sim_node_shut_down(sim_act_node(sim, act));
    boot_some_time(sim, sim_act_node(sim, act), &act->random);
}

static void boot(Sim *sim, SimAct *act) {
    sim_node_boot(sim_act_node(sim, act));
}

static const SimDeed deeds[] = {
    {"fleetd is killed", crash_fleetd, 10},
    {"fleetd is to be killed at a step", crash_fleetd_at_step, 10},
    {"fleetd is stopped", stop_fleetd, 8},
    {"fleetd is started", start_fleetd, 6},
    {"fleetd is paused", pause_fleetd, 8},
    {"power is cut", cut_power, 7},
    {"the machine shuts down", shut_down, 6},
    {"the machine boots", boot, 6},
};

const SimDeeds sim_deeds_fleetd = {deeds, ELEMENTSOF(deeds), 50};

/* --- the end of all that --- */

static void come_back(Sim *sim, SimNode *node, _unused_ const void *data) {
    if (sim->acts.come_back >> (node - sim->cluster->nodes) & 1)
        sim_node_boot(node);
    sim_node_start(node);
}

static void node_rests(Sim *sim, SimNode *node) {
    sim_way_rests(node);
    sim_systemd_rests(sim, node);
    sim_guard_rests(node);
    sim_node_resume(node);
    if (node->is_leaving)
        sim_later(sim, FAREWELL_MAX_USEC, come_back, node, NULL);
    else
        come_back(sim, node, NULL);
}

/* What a fleetd was about to be killed at does not happen any more. */
void sim_fate_rests(Sim *sim) {
    sim_trace(&sim->trace, "fate rests");
    sim_laters_clear(&sim->laters);
    sim_store_rests(sim);
    sim_clone_rests(sim);
    sim_reboots_rest(sim);
    for (size_t i = 0; i < sim->cluster->n_nodes; i++) {
        sim_fuse_set(sim->cluster->nodes[i].fuse, 0);
        node_rests(sim, &sim->cluster->nodes[i]);
    }
}
