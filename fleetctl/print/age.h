/* Times for people: how long ago, how long from now, and when. Pure. */
#pragma once

#include <stdint.h>

/* "42 s", "5 min", "3 h", "2 d": never more than it is. Less than nothing counts as nothing. NULL
 * when out of memory; the caller frees. */
char *age_format(int64_t seconds);

/* "2026-11-23 01:02:03 UTC" of Unix time; "" of 0, which is no time; "?" of what cannot be one.
 * NULL when out of memory. */
char *moment_format(int64_t time);
