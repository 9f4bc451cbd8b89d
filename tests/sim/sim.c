/* Runs simulations, each from its seed: sim [--seeds N] [--first N], or one again: sim --seed N
 * [--verbose]. Speaks TAP; a failure tells its seed and all that happened. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "tests/sim/sim-run.h"

#include <getopt.h>
#include <stdio.h>

#define SEEDS_DEFAULT 200
#define REPEAT_EVERY 10 /* so many simulations are run twice, to see that a seed decides it all */

typedef struct Options {
    uint64_t first, n_seeds;
    bool is_verbose;
} Options;

static bool options_parse(int argc, char **argv, Options *ret) {
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'},
        {"first", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {"verbose", no_argument, NULL, 'v'},
        {},
    };
    *ret = (Options){.first = 1, .n_seeds = SEEDS_DEFAULT};
    int option;
    while ((option = getopt_long(argc, argv, "n:f:s:v", options, NULL)) >= 0) {
        switch (option) {
        case 'n':
            ret->n_seeds = strtoull(optarg, NULL, 10);
            break;
        case 's':
            ret->n_seeds = 1;
            /* fall through */
        case 'f':
            ret->first = strtoull(optarg, NULL, 10);
            break;
        case 'v':
            ret->is_verbose = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc;
}

static void print_trace(const Sim *sim) {
    for (size_t i = 0; i < sim->trace.n_lines; i++)
        printf("# %s\n", sim->trace.lines[i]);
    printf("# FAILED: %s\n# again: tests/sim/sim --seed %llu --verbose\n", sim->trace.failure,
           (unsigned long long) sim->seed);
}

static bool repeats(const Sim *sim) {
    Sim again;
    sim_run(&again, sim->seed, false);
    bool is_equal = sim_trace_equal(&sim->trace, &again.trace);
    sim_done(&again);
    return is_equal;
}

static bool run_seed(const Options *options, uint64_t i) {
    uint64_t seed = options->first + i;
    Sim sim;
    sim_run(&sim, seed, options->is_verbose);
    bool is_good = !sim.trace.failure, is_repeated = i % REPEAT_EVERY > 0 || repeats(&sim);
    if (!is_good)
        print_trace(&sim);
    printf("%sok %llu - seed %llu%s\n", is_good && is_repeated ? "" : "not ",
           (unsigned long long) i + 1, (unsigned long long) seed,
           is_repeated ? "" : " is another simulation each time");
    fflush(stdout);
    sim_done(&sim);
    return is_good && is_repeated;
}

int main(int argc, char **argv) {
    Options options;
    if (!options_parse(argc, argv, &options)) {
        fprintf(stderr, "usage: sim [--seeds N] [--first N] | sim --seed N [--verbose]\n");
        return 2;
    }
    log_setup(options.is_verbose ? LOG_DEBUG : LOG_CRIT);
    printf("1..%llu\n", (unsigned long long) options.n_seeds);
    bool all_good = true;
    for (uint64_t i = 0; i < options.n_seeds; i++)
        all_good = run_seed(&options, i) && all_good;
    return all_good ? 0 : 1;
}
