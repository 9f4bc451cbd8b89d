/* The whole life of some units on two simulated machines, from the first boot until the last unit
 * file is collected, over and over: each time another allocation of production code fails, or all
 * of them for a while. Nothing may crash or be lost: the cluster comes to what was asked, no unit
 * runs twice, and none is touched without need.
 *
 * torture-sim [--every K] [--nth N | --from MSEC]; speaks TAP. Every 50th allocation, and outages 5
 * s apart, if nothing else is said. */
#include "fleetd/base/log.h"
#include "tests/sim/sim-cluster.h"
#include "tests/torture/failing-allocator.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_USEC (5 * USEC_PER_MINUTE) /* of each stage; the collector looks once a minute */
#define OUTAGE_USEC (3 * USEC_PER_SEC)

#define EVERY_DEFAULT 50

#define WEB "web.service"
#define DB "db.service"
#define TEXT(version) "# " version "\n[Service]\nExecStart=/bin/sleep inf\n"
#define DB_TEXT TEXT("1") "[X-Fleet]\nConflicts=" WEB "\n"
#define LOG "log.service" /* everywhere */
#define LOG_TEXT TEXT("1") "[X-Fleet]\nGlobal=true\n"
#define FAST "fast.service" /* at first nowhere */
#define FAST_TEXT TEXT("1") "[X-Fleet]\nMachineMetadata=disk=ssd\n"

/* What fails in one life. */
typedef struct Plan {
    size_t nth;       /* allocation; 0: none by number */
    usec_t from_usec; /* from then on all for OUTAGE_USEC; USEC_INFINITY: never */
} Plan;

/* What came of it; of the first life, what to compare with. */
typedef struct Life {
    size_t n_allocations, n_failed, n_touches;
    usec_t usec;                 /* virtual */
    const char *problem, *stage; /* NULL: none */
} Life;

typedef struct Run {
    Life *life;
    SimCluster *cluster;
    int64_t revision; /* of the request that is waited for */
    bool (*is_done)(struct Run *run);
} Run;

/* --- the stages --- */

static SimNode *machine(Run *run, size_t i) {
    return &run->cluster->nodes[i];
}

static bool is_up(Run *run) {
    for (size_t i = 0; i < run->cluster->n_nodes; i++) {
        const Machine *presence = sim_view_machine(run->cluster->view, machine(run, i)->id);
        if (!presence || presence->status != MACHINE_STATUS_RUNNING)
            return false;
    }
    return sim_leader(run->cluster) != NULL;
}

/* The state of a unit answers the request and is as wanted. */
static bool has_come_to(Run *run, const char *name, LaunchState wanted, int64_t revision) {
    const SimNode *node = sim_where_ordered(run->cluster, name);
    const UnitState *state = node ? sim_view_state(run->cluster->view, node->id, name) : NULL;
    return state && state->current == wanted && state->job == JOB_RESULT_DONE &&
           state->unit_revision >= revision &&
           sim_node_has((SimNode *) node, name) == (wanted == LAUNCH_STATE_LAUNCHED);
}

static void submit(Run *run) {
    sim_put(run->cluster, WEB, TEXT("1"), LAUNCH_STATE_LAUNCHED);
    sim_put(run->cluster, LOG, LOG_TEXT, LAUNCH_STATE_LAUNCHED);
    sim_put(run->cluster, FAST, FAST_TEXT, LAUNCH_STATE_LAUNCHED);
    run->revision = sim_put(run->cluster, DB, DB_TEXT, LAUNCH_STATE_LAUNCHED);
}

static bool all_but_one_run(Run *run) {
    return has_come_to(run, WEB, LAUNCH_STATE_LAUNCHED, 0) &&
           has_come_to(run, DB, LAUNCH_STATE_LAUNCHED, run->revision) &&
           sim_count_running(run->cluster, LOG) == run->cluster->n_nodes &&
           sim_view_pending(run->cluster->view, FAST);
}

static void add_disk(Run *run) {
    sim_set_metadata(run->cluster, machine(run, 1), "disk", "ssd");
}

static bool all_run(Run *run) {
    return has_come_to(run, FAST, LAUNCH_STATE_LAUNCHED, 0) &&
           !sim_view_pending(run->cluster->view, FAST);
}

static void replace(Run *run) {
    run->revision = sim_put(run->cluster, WEB, TEXT("2"), LAUNCH_STATE_LAUNCHED);
}

static bool web_runs(Run *run) {
    return has_come_to(run, WEB, LAUNCH_STATE_LAUNCHED, run->revision);
}

static void restart_fleetd(Run *run) {
    SimNode *leader = sim_leader(run->cluster);
    sim_node_stop(leader ? leader : machine(run, 0));
}

static bool one_has_ended(Run *run) {
    return !sim_node_runs(machine(run, 0)) || !sim_node_runs(machine(run, 1));
}

static void start_fleetd(Run *run) {
    sim_node_start(machine(run, 0));
    sim_node_start(machine(run, 1));
}

static void unload(Run *run) {
    run->revision = sim_put(run->cluster, DB, NULL, LAUNCH_STATE_LOADED);
}

static bool db_is_loaded(Run *run) {
    return has_come_to(run, DB, LAUNCH_STATE_LOADED, run->revision);
}

static void destroy(Run *run) {
    sim_destroy(run->cluster, WEB);
    sim_destroy(run->cluster, DB);
    sim_destroy(run->cluster, LOG);
    sim_destroy(run->cluster, FAST);
}

static bool all_is_gone(Run *run) {
    static const KeyKind kinds[] = {KEY_UNIT, KEY_FILE, KEY_SCHEDULE, KEY_STATE, KEY_PENDING};
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (map_size(sim_view_all(run->cluster->view, kinds[i])) > 0)
            return false;
    return sim_count_running(run->cluster, WEB) + sim_count_running(run->cluster, DB) +
               sim_count_running(run->cluster, LOG) + sim_count_running(run->cluster, FAST) ==
           0;
}

static void boot(Run *run) {
    sim_cluster_boot(run->cluster);
}

typedef struct Stage {
    const char *name;
    void (*act)(Run *run);
    bool (*is_done)(Run *run);
} Stage;

static const Stage stages[] = {
    {"boot", boot, is_up},
    {"submit", submit, all_but_one_run},
    {"add a disk", add_disk, all_run},
    {"replace", replace, web_runs},
    {"stop fleetd", restart_fleetd, one_has_ended},
    {"start fleetd", start_fleetd, is_up},
    {"unload", unload, db_is_loaded},
    {"destroy", destroy, all_is_gone},
};

/* --- a life --- */

static void fail(Run *run, const char *problem) {
    if (!run->life->problem)
        run->life->problem = problem;
}

static bool on_step(void *userdata) {
    Run *run = userdata;
    if (sim_count_running(run->cluster, WEB) > 1 || sim_count_running(run->cluster, DB) > 1)
        fail(run, "a unit runs twice");
    return run->is_done(run);
}

static void stage_run(Run *run, const Stage *stage) {
    run->life->stage = stage->name;
    run->is_done = stage->is_done;
    stage->act(run);
    if (!sim_cluster_wait(run->cluster, on_step, run, PATIENCE_USEC))
        fail(run, "it does not come to its end");
}

/* Memory runs out, and comes back. */
static void on_outage(_unused_ void *userdata) {
    failing_now(FAILING_EVER);
}

static void on_relief(_unused_ void *userdata) {
    failing_now(0);
}

static Timer *timer_at(Loop *loop, TimerCallback callback, usec_t usec) {
    Timer *timer;
    sim_must_be_zero(timer_new(loop, callback, NULL, &timer));
    if (usec != USEC_INFINITY)
        timer_start(timer, usec);
    return timer;
}

static void cluster_live(Run *run, const Plan *plan) {
    Loop *loop = run->cluster->loop;
    Timer *outage = timer_at(loop, on_outage, plan->from_usec);
    Timer *relief =
        timer_at(loop, on_relief,
                 plan->from_usec == USEC_INFINITY ? USEC_INFINITY : plan->from_usec + OUTAGE_USEC);
    failing_begin(FAILING_PRODUCTION, plan->nth, 1);
    for (size_t i = 0; i < ELEMENTSOF(stages) && !run->life->problem; i++)
        stage_run(run, &stages[i]);
    run->life->n_allocations = failing_end();
    run->life->n_failed = failing_count_failed();
    run->life->n_touches = sim_count_touches(run->cluster);
    run->life->usec = loop_now(loop);
    timer_free(outage);
    timer_free(relief);
}

static Life live(const Plan *plan) {
    Life life = {};
    size_t n_blocks = failing_count_blocks();
    Metrics *metrics = sim_must(metrics_new());
    Run run = {.life = &life, .cluster = sim_cluster_new(2, 1)};
    usec_t begun = loop_now(run.cluster->loop);
    for (size_t i = 0; i < run.cluster->n_nodes; i++)
        machine(&run, i)->metrics = metrics;
    cluster_live(&run, plan);
    life.usec -= begun;
    sim_cluster_free(run.cluster);
    metrics_free(metrics);
    if (failing_count_blocks() != n_blocks)
        fail(&run, "blocks were left behind");
    return life;
}

/* --- many lives --- */

typedef struct Tally {
    Life wanted;
    size_t n_lives, n_bad, n_failed;
} Tally;

static void tell(const Plan *plan, const char *stage, const char *problem) {
    if (plan->nth > 0)
        printf("# --nth %zu: %s: %s\n", plan->nth, stage, problem);
    else
        printf("# --from %" PRIu64 ": %s: %s\n", plan->from_usec / 1000, stage, problem);
    fflush(stdout);
}

static void judge(const Tally *tally, const Plan *plan, Life *life) {
    /* One that fails costs no more than a try: nobody is taken for gone, and no unit touched. */
    if (!life->problem && plan->nth > 0 && life->n_touches != tally->wanted.n_touches)
        life->problem = "units were touched without need";
    if (life->problem) {
        tell(plan, life->stage, life->problem);
        failing_print_site();
    }
}

/* In a process of its own: a crash is one life's. */
static void live_apart(Tally *tally, const Plan *plan) {
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        Life life = live(plan);
        judge(tally, plan, &life);
        exit(life.problem ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    if (WIFSIGNALED(status) || WEXITSTATUS(status) > 1)
        tell(plan, "", "it crashed");
    tally->n_lives++;
    tally->n_bad += status != 0;
}

typedef struct Options {
    size_t every; /* allocation, and every so many tenths of a second */
    Plan plan;    /* the only one, if any is given */
    bool is_one;
} Options;

static bool options_parse(int argc, char **argv, Options *ret) {
    static const struct option options[] = {
        {"every", required_argument, NULL, 'e'},
        {"nth", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},
        {},
    };
    *ret = (Options){.every = EVERY_DEFAULT, .plan.from_usec = USEC_INFINITY};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (option == '?')
            return false;
        unsigned long long number = strtoull(optarg, NULL, 10);
        ret->is_one = option != 'e';
        if (option == 'e')
            ret->every = number;
        else if (option == 'n')
            ret->plan.nth = number;
        else
            ret->plan.from_usec = number * 1000;
    }
    return optind == argc && ret->every > 0;
}

static void tally_tell(const Tally *tally, size_t number, const char *what) {
    printf("%sok %zu - %s: %zu lives, %zu of them bad\n", tally->n_bad > 0 ? "not " : "", number,
           what, tally->n_lives, tally->n_bad);
}

static bool run_all(const Options *options) {
    const Plan none = {.from_usec = USEC_INFINITY};
    Tally single = {.wanted = live(&none)}, outage = {.wanted = single.wanted};
    judge(&single, &none, &single.wanted);
    if (single.wanted.problem)
        return false;
    printf("1..2\n# a life: %zu allocations, %zu touches of units, %" PRIu64 " s\n",
           single.wanted.n_allocations, single.wanted.n_touches, single.wanted.usec / USEC_PER_SEC);
    for (size_t nth = 1; nth <= single.wanted.n_allocations; nth += options->every)
        live_apart(&single, &(Plan){nth, USEC_INFINITY});
    tally_tell(&single, 1, "one allocation fails");
    for (usec_t from = 0; from < single.wanted.usec; from += options->every * 100 * 1000)
        live_apart(&outage, &(Plan){0, from});
    tally_tell(&outage, 2, "all allocations fail for 3 s");
    return single.n_bad + outage.n_bad == 0;
}

int main(int argc, char **argv) {
    Options options;
    if (!options_parse(argc, argv, &options)) {
        fprintf(stderr, "usage: torture-sim [--every K] [--nth N | --from MSEC]\n");
        return 2;
    }
    log_setup(LOG_CRIT);
    failing_prepare();
    live(&(Plan){0, USEC_INFINITY}); /* libraries take what they keep */
    if (!options.is_one)
        return run_all(&options) ? 0 : 1;
    log_setup(LOG_DEBUG);
    Life life = live(&options.plan);
    printf("%s: %s, %zu touches\n", str_or(life.stage, ""), str_or(life.problem, "good"),
           life.n_touches);
    failing_print_site();
    return life.problem ? 1 : 0;
}
