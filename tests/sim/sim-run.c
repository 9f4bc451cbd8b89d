#include "tests/sim/sim-run.h"

#include "tests/fakes/virtual-loop.h"
#include "tests/sim/sim-rest.h"
#include "tests/sim/sim-units.h"

#define ACTS_MAX 100
#define ACT_EVERY_MAX_USEC (40 * USEC_PER_SEC)
/* Every lease runs out, a new leader gives everybody their time, what failed is tried again after
 * at most a minute or so, and the collector looks twice. */
#define REST_USEC (8 * USEC_PER_MINUTE)
#define QUIET_USEC (4 * USEC_PER_MINUTE)

static bool step(void *userdata) {
    Sim *sim = userdata;
    sim_check_step(sim->check);
    return sim->trace.failure != NULL;
}

bool sim_pass(Sim *sim, usec_t usec) {
    return !virtual_loop_run_until(sim->cluster->loop, step, sim, usec);
}

static void sim_init(Sim *sim, uint64_t seed, bool is_verbose) {
    *sim = (Sim){.seed = seed, .random = {seed}};
    size_t n_nodes = 1 + sim_random_below(&sim->random, 5);
    sim->cluster = sim_cluster_new(n_nodes, seed);
    sim->trace = (SimTrace){.loop = sim->cluster->loop, .is_verbose = is_verbose};
    sim->check = sim_check_new(sim->cluster, &sim->trace);
    for (size_t i = 0; i < n_nodes; i++)
        for (size_t u = 0; sim_unit(u); u++)
            sim_must_be_zero(
                fake_script_set_behaviour(fake_systemd_script(sim->cluster->nodes[i].systemd),
                                          sim_unit(u)->name, &sim_unit(u)->behaviour));
    sim_trace(&sim->trace, "seed %llu: %zu machines", (unsigned long long) seed, n_nodes);
}

static void sim_act(Sim *sim) {
    size_t n = 5 + sim_random_below(&sim->random, ACTS_MAX);
    unsigned users_percent = 20 + (unsigned) sim_random_below(&sim->random, 70);
    usec_t every_max_usec = ACT_EVERY_MAX_USEC >> sim_random_below(&sim->random, 5);
    for (size_t i = 0; i < n && !sim->trace.failure; i++) {
        if (sim_random_chance(&sim->random, users_percent))
            sim_user_acts(sim);
        else
            sim_fate_acts(sim);
        sim_pass(sim, sim_random_span(&sim->random, every_max_usec));
    }
}

static void sim_rest(Sim *sim) {
    sim_fate_rests(sim);
    if (!sim_pass(sim, REST_USEC))
        return;
    sim_check_rest(sim->cluster, sim->check, &sim->trace);
    int64_t revision = sim_view_revision(sim->cluster->view);
    size_t n_touches = sim_count_touches(sim->cluster);
    if (!sim_pass(sim, QUIET_USEC))
        return;
    if (sim_view_revision(sim->cluster->view) != revision)
        sim_trace_fail(&sim->trace, "the store is written to, although nothing happens");
    if (sim_count_touches(sim->cluster) != n_touches)
        sim_trace_fail(&sim->trace, "units are started or stopped, although nothing happens");
}

void sim_run(Sim *sim, uint64_t seed, bool is_verbose) {
    sim_init(sim, seed, is_verbose);
    sim_fate_sets_ways(sim);
    sim_cluster_boot(sim->cluster);
    sim_act(sim);
    if (!sim->trace.failure)
        sim_rest(sim);
}

void sim_done(Sim *sim) {
    sim_cluster_free(sim->cluster);
    sim_check_free(sim->check);
    sim_trace_done(&sim->trace);
}
