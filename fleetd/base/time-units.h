/* Time in microseconds, and time spans as people write them. */
#pragma once

#include "fleetd/base/error.h"

typedef uint64_t usec_t;

#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC ((usec_t) 1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_INFINITY ((usec_t) UINT64_MAX)

/* Parses "30s", "5min", "1.5", "200ms", "1h", "2d", and sums like "1min 30s"; a bare number is
 * seconds. -EINVAL: not a time span; -ERANGE: does not fit. */
int timespan_parse(const char *text, usec_t *ret_usec, Error *reterr);

/* The shortest exact form, "1min 30s"; for messages. NULL when out of memory; the caller frees. */
char *timespan_format(usec_t usec);
