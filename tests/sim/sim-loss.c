/* Once, or again soon: while machines still tell what they have, or when a part of it was asked for
 * again. Meanwhile ways are slow, and fleetds end and come back; but none is away so long, after it
 * was there with the new store, that it loses its presence, as what runs there then is not known.
 * For the same reason users wait until all machines are there. Then they ask at once, or a moment
 * later; first for metadata, as fleetctl restore does, as they decide on where units may be. */
#include "tests/sim/sim-loss.h"

#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "tests/sim/sim-wishes.h"

#include <errno.h>

#define LOSS_PERCENT 33

#define BEFORE_USEC (5 * USEC_PER_SEC) /* less than a lease, with what is under way */
#define BACK_USEC (20 * USEC_PER_SEC)
#define ENDS_USEC (10 * USEC_PER_SEC)
#define BACK_SOON_USEC (2 * USEC_PER_SEC)
#define STEPS_MAX 100
#define WATCH_LAG_USEC (2 * USEC_PER_SEC)
/* Until all machines are there: the last one is back, and has waited for a former lease. */
#define LISTED_USEC (BACK_USEC + SIM_TTL_LONG + SIM_HEAL_USEC)
#define HESITATES_USEC (3 * USEC_PER_SEC)
#define AGAIN_USEC (10 * USEC_PER_SEC)

typedef struct Loss {
    Sim *sim;
    SimRandom random;
    SimWishes *wishes;
} Loss;

static SimRandom loss_random(uint64_t seed) {
    SimRandom random = {~seed}; /* of nothing else */
    return random;
}

bool sim_loss_is_due(uint64_t seed) {
    SimRandom random = loss_random(seed);
    return sim_random_chance(&random, LOSS_PERCENT);
}

/* --- what happens besides --- */

/* A unit whose file somebody has removed is there for nobody, when fleetd was restarted; whoever
 * has meddled with files undoes that before. */
static void mend_files(SimCluster *cluster) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(cluster->view, KEY_SCHEDULE)) {
        FakeSystemd *systemd = sim_find_node(cluster, order->machine_id)->systemd;
        const char *text = sim_view_file(cluster->view, order->hash);
        if (!streq_ptr(text, fake_systemd_text(systemd, order->name)))
            fake_systemd_replace_file(systemd, order->name, text);
    }
}

static void make_slow(Loss *loss) {
    for (size_t i = 0; i < loss->sim->cluster->n_nodes; i++) {
        SimNode *node = &loss->sim->cluster->nodes[i];
        usec_t min = sim_random_span(&loss->random, 200 * USEC_PER_MSEC);
        StoreFaults faults = {
            .latency_min_usec = min,
            .latency_max_usec = min + sim_random_span(&loss->random, 300 * USEC_PER_MSEC),
            .timeout_usec = STORE_FAULTS_TIMEOUT_USEC,
            .watch_lag_usec = sim_random_span(&loss->random, WATCH_LAG_USEC),
        };
        node->is_lagging = faults.watch_lag_usec > 0;
        faulty_store_set_faults(node->link, &faults);
        fake_systemd_set_latency(node->systemd,
                                 sim_random_span(&loss->random, 500 * USEC_PER_MSEC));
    }
}

/* Once its farewell is over. */
static void start_later(Sim *sim, SimNode *node, _unused_ const void *data) {
    if (node->is_leaving)
        sim_later(sim, USEC_PER_SEC, start_later, node, NULL);
    else
        sim_node_start(node);
}

static void end_later(_unused_ Sim *sim, SimNode *node, const void *is_stopped) {
    if (is_stopped)
        sim_node_stop(node);
    else
        sim_node_crash(node);
}

static void end_between(Loss *loss, SimNode *node, usec_t first_usec, usec_t usec,
                        usec_t back_max_usec) {
    const void *is_stopped = sim_random_chance(&loss->random, 30) ? "" : NULL;
    usec_t end_usec = first_usec + sim_random_below(&loss->random, usec),
           back_usec = sim_random_span(&loss->random, back_max_usec);
    sim_later(loss->sim, end_usec, end_later, node, is_stopped);
    sim_later(loss->sim, end_usec + back_usec, start_later, node, NULL);
}

static void end_before(Loss *loss, SimNode *node) {
    end_between(loss, node, 0, BEFORE_USEC, BACK_USEC);
}

static void end_after(Loss *loss, SimNode *node) {
    end_between(loss, node, BEFORE_USEC, ENDS_USEC, BACK_SOON_USEC);
}

static void end_at_step(Loss *loss, SimNode *node) {
    sim_fuse_set(node->fuse, 1 + sim_random_span(&loss->random, STEPS_MAX));
}

/* Each once at most. */
static void end_some(Loss *loss) {
    static void (*const ways[])(Loss * loss, SimNode * node) = {end_before, end_after, end_at_step};
    for (size_t i = 0; i < loss->sim->cluster->n_nodes; i++) {
        SimNode *node = &loss->sim->cluster->nodes[i];
        if (sim_node_runs(node) && sim_random_chance(&loss->random, 60))
            ways[sim_random_below(&loss->random, ELEMENTSOF(ways))](loss, node);
    }
}

/* What was before it nobody can hear of any more. */
static void break_watches(SimCluster *cluster) {
    memory_store_compact(cluster->store, sim_view_revision(cluster->view));
    for (size_t i = 0; i < cluster->n_nodes; i++)
        faulty_store_break_watches(cluster->nodes[i].link, -ECONNRESET);
}

static void lose(Loss *loss) {
    Sim *sim = loss->sim;
    sim_trace(&sim->trace, "fate: the store loses everything");
    sim->report.n_losses++;
    for (size_t i = 0; i < sim->cluster->n_nodes; i++) /* they find out when they renew it */
        sim_node_note_trouble(&sim->cluster->nodes[i], sim->cluster->agent_ttl_usec / 2);
    sim_cluster_lose_store(sim->cluster, sim_random_chance(&loss->random, 70));
    if (sim_random_chance(&loss->random, 50))
        break_watches(sim->cluster);
}

/* --- users --- */

static bool all_are_listed(void *userdata) {
    SimCluster *cluster = ((Sim *) userdata)->cluster;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (cluster->nodes[i].is_on && !sim_view_machine(cluster->view, cluster->nodes[i].id))
            return false;
    return true;
}

static bool ask_again(Loss *loss, size_t n_units) {
    Sim *sim = loss->sim;
    if (!sim_pass_until(sim, all_are_listed, sim, LISTED_USEC))
        return false;
    if (!all_are_listed(sim))
        sim_trace_fail(&sim->trace, "a machine is not there, after the store was lost");
    return sim_pass(sim, sim_random_span(&loss->random, HESITATES_USEC)) &&
           sim_wishes_ask(loss->wishes, n_units);
}

/* --- all of it --- */

/* While machines tell what they have; or when a part of it was asked for again. */
static bool lose_before(Loss *loss) {
    bool is_asked = sim_random_chance(&loss->random, 50);
    size_t n_units = sim_random_below(&loss->random, sim_wishes_count_units(loss->wishes) + 1);
    lose(loss);
    return (!is_asked || ask_again(loss, n_units)) &&
           sim_pass(loss->sim, sim_random_span(&loss->random, AGAIN_USEC));
}

static bool happen(Loss *loss) {
    bool is_lost_twice = sim_random_chance(&loss->random, 40);
    if (!sim_pass(loss->sim, BEFORE_USEC) || (is_lost_twice && !lose_before(loss)))
        return false;
    lose(loss);
    return ask_again(loss, sim_wishes_count_units(loss->wishes));
}

void sim_loss_happen(Sim *sim) {
    Loss loss = {.sim = sim, .random = loss_random(sim->seed)};
    (void) sim_random(&loss.random); /* sim_loss_is_due() */
    mend_files(sim->cluster);
    loss.wishes = sim_wishes_new(sim, &loss.random);
    sim->kept = sim_kept_new(sim->cluster, &sim->trace);
    if (sim_random_chance(&loss.random, 60))
        make_slow(&loss);
    if (sim_random_chance(&loss.random, 60))
        end_some(&loss);
    if (happen(&loss))
        sim_fate_rests(sim);
    sim_wishes_free(loss.wishes);
}
