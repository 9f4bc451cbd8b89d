/* What becomes of machines that have been told to reboot: they go down, by and by, and mostly come
 * back. When fate rests all do at once. */
#include "tests/sim/sim-fate.h"

#define HANGS_PERCENT 10
#define HANGS_USEC (2 * USEC_PER_MINUTE)
#define GOES_DOWN_USEC (5 * USEC_PER_SEC)
#define CALM_DOWN_USEC USEC_PER_SEC
#define FIRMWARE_USEC USEC_PER_SEC
#define BOOTS_USEC (20 * USEC_PER_SEC)
#define BOOTS_LATE_USEC (3 * USEC_PER_MINUTE)
#define LOOK_USEC (500 * USEC_PER_MSEC)

/* In this boot. */
static bool is_told(const SimNode *node) {
    return node->is_on && fake_systemd_is_stopping(node->systemd);
}

static void boot_when_off(Sim *sim, SimNode *node, _unused_ const void *data) {
    if (is_told(node))
        sim_later(sim, LOOK_USEC, boot_when_off, node, NULL);
    else
        sim_node_boot(node);
}

/* A fleetd that is just being stopped ends first. */
static void go_down_later(Sim *sim, SimNode *node, _unused_ const void *data) {
    if (is_told(node) && node->is_leaving)
        sim_later(sim, LOOK_USEC, go_down_later, node, NULL);
    else if (is_told(node))
        sim_node_shut_down(node);
}

static usec_t choose_down(SimRandom *random, bool is_calm) {
    bool hangs = sim_random_chance(random, HANGS_PERCENT);
    usec_t soon = sim_random_span(random, is_calm ? CALM_DOWN_USEC : GOES_DOWN_USEC);
    return hangs && !is_calm ? HANGS_USEC : soon;
}

/* USEC_INFINITY: never. */
static usec_t choose_boot(SimRandom *random, bool is_calm) {
    size_t chosen = sim_random_below(random, 100);
    usec_t late = sim_random_span(random, BOOTS_LATE_USEC);
    if (is_calm || chosen < 55)
        return FIRMWARE_USEC + sim_random_span(random, BOOTS_USEC);
    return chosen < 85 ? late : USEC_INFINITY;
}

/* Its chance is of nothing else, and the same whatever else is left out. */
static SimRandom obey_random(const Sim *sim, const SimNode *node) {
    uint64_t number = (uint64_t) (node - sim->cluster->nodes) << 32 | node->n_boots;
    SimRandom random = {~sim->seed + 4}, salt = {number};
    random.state ^= sim_random(&salt);
    return random;
}

static void obey(Sim *sim, SimNode *node) {
    SimRandom random = obey_random(sim, node);
    usec_t down = choose_down(&random, sim->is_calm), boot = choose_boot(&random, sim->is_calm);
    sim->report.n_reboots++;
    sim_trace(&sim->trace, "fate: machine %zu is told to reboot",
              (size_t) (node - sim->cluster->nodes) + 1);
    sim_later(sim, down, go_down_later, node, NULL);
    if (boot != USEC_INFINITY)
        sim_later(sim, down + boot, boot_when_off, node, NULL);
}

void sim_fate_step(Sim *sim) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++) {
        SimNode *node = &sim->cluster->nodes[i];
        if (!is_told(node) || sim->told_boots[i] == node->n_boots)
            continue;
        sim->told_boots[i] = node->n_boots;
        obey(sim, node);
    }
}

/* What was to become of them is forgotten: it becomes of them now. */
void sim_reboots_rest(Sim *sim) {
    sim->is_calm = true;
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        sim->told_boots[i] = 0;
}
