/* Requests as values: what every backend refuses, and copies for those that keep a request for
 * later. */
#pragma once

#include "fleetd/store/store.h"

/* What etcd refuses, every store refuses: -E2BIG, more than STORE_TXN_MAX writes or comparisons;
 * -EINVAL, a key is put and also put or deleted by another write of the transaction. */
int store_txn_check(const StoreTxn *txn);

/* Deep copies in one block, for the caller to free(). A copied write has its value_size set and a
 * value that is not NULL. -ENOMEM. */
int store_txn_copy(const StoreTxn *txn, StoreTxn **ret);
int store_range_copy(const StoreRange *range, StoreRange **ret);
int store_watch_copy(const StoreWatch *watch, StoreWatch **ret);

static inline bool store_key_begins(const char *key, const char *prefix) {
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

/* Whether it takes in this key. */
static inline bool store_range_has(const StoreRange *range, const char *key) {
    if (!range->is_prefix)
        return streq(key, range->key);
    return store_key_begins(key, range->key) && !(range->before && strcmp(key, range->before) >= 0);
}
static inline bool store_watch_has(const StoreWatch *watch, const char *key) {
    const StoreRange range = {
        .key = watch->key, .is_prefix = watch->is_prefix, .before = watch->before};
    return store_range_has(&range, key);
}
