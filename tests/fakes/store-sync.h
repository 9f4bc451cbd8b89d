/* Store operations that wait for their end, for tests: each runs the loop meanwhile, so that
 * everything else on it goes on as well. */
#pragma once

#include "fleetd/net/loop.h"
#include "tests/fakes/store-copy.h"

typedef struct StoreSync {
    Store *store;
    Loop *loop;
    /* virtual_loop_run_until(), or the same on a real loop. */
    bool (*run_until)(Loop *loop, bool (*predicate)(void *userdata), void *userdata,
                      usec_t max_usec);
} StoreSync;

/* Longer than any answer takes. */
#define STORE_SYNC_MAX_USEC (10 * USEC_PER_SEC)

/* Each returns what the store answered, what it refused to begin with, or -ETIME when no answer
 * came in time; outputs may be NULL. */
int store_sync_txn(const StoreSync *sync, const StoreTxn *txn, StoreTxnResult *ret);
int store_sync_put(const StoreSync *sync, const char *key, const char *value, int64_t lease);
int store_sync_delete(const StoreSync *sync, const char *key);
int store_sync_grant(const StoreSync *sync, usec_t ttl_usec, int64_t *ret_lease,
                     usec_t *ret_ttl_usec);
int store_sync_renew(const StoreSync *sync, int64_t lease);
int store_sync_revoke(const StoreSync *sync, int64_t lease);

/* The value, NUL-terminated; the caller frees. NULL: no such key, or no answer. */
char *store_sync_get(const StoreSync *sync, const char *key);
/* The present revision of the store; negative: no answer. */
int64_t store_sync_revision(const StoreSync *sync);

/* The result is the caller's: _cleanup_range_. */
int store_sync_range(const StoreSync *sync, const StoreRange *range, StoreRangeResult *ret);
