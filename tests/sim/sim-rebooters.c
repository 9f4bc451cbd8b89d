#include "tests/sim/sim-rebooters.h"

#include "fleetd/base/strv.h"

#define DEADLINE_MAX_SECONDS 20
#define TIMEOUT_MIN_SECONDS 10
#define TIMEOUT_MAX_SECONDS 60
#define CANCELLED_USEC USEC_PER_MINUTE

/* --- while all else goes on --- */

static const SimNode *any_machine(Sim *sim, SimAct *act) {
    return &sim->cluster->nodes[sim_random_below(&act->random, sim->cluster->n_nodes)];
}

static void ask(Sim *sim, SimAct *act, SimRequestKind kind, const SimNode *of,
                const Reboot *reboot) {
    const SimRequestWhat what = {.kind = kind,
                                 .name = of->id,
                                 .reboot = *reboot,
                                 .patience_usec = sim_random_chance(&act->random, 12)
                                                      ? sim_random_span(&act->random, USEC_PER_SEC)
                                                      : USEC_INFINITY};
    sim_requests_ask(sim->requests, sim_act_node(sim, act), &what);
}

void sim_cancel_reboot(Sim *sim, SimAct *act) {
    ask(sim, act, SIM_REQUEST_CANCEL, any_machine(sim, act), &(Reboot){});
}

static void cancel_later(Sim *sim, SimNode *node, const void *data) {
    ask(sim, (SimAct *) data, SIM_REQUEST_CANCEL, node, &(Reboot){});
}

static void reboot_one(Sim *sim, SimAct *act, const SimNode *of, const Reboot *reboot) {
    bool is_cancelled = sim_random_chance(&act->random, 20);
    usec_t usec = sim_random_span(&act->random, CANCELLED_USEC);
    ask(sim, act, SIM_REQUEST_REBOOT, of, reboot);
    if (is_cancelled)
        sim_later(sim, usec, cancel_later, (SimNode *) of, act);
}

static Reboot choose_reboot(SimRandom *random) {
    size_t deadline = 1 + sim_random_below(random, DEADLINE_MAX_SECONDS),
           timeout = TIMEOUT_MIN_SECONDS +
                     sim_random_below(random, TIMEOUT_MAX_SECONDS - TIMEOUT_MIN_SECONDS);
    return (Reboot){
        .max_parallel = sim_random_chance(random, 30) ? 2 : 1,
        .drain_usec = sim_random_chance(random, 60) ? deadline * USEC_PER_SEC : 0,
        .timeout_usec = timeout * USEC_PER_SEC,
    };
}

/* In turn, from that one on. */
static void reboot_each(Sim *sim, SimAct *act, size_t first, const Reboot *reboot) {
    size_t n = sim->cluster->n_nodes;
    for (size_t i = 0; i < n; i++)
        reboot_one(sim, act, &sim->cluster->nodes[(first + i) % n], reboot);
}

void sim_reboot(Sim *sim, SimAct *act) {
    const Reboot reboot = choose_reboot(&act->random);
    if (sim_random_chance(&act->random, 40))
        reboot_each(sim, act, 0, &reboot);
    else
        reboot_one(sim, act, any_machine(sim, act), &reboot);
}

/* The one that is asked goes first, and has longer than a lease to be drained. */
#define DRAIN_MIN_SECONDS 15
#define DRAIN_MAX_SECONDS 60

void sim_reboot_each(Sim *sim, SimAct *act) {
    Reboot reboot = choose_reboot(&act->random);
    size_t more = sim_random_below(&act->random, DRAIN_MAX_SECONDS - DRAIN_MIN_SECONDS);
    reboot.drain_usec = (DRAIN_MIN_SECONDS + more) * USEC_PER_SEC;
    reboot_each(sim, act, act->machine, &reboot);
}

/* --- when nothing else happens --- */

/* What was asked of a fleetd that has ended meanwhile is asked for again. */
#define TRY_USEC (6 * USEC_PER_SEC)
#define TRIES 10

typedef struct Asked {
    Sim *sim;
    const SimNode *of;
    unsigned n_boots; /* when it was asked for */
    bool is_cancelled;
} Asked;

static bool is_taken(void *userdata) {
    const Asked *asked = userdata;
    const Reboot *reboot = sim_view_reboot(asked->sim->cluster->view, asked->of->id);
    return asked->is_cancelled ? !reboot : reboot || asked->of->n_boots != asked->n_boots;
}

static SimNode *any_fleetd(Sim *sim, size_t first) {
    SimCluster *cluster = sim->cluster;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        SimNode *node = &cluster->nodes[(first + i) % cluster->n_nodes];
        if (node->api && !node->is_leaving)
            return node;
    }
    return NULL;
}

static bool ask_until_taken(Asked *asked, const SimRequestWhat *what, size_t first) {
    Sim *sim = asked->sim;
    for (size_t i = 0; i < TRIES && !is_taken(asked); i++) {
        SimNode *node = any_fleetd(sim, first + i);
        if (node)
            sim_requests_ask(sim->requests, node, what);
        if (!sim_pass_until(sim, is_taken, asked, TRY_USEC))
            return false;
    }
    if (!is_taken(asked))
        sim_trace_fail(&sim->trace, "what users want of a reboot is not taken");
    return !sim->trace.failure;
}

bool sim_reboot_all(Sim *sim, SimRandom *random, unsigned max_parallel) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++) {
        const SimNode *node = &sim->cluster->nodes[i];
        const SimRequestWhat what = {
            .kind = SIM_REQUEST_REBOOT,
            .name = node->id,
            .reboot = {.max_parallel = max_parallel, .timeout_usec = USEC_PER_MINUTE},
            .patience_usec = USEC_INFINITY,
        };
        Asked asked = {.sim = sim, .of = node, .n_boots = node->n_boots};
        size_t first = sim_random_below(random, sim->cluster->n_nodes);
        if (sim_node_runs(node) && !ask_until_taken(&asked, &what, first))
            return false;
    }
    return true;
}

/* The others wait for what is under way. */
static bool is_cancelled_before(const Reboot *a, const Reboot *b) {
    bool is_under_way = reboot_is_under_way(a);
    if (is_under_way != reboot_is_under_way(b))
        return is_under_way;
    return strcmp(a->machine_id, b->machine_id) < 0;
}

/* NULL: there is none. */
static const Reboot *find_reboot(const Sim *sim) {
    _unused_ const char *id;
    const Reboot *reboot, *found = NULL;
    MAP_FOREACH (id, reboot, sim_view_all(sim->cluster->view, KEY_REBOOT))
        if (!found || is_cancelled_before(reboot, found))
            found = reboot;
    return found;
}

static bool cancel(Sim *sim, const char *machine_id) {
    Asked asked = {.sim = sim, .of = sim_find_node(sim->cluster, machine_id), .is_cancelled = true};
    const SimRequestWhat what = {
        .kind = SIM_REQUEST_CANCEL, .name = asked.of->id, .patience_usec = USEC_INFINITY};
    return ask_until_taken(&asked, &what, 0);
}

bool sim_end_reboots(Sim *sim) {
    for (const Reboot *reboot; (reboot = find_reboot(sim));)
        if (!cancel(sim, reboot->machine_id) || !sim_pass(sim, SIM_HEAL_USEC) ||
            !sim_await_units_rest(sim))
            return false;
    return true;
}
