#include "tests/sim/tap-store.h"

#include "fleetd/store/store-request.h"

#include <errno.h>
#include <sys/queue.h>

typedef struct TapOp {
    StoreOp op;
    TAILQ_ENTRY(TapOp) link;
    StoreOp *inner; /* NULL: not sent yet */
    Timer *timer;   /* of a late one; else NULL */
    StoreTxn *txn;
    StoreTxnDone txn_done; /* NULL: nobody waits for the answer any more */
    StoreLeaseDone lease_done;
    void *userdata;
    bool is_given_up;
} TapOp;

typedef struct TapStore {
    Store store;
    Loop *loop;
    Store *inner;
    TapOnTxn on_txn;
    void *userdata;
    unsigned late_permille;
    usec_t late_usec;
    TAILQ_HEAD(, TapOp) ops;
} TapStore;

static TapStore *op_store(const TapOp *op) {
    return (TapStore *) op->op.store;
}

static TapOp *op_new(Store *store, void *userdata) {
    TapOp *op = malloc(sizeof(TapOp));
    if (!op)
        return NULL;
    *op = (TapOp){.op.store = store, .userdata = userdata};
    TAILQ_INSERT_TAIL(&((TapStore *) store)->ops, op, link);
    return op;
}

static void op_free(TapOp *op) {
    TAILQ_REMOVE(&op_store(op)->ops, op, link);
    store_op_cancel(op->inner);
    timer_free(op->timer);
    free(op->txn);
    free(op);
}

static int op_begun(TapOp *op, int r, StoreOp **ret) {
    if (r < 0)
        op_free(op);
    else if (ret)
        *ret = &op->op;
    return r;
}

/* Transactions */

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    TapOp *op = userdata;
    TapStore *store = op_store(op);
    op->inner = NULL;
    if (store->on_txn && r >= 0)
        store->on_txn(op->txn, result, store->userdata);
    StoreTxnDone done = op->txn_done;
    void *done_userdata = op->userdata;
    op_free(op);
    if (done)
        done(r, result, done_userdata);
}

static int txn_send(TapOp *op) {
    return store_txn(op_store(op)->inner, op->txn, on_txn, op, &op->inner);
}

static void on_late(void *userdata) {
    TapOp *op = userdata;
    TapStore *store = op_store(op);
    if (op->is_given_up) {
        if (txn_send(op) < 0)
            op_free(op);
        return;
    }
    op->is_given_up = true;
    timer_start(op->timer, loop_random(store->loop) % MAX(store->late_usec, (usec_t) 1));
    StoreTxnDone done = op->txn_done;
    op->txn_done = NULL;
    if (done)
        done(-ETIMEDOUT, NULL, op->userdata);
}

static int txn_begin(TapOp *op) {
    TapStore *store = op_store(op);
    if (store->late_permille == 0 || loop_random(store->loop) % 1000 >= store->late_permille)
        return txn_send(op);
    int r = timer_new(store->loop, on_late, op, &op->timer);
    if (r >= 0)
        timer_start(op->timer, store->late_usec);
    return r;
}

static int tap_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                   StoreOp **ret) {
    int r = store_txn_check(txn);
    if (r < 0)
        return r;
    TapOp *op = op_new(store, userdata);
    if (!op)
        return -ENOMEM;
    op->txn_done = done;
    r = store_txn_copy(txn, &op->txn);
    if (r >= 0)
        r = txn_begin(op);
    return op_begun(op, r, ret);
}

/* Leases */

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    TapOp *op = userdata;
    op->inner = NULL;
    StoreLeaseDone done = op->lease_done;
    void *done_userdata = op->userdata;
    op_free(op);
    if (done)
        done(r, lease, ttl_usec, done_userdata);
}

static int tap_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                           StoreOp **ret) {
    return store_lease_grant(((TapStore *) store)->inner, ttl, done, userdata, ret);
}

static int tap_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                           StoreOp **ret) {
    TapOp *op = op_new(store, userdata);
    if (!op)
        return -ENOMEM;
    op->lease_done = done;
    return op_begun(op, store_lease_renew(op_store(op)->inner, lease, on_lease, op, &op->inner),
                    ret);
}

static int tap_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                            StoreOp **ret) {
    TapOp *op = op_new(store, userdata);
    if (!op)
        return -ENOMEM;
    op->lease_done = done;
    return op_begun(op, store_lease_revoke(op_store(op)->inner, lease, on_lease, op, &op->inner),
                    ret);
}

/* Reading has no effect that could outlive anybody: it passes as it is. */

static int tap_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                     StoreOp **ret) {
    return store_range(((TapStore *) store)->inner, range, done, userdata, ret);
}

static int tap_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                     void *userdata, StoreOp **ret) {
    return store_watch(((TapStore *) store)->inner, watch, callbacks, userdata, ret);
}

static void tap_cancel(StoreOp *base) {
    TapOp *op = (TapOp *) base;
    op->txn_done = NULL;
    op->lease_done = NULL;
}

static void tap_free(Store *base) {
    TapStore *store = (TapStore *) base;
    TapOp *op;
    while ((op = TAILQ_FIRST(&store->ops)))
        op_free(op);
    free(store);
}

static const StoreVTable tap_vtable = {
    .range = tap_range,
    .txn = tap_txn,
    .lease_grant = tap_lease_grant,
    .lease_renew = tap_lease_renew,
    .lease_revoke = tap_lease_revoke,
    .watch = tap_watch,
    .cancel = tap_cancel,
    .free = tap_free,
};

int tap_store_new(Loop *loop, Store *inner, TapOnTxn tap_on_txn, void *userdata, Store **ret) {
    TapStore *store = calloc(1, sizeof(TapStore));
    if (!store)
        return -ENOMEM;
    store->store.vtable = &tap_vtable;
    store->loop = loop;
    store->inner = inner;
    store->on_txn = tap_on_txn;
    store->userdata = userdata;
    TAILQ_INIT(&store->ops);
    *ret = &store->store;
    return 0;
}

void tap_store_set_late(Store *base, unsigned permille, usec_t timeout_usec) {
    TapStore *store = (TapStore *) base;
    store->late_permille = permille;
    store->late_usec = timeout_usec;
}
