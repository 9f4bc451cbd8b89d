/* Requests to etcd, as bodies of gRPC calls. Pure: keys go out under prefix. Each answers a body
 * for the caller to free; -ENOMEM. */
#pragma once

#include "fleetd/net/byte-buffer.h"
#include "fleetd/store/store.h"

int etcd_range_format(const char *prefix, const StoreRange *range, ByteBuffer *ret);
int etcd_txn_format(const char *prefix, const StoreTxn *txn, ByteBuffer *ret);
int etcd_watch_format(const char *prefix, const StoreWatch *watch, ByteBuffer *ret);
int etcd_grant_format(usec_t ttl_usec, ByteBuffer *ret); /* rounded up to seconds */
int etcd_lease_format(int64_t lease, ByteBuffer *ret);   /* of a renewal or revocation */
int etcd_login_format(const char *username, const char *password, ByteBuffer *ret);
