#include "tests/fakes/faulty-internal.h"

#include <errno.h>

static void wake(void *userdata) {
    FaultyOp *op = userdata;
    op->kind->wake(op);
}

int faulty_op_begin(Store *base, FaultyOp *op, const FaultyOpKind *kind, StoreOp **ret) {
    FaultyStore *store = (FaultyStore *) base;
    op->op.store = base;
    op->kind = kind;
    op->inner = NULL;
    int r = timer_new(store->loop, wake, op, &op->timer);
    if (r < 0)
        return r;
    TAILQ_INSERT_TAIL(&store->ops, op, link);
    timer_start(op->timer, faulty_store_latency(store));
    if (ret)
        *ret = &op->op;
    return 0;
}

void faulty_op_remove(FaultyOp *op) {
    TAILQ_REMOVE(&faulty_op_store(op)->ops, op, link);
    store_op_cancel(TAKE_PTR(op->inner));
    timer_stop(op->timer);
}

void faulty_op_free(FaultyOp *op) {
    op->kind->free(op);
    timer_free(op->timer);
    free(op);
}

usec_t faulty_store_latency(FaultyStore *store) {
    usec_t min = store->faults.latency_min_usec, max = store->faults.latency_max_usec;
    return max > min ? min + loop_random(store->loop) % (max - min + 1) : min;
}

bool faulty_store_chance(FaultyStore *store, unsigned permille) {
    return permille > 0 && loop_random(store->loop) % 1000 < permille;
}

static void faulty_cancel(StoreOp *base) {
    FaultyOp *op = (FaultyOp *) base;
    faulty_op_remove(op);
    faulty_op_free(op);
}

static void faulty_free(Store *base) {
    FaultyStore *store = (FaultyStore *) base;
    FaultyOp *op;
    while ((op = TAILQ_FIRST(&store->ops)))
        faulty_cancel(&op->op);
    free(store);
}

static const StoreVTable faulty_vtable = {
    .range = faulty_range,
    .txn = faulty_txn,
    .lease_grant = faulty_lease_grant,
    .lease_renew = faulty_lease_renew,
    .lease_revoke = faulty_lease_revoke,
    .watch = faulty_watch,
    .cancel = faulty_cancel,
    .free = faulty_free,
};

int faulty_store_new(Loop *loop, Store *inner, Store **ret) {
    FaultyStore *store = calloc(1, sizeof(FaultyStore));
    if (!store)
        return -ENOMEM;
    store->store.vtable = &faulty_vtable;
    store->loop = loop;
    store->inner = inner;
    store->faults.timeout_usec = STORE_FAULTS_TIMEOUT_USEC;
    TAILQ_INIT(&store->ops);
    *ret = &store->store;
    return 0;
}

void faulty_store_set_faults(Store *store, const StoreFaults *faults) {
    ((FaultyStore *) store)->faults = *faults;
}

/* Neither of the two calls anybody back: the operations' timers do. */

void faulty_store_cut(Store *base, int r) {
    FaultyStore *store = (FaultyStore *) base;
    FaultyOp *op;
    if (store->cut != r)
        store->cut_since = loop_now(store->loop);
    store->cut = r;
    TAILQ_FOREACH(op, &store->ops, link)
    if (op->kind->cut)
        op->kind->cut(op);
}

void faulty_store_break_watches(Store *base, int r) {
    FaultyOp *op;
    TAILQ_FOREACH(op, &((FaultyStore *) base)->ops, link)
    if (op->kind->interrupt)
        op->kind->interrupt(op, r);
}

void faulty_store_set_inner(Store *base, Store *inner) {
    ((FaultyStore *) base)->inner = inner;
    faulty_store_break_watches(base, -ECONNRESET);
}
