#include "tests/fakes/gated-store.h"

#include <assert.h>

typedef struct GatedOp {
    StoreOp op;
    GatedStore *gated;
    GateKind kind;
    int r;
    union {
        StoreRangeDone range;
        StoreTxnDone txn;
        StoreWatchCallbacks watch;
    } done;
    void *userdata;
    StoreOp *inner; /* of a watch */
    Timer *timer;   /* of an answer of the gate's own */
    struct GatedOp *next;
} GatedOp;

static GatedStore *gated_of(Store *store) {
    return (GatedStore *) store;
}

static void op_free(GatedOp *op) {
    for (GatedOp **p = &op->gated->watches; *p; p = &(*p)->next)
        if (*p == op) {
            *p = op->next;
            break;
        }
    timer_free(op->timer);
    free(op);
}

static void op_answer(void *userdata) {
    GatedOp op = *(GatedOp *) userdata;
    op_free(userdata);
    if (op.kind == GATE_RANGE)
        op.done.range(op.r, NULL, op.userdata);
    else if (op.kind == GATE_TXN)
        op.done.txn(op.r, NULL, op.userdata);
    else
        op.done.watch.on_closed(op.r, op.userdata);
}

static GatedOp *op_new(GatedStore *gated, GateKind kind, void *userdata, StoreOp **ret) {
    GatedOp *op = calloc(1, sizeof(GatedOp));
    assert(op);
    op->op.store = &gated->store;
    op->gated = gated;
    op->kind = kind;
    op->userdata = userdata;
    op->r = gated->gates[kind];
    if (op->r < 0) {
        timer_new(gated->loop, op_answer, op, &op->timer);
        timer_start(op->timer, 0);
    }
    if (ret)
        *ret = &op->op;
    return op;
}

static int gated_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                       StoreOp **ret) {
    GatedStore *gated = gated_of(store);
    gated->counts[GATE_RANGE]++;
    if (gated->gates[GATE_RANGE] == GATE_OPEN)
        return store_range(gated->inner, range, done, userdata, ret);
    op_new(gated, GATE_RANGE, userdata, ret)->done.range = done;
    return 0;
}

static void on_swallowed(int r, const StoreTxnResult *result, void *userdata) {
}

static int gated_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                     StoreOp **ret) {
    GatedStore *gated = gated_of(store);
    gated->counts[GATE_TXN]++;
    if (gated->before_txn)
        gated->before_txn(gated, gated->userdata);
    if (gated->gates[GATE_TXN] == GATE_OPEN)
        return store_txn(gated->inner, txn, done, userdata, ret);
    if (gated->gates[GATE_TXN] == GATE_SWALLOWED)
        store_txn(gated->inner, txn, on_swallowed, NULL, NULL);
    op_new(gated, GATE_TXN, userdata, ret)->done.txn = done;
    return 0;
}

static void on_created(int64_t revision, void *userdata) {
    GatedOp *op = userdata;
    if (op->done.watch.on_created)
        op->done.watch.on_created(revision, op->userdata);
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    GatedOp *op = userdata;
    op->done.watch.on_events(events, n_events, revision, op->userdata);
}

static void on_closed(int r, void *userdata) {
    GatedOp *op = userdata;
    op->r = r;
    op_answer(op);
}

static int gated_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                       void *userdata, StoreOp **ret) {
    static const StoreWatchCallbacks through = {
        .on_created = on_created,
        .on_events = on_events,
        .on_closed = on_closed,
    };
    GatedStore *gated = gated_of(store);
    gated->counts[GATE_WATCH]++;
    GatedOp *op = op_new(gated, GATE_WATCH, userdata, ret);
    op->done.watch = *callbacks;
    op->next = gated->watches;
    gated->watches = op;
    return op->r == GATE_OPEN ? store_watch(gated->inner, watch, &through, op, &op->inner) : 0;
}

static int gated_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                             StoreOp **ret) {
    return store_lease_grant(gated_of(store)->inner, ttl, done, userdata, ret);
}

static int gated_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                             StoreOp **ret) {
    return store_lease_renew(gated_of(store)->inner, lease, done, userdata, ret);
}

static int gated_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                              StoreOp **ret) {
    return store_lease_revoke(gated_of(store)->inner, lease, done, userdata, ret);
}

static void gated_cancel(StoreOp *store_op) {
    GatedOp *op = (GatedOp *) store_op;
    store_op_cancel(op->inner);
    op_free(op);
}

static void gated_free(Store *store) {
    assert(!gated_of(store)->watches);
    free(store);
}

GatedStore *gated_store_new(Store *inner, Loop *loop) {
    static const StoreVTable vtable = {
        .range = gated_range,
        .txn = gated_txn,
        .lease_grant = gated_lease_grant,
        .lease_renew = gated_lease_renew,
        .lease_revoke = gated_lease_revoke,
        .watch = gated_watch,
        .cancel = gated_cancel,
        .free = gated_free,
    };
    GatedStore *gated = calloc(1, sizeof(GatedStore));
    assert(gated);
    gated->store.vtable = &vtable;
    gated->inner = inner;
    gated->loop = loop;
    return gated;
}

void gated_store_break(GatedStore *gated, int r) {
    while (gated->watches) {
        GatedOp *op = gated->watches;
        store_op_cancel(op->inner);
        op->r = r;
        op_answer(op);
    }
}
