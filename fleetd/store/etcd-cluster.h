/* What the operations of an etcd store share: connections, and the member that is asked now. */
#pragma once

#include "fleetd/net/byte-buffer.h"
#include "fleetd/store/etcd-auth.h"
#include "fleetd/store/etcd-endpoints.h"
#include "fleetd/store/etcd-store.h"

#include <sys/queue.h>

typedef struct EtcdOp EtcdOp;
typedef struct EtcdWatch EtcdWatch;

/* Lanes have connections of their own, so that a lease is never renewed behind other work. */
typedef enum EtcdLane {
    ETCD_LANE_CALLS,
    ETCD_LANE_LEASES,
    ETCD_LANE_WATCHES,
    _ETCD_LANE_MAX,
} EtcdLane;

struct EtcdCluster {
    Store store;
    Loop *loop;
    char *prefix;
    usec_t request_timeout_usec;
    EtcdEndpoints *endpoints;
    EtcdAuth *auth; /* NULL: no login */
    usec_t refusal_told_at;
    char *ca_file, *cert_file; /* for messages */
    bool has_answered;         /* some member */
    uint64_t history;          /* that answers are of; 0: none has told it */
    uint64_t former_history;   /* the one before; 0: none */
    usec_t mixture_told_at;
    H2Client *lanes[_ETCD_LANE_MAX];
    LIST_HEAD(, EtcdOp) ops;
    LIST_HEAD(, EtcdWatch) watches;
};

/* First member of what a StoreOp of this store is. */
typedef struct EtcdHandle {
    StoreOp op;
    void (*cancel)(StoreOp *op);
} EtcdHandle;

/* A call of that member: its body is one message behind its prefix. */
typedef struct EtcdPost {
    EtcdLane lane;
    size_t endpoint;
    const char *path;
    const ByteBuffer *body;
    usec_t timeout_usec;
    bool is_login;   /* sent without a token */
    bool is_at_once; /* as of an H2Call */
} EtcdPost;

int etcd_cluster_post(EtcdCluster *cluster, const EtcdPost *post, H2Data on_data, H2Done on_done,
                      void *userdata, H2Request **ret);

/* etcd wants a login (-EKEYEXPIRED), or its user may not do that (-EACCES). Told once in a while,
 * as it goes on until a person has set it right. */
void etcd_cluster_refused(EtcdCluster *cluster, int r, const char *why);

/* What a member's answer, or none, says about it. An answer of another history (0: it does not tell
 * which) ends the watches on the one before soon, with -ESTALE. No callback is called from inside.
 */
void etcd_cluster_member_answered(EtcdCluster *cluster, size_t endpoint, uint64_t history);
/* If another member is asked from now on, the watches on this one end soon, with r. No callback is
 * called from inside. */
void etcd_cluster_member_failed(EtcdCluster *cluster, size_t endpoint, int r, const char *why);
