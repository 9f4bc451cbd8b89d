#include "tests/sim/sim-trace.h"

#include <stdarg.h>
#include <stdio.h>

void sim_trace_done(SimTrace *trace) {
    for (size_t i = 0; i < trace->n_lines; i++)
        free(trace->lines[i]);
    free(trace->lines);
    free(trace->failure);
    *trace = (SimTrace){};
}

static void trace_push_take(SimTrace *trace, char *line) {
    if (trace->n_lines == trace->n_allocated) {
        trace->n_allocated = MAX((size_t) 256, 2 * trace->n_allocated);
        trace->lines = realloc(trace->lines, trace->n_allocated * sizeof(char *));
        if (!trace->lines)
            abort();
    }
    trace->lines[trace->n_lines++] = line;
}

_printf_(2, 0) static char *trace_format(const SimTrace *trace, const char *format,
                                         va_list arguments) {
    char *text, *line;
    usec_t now = loop_now(trace->loop);
    if (vasprintf(&text, format, arguments) < 0 ||
        asprintf(&line, "%5llu.%06llu %s", (unsigned long long) (now / USEC_PER_SEC),
                 (unsigned long long) (now % USEC_PER_SEC), text) < 0)
        abort();
    free(text);
    if (trace->is_verbose)
        fprintf(stderr, "%s\n", line);
    return line;
}

void sim_trace(SimTrace *trace, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    trace_push_take(trace, trace_format(trace, format, arguments));
    va_end(arguments);
}

void sim_trace_fail(SimTrace *trace, const char *format, ...) {
    if (trace->failure)
        return;
    va_list arguments;
    va_start(arguments, format);
    trace->failure = trace_format(trace, format, arguments);
    trace->failure_format = format;
    va_end(arguments);
}

bool sim_trace_fails_like(const SimTrace *a, const SimTrace *b) {
    return a->failure && b->failure && streq(a->failure_format, b->failure_format);
}

bool sim_trace_equal(const SimTrace *a, const SimTrace *b) {
    if (a->n_lines != b->n_lines || !streq_ptr(a->failure, b->failure))
        return false;
    for (size_t i = 0; i < a->n_lines; i++)
        if (!streq(a->lines[i], b->lines[i]))
            return false;
    return true;
}
