#include "tests/fakes/rewound-store.h"

#include <errno.h>

typedef struct RewoundStore {
    Store base;
    Store *inner;
    int64_t ahead;
    uint64_t history;
} RewoundStore;

typedef struct RewoundOp {
    StoreOp base;
    StoreOp *inner;
    StoreRangeDone on_range;
    StoreTxnDone on_txn;
    StoreWatchCallbacks watch;
    uint64_t watch_history;
    void *userdata;
} RewoundOp;

static int64_t ahead(const RewoundOp *op) {
    return ((RewoundStore *) op->base.store)->ahead;
}

static uint64_t history(const RewoundOp *op) {
    return ((RewoundStore *) op->base.store)->history;
}

static StoreEntry entry_told(const RewoundOp *op, const StoreEntry *entry) {
    StoreEntry told = *entry;
    told.create_revision += ahead(op);
    told.mod_revision += ahead(op);
    return told;
}

static RewoundOp *op_new(Store *store, void *userdata) {
    RewoundOp *op = calloc(1, sizeof(RewoundOp));
    if (!op)
        abort(); /* out of memory in a test */
    op->base.store = store;
    op->userdata = userdata;
    return op;
}

static int op_begun(int r, RewoundOp *op, StoreOp **ret) {
    if (r < 0)
        free(op);
    else if (ret)
        *ret = &op->base;
    return r;
}

static void rewound_cancel(StoreOp *base) {
    store_op_cancel(((RewoundOp *) base)->inner);
    free(base);
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    _cleanup_free_ RewoundOp *op = userdata;
    if (r < 0)
        return op->on_range(r, NULL, op->userdata);
    StoreRangeResult told = *result;
    _cleanup_free_ StoreEntry *entries = calloc(result->n_entries + 1, sizeof(StoreEntry));
    if (!entries)
        abort();
    for (size_t i = 0; i < result->n_entries; i++)
        entries[i] = entry_told(op, &result->entries[i]);
    told.entries = entries;
    told.revision += ahead(op);
    told.history = history(op);
    op->on_range(r, &told, op->userdata);
}

static int rewound_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                         StoreOp **ret) {
    RewoundOp *op = op_new(store, userdata);
    StoreRange inner = *range;
    if (inner.revision != 0)
        inner.revision -= ahead(op);
    op->on_range = done;
    return op_begun(store_range(((RewoundStore *) store)->inner, &inner, on_range, op, &op->inner),
                    op, ret);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    _cleanup_free_ RewoundOp *op = userdata;
    if (r < 0)
        return op->on_txn(r, NULL, op->userdata);
    StoreTxnResult told = *result;
    told.revision += ahead(op);
    op->on_txn(r, &told, op->userdata);
}

static int rewound_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                       StoreOp **ret) {
    RewoundOp *op = op_new(store, userdata);
    StoreCompare compares[STORE_TXN_MAX];
    StoreTxn inner = *txn;
    for (size_t i = 0; i < txn->n_compares && i < STORE_TXN_MAX; i++) {
        compares[i] = txn->compares[i];
        if (compares[i].target != STORE_COMPARE_LEASE && compares[i].number != 0)
            compares[i].number -= ahead(op);
    }
    inner.compares = compares;
    op->on_txn = done;
    return op_begun(store_txn(((RewoundStore *) store)->inner, &inner, on_txn, op, &op->inner), op,
                    ret);
}

static void on_closed(int r, void *userdata) {
    _cleanup_free_ RewoundOp *op = userdata;
    op->watch.on_closed(r, op->userdata);
}

static void on_created(int64_t revision, void *userdata) {
    RewoundOp *op = userdata;
    if (op->watch_history != 0 && op->watch_history != history(op)) {
        store_op_cancel(op->inner);
        on_closed(-ESTALE, op);
        return;
    }
    if (op->watch.on_created)
        op->watch.on_created(revision + ahead(op), op->userdata);
}

static void on_events(const StoreEvent *events, size_t n, int64_t revision, void *userdata) {
    RewoundOp *op = userdata;
    _cleanup_free_ StoreEvent *told = calloc(n + 1, sizeof(StoreEvent));
    if (!told)
        abort();
    for (size_t i = 0; i < n; i++)
        told[i] = (StoreEvent){.kind = events[i].kind, .entry = entry_told(op, &events[i].entry)};
    op->watch.on_events(told, n, revision + ahead(op), op->userdata);
}

static int rewound_watch(Store *store, const StoreWatch *watch,
                         const StoreWatchCallbacks *callbacks, void *userdata, StoreOp **ret) {
    static const StoreWatchCallbacks told = {
        .on_created = on_created, .on_events = on_events, .on_closed = on_closed};
    RewoundOp *op = op_new(store, userdata);
    StoreWatch inner = *watch;
    if (inner.start_revision != 0)
        inner.start_revision -= ahead(op);
    op->watch = *callbacks;
    op->watch_history = watch->history;
    return op_begun(store_watch(((RewoundStore *) store)->inner, &inner, &told, op, &op->inner), op,
                    ret);
}

/* Leases know no revisions. */

static int rewound_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                         StoreOp **ret) {
    return store_lease_grant(((RewoundStore *) store)->inner, ttl, done, userdata, ret);
}

static int rewound_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                         StoreOp **ret) {
    return store_lease_renew(((RewoundStore *) store)->inner, lease, done, userdata, ret);
}

static int rewound_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                          StoreOp **ret) {
    return store_lease_revoke(((RewoundStore *) store)->inner, lease, done, userdata, ret);
}

static void rewound_free(Store *store) {
    free(store);
}

void rewound_store_rewind(Store *store) {
    ((RewoundStore *) store)->ahead = 0;
}

void rewound_store_swap(Store *base, Store *inner) {
    RewoundStore *store = (RewoundStore *) base;
    store->inner = inner;
    store->ahead = 0;
}

void rewound_store_restore(Store *base, Store *inner) {
    rewound_store_swap(base, inner);
    ((RewoundStore *) base)->history++;
}

int rewound_store_new(Store *inner, int64_t ahead, Store **ret) {
    static const StoreVTable vtable = {
        .range = rewound_range,
        .txn = rewound_txn,
        .lease_grant = rewound_grant,
        .lease_renew = rewound_renew,
        .lease_revoke = rewound_revoke,
        .watch = rewound_watch,
        .cancel = rewound_cancel,
        .free = rewound_free,
    };
    RewoundStore *store = calloc(1, sizeof(RewoundStore));
    if (!store)
        return -ENOMEM;
    *store = (RewoundStore){.base.vtable = &vtable, .inner = inner, .ahead = ahead, .history = 1};
    *ret = &store->base;
    return 0;
}
