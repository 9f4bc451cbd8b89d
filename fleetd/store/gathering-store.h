/* A store in front of another one that sends small transactions which come together as one: for the
 * store, the work of a transaction is much more than that of a write.
 *
 * One group is under way at a time; what comes meanwhile is the next one, so that a single
 * transaction does not wait. Whoever sent one cannot tell: when a comparison of a group does not
 * hold, each of it is sent alone. It takes nothing but transactions. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

/* Borrows the inner store, and the loop. To be freed with store_free(), not from a callback of its
 * own; no answers come after that. -ENOMEM. */
int gathering_store_new(Store *inner, Loop *loop, Store **ret);
