/* The Store on an etcd v3 cluster, in gRPC. Requests go to one member over kept connections; when
 * it fails, reads and leases are asked again at the next, writes only if surely nothing of them was
 * sent. Watches move with it: they close, so that their owners watch anew. */
#pragma once

#include "fleetd/net/h2-client.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct EtcdOptions {
    char *const *endpoints;      /* http or https URLs, in order of preference */
    const char *key_prefix;      /* before every key */
    usec_t request_timeout_usec; /* of one attempt; an operation takes at most twice as long */
    HttpTls tls;
    const char *username, *password; /* NULL: no login */
} EtcdOptions;

/* Connects only when it is used. event and loop must outlive it; options are copied. -EINVAL: a URL
 * that is none, or no timeout. */
int etcd_store_new(sd_event *event, Loop *loop, const EtcdOptions *options, Store **ret,
                   Error *reterr);
