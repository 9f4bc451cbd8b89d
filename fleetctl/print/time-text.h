/* Times, as people read them. */
#pragma once

#include <stdint.h>

/* Unix time, in UTC; "" of 0. NULL when out of memory; the caller frees. */
char *time_text(int64_t unix_time);
