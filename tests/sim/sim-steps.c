/* While 100 units start on three machines, one fleetd is killed at its n-th call of the store or of
 * systemd, for each n there is, or one of so many: sim-steps [--every N] (5). It is started again a
 * second later, as systemd does. In the end every unit runs once, and nothing was started twice or
 * stopped. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "tests/sim/sim-cluster.h"

#include <getopt.h>
#include <stdio.h>

#define EVERY_DEFAULT 5
#define N_MACHINES 3
#define N_UNITS 100
#define TEXT "[Service]\nExecStart=/bin/sleep infinity\n"
#define ASK_EVERY_USEC (20 * USEC_PER_MSEC)
#define SETTLE_USEC (10 * USEC_PER_SEC)
#define RESTART_USEC USEC_PER_SEC
/* A machine that was killed as it registered has to be elected, or its units to be placed, after
 * leases of its have run out. */
#define PATIENCE_USEC (3 * SIM_TTL)

typedef struct Steps {
    SimCluster *cluster;
    SimNode *victim;
    char *wrong; /* NULL: nothing yet */
} Steps;

/* --- the cluster --- */

static void restart(void *userdata) {
    sim_node_start(userdata);
}

static SimCluster *cluster_new(void) {
    static const StoreFaults faults = {
        .latency_min_usec = USEC_PER_MSEC,
        .latency_max_usec = 5 * USEC_PER_MSEC,
        .timeout_usec = STORE_FAULTS_TIMEOUT_USEC,
    };
    SimCluster *cluster = sim_cluster_new(N_MACHINES, 1);
    for (size_t i = 0; i < N_MACHINES; i++) {
        faulty_store_set_faults(cluster->nodes[i].link, &faults);
        fake_systemd_set_latency(cluster->nodes[i].systemd, 2 * USEC_PER_MSEC);
    }
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, SETTLE_USEC);
    return cluster;
}

/* The first one leads, or none does. */
static SimNode *find_victim(SimCluster *cluster, bool leads) {
    for (size_t i = 0; i < N_MACHINES; i++)
        if (sim_node_leads(&cluster->nodes[i]) == leads)
            return &cluster->nodes[i];
    return NULL;
}

static char *unit_name(size_t i) {
    return sim_must(str_printf("u%zu.service", i));
}

static void ask_for_units(SimCluster *cluster) {
    for (size_t i = 0; i < N_UNITS; i++) {
        _cleanup_free_ char *name = unit_name(i);
        if (sim_put(cluster, name, TEXT, LAUNCH_STATE_LAUNCHED) == 0)
            abort(); /* nobody else writes it */
        sim_cluster_run(cluster, ASK_EVERY_USEC);
    }
}

/* --- judging --- */

static bool all_run(SimCluster *cluster) {
    for (size_t i = 0; i < N_UNITS; i++) {
        _cleanup_free_ char *name = unit_name(i);
        if (sim_count_running(cluster, name) != 1)
            return false;
    }
    return true;
}

static bool is_done(void *userdata) {
    const Steps *steps = userdata;
    return sim_node_runs(steps->victim) && sim_leader(steps->cluster) && all_run(steps->cluster);
}

static size_t count_starts(SimCluster *cluster, const char *name) {
    _cleanup_free_ char *start = sim_must(str_printf("start %s", name));
    size_t n = 0;
    for (size_t i = 0; i < N_MACHINES; i++) {
        FakeScript *script = fake_systemd_script(cluster->nodes[i].systemd);
        STRV_FOREACH (action, fake_script_actions(script))
            n += streq(*action, start);
    }
    return n;
}

static void note_wrong(Steps *steps, const char *name, const char *what) {
    if (!steps->wrong)
        steps->wrong = sim_must(str_printf("%s %s", name, what));
}

static void judge(Steps *steps) {
    for (size_t i = 0; i < N_UNITS; i++) {
        _cleanup_free_ char *name = unit_name(i);
        if (sim_count_running(steps->cluster, name) != 1)
            note_wrong(steps, name, "does not run once");
        if (count_starts(steps->cluster, name) != 1)
            note_wrong(steps, name, "was not started once");
    }
    for (size_t i = 0; i < N_MACHINES; i++)
        if (sim_node_count(&steps->cluster->nodes[i], FAKE_ACTION_STOP) > 0)
            note_wrong(steps, steps->cluster->nodes[i].id, "has stopped units");
}

/* --- killing --- */

static void on_blown(SimNode *node) {
    timer_start(node->userdata, RESTART_USEC);
}

/* Kills it at its step n, 0 never. What was wrong in the end, for the caller to free; NULL:
 * nothing. */
static char *run_step(bool leads, uint64_t n, uint64_t *ret_n_steps) {
    Steps steps = {.cluster = cluster_new()};
    Timer *timer;
    steps.victim = find_victim(steps.cluster, leads);
    sim_must_be_zero(timer_new(steps.cluster->loop, restart, steps.victim, &timer));
    steps.victim->on_blown = on_blown;
    steps.victim->userdata = timer;
    uint64_t n_before = sim_fuse_count(steps.victim->fuse);
    sim_fuse_set(steps.victim->fuse, n);
    ask_for_units(steps.cluster);
    bool is_in_time = sim_cluster_wait(steps.cluster, is_done, &steps, PATIENCE_USEC);
    sim_cluster_run(steps.cluster, SETTLE_USEC); /* nothing more happens */
    if (ret_n_steps)
        *ret_n_steps = sim_fuse_count(steps.victim->fuse) - n_before;
    judge(&steps);
    if (!is_in_time)
        note_wrong(&steps, "the cluster", "is not there in time");
    timer_free(timer);
    sim_cluster_free(steps.cluster);
    return steps.wrong;
}

static bool run_victim(unsigned number, const char *who, bool leads, uint64_t every) {
    uint64_t n_steps, n_runs = 0, n_wrong = 0;
    _cleanup_free_ char *undisturbed = run_step(leads, 0, &n_steps);
    if (undisturbed)
        printf("# undisturbed: %s\n", undisturbed);
    for (uint64_t n = 1; n <= n_steps; n += every, n_runs++) {
        _cleanup_free_ char *wrong = run_step(leads, n, NULL);
        n_wrong += wrong != NULL;
        if (wrong)
            printf("# killed at call %llu: %s\n", (unsigned long long) n, wrong);
    }
    bool is_good = !undisturbed && n_wrong == 0 && n_runs > 0;
    printf("%sok %u - %s is killed at %llu of its %llu calls\n", is_good ? "" : "not ", number, who,
           (unsigned long long) n_runs, (unsigned long long) n_steps);
    fflush(stdout);
    return is_good;
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"every", required_argument, NULL, 'e'}, {}};
    uint64_t every = EVERY_DEFAULT;
    int option;
    while ((option = getopt_long(argc, argv, "e:", options, NULL)) >= 0) {
        every = option == 'e' ? strtoull(optarg, NULL, 10) : 0;
        if (every == 0)
            return 2;
    }
    log_setup(LOG_CRIT);
    printf("1..2\n");
    bool leader = run_victim(1, "the leader", true, every);
    bool follower = run_victim(2, "another machine", false, every);
    return leader && follower ? 0 : 1;
}
