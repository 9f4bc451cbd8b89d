/* The JSON texts of requests to etcd's gateway. Pure: keys go out under prefix, keys and values in
 * base64, 64-bit numbers as strings. Each answers text for the caller to free; -ENOMEM. */
#pragma once

#include "fleetd/store/store.h"

int etcd_range_format(const char *prefix, const StoreRange *range, char **ret);
int etcd_txn_format(const char *prefix, const StoreTxn *txn, char **ret);
int etcd_watch_format(const char *prefix, const StoreWatch *watch, char **ret);
int etcd_grant_format(usec_t ttl_usec, char **ret); /* rounded up to seconds */
int etcd_lease_format(int64_t lease, char **ret);   /* of a renewal or revocation */
int etcd_login_format(const char *username, const char *password, char **ret);
