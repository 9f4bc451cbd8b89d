/* More than half of the machines are gone at once: without power, or without a way to the store. */
#include "tests/sim/sim-fate.h"

#include <errno.h>

#define AT_ONCE_USEC (2 * USEC_PER_SEC) /* less than a lease */
#define BACK_USEC (3 * USEC_PER_MINUTE)
#define RELEASED_USEC (2 * USEC_PER_MINUTE)

static void cut_power_later(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_cut_power(node);
}

static void cut_off_later(Sim *sim, SimNode *node, _unused_ const void *data) {
    if (!sim->cluster->is_store_away)
        sim_node_cut_off(node, -EHOSTUNREACH);
}

static void return_later(Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_return(sim, node);
}

/* Some word reaches whoever is left. */
static void release_later(Sim *sim, _unused_ SimNode *node, _unused_ const void *data) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        sim_requests_ask(sim->requests, &sim->cluster->nodes[i],
                         &(SimRequestWhat){.kind = SIM_REQUEST_FAILOVER,
                                           .name = KEY_BRAKE_TEXT,
                                           .patience_usec = USEC_INFINITY});
}

static void vanish(Sim *sim, SimAct *act) {
    SimRandom *random = &act->random;
    size_t n = sim->cluster->n_nodes, n_gone = n / 2 + 1 + sim_random_below(random, (n + 1) / 2);
    bool is_power = sim_random_chance(random, 50), is_released = sim_random_chance(random, 25);
    bool is_for_long = sim_random_chance(random, 40);
    usec_t released = sim_random_below(random, RELEASED_USEC);
    for (size_t i = 0; i < MIN(n_gone, n); i++) {
        SimNode *node = &sim->cluster->nodes[(act->machine + i) % n];
        usec_t gone = sim_random_span(random, AT_ONCE_USEC),
               back = sim_random_below(random, BACK_USEC);
        sim_later(sim, gone, is_power ? cut_power_later : cut_off_later, node, NULL);
        if (!is_for_long)
            sim_later(sim, gone + back, return_later, node, NULL);
    }
    if (is_released)
        sim_later(sim, released, release_later, NULL, NULL);
}

static const SimDeed deeds[] = {
    {"more than half of the machines vanish", vanish, 1},
};

const SimDeeds sim_deeds_disasters = {deeds, ELEMENTSOF(deeds), 0};
