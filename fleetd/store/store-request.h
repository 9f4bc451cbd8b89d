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

/* Whether a range or watch of key and is_prefix takes in this key. */
static inline bool store_key_matches(const char *key, const char *wanted, bool is_prefix) {
    return is_prefix ? strncmp(key, wanted, strlen(wanted)) == 0 : streq(key, wanted);
}
