/* What the benchmarks have in common. A benchmark tells what it measured in JSON, a line each time;
 * tests/bench/bench makes tables of them. What goes wrong, or turns out wrong, ends it with status
 * 1 and a message: a figure of something that does not work is none. */
#pragma once

#include "fleetd/base/json.h"
#include "fleetd/base/time-units.h"

void bench_fail(const char *format, ...) _printf_(1, 2) _noreturn_;
#define bench_must(condition, ...) \
    do { \
        if (!(condition)) \
            bench_fail(__VA_ARGS__); \
    } while (false)
/* For calls that fail only when memory runs out or the code is wrong. */
#define bench_ok(call) bench_must((call) >= 0, "'%s' failed", #call)

usec_t bench_now(void); /* monotonic */
usec_t bench_cpu(void); /* processor time of this process, whatever else runs */
size_t bench_number(const char *text, size_t min, size_t max);

/* The fraction's value in between, of n > 0 numbers, which are sorted on the way: 0.5 is the
 * median. */
usec_t bench_quantile(usec_t *values, size_t n, double fraction);

/* A row: make it, add fields with json_add_int() and the like, tell it. */
json_object *bench_row(void);
void bench_add_double(json_object *row, const char *name, double value);
void bench_tell_take(json_object *row);
