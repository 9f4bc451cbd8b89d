#include "tests/sim/sim-maintainers.h"

#define IS_OVER_USEC (90 * USEC_PER_SEC)

/* Asked of the act's machine, about any. */
static const char *machine_of(Sim *sim, SimAct *act) {
    return sim->cluster->nodes[act->unit % sim->cluster->n_nodes].id;
}

static void ask(Sim *sim, SimAct *act, SimRequestKind kind, const Maintenance *maintenance) {
    const SimRequestWhat what = {.kind = kind,
                                 .name = machine_of(sim, act),
                                 .maintenance = *maintenance,
                                 .patience_usec = sim_random_chance(&act->random, 12)
                                                      ? sim_random_span(&act->random, USEC_PER_SEC)
                                                      : USEC_INFINITY};
    sim_requests_ask(sim->requests, sim_act_node(sim, act), &what);
}

void sim_uncordon(Sim *sim, SimAct *act) {
    ask(sim, act, SIM_REQUEST_RELEASE, &(Maintenance){});
}

static void uncordon_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    sim_uncordon(sim, (SimAct *) data);
}

static void be_over_some_time(Sim *sim, SimAct *act) {
    bool is_over = sim_random_chance(&act->random, 65);
    usec_t usec = sim_random_span(&act->random, IS_OVER_USEC);
    if (is_over)
        sim_later(sim, usec, uncordon_later, NULL, act);
}

void sim_cordon(Sim *sim, SimAct *act) {
    ask(sim, act, SIM_REQUEST_MAINTAIN, &(Maintenance){});
    be_over_some_time(sim, act);
}

void sim_drain(Sim *sim, SimAct *act) {
    uint64_t seconds = 1 + sim_random_below(&act->random, SIM_DRAIN_DEADLINE_MAX_SECONDS);
    const Maintenance maintenance = {
        .is_draining = true,
        .ignore_global = sim_random_chance(&act->random, 30),
        .deadline_usec = sim_random_chance(&act->random, 35) ? seconds * USEC_PER_SEC : 0,
    };
    ask(sim, act, SIM_REQUEST_MAINTAIN, &maintenance);
    be_over_some_time(sim, act);
}
