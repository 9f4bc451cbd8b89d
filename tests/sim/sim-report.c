#include "tests/sim/sim-report.h"

#include "tests/sim/sim-timely.h"

#include <inttypes.h>
#include <stdio.h>

/* The counters of both are arrays of the same shape. */
static void add_counters(uint64_t *sum, const uint64_t *one, size_t n) {
    for (size_t i = 0; i < n; i++)
        sum[i] += one[i];
}

void sim_report_add(SimReport *sum, const SimReport *one) {
    sum->n_seeds += one->n_seeds;
    sum->n_failures += one->n_failures;
    sum->simulated_usec += one->simulated_usec;
    sum->n_kills += one->n_kills;
    sum->n_losses += one->n_losses;
    sum->n_drains += one->n_drains;
    sum->n_reboots += one->n_reboots;
    sum->n_brakes += one->n_brakes;
    add_counters(sum->n_forecasts, one->n_forecasts, ELEMENTSOF(sum->n_forecasts));
    add_counters(sum->n_deeds, one->n_deeds, ELEMENTSOF(sum->n_deeds));
    for (size_t kind = 0; kind < _SIM_REQUEST_KIND_MAX; kind++)
        add_counters(sum->n_requests[kind], one->n_requests[kind], _SIM_OUTCOME_MAX);
    for (size_t i = 0; i < ELEMENTSOF(sum->longest_usec); i++)
        sum->longest_usec[i] = MAX(sum->longest_usec[i], one->longest_usec[i]);
}

static double in_seconds(usec_t usec) {
    return (double) usec / USEC_PER_SEC;
}

static void print_deeds(const SimReport *sum) {
    DeedKind kind;
    for (size_t i = 0; sim_deed(i, &kind); i++)
        if (kind < DEED_USER)
            printf("#   %7" PRIu64 " %s\n", sum->n_deeds[i], sim_deed(i, NULL)->name);
    printf("#   %7" PRIu64 " times a fleetd was killed at its step\n", sum->n_kills);
    printf("#   %7" PRIu64 " times the store lost everything\n", sum->n_losses);
    printf("#   %7" PRIu64 " machines drained in turn\n", sum->n_drains);
    printf("#   %7" PRIu64 " machines told to reboot\n", sum->n_reboots);
    printf("#   %7" PRIu64 " times too many machines were gone to give them up\n", sum->n_brakes);
}

static void print_requests(const SimReport *sum) {
    static const char *const kinds[] = {"put",     "delete", "patch",  "read",     "maintain",
                                        "release", "reboot", "cancel", "failover", "deploy",
                                        "say",     "scale",  "forget"};
    printf("#   %-8s %12s %9s %9s %9s\n", "", "acknowledged", "refused", "unknown", "lost");
    for (size_t i = 0; i < _SIM_REQUEST_KIND_MAX; i++) {
        const uint64_t *n = sum->n_requests[i];
        printf("#   %-8s %12" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n", kinds[i],
               n[SIM_OUTCOME_ACKNOWLEDGED], n[SIM_OUTCOME_REFUSED], n[SIM_OUTCOME_UNKNOWN],
               n[SIM_OUTCOME_LOST]);
    }
}

uint64_t sim_report_compared(const SimReport *report) {
    const uint64_t *n = report->n_forecasts;
    return n[SIM_FORECAST_EQUAL] + n[SIM_FORECAST_PACED] + n[SIM_FORECAST_WRONG];
}

void sim_report_print_forecasts(const SimReport *sum) {
    static const char *const words[_SIM_FORECAST_END_MAX] = {
        [SIM_FORECAST_EQUAL] = "came out as told",
        [SIM_FORECAST_PACED] = "came out as told, but for which unit of a drained machine is where",
        [SIM_FORECAST_OPEN_ROOM] = "not compared: several units leave, and others wait for room",
        [SIM_FORECAST_OPEN_TURNS] = "not compared: more than two units leave several machines",
        [SIM_FORECAST_WRONG] = "came out otherwise",
    };
    uint64_t n = 0;
    for (size_t i = 0; i < _SIM_FORECAST_END_MAX; i++)
        n += sum->n_forecasts[i];
    printf("# %" PRIu64 " plans, each of a request that was then made:\n", n);
    for (size_t i = 0; i < _SIM_FORECAST_END_MAX; i++)
        printf("#   %7" PRIu64 " %s\n", sum->n_forecasts[i], words[i]);
}

static void print_longest(const SimReport *sum) {
    for (size_t i = 0; sim_timely_name(i); i++)
        printf("#   %5.1f s (at most %.0f) until %s\n", in_seconds(sum->longest_usec[i]),
               in_seconds(sim_timely_bound(i)), sim_timely_name(i));
}

static int compare_usec(const void *a, const void *b) {
    usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;
    return x < y ? -1 : x > y;
}

static void print_times(const char *what, usec_t *times, size_t n) {
    qsort(times, n, sizeof(*times), compare_usec);
    if (n > 0)
        printf("#   %5.1f s median, %5.1f s at most until %s\n", in_seconds(times[n / 2]),
               in_seconds(times[n - 1]), what);
}

void sim_report_print(const SimReport *sum, usec_t *settled, usec_t *tidied, size_t n,
                      double seconds) {
    double hours = in_seconds(sum->simulated_usec) / 3600;
    printf("# %" PRIu64 " seeds, %.0f hours of clusters in %.1f s: %.0f hours a second\n",
           sum->n_seeds, hours, seconds, hours / seconds);
    printf("# what went wrong:\n");
    print_deeds(sum);
    printf("# what users asked for, and what they were told:\n");
    print_requests(sum);
    sim_report_print_forecasts(sum);
    printf("# the longest, from when nothing stood in the way:\n");
    print_longest(sum);
    printf("# after the last fault and the last request:\n");
    print_times("units are as they should be", settled, n);
    print_times("nothing is left over", tidied, n);
}
