/* What happened in a simulation, line by line: to be compared between runs, and read after a
 * failure. */
#pragma once

#include "fleetd/net/loop.h"

typedef struct SimTrace {
    Loop *loop; /* whose time it is */
    char **lines;
    size_t n_lines, n_allocated;
    bool is_verbose; /* to standard error at once */
    char *failure;   /* the first one; NULL: none */
    const char *failure_format;
} SimTrace;

void sim_trace_done(SimTrace *trace);
void sim_trace(SimTrace *trace, const char *format, ...) _printf_(2, 3);
/* A promise is broken. Later failures are its consequences and not kept. */
void sim_trace_fail(SimTrace *trace, const char *format, ...) _printf_(2, 3);
/* Both fail, and say the same but for names and numbers. */
bool sim_trace_fails_like(const SimTrace *a, const SimTrace *b);
bool sim_trace_equal(const SimTrace *a, const SimTrace *b);
