/* What a process takes. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef struct ProcessUsage {
    double cpu_s;
    int64_t rss_kib, peak_kib; /* not of what it was before exec(), as getrusage() has it */
} ProcessUsage;

ProcessUsage process_usage(pid_t pid);
