/* How long ago, and how long from now, for people: one unit is enough. Pure. */
#pragma once

#include <stdint.h>

/* "42 s", "5 min", "3 h", "2 d": never more than it is. Less than nothing counts as nothing. NULL
 * when out of memory; the caller frees. */
char *age_format(int64_t seconds);
