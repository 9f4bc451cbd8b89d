/* A store in front of another one that counts what its watches tell: keys and values, without what
 * the protocol puts around them. Everything else passes. */
#pragma once

#include "fleetd/store/store.h"

typedef struct WatchCount {
    uint64_t n_events, n_bytes;
} WatchCount;

/* Borrows the inner store and the count, which must outlive it. -ENOMEM. */
int watch_meter_new(Store *inner, WatchCount *count, Store **ret);
