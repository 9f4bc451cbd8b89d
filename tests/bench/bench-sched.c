/* The scheduler alone: how much processor time a plan takes for a cluster that is new to it, for
 * one more unit, and for the units of a machine that is gone.
 *
 * usage: bench-sched MACHINES UNITS KIND [REPEAT]     kinds: sched-load.h */
#include "tests/bench/benchmark.h"
#include "tests/bench/process-usage.h"
#include "tests/bench/sched-load.h"

#include <unistd.h>

#define REPEAT 5
#define REPEAT_MAX 100
#define MACHINES_LOST_OF 10 /* one of so many, at most: the others must have room */
#define AGAIN 20            /* what takes little is done so often in each run */

typedef enum Step {
    STEP_TELL, /* the cluster of all machines and units; what a unit file says is parsed on the way
                */
    STEP_PLACE,
    STEP_ONE_MORE,
    STEP_LOST,
    _STEP_MAX,
} Step;

typedef struct Times {
    usec_t of[_STEP_MAX][REPEAT_MAX * AGAIN];
    size_t n[_STEP_MAX];
} Times;

static void note(Times *times, Step step, usec_t usec) {
    times->of[step][times->n[step]++] = usec;
}

static usec_t plan_timed(SchedLoad *load, Cluster *cluster, size_t n_placed) {
    _cleanup_(plan_freep) Plan *plan = NULL;
    usec_t begun = bench_cpu();
    bench_ok(cluster_plan(cluster, 0, &plan));
    usec_t usec = bench_cpu() - begun;
    sched_load_follow(load, plan);
    sched_load_check(load, n_placed);
    bench_must(!cluster_has_work(cluster), "the plan leaves work undone");
    return usec;
}

static void measure(size_t n_machines, size_t n_units, const char *kind, Times *times) {
    _cleanup_(sched_load_freep) SchedLoad *load = sched_load_new(n_machines, n_units + AGAIN, kind);
    _cleanup_(cluster_freep) Cluster *cluster = cluster_new(0);
    bench_must(load, "there is no kind '%s'", kind);
    bench_must(cluster, "out of memory");

    usec_t begun = bench_cpu();
    for (size_t i = 0; i < n_machines; i++)
        sched_load_put_machine(load, cluster, i);
    for (size_t i = 0; i < n_units; i++)
        sched_load_put_unit(load, cluster, i);
    note(times, STEP_TELL, bench_cpu() - begun);
    note(times, STEP_PLACE, plan_timed(load, cluster, n_units));
    for (size_t i = 0; i < AGAIN; i++) {
        sched_load_put_unit(load, cluster, n_units + i);
        note(times, STEP_ONE_MORE, plan_timed(load, cluster, n_units + i + 1));
    }
    for (size_t i = 0; i < MIN((size_t) AGAIN, n_machines / MACHINES_LOST_OF); i++) {
        sched_load_lose_machine(load, cluster, i);
        note(times, STEP_LOST, plan_timed(load, cluster, n_units + AGAIN));
    }
}

static double per_second(size_t n, usec_t usec) {
    return (double) n * (double) USEC_PER_SEC / (double) MAX(usec, (usec_t) 1);
}

static usec_t median(Times *times, Step step) {
    return bench_quantile(times->of[step], times->n[step], 0.5);
}

static void tell(size_t n_machines, size_t n_units, const char *kind, Times *times) {
    json_object *row = bench_row();
    bench_ok(json_add_string(row, "kind", kind));
    bench_ok(json_add_int(row, "machines", (int64_t) n_machines));
    bench_ok(json_add_int(row, "units", (int64_t) n_units));
    bench_add_double(row, "told_per_s", per_second(n_units, median(times, STEP_TELL)));
    bench_add_double(row, "placed_per_s", per_second(n_units, median(times, STEP_PLACE)));
    bench_ok(json_add_int(row, "one_more_us", (int64_t) median(times, STEP_ONE_MORE)));
    bench_ok(json_add_int(row, "machine_lost_us", (int64_t) median(times, STEP_LOST)));
    bench_ok(json_add_int(row, "peak_kib", process_usage(getpid()).peak_kib));
    bench_tell_take(row);
}

int main(int argc, char **argv) {
    bench_must(argc == 4 || argc == 5, "usage: bench-sched MACHINES UNITS KIND [REPEAT]");
    size_t n_machines = bench_number(argv[1], MACHINES_LOST_OF, 1000000);
    size_t n_units = bench_number(argv[2], 1, 10000000);
    size_t n = argc == 5 ? bench_number(argv[4], 1, REPEAT_MAX) : REPEAT;
    Times times = {};
    for (size_t i = 0; i < n; i++)
        measure(n_machines, n_units, argv[3], &times);
    tell(n_machines, n_units, argv[3], &times);
    return 0;
}
