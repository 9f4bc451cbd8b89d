#include "fleetd/store/etcd-store.h"

#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-op.h"
#include "fleetd/store/etcd-request.h"
#include "fleetd/store/etcd-watch.h"
#include "fleetd/store/store-request.h"

#include <errno.h>

/* Enough for etcd to commit many requests with one write to its disk; more of them only wait there
 * instead of here. */
#define CALLS_MAX 32

static int range_parse(EtcdOp *op, ProtobufBytes message, Error *reterr) {
    int r = etcd_range_parse(message, op->cluster->prefix, &op->answer.range, reterr);
    op->history = r < 0 ? 0 : op->answer.range.result.history;
    return r;
}

static void range_tell(EtcdOp *op, int r) {
    op->done.range(r, r < 0 ? NULL : &op->answer.range.result, op->userdata);
    etcd_range_answer_done(&op->answer.range);
}

static int txn_parse(EtcdOp *op, ProtobufBytes message, Error *reterr) {
    int r = etcd_txn_parse(message, &op->answer.txn, reterr);
    op->history = r < 0 ? 0 : op->answer.txn.history;
    return r;
}

static void txn_tell(EtcdOp *op, int r) {
    op->done.txn(r, r < 0 ? NULL : &op->answer.txn.result, op->userdata);
}

static int lease_parse(EtcdOp *op, ProtobufBytes message, Error *reterr) {
    int r = etcd_lease_parse(message, &op->answer.lease, reterr);
    op->history = r < 0 ? 0 : op->answer.lease.history;
    return r;
}

/* It says nothing but that it is done. */
static int revoke_parse(EtcdOp *op, ProtobufBytes message, Error *reterr) {
    return 0;
}

static void lease_tell(EtcdOp *op, int r) {
    op->done.lease(r, op->answer.lease.lease, op->answer.lease.ttl_usec, op->userdata);
}

/* An attempt before may have been the one that did it. */
static void revoke_tell(EtcdOp *op, int r) {
    op->done.lease(r == -ENOKEY && op->n_attempts > 1 ? 0 : r, op->answer.lease.lease, 0,
                   op->userdata);
}

static const EtcdOpKind range_kind = {
    .path = "/etcdserverpb.KV/Range",
    .is_repeatable = true,
    .is_at_once = true,
    .parse = range_parse,
    .tell = range_tell,
};
static const EtcdOpKind txn_kind = {
    .path = "/etcdserverpb.KV/Txn",
    .parse = txn_parse,
    .tell = txn_tell,
};
static const EtcdOpKind grant_kind = {
    .path = "/etcdserverpb.Lease/LeaseGrant",
    .lane = ETCD_LANE_LEASES,
    .is_repeatable = true, /* one too many runs out by itself */
    .parse = lease_parse,
    .tell = lease_tell,
};
static const EtcdOpKind renew_kind = {
    .path = "/etcdserverpb.Lease/LeaseKeepAlive",
    .lane = ETCD_LANE_LEASES,
    .is_repeatable = true,
    .parse = lease_parse,
    .tell = lease_tell,
};
static const EtcdOpKind revoke_kind = {
    .path = "/etcdserverpb.Lease/LeaseRevoke",
    .lane = ETCD_LANE_LEASES,
    .is_repeatable = true,
    .parse = revoke_parse,
    .tell = revoke_tell,
};

static void op_return(EtcdOp *op, StoreOp **ret) {
    if (ret)
        *ret = &op->handle.op;
}

static int etcd_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                      StoreOp **ret) {
    EtcdCluster *cluster = (EtcdCluster *) store;
    ByteBuffer body;
    EtcdOp *op;
    int r = etcd_range_format(cluster->prefix, range, &body);
    if (r >= 0)
        r = etcd_op_start(cluster, &range_kind, body, &op);
    if (r < 0)
        return r;
    op->done.range = done;
    op->userdata = userdata;
    op_return(op, ret);
    return 0;
}

static int etcd_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                    StoreOp **ret) {
    EtcdCluster *cluster = (EtcdCluster *) store;
    ByteBuffer body;
    EtcdOp *op;
    int r = store_txn_check(txn);
    if (r >= 0)
        r = etcd_txn_format(cluster->prefix, txn, &body);
    if (r >= 0)
        r = etcd_op_start(cluster, &txn_kind, body, &op);
    if (r < 0)
        return r;
    op->done.txn = done;
    op->userdata = userdata;
    op_return(op, ret);
    return 0;
}

static int lease_start(Store *store, const EtcdOpKind *kind, ByteBuffer body_take, int64_t lease,
                       StoreLeaseDone done, void *userdata, StoreOp **ret) {
    EtcdOp *op;
    int r = etcd_op_start((EtcdCluster *) store, kind, body_take, &op);
    if (r < 0)
        return r;
    op->answer.lease.lease = lease;
    op->done.lease = done;
    op->userdata = userdata;
    op_return(op, ret);
    return 0;
}

static int etcd_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                            StoreOp **ret) {
    ByteBuffer body;
    int r = etcd_grant_format(ttl, &body);
    return r < 0 ? r : lease_start(store, &grant_kind, body, 0, done, userdata, ret);
}

static int etcd_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                            StoreOp **ret) {
    ByteBuffer body;
    int r = etcd_lease_format(lease, &body);
    return r < 0 ? r : lease_start(store, &renew_kind, body, lease, done, userdata, ret);
}

static int etcd_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                             StoreOp **ret) {
    ByteBuffer body;
    int r = etcd_lease_format(lease, &body);
    return r < 0 ? r : lease_start(store, &revoke_kind, body, lease, done, userdata, ret);
}

static int etcd_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                      void *userdata, StoreOp **ret) {
    return etcd_watch_start((EtcdCluster *) store, watch, callbacks, userdata, ret);
}

static void etcd_cancel(StoreOp *op) {
    ((EtcdHandle *) op)->cancel(op);
}

static void etcd_free(Store *store) {
    EtcdCluster *cluster = (EtcdCluster *) store;
    EtcdOp *op;
    while ((op = LIST_FIRST(&cluster->ops)))
        etcd_op_cancel(&op->handle.op);
    etcd_watches_cancel_all(cluster);
    for (size_t i = 0; i < _ETCD_LANE_MAX; i++)
        h2_client_free(cluster->lanes[i]);
    etcd_auth_free(cluster->auth);
    etcd_endpoints_free(cluster->endpoints);
    free(cluster->ca_file);
    free(cluster->cert_file);
    free(cluster->prefix);
    free(cluster);
}

static const StoreVTable etcd_store_vtable = {
    .range = etcd_range,
    .txn = etcd_txn,
    .lease_grant = etcd_lease_grant,
    .lease_renew = etcd_lease_renew,
    .lease_revoke = etcd_lease_revoke,
    .watch = etcd_watch,
    .cancel = etcd_cancel,
    .free = etcd_free,
};

static int lanes_new(EtcdCluster *cluster, sd_event *event, const EtcdOptions *options) {
    static const unsigned max_requests[] = {
        [ETCD_LANE_CALLS] = CALLS_MAX,
        [ETCD_LANE_LEASES] = 0,
        [ETCD_LANE_WATCHES] = 0,
    };
    for (size_t i = 0; i < _ETCD_LANE_MAX; i++) {
        H2ClientOptions client = {
            .tls = options->tls,
            .max_requests = max_requests[i],
            .connect_timeout_usec = options->request_timeout_usec / 2,
        };
        int r = h2_client_new(event, &client, &cluster->lanes[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

int etcd_store_new(sd_event *event, Loop *loop, const EtcdOptions *options, Store **ret,
                   Error *reterr) {
    if (options->request_timeout_usec == 0)
        return error_set(reterr, -EINVAL, "requests to etcd need a timeout");
    EtcdCluster *cluster = calloc(1, sizeof(*cluster));
    if (!cluster)
        return -ENOMEM;
    _cleanup_(store_freep) Store *store = &cluster->store;
    store->vtable = &etcd_store_vtable;
    cluster->loop = loop;
    cluster->request_timeout_usec = options->request_timeout_usec;
    cluster->prefix = strdup(options->key_prefix);
    if (!cluster->prefix)
        return -ENOMEM;
    int r = str_replace(&cluster->ca_file, options->tls.ca_file);
    if (r >= 0)
        r = str_replace(&cluster->cert_file, options->tls.cert_file);
    if (r >= 0)
        r = etcd_endpoints_new(options->endpoints, &cluster->endpoints, reterr);
    if (r >= 0)
        r = lanes_new(cluster, event, options);
    if (r >= 0 && options->username)
        r = etcd_auth_new(cluster, options->username, str_or(options->password, ""),
                          &cluster->auth);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(store);
    return 0;
}
