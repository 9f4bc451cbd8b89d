/* A store that lives and dies with the process: for tests and simulations. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

/* The loop must outlive it. -ENOMEM. */
int memory_store_new(Loop *loop, Store **ret);

/* Forgets the past up to a revision, as an operator or etcd's auto-compaction does. Not from inside
 * a callback of the store. */
void memory_store_compact(Store *store, int64_t revision);

/* Every lease counts its whole time anew, as an etcd that becomes the leader has them do. */
void memory_store_extend_leases(Store *store);
