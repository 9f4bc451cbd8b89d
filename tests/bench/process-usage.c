#include "tests/bench/process-usage.h"

#include "tests/bench/benchmark.h"

#include <stdio.h>
#include <unistd.h>

/* The 14th and 15th field; the second is a name in parentheses, which may hold anything. */
static double process_cpu(pid_t pid) {
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    bench_must(file && fgets(line, sizeof(line), file), "process %d is gone", pid);
    fclose(file);
    const char *rest = strrchr(line, ')');
    bench_must(rest && sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                              &user, &system) == 2,
               "'%s' is not understood", path);
    return (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

static void process_memory(pid_t pid, ProcessUsage *ret) {
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    bench_must(file, "process %d is gone", pid);
    while (fgets(line, sizeof(line), file)) {
        (void) sscanf(line, "VmRSS: %ld kB", &ret->rss_kib);
        (void) sscanf(line, "VmHWM: %ld kB", &ret->peak_kib);
    }
    fclose(file);
}

ProcessUsage process_usage(pid_t pid) {
    ProcessUsage usage = {.cpu_s = process_cpu(pid)};
    process_memory(pid, &usage);
    return usage;
}
