/* The whole life of some units on two simulated machines, from the first boot until the last unit
 * file is collected, over and over (torture-story.c): each time another allocation of production
 * code fails, or all of them for a while. Nothing may crash or be lost: the cluster comes to what
 * was asked, no unit runs twice, and none is touched without need.
 *
 * torture-sim [--every K] [[--story NAME] --nth N | --from MSEC]; speaks TAP. Every 50th
 * allocation, and outages 5 s apart, of all stories, if nothing else is said. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "tests/torture/failing-allocator.h"
#include "tests/torture/torture-story.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_USEC (5 * USEC_PER_MINUTE) /* of each stage; the collector looks once a minute */
#define OUTAGE_USEC (3 * USEC_PER_SEC)

#define EVERY_DEFAULT 50

/* What fails in one life. */
typedef struct Plan {
    const Story *story;
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
    StoryRun story;
    const StoryStage *stage;
} Run;

/* --- a life --- */

static void fail(Run *run, const char *problem) {
    if (!run->life->problem)
        run->life->problem = problem;
}

static bool on_step(void *userdata) {
    Run *run = userdata;
    STRV_FOREACH (unit, story_singles)
        if (sim_count_running(run->story.cluster, *unit) > 1)
            fail(run, "a unit runs twice");
    return run->stage->is_done(&run->story);
}

static void stage_run(Run *run, const StoryStage *stage) {
    run->life->stage = stage->name;
    run->stage = stage;
    stage->act(&run->story);
    if (!sim_cluster_wait(run->story.cluster, on_step, run, PATIENCE_USEC))
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
    Loop *loop = run->story.cluster->loop;
    Timer *outage = timer_at(loop, on_outage, plan->from_usec);
    Timer *relief =
        timer_at(loop, on_relief,
                 plan->from_usec == USEC_INFINITY ? USEC_INFINITY : plan->from_usec + OUTAGE_USEC);
    failing_begin(FAILING_PRODUCTION, plan->nth, 1);
    for (size_t i = 0; i < plan->story->n_stages && !run->life->problem; i++)
        stage_run(run, &plan->story->stages[i]);
    run->life->n_allocations = failing_end();
    run->life->n_failed = failing_count_failed();
    run->life->n_touches = sim_count_touches(run->story.cluster);
    run->life->usec = loop_now(loop);
    timer_free(outage);
    timer_free(relief);
}

static Life live(const Plan *plan) {
    Life life = {};
    size_t n_blocks = failing_count_blocks();
    Metrics *metrics = sim_must(metrics_new());
    SimCluster *cluster = sim_cluster_new(2, 1);
    Run run = {.life = &life, .story.cluster = cluster};
    usec_t begun = loop_now(cluster->loop);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        cluster->nodes[i].metrics = metrics;
    cluster_live(&run, plan);
    life.usec -= begun;
    sim_cluster_free(cluster);
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
    printf("# --story %s ", plan->story->name);
    if (plan->nth > 0)
        printf("--nth %zu: %s: %s\n", plan->nth, stage, problem);
    else
        printf("--from %" PRIu64 ": %s: %s\n", plan->from_usec / 1000, stage, problem);
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

static const Story *story_find(const char *name) {
    for (size_t i = 0; i < N_STORIES; i++)
        if (streq(stories[i].name, name))
            return &stories[i];
    return NULL;
}

static bool options_parse(int argc, char **argv, Options *ret) {
    static const struct option options[] = {
        {"every", required_argument, NULL, 'e'},
        {"nth", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},
        {"story", required_argument, NULL, 's'},
        {},
    };
    *ret = (Options){.every = EVERY_DEFAULT, .plan = {stories, .from_usec = USEC_INFINITY}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (option == '?')
            return false;
        unsigned long long number = strtoull(optarg, NULL, 10);
        ret->is_one = ret->is_one || option == 'n' || option == 'f';
        if (option == 's')
            ret->plan.story = story_find(optarg);
        else if (option == 'e')
            ret->every = number;
        else if (option == 'n')
            ret->plan.nth = number;
        else
            ret->plan.from_usec = number * 1000;
    }
    return optind == argc && ret->every > 0 && ret->plan.story;
}

static void tally_tell(const Tally *tally, const Story *story, size_t number, const char *what) {
    printf("%sok %zu - %s, %s: %zu lives, %zu of them bad\n", tally->n_bad > 0 ? "not " : "",
           number, story->name, what, tally->n_lives, tally->n_bad);
}

/* number: of its first test. */
static bool run_story(const Story *story, size_t every, size_t number) {
    const Plan none = {story, .from_usec = USEC_INFINITY};
    Tally single = {.wanted = live(&none)}, outage = {.wanted = single.wanted};
    const Life *wanted = &single.wanted;
    judge(&single, &none, &single.wanted);
    if (wanted->problem)
        return false;
    printf("# %s: %zu allocations, %zu touches of units, %" PRIu64 " s\n", story->name,
           wanted->n_allocations, wanted->n_touches, wanted->usec / USEC_PER_SEC);
    for (size_t nth = 1; nth <= wanted->n_allocations; nth += every)
        live_apart(&single, &(Plan){story, nth, USEC_INFINITY});
    tally_tell(&single, story, number, "one allocation fails");
    for (usec_t from = 0; from < wanted->usec; from += every * 100 * 1000)
        live_apart(&outage, &(Plan){story, 0, from});
    tally_tell(&outage, story, number + 1, "all allocations fail for 3 s");
    return single.n_bad + outage.n_bad == 0;
}

static bool run_all(const Options *options) {
    bool is_good = true;
    printf("1..%d\n", 2 * N_STORIES);
    for (size_t i = 0; i < N_STORIES; i++)
        is_good = run_story(&stories[i], options->every, 1 + 2 * i) && is_good;
    return is_good;
}

int main(int argc, char **argv) {
    Options options;
    if (!options_parse(argc, argv, &options)) {
        fprintf(stderr, "usage: torture-sim [--every K] [[--story NAME] --nth N | --from MSEC]\n");
        return 2;
    }
    log_setup(LOG_CRIT);
    failing_prepare();
    live(&(Plan){stories, 0, USEC_INFINITY}); /* libraries take what they keep */
    if (!options.is_one)
        return run_all(&options) ? 0 : 1;
    log_setup(LOG_DEBUG);
    Life life = live(&options.plan);
    printf("%s: %s, %zu touches\n", str_or(life.stage, ""), str_or(life.problem, "good"),
           life.n_touches);
    failing_print_site();
    return life.problem ? 1 : 0;
}
