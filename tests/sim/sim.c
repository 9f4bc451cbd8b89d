/* Runs simulations, each from its seed, or one again; "sim --help" tells how. Speaks TAP. A failure
 * tells its seed, and the fewest acts with which it comes again. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "tests/sim/sim-forecasts.h"
#include "tests/sim/sim-minimise.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEEDS_DEFAULT 200
#define REPEAT_EVERY 10 /* so many simulations are run twice, to see that a seed decides it all */
#define JOBS_MAX 64

static const char usage[] =
    "usage: sim [OPTION...]\n"
    "  --seeds N     so many simulations (200)\n"
    "  --first N     from that seed on (1)\n"
    "  --seed N      only that one\n"
    "  --keep I,...  of its acts only those\n"
    "  --plans N     only those in which users ask what would come of a request; fails if fewer "
    "than N\n"
    "                answers were compared with what then happened (N seeds have more)\n"
    "  --verbose     all that happens, as it happens, with what fleet logs\n"
    "  --jobs N      that many processes (1)\n"
    "  --stop        ends at the first failure, which is not made smaller\n"
    "  --quiet       prints failures only, a line each\n"
    "  --help        tells this\n";

typedef struct Options {
    uint64_t first, n_seeds;
    uint64_t n_plans; /* 0: all simulations are of interest */
    char **keep;
    unsigned n_jobs;
    bool is_verbose, is_quiet, stops, needs_help;
} Options;

/* Of all processes. */
typedef struct Shared {
    bool has_failed;
    SimReport reports[JOBS_MAX];
    usec_t times[]; /* settled of each seed, then tidied of each */
} Shared;

/* --- options --- */

static bool option_take(Options *options, int option) {
    switch (option) {
    case 'n':
        options->n_seeds = strtoull(optarg, NULL, 10);
        return true;
    case 's':
        options->n_seeds = 1;
        options->first = strtoull(optarg, NULL, 10);
        return true;
    case 'f':
        options->first = strtoull(optarg, NULL, 10);
        return true;
    case 'p':
        options->n_plans = options->n_seeds = strtoull(optarg, NULL, 10);
        return options->n_plans > 0;
    case 'k':
        return strv_split(optarg, ",", &options->keep) >= 0;
    case 'j':
        options->n_jobs = (unsigned) strtoul(optarg, NULL, 10);
        return options->n_jobs > 0 && options->n_jobs <= JOBS_MAX;
    case 'v':
        return options->is_verbose = true;
    case 'q':
        return options->is_quiet = true;
    case 'S':
        return options->stops = true;
    case 'h':
        return options->needs_help = true;
    default:
        return false;
    }
}

static bool options_parse(int argc, char **argv, Options *ret) {
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'},
        {"first", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {"keep", required_argument, NULL, 'k'},
        {"plans", required_argument, NULL, 'p'},
        {"jobs", required_argument, NULL, 'j'},
        {"verbose", no_argument, NULL, 'v'},
        {"quiet", no_argument, NULL, 'q'},
        {"stop", no_argument, NULL, 'S'},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    *ret = (Options){.first = 1, .n_seeds = SEEDS_DEFAULT, .n_jobs = 1};
    int option;
    while ((option = getopt_long(argc, argv, "n:f:s:p:k:j:vqSh", options, NULL)) >= 0)
        if (!option_take(ret, option))
            return false;
    return optind == argc;
}

/* A flag for each act of that seed. */
static bool *flags_for(const Options *options, uint64_t seed, size_t *ret_n) {
    SimActs acts;
    sim_acts_make(seed, &acts);
    bool *keep = sim_must(calloc(acts.n + 1, sizeof(bool)));
    for (size_t i = 0; i < acts.n; i++)
        keep[i] = !options->keep;
    STRV_FOREACH (number, options->keep) {
        size_t i = strtoull(*number, NULL, 10);
        if (i < acts.n)
            keep[i] = true;
    }
    *ret_n = acts.n;
    sim_acts_done(&acts);
    return keep;
}

/* --- one seed --- */

static void print_again(const Sim *sim, const bool *keep) {
    const char *separator = "";
    printf("# FAILED: %s\n# again: tests/sim/sim --seed %llu --keep ", sim->trace.failure,
           (unsigned long long) sim->seed);
    for (size_t i = 0; i < sim->acts.n; i++)
        if (keep[i]) {
            printf("%s%zu", separator, i);
            separator = ",";
        }
    printf("%s --verbose\n", *separator ? "" : "none");
}

static void print_trace(const Sim *sim) {
    for (size_t i = 0; i < sim->trace.n_lines; i++)
        printf("# %s\n", sim->trace.lines[i]);
}

/* What is told is the smallest simulation that fails like that one. */
static void print_failure(const Options *options, const Sim *failed, bool *keep) {
    Sim smallest;
    if (options->is_quiet) {
        printf("seed %llu: %s\n", (unsigned long long) failed->seed, failed->trace.failure);
        return;
    }
    if (!options->stops)
        sim_minimise(failed, keep);
    sim_run(&smallest, failed->seed, keep, false);
    print_trace(&smallest);
    print_again(smallest.trace.failure ? &smallest : failed, keep);
    sim_done(&smallest);
}

static bool repeats(const Sim *sim, const bool *keep) {
    Sim again;
    sim_run(&again, sim->seed, keep, false);
    bool is_equal = sim_trace_equal(&sim->trace, &again.trace);
    sim_done(&again);
    return is_equal;
}

static bool run_seed(const Options *options, uint64_t i, Shared *shared, SimReport *report) {
    Sim sim;
    uint64_t seed = options->first + i;
    size_t n_acts;
    if (options->n_plans > 0 && !sim_forecasts_are_due(seed))
        return true;
    _cleanup_free_ bool *keep = flags_for(options, seed, &n_acts);
    sim_run(&sim, seed, keep, options->is_verbose);
    bool is_good = !sim.trace.failure, is_repeated = i % REPEAT_EVERY > 0 || repeats(&sim, keep);
    sim_report_add(report, &sim.report);
    shared->times[i] = sim.report.settled_usec;
    shared->times[options->n_seeds + i] = sim.report.tidied_usec;
    if (!is_good)
        print_failure(options, &sim, keep);
    if ((!options->is_quiet && options->n_plans == 0) || !is_repeated)
        printf("%sok %llu - seed %llu%s\n", is_good && is_repeated ? "" : "not ",
               (unsigned long long) i + 1, (unsigned long long) seed,
               is_repeated ? "" : " is another simulation each time");
    fflush(stdout);
    sim_done(&sim);
    return is_good && is_repeated;
}

/* --- many --- */

/* Job number job of them takes its part of the seeds. */
static bool run_part(const Options *options, unsigned job, Shared *shared) {
    bool all_good = true;
    uint64_t first = options->n_seeds * job / options->n_jobs,
             end = options->n_seeds * (job + 1) / options->n_jobs;
    for (uint64_t i = first; i < end && !(options->stops && shared->has_failed); i++) {
        all_good = run_seed(options, i, shared, &shared->reports[job]) && all_good;
        shared->has_failed |= !all_good;
    }
    return all_good;
}

/* In a process of its own, which prints into a file until the ones before it have ended. */
static pid_t start_part(const Options *options, unsigned job, Shared *shared, FILE *output) {
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (dup2(fileno(output), STDOUT_FILENO) < 0)
        _exit(2);
    bool all_good = run_part(options, job, shared);
    fflush(stdout);
    _exit(all_good ? 0 : 1);
}

static void copy_output(FILE *output) {
    char buffer[4096];
    size_t n;
    rewind(output);
    while ((n = fread(buffer, 1, sizeof(buffer), output)) > 0)
        fwrite(buffer, 1, n, stdout);
    fclose(output);
}

static bool run_parts(const Options *options, Shared *shared) {
    pid_t pids[JOBS_MAX];
    FILE *outputs[JOBS_MAX];
    bool all_good = true;
    fflush(stdout);
    for (unsigned job = 0; job < options->n_jobs; job++) {
        outputs[job] = sim_must(tmpfile());
        pids[job] = start_part(options, job, shared, outputs[job]);
    }
    for (unsigned job = 0; job < options->n_jobs; job++) {
        int status = -1;
        bool has_ended = pids[job] > 0 && waitpid(pids[job], &status, 0) == pids[job];
        all_good = has_ended && status == 0 && all_good;
        copy_output(outputs[job]);
        if (!has_ended || !WIFEXITED(status))
            printf("Bail out! Process %u of %u died\n", job + 1, options->n_jobs);
    }
    return all_good;
}

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* As TAP: one test. */
static bool judge_plans(const Options *options, const SimReport *sum) {
    bool are_enough = sim_report_compared(sum) >= options->n_plans;
    bool is_good = are_enough && sum->n_failures == 0;
    sim_report_print_forecasts(sum);
    printf("%sok 1 - what %" PRIu64 " plans told is what then happened%s\n", is_good ? "" : "not ",
           sim_report_compared(sum), are_enough ? "" : ": fewer than asked for");
    printf("1..1\n");
    return is_good;
}

static bool run_all(const Options *options) {
    size_t size = sizeof(Shared) + 2 * options->n_seeds * sizeof(usec_t);
    Shared *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SimReport sum = {};
    double begun = now_seconds();
    if (shared == MAP_FAILED)
        return false;
    if (!options->is_quiet && options->n_plans == 0)
        printf("1..%llu\n", (unsigned long long) options->n_seeds);
    bool all_good = options->n_jobs > 1 ? run_parts(options, shared) : run_part(options, 0, shared);
    for (unsigned job = 0; job < options->n_jobs; job++)
        sim_report_add(&sum, &shared->reports[job]);
    if (options->n_plans > 0)
        all_good = judge_plans(options, &sum) && all_good;
    else if (!options->is_quiet)
        sim_report_print(&sum, shared->times, shared->times + options->n_seeds, options->n_seeds,
                         now_seconds() - begun);
    munmap(shared, size);
    return all_good;
}

int main(int argc, char **argv) {
    Options options;
    if (!options_parse(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    if (options.needs_help) {
        fputs(usage, stdout);
        strv_free(options.keep);
        return 0;
    }
    log_setup(options.is_verbose ? LOG_DEBUG : LOG_CRIT);
    bool all_good = run_all(&options);
    strv_free(options.keep);
    return all_good ? 0 : 1;
}
