/* How long to wait before trying again, so that those who lost something together do not come back
 * together, and do not keep busy what cannot keep up: by chance, between the shortest delay and a
 * bound that doubles with each failure in a row. */
#pragma once

#include "fleetd/base/macros.h"
#include "fleetd/net/loop.h"

#define BACKOFF_DOUBLINGS_MAX 16u /* no more, whatever the bound */

static inline usec_t backoff_delay(Loop *loop, unsigned n_failures, usec_t min_usec,
                                   usec_t max_usec) {
    usec_t bound = MIN(2 * min_usec << MIN(n_failures, BACKOFF_DOUBLINGS_MAX), max_usec);
    return min_usec + loop_random(loop) % (bound - min_usec + 1);
}
