/* What happens to the store, and on the ways to it. */
#include "tests/sim/sim-fate.h"

#include "fleetd/store/memory-store.h"

static int any_errno(SimRandom *random) {
    static const int errnos[] = {-ETIMEDOUT, -ECONNREFUSED, -ECONNRESET, -EHOSTUNREACH};
    return errnos[sim_random_below(random, ELEMENTSOF(errnos))];
}

/* --- ways --- */

/* What was lost is missed only after the time that requests may take; and what was sent late comes
 * up to as long again later. */
#define TIMEOUT_MAX (5 * USEC_PER_SEC)

static void set_way(Sim *sim, SimAct *act) {
    SimRandom *random = &act->random;
    SimNode *node = sim_act_node(sim, act);
    usec_t min = sim_random_span(random, 200 * USEC_PER_MSEC);
    StoreFaults faults = {
        .latency_min_usec = min,
        .latency_max_usec = min + sim_random_span(random, 300 * USEC_PER_MSEC),
        .timeout_usec = USEC_PER_SEC + sim_random_span(random, TIMEOUT_MAX - USEC_PER_SEC),
    };
    if (sim_random_chance(random, 40)) {
        faults.lost_request_permille = (unsigned) sim_random_span(random, 100);
        faults.lost_answer_permille = (unsigned) sim_random_span(random, 100);
        faults.broken_watch_permille = (unsigned) sim_random_span(random, 100);
    }
    if (sim_random_chance(random, 20))
        faults.watch_lag_usec = sim_random_span(random, 8 * USEC_PER_SEC);
    unsigned late_permille =
        sim_random_chance(random, 30) ? (unsigned) sim_random_span(random, 100) : 0;
    node->is_lossy = faults.lost_request_permille + faults.lost_answer_permille +
                         faults.broken_watch_permille + late_permille >
                     0;
    node->is_lagging = faults.watch_lag_usec > 0;
    sim_node_note_trouble(node, 0);
    faulty_store_set_faults(node->link, &faults);
    tap_store_set_late(node->way, late_permille, faults.timeout_usec);
}

void sim_way_rests(SimNode *node) {
    StoreFaults faults = {.latency_max_usec = 10 * USEC_PER_MSEC,
                          .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    faulty_store_set_faults(node->link, &faults);
    tap_store_set_late(node->way, 0, 0);
    node->is_lossy = node->is_lagging = false;
    sim_node_note_trouble(node, 0);
}

static void heal_later(Sim *sim, SimNode *node, _unused_ const void *data) {
    if (!sim->cluster->is_store_away) /* for all: it comes back for all */
        sim_node_cut_off(node, 0);
}

void sim_node_return(Sim *sim, SimNode *node) {
    sim_node_boot(node);
    heal_later(sim, node, NULL);
}

static void cut_off(Sim *sim, SimAct *act) {
    SimNode *node = sim_act_node(sim, act);
    if (sim->cluster->is_store_away)
        return;
    sim_node_cut_off(node, any_errno(&act->random));
    sim_later(sim, sim_random_span(&act->random, 90 * USEC_PER_SEC), heal_later, node, NULL);
}

static void break_watches(Sim *sim, SimAct *act) {
    sim_node_note_trouble(sim_act_node(sim, act), 0);
    faulty_store_break_watches(sim_act_node(sim, act)->link, -ECONNRESET);
}

/* --- the store --- */

static void end_outage(Sim *sim, _unused_ SimNode *node, _unused_ const void *data) {
    sim_cluster_thaw_store(sim->cluster);
}

static void begin_outage(Sim *sim, SimAct *act, usec_t usec) {
    bool is_frozen = sim_random_chance(&act->random, 50);
    if (sim->cluster->is_store_away)
        return;
    if (is_frozen)
        sim_cluster_freeze_store(sim->cluster);
    else
        sim_cluster_cut_off(sim->cluster, any_errno(&act->random));
    sim_later(sim, usec, end_outage, NULL, NULL);
}

static void outage(Sim *sim, SimAct *act) {
    begin_outage(sim, act, sim_random_span(&act->random, 30 * USEC_PER_SEC));
}

static void long_outage(Sim *sim, SimAct *act) {
    begin_outage(sim, act, 20 * USEC_PER_SEC + sim_random_below(&act->random, 60 * USEC_PER_SEC));
}

static void break_all_watches(Sim *sim) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++) {
        sim_node_note_trouble(&sim->cluster->nodes[i], 0);
        faulty_store_break_watches(sim->cluster->nodes[i].link, -ECONNRESET);
    }
}

/* As an etcd's: leases begin anew with the new leader, and watches end, or stand still and go on.
 */
static void end_election(Sim *sim, _unused_ SimNode *node, const void *breaks_watches) {
    sim_cluster_extend_leases(sim->cluster);
    if (breaks_watches)
        break_all_watches(sim);
    sim_cluster_thaw_store(sim->cluster);
}

static void change_store_leader(Sim *sim, SimAct *act) {
    bool is_silent = sim_random_chance(&act->random, 60),
         breaks_watches = sim_random_chance(&act->random, 50);
    if (sim->cluster->is_store_away)
        return;
    sim_cluster_cut_off(sim->cluster, is_silent ? -ETIMEDOUT : any_errno(&act->random));
    sim_later(sim, sim_random_span(&act->random, 4 * USEC_PER_SEC), end_election, NULL,
              breaks_watches ? "" : NULL);
}

static void extend_leases(Sim *sim, _unused_ SimAct *act) {
    sim_cluster_extend_leases(sim->cluster);
}

static void take_leases(Sim *sim, SimAct *act) {
    static const char *const prefixes[] = {"", KEY_LEADER_TEXT, "machine/"};
    if (sim->cluster->is_store_away)
        return;
    for (size_t i = 0; i < sim->cluster->n_nodes; i++) /* they find out when they renew it */
        sim_node_note_trouble(&sim->cluster->nodes[i], sim->cluster->agent_ttl_usec / 2);
    sim_cluster_take_leases(sim->cluster,
                            prefixes[sim_random_below(&act->random, ELEMENTSOF(prefixes))]);
}

static void compact(Sim *sim, _unused_ SimAct *act) {
    memory_store_compact(sim->cluster->store, sim_view_revision(sim->cluster->view));
}

/* Whoever lags behind finds that the place where its watch broke is forgotten. */
static void compact_under_watches(Sim *sim, SimAct *act) {
    break_all_watches(sim);
    compact(sim, act);
}

void sim_store_rests(Sim *sim) {
    end_outage(sim, NULL, NULL);
}

static const SimDeed deeds[] = {
    {"has another way to the store", set_way, 7}, /* the first: sim-acts.c */
    {"is cut off", cut_off, 10},
    {"watches break", break_watches, 5},
    {"the store is away", outage, 4},
    {"the store is away for long", long_outage, 3},
    {"the store changes its leader", change_store_leader, 6},
    {"leases end late", extend_leases, 3},
    {"leases are taken away", take_leases, 3},
    {"the store is compacted", compact, 4},
    {"the store is compacted while watches are broken", compact_under_watches, 3},
};

const SimDeeds sim_deeds_store = {deeds, ELEMENTSOF(deeds), 30};
