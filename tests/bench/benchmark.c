#include "tests/bench/benchmark.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void bench_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static usec_t clock_usec(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

usec_t bench_now(void) {
    return clock_usec(CLOCK_MONOTONIC);
}

usec_t bench_cpu(void) {
    return clock_usec(CLOCK_PROCESS_CPUTIME_ID);
}

size_t bench_number(const char *text, size_t min, size_t max) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    bench_must(errno == 0 && end != text && *end == '\0' && number >= min && number <= max,
               "'%s' is no number from %zu to %zu", text, min, max);
    return number;
}

static int compare(const void *a, const void *b) {
    usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;
    return (x > y) - (x < y);
}

usec_t bench_quantile(usec_t *values, size_t n, double fraction) {
    bench_must(n > 0, "nothing was measured");
    qsort(values, n, sizeof(usec_t), compare);
    return values[(size_t) (fraction * (double) (n - 1) + 0.5)];
}

json_object *bench_row(void) {
    json_object *row = json_object_new_object();
    bench_must(row, "out of memory");
    return row;
}

void bench_add_double(json_object *row, const char *name, double value) {
    bench_ok(json_add_take(row, name, json_object_new_double(value)));
}

void bench_tell_take(json_object *row) {
    _cleanup_free_ char *text = json_format(row);
    bench_must(text, "out of memory");
    puts(text);
    fflush(stdout);
    json_object_put(row);
}
