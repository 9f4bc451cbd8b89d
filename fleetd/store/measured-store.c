#include "fleetd/store/measured-internal.h"

#include "fleetd/base/strv.h"

#include <errno.h>

/* The names are CoreOS fleet's. */
static const MetricFamily answered = {
    "fleet_registry_operation_count_total",
    METRIC_COUNTER,
    "Requests that the store answered.",
    {"type"},
};
static const MetricFamily duration = {
    "fleet_registry_operation_duration_second",
    METRIC_HISTOGRAM,
    "Time until the store answered a request.",
    {"ops"},
};
static const MetricFamily failed = {
    "fleet_registry_operation_failed_count_total",
    METRIC_COUNTER,
    "Requests to the store that failed, and watches that broke off.",
    {"type"},
};
static const MetricFamily errors = {
    "fleet_store_errors_total",
    METRIC_COUNTER,
    "Requests to the store that failed, by the error.",
    {"error"},
};

MeasuredOp *measured_op_new(MeasuredStore *store, const char *type, const char *key,
                            void *userdata) {
    MeasuredOp *op = calloc(1, sizeof(MeasuredOp));
    if (!op || str_replace(&op->key, key) < 0) {
        free(op);
        return NULL;
    }
    op->op.store = &store->store;
    op->store = store;
    op->type = type;
    op->begun_usec = loop_now(store->loop);
    op->userdata = userdata;
    LIST_INSERT_HEAD(&store->ops, op, siblings);
    return op;
}

void measured_op_free(MeasuredOp *op) {
    LIST_REMOVE(op, siblings);
    free(op->key);
    free(op->watch);
    free(op);
}

void measured_op_count(const MeasuredOp *op, int r) {
    Metrics *metrics = op->store->metrics;
    if (r >= 0) {
        metrics_add(metrics, &answered, LABELS(op->type), 1);
        metrics_observe(metrics, &duration, LABELS(op->type),
                        loop_now(op->store->loop) - op->begun_usec);
        return;
    }
    metrics_add(metrics, &failed, LABELS(op->type), 1);
    metrics_add(metrics, &errors, LABELS(strerrorname_np(-r)), 1);
}

/* Of a request that the inner store has taken, or not. */
static int op_begun(MeasuredOp *op, int r, StoreOp **ret) {
    if (r < 0) {
        measured_op_count(op, r);
        measured_op_free(op);
    } else if (ret) {
        *ret = &op->op;
    }
    return r;
}

static MeasuredStore *measured_of(Store *store) {
    return (MeasuredStore *) store;
}

/* --- ranges and transactions --- */

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    MeasuredOp op = *(MeasuredOp *) userdata;
    measured_op_count(&op, r);
    measured_op_free(userdata);
    op.done.range(r, result, op.userdata);
}

static int measured_range(Store *store, const StoreRange *range, StoreRangeDone done,
                          void *userdata, StoreOp **ret) {
    MeasuredStore *measured = measured_of(store);
    MeasuredOp *op =
        measured_op_new(measured, range->is_prefix ? "get_all" : "get", NULL, userdata);
    if (!op)
        return -ENOMEM;
    op->done.range = done;
    return op_begun(op, store_range(measured->inner, range, on_range, op, &op->inner), ret);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    MeasuredOp op = *(MeasuredOp *) userdata;
    measured_op_count(&op, r);
    if (r >= 0 && result->succeeded && op.key)
        measured_watches_expect(op.store, op.key, result->revision);
    measured_op_free(userdata);
    op.done.txn(r, result, op.userdata);
}

/* A put is told to whoever watches that key; a deletion only if there was something. */
static const char *txn_put_key(const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_writes; i++)
        if (txn->writes[i].kind == STORE_PUT)
            return txn->writes[i].key;
    return NULL;
}

static int measured_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                        StoreOp **ret) {
    MeasuredStore *measured = measured_of(store);
    MeasuredOp *op = measured_op_new(measured, "set", txn_put_key(txn), userdata);
    if (!op)
        return -ENOMEM;
    op->done.txn = done;
    return op_begun(op, store_txn(measured->inner, txn, on_txn, op, &op->inner), ret);
}

/* --- leases --- */

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    MeasuredOp op = *(MeasuredOp *) userdata;
    measured_op_count(&op, r);
    measured_op_free(userdata);
    op.done.lease(r, lease, ttl_usec, op.userdata);
}

static MeasuredOp *lease_op_new(Store *store, const char *type, StoreLeaseDone done,
                                void *userdata) {
    MeasuredOp *op = measured_op_new(measured_of(store), type, NULL, userdata);
    if (op)
        op->done.lease = done;
    return op;
}

static int measured_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                                StoreOp **ret) {
    MeasuredOp *op = lease_op_new(store, "lease_grant", done, userdata);
    if (!op)
        return -ENOMEM;
    return op_begun(op, store_lease_grant(op->store->inner, ttl, on_lease, op, &op->inner), ret);
}

static int measured_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                                StoreOp **ret) {
    MeasuredOp *op = lease_op_new(store, "lease_renew", done, userdata);
    if (!op)
        return -ENOMEM;
    return op_begun(op, store_lease_renew(op->store->inner, lease, on_lease, op, &op->inner), ret);
}

static int measured_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                                 StoreOp **ret) {
    MeasuredOp *op = lease_op_new(store, "lease_revoke", done, userdata);
    if (!op)
        return -ENOMEM;
    return op_begun(op, store_lease_revoke(op->store->inner, lease, on_lease, op, &op->inner), ret);
}

/* --- the store --- */

static void measured_cancel(StoreOp *store_op) {
    MeasuredOp *op = (MeasuredOp *) store_op;
    store_op_cancel(op->inner);
    measured_op_free(op);
}

static void measured_free(Store *store) {
    MeasuredStore *measured = measured_of(store);
    store_free(measured->inner); /* first: none of its callbacks comes after this */
    while (!LIST_EMPTY(&measured->ops))
        measured_op_free(LIST_FIRST(&measured->ops));
    metric_source_free(measured->source);
    free(measured);
}

int measured_store_new(Store *inner, Loop *loop, Metrics *metrics, Store **ret) {
    static const StoreVTable vtable = {
        .range = measured_range,
        .txn = measured_txn,
        .lease_grant = measured_lease_grant,
        .lease_renew = measured_lease_renew,
        .lease_revoke = measured_lease_revoke,
        .watch = measured_watch,
        .cancel = measured_cancel,
        .free = measured_free,
    };
    static const MetricFamily *const families[] = {&answered, &duration, &failed, &errors};
    if (!metrics) {
        *ret = inner;
        return 0;
    }
    MeasuredStore *measured = calloc(1, sizeof(MeasuredStore));
    if (!measured)
        return -ENOMEM;
    *measured = (MeasuredStore){
        .store = {.vtable = &vtable}, .inner = inner, .loop = loop, .metrics = metrics};
    for (size_t i = 0; i < ELEMENTSOF(families); i++)
        metrics_declare(metrics, families[i]);
    measured_watches_declare(measured);
    measured->source = metrics_add_source(metrics, measured_watches_collect, measured);
    *ret = &measured->store;
    return 0;
}
