#include "fleetd/process-metrics.h"

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const MetricFamily build_info = {
    "fleet_build_info",
    METRIC_GAUGE,
    "1, with what fleetd was built from.",
    {"version", "compiler"},
};
static const MetricFamily start_time = {
    "process_start_time_seconds",
    METRIC_GAUGE,
    "When fleetd was started, in seconds since 1970.",
    {},
};
static const MetricFamily cpu = {
    "process_cpu_seconds_total",
    METRIC_COUNTER,
    "Processor time of fleetd, in user and in kernel mode.",
    {},
};
static const MetricFamily resident = {
    "process_resident_memory_bytes",
    METRIC_GAUGE,
    "Memory of fleetd that is in use.",
    {},
};
static const MetricFamily virtual = {
    "process_virtual_memory_bytes",
    METRIC_GAUGE,
    "Address space of fleetd.",
    {},
};
static const MetricFamily open_fds = {
    "process_open_fds",
    METRIC_GAUGE,
    "Descriptors of fleetd that are open.",
    {},
};
static const MetricFamily max_fds = {
    "process_max_fds",
    METRIC_GAUGE,
    "How many may be open.",
    {},
};

/* Entries but "." and "..", and but the descriptor that reads them. */
static int open_fds_count(void) {
    DIR *directory = opendir("/proc/self/fd");
    int n = -3;
    if (!directory)
        return 0;
    while (readdir(directory))
        n++;
    closedir(directory);
    return n;
}

static void collect_memory(Metrics *metrics) {
    unsigned long n_virtual, n_resident;
    double page_size = (double) sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return;
    if (fscanf(file, "%lu %lu", &n_virtual, &n_resident) == 2) {
        metrics_set(metrics, &virtual, NULL, (double) n_virtual * page_size);
        metrics_set(metrics, &resident, NULL, (double) n_resident * page_size);
    }
    fclose(file);
}

static void collect(Metrics *metrics, void *userdata) {
    struct rusage usage;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metrics_set(metrics, &cpu, NULL,
                    (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / USEC_PER_SEC);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_set(metrics, &max_fds, NULL, (double) limit.rlim_cur);
    metrics_set(metrics, &open_fds, NULL, open_fds_count());
    collect_memory(metrics);
}

MetricSource *process_metrics_open(Metrics *metrics) {
    static const MetricFamily *const families[] = {&build_info, &start_time, &cpu,    &resident,
                                                   &virtual,    &open_fds,   &max_fds};
    for (size_t i = 0; i < ELEMENTSOF(families); i++)
        metrics_declare(metrics, families[i]);
    metrics_set(metrics, &build_info, LABELS(PACKAGE_VERSION, COMPILER), 1);
    metrics_set(metrics, &start_time, NULL, (double) time(NULL));
    return metrics_add_source(metrics, collect, NULL);
}
