#include "tests/sim/sim-run.h"

#include "fleetd/engine/brake.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/sim-forecasts.h"
#include "tests/sim/sim-loss.h"
#include "tests/sim/sim-rebooters.h"
#include "tests/sim/sim-reboots.h"
#include "tests/sim/sim-rest.h"
#include "tests/sim/sim-rolling.h"
#include "tests/sim/sim-units.h"

/* How long after the last fault and the last request units may take to be as they should, if one
 * thing after the other takes as long as it can:
 *
 *   12 s  what was lost on the way is missed (SIM_HEAL_USEC)
 *   60 s  a machine that will not come back has said that it restarts (SIM_GRACE)
 *   60 s  and had a lease time to come back (SIM_TTL_LONG)
 *   64 s  a task that has failed again and again is tried once more (agent-unit.c)
 *   90 s  a stop that hangs is ended by systemd (sim-fate-systemd.c)
 *   75 s  what must never run twice waits until it has surely stopped elsewhere (sim-units.c)
 *   3 * 25 s  a unit leaves for one that leaves for one that leaves: orders are withdrawn, carried
 *             out, and followed by others (sim-timely.c)
 *
 * Files that nobody uses any more are deleted at the collector's second look, a minute after its
 * first, and that one is up to a minute after they were left; once more, if it just failed. */
#define UNITS_USEC \
    (SIM_HEAL_USEC + SIM_GRACE + SIM_TTL_LONG + (64 + 90 + 75 + 3 * 25) * USEC_PER_SEC)
#define FILES_USEC (3 * USEC_PER_MINUTE)
/* Units whose lives have an end come to it (sim-units.c). */
#define LIVES_USEC USEC_PER_MINUTE
#define QUIET_USEC (4 * USEC_PER_MINUTE)
#define FORGIVEN_USEC (180 * USEC_PER_MINUTE) /* after the longest delay, and being well */

/* --- time --- */

typedef struct Passing {
    Sim *sim;
    bool (*predicate)(void *userdata); /* NULL: none */
    void *userdata;
} Passing;

static bool step(void *userdata) {
    const Passing *passing = userdata;
    Sim *sim = passing->sim;
    sim_check_step(sim->check);
    sim_clone_step(sim->clone);
    sim_requests_step(sim->requests);
    sim_timely_step(sim->timely);
    sim_kept_step(sim->kept);
    sim_rolling_step(sim->rolling);
    sim_fate_step(sim);
    return sim->trace.failure || (passing->predicate && passing->predicate(passing->userdata));
}

bool sim_pass_until(Sim *sim, bool (*predicate)(void *userdata), void *userdata, usec_t usec) {
    Passing passing = {.sim = sim, .predicate = predicate, .userdata = userdata};
    (void) virtual_loop_run_until(sim->cluster->loop, step, &passing, usec);
    return !sim->trace.failure;
}

bool sim_pass(Sim *sim, usec_t usec) {
    return sim_pass_until(sim, NULL, NULL, usec);
}

static usec_t sim_now(const Sim *sim) {
    return loop_now(sim->cluster->loop) - VIRTUAL_LOOP_START;
}

/* --- acts --- */

static void before_end(SimNode *node) {
    Sim *sim = node->userdata;
    sim_requests_lose(sim->requests, node);
}

static void start_again(_unused_ Sim *sim, SimNode *node, _unused_ const void *data) {
    sim_node_start(node);
}

static void on_blown(SimNode *node) {
    Sim *sim = node->userdata;
    sim->report.n_kills++;
    sim_trace(&sim->trace, "fate: machine %zu: fleetd was killed",
              (size_t) (node - sim->cluster->nodes) + 1);
    sim_later(sim, USEC_PER_SEC, start_again, node, NULL);
}

static void sim_init_node(Sim *sim, SimNode *node) {
    node->userdata = sim;
    node->before_end = before_end;
    node->on_blown = on_blown;
    for (size_t i = 0; sim_unit(i); i++)
        sim_must_be_zero(fake_script_set_behaviour(fake_systemd_script(node->systemd),
                                                   sim_unit(i)->name, &sim_unit(i)->behaviour));
}

static void sim_init(Sim *sim, uint64_t seed, bool is_verbose) {
    *sim = (Sim){.seed = seed};
    sim_acts_make(seed, &sim->acts);
    sim->cluster = sim_cluster_new(sim->acts.n_machines, seed);
    sim->cluster->agent_ttl_usec = seed % 3 == 2 ? SIM_TTL_LONG : SIM_TTL;
    sim->cluster->failover_hold_usec = sim->acts.hold_usec;
    sim->trace = (SimTrace){.loop = sim->cluster->loop, .is_verbose = is_verbose};
    sim->requests = sim_requests_new(sim->cluster, &sim->trace, &sim->report);
    sim->check = sim_check_new(sim->cluster, sim->requests, &sim->trace);
    sim->timely = sim_timely_new(sim->cluster, sim->check, &sim->trace, &sim->report);
    sim->clone = sim_clone_new(sim->cluster, sim->check, &sim->trace);
    for (size_t i = 0; i < sim->acts.n_machines; i++)
        sim_init_node(sim, &sim->cluster->nodes[i]);
    sim_trace(&sim->trace, "seed %llu: %zu machines", (unsigned long long) seed,
              sim->acts.n_machines);
}

static void sim_do(Sim *sim, size_t i) {
    SimAct *act = &sim->acts.acts[i];
    const SimDeed *deed = sim_deed(act->deed, NULL);
    sim->report.n_deeds[act->deed]++;
    sim_trace(&sim->trace, "act %zu: machine %zu, %s: %s", i, act->machine + 1,
              sim_unit(act->unit)->name, deed->name);
    deed->act(sim, act);
}

static void sim_act(Sim *sim, const bool *keep) {
    for (size_t i = 0; i < sim->acts.n; i++) {
        if (!sim_pass(sim, sim->acts.acts[i].at_usec - sim_now(sim)))
            return;
        if (!keep || keep[i])
            sim_do(sim, i);
    }
}

/* --- the end --- */

typedef void (*CheckRest)(SimCluster *cluster, const SimCheck *check, SimTrace *trace);

static bool is_at_rest(Sim *sim, CheckRest check_rest) {
    SimTrace trial = {.loop = sim->cluster->loop};
    check_rest(sim->cluster, sim->check, &trial);
    bool is_good = !trial.failure;
    sim_trace_done(&trial);
    return is_good;
}

/* How long it took; negative: a promise was broken, that of being in time included. */
static bool sim_await_rest(Sim *sim, CheckRest check_rest, usec_t max_usec, usec_t begun_usec,
                           usec_t *ret_usec) {
    while (!is_at_rest(sim, check_rest)) {
        if (sim_now(sim) - begun_usec >= max_usec) {
            check_rest(sim->cluster, sim->check, &sim->trace);
            return false;
        }
        if (!sim_pass(sim, USEC_PER_SEC))
            return false;
    }
    *ret_usec = sim_now(sim) - begun_usec;
    return true;
}

/* Machines that are to be rebooted have their turns meanwhile, and those that are held are given up
 * one after the other. */
static usec_t sim_units_limit(const Sim *sim) {
    const SimCluster *cluster = sim->cluster;
    usec_t hold_usec = cluster->failover_hold_usec;
    return UNITS_USEC + sim_reboots_limit(cluster->view) +
           (hold_usec > 0 ? hold_usec + cluster->n_nodes * BRAKE_PACE_USEC : 0);
}

bool sim_await_units_rest(Sim *sim) {
    usec_t usec;
    return sim_await_rest(sim, sim_check_units_rest, sim_units_limit(sim), sim_now(sim), &usec);
}

/* What failed on a machine that gets no units may stay there as it is, if it fits nowhere else. */
static bool is_open(const Sim *sim, const FailurePlace *place) {
    Maintenance wanted;
    bool is_shut = sim_view_wants(sim->cluster->view, place->machine_id, &wanted);
    return place->well_since_usec > 0 || (place->next_usec > 0 && !is_shut);
}

/* It is tried anew some time, or forgotten when it was well for long. */
static const Failures *find_unforgotten(const Sim *sim) {
    const char *name;
    const Failures *failures;
    MAP_FOREACH (name, failures, sim_view_all(sim->cluster->view, KEY_FAILURES))
        for (size_t i = 0; i < failures->n_places; i++)
            if (is_open(sim, &failures->places[i]))
                return failures;
    return NULL;
}

static void check_is_forgotten_in_time(Sim *sim, const Failures *failures, usec_t begun_usec) {
    _cleanup_free_ char *text = sim_must(failures_format(failures));
    if (sim_now(sim) - begun_usec > FORGIVEN_USEC)
        sim_trace_fail(&sim->trace, "that %s has failed is never forgotten: %s", failures->name,
                       text);
}

/* What is just being tried anew is not open for a moment: so it takes two looks. */
static bool sim_await_forgiveness(Sim *sim) {
    usec_t begun_usec = sim_now(sim);
    for (size_t n_clear = 0; n_clear < 2;) {
        const Failures *failures = find_unforgotten(sim);
        n_clear = failures ? 0 : n_clear + 1;
        if (failures)
            check_is_forgotten_in_time(sim, failures, begun_usec);
        if (!sim_pass(sim, 10 * USEC_PER_SEC))
            return false;
    }
    return true;
}

/* When all is as it should be, nothing is done any more. */
static void sim_be_quiet(Sim *sim) {
    if (!sim_pass(sim, LIVES_USEC) || !sim_await_forgiveness(sim))
        return;
    sim_check_units_rest(sim->cluster, sim->check, &sim->trace);
    sim_check_files_rest(sim->cluster, sim->check, &sim->trace);
    int64_t revision = sim_view_revision(sim->cluster->view);
    size_t n_touches = sim_count_touches(sim->cluster);
    if (!sim_pass(sim, QUIET_USEC))
        return;
    if (sim_view_revision(sim->cluster->view) != revision)
        sim_trace_fail(&sim->trace, "the store is written to, although nothing happens");
    if (sim_count_touches(sim->cluster) != n_touches)
        sim_trace_fail(&sim->trace, "units are started or stopped, although nothing happens");
    sim_requests_check_answers(sim->requests);
}

/* What reboots wait for may come to pass in the midst of what follows: they end before that. How
 * long that took goes to *ret_usec. */
static bool sim_end_all_reboots(Sim *sim, usec_t *ret_usec) {
    usec_t begun_usec = sim_now(sim);
    bool is_good = sim_end_reboots(sim);
    *ret_usec = sim_now(sim) - begun_usec;
    return is_good;
}

static void sim_come_to_rest(Sim *sim, usec_t *ret_settled_usec, usec_t *ret_tidied_usec) {
    usec_t begun_usec = sim_now(sim), limit_usec = sim_units_limit(sim), ended_usec;
    if (sim_pass(sim, SIM_HEAL_USEC) &&
        sim_await_rest(sim, sim_check_units_rest, limit_usec, begun_usec, ret_settled_usec) &&
        sim_end_all_reboots(sim, &ended_usec) &&
        sim_await_rest(sim, sim_check_files_rest, limit_usec + ended_usec + FILES_USEC, begun_usec,
                       ret_tidied_usec))
        sim_be_quiet(sim);
}

static void sim_roll(Sim *sim) {
    sim_rolling_happen(sim);
    if (!sim->trace.failure)
        sim_be_quiet(sim);
}

static void sim_foretell(Sim *sim) {
    usec_t settled_usec, tidied_usec;
    sim_forecasts_happen(sim);
    if (!sim->trace.failure)
        sim_come_to_rest(sim, &settled_usec, &tidied_usec);
}

static void sim_rest(Sim *sim) {
    sim_fate_rests(sim);
    sim_come_to_rest(sim, &sim->report.settled_usec, &sim->report.tidied_usec);
}

static void sim_lose_store(Sim *sim) {
    usec_t settled_usec, tidied_usec;
    sim_loss_happen(sim);
    if (!sim->trace.failure)
        sim_come_to_rest(sim, &settled_usec, &tidied_usec);
    if (!sim->trace.failure)
        sim_kept_check_rest(sim->kept);
}

void sim_run(Sim *sim, uint64_t seed, const bool *keep, bool is_verbose) {
    sim_init(sim, seed, is_verbose);
    sim_cluster_boot(sim->cluster);
    sim_act(sim, keep);
    if (!sim->trace.failure)
        sim_rest(sim);
    if (!sim->trace.failure && sim_forecasts_are_due(seed))
        sim_foretell(sim);
    if (!sim->trace.failure && sim_rolling_is_due(sim))
        sim_roll(sim);
    if (!sim->trace.failure && sim_loss_is_due(seed))
        sim_lose_store(sim);
    sim->report.n_seeds = 1;
    sim->report.n_failures = sim->trace.failure != NULL;
    sim->report.simulated_usec = sim_now(sim);
    sim->report.n_brakes = sim_check_count_brakes(sim->check);
}

void sim_done(Sim *sim) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        sim->cluster->nodes[i].before_end = NULL;
    sim_laters_clear(&sim->laters);
    sim_timely_free(sim->timely);
    sim_clone_free(sim->clone);
    sim_kept_free(sim->kept);
    sim_requests_free(sim->requests);
    sim_cluster_free(sim->cluster);
    sim_check_free(sim->check);
    sim_trace_done(&sim->trace);
    sim_acts_done(&sim->acts);
}
