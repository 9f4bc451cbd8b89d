/* Ranges and transactions. */
#include "fleetd/store/local-internal.h"
#include "fleetd/store/store-request.h"

#include <errno.h>

typedef struct RangeOp {
    LocalOp op;
    StoreRange *range;
    StoreRangeDone done;
    void *userdata;
} RangeOp;

typedef struct TxnOp {
    LocalOp op;
    StoreTxn *txn;
    StoreTxnDone done;
    void *userdata;
} TxnOp;

static void range_op_free(LocalOp *op) {
    free(((RangeOp *) op)->range);
    free(op);
}

static void range_op_run(LocalOp *op) {
    RangeOp *range = (RangeOp *) op;
    StoreRangeResult result = {};
    int r = version_map_range(local_op_store(op)->versions, range->range, &result);
    local_op_remove(op);
    range->done(r, r < 0 ? NULL : &result, range->userdata);
    free((void *) result.entries);
    range_op_free(op);
}

int local_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                StoreOp **ret) {
    static const LocalOpKind kind = {.run = range_op_run, .free = range_op_free};
    _cleanup_free_ RangeOp *op = malloc(sizeof(RangeOp));
    if (!op)
        return -ENOMEM;
    *op = (RangeOp){.done = done, .userdata = userdata};
    int r = store_range_copy(range, &op->range);
    if (r < 0)
        return r;
    local_op_begin((LocalStore *) store, &TAKE_PTR(op)->op, &kind, ret);
    return 0;
}

/* An absent key compares as one whose numbers are 0. */
static bool compare_holds(LocalStore *store, const StoreCompare *compare) {
    static const StoreEntry absent = {};
    const StoreEntry *entry = version_map_get(store->versions, compare->key);
    if (!entry)
        entry = &absent;
    switch (compare->target) {
    case STORE_COMPARE_CREATE_REVISION:
        return entry->create_revision == compare->number;
    case STORE_COMPARE_MOD_REVISION:
        return entry->mod_revision == compare->number;
    case STORE_COMPARE_LEASE:
        return entry->lease == compare->number;
    }
    return false;
}

static bool compares_hold(LocalStore *store, const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_compares; i++)
        if (!compare_holds(store, &txn->compares[i]))
            return false;
    return true;
}

static int stage_put(LocalStore *store, const StoreWrite *write) {
    if (write->lease != 0) {
        Lease *lease = local_lease_find(store, write->lease);
        int r = lease ? local_lease_attach(lease, write->key) : -ENOKEY;
        if (r < 0)
            return r;
    }
    return version_map_stage_put(store->versions, write);
}

static int stage_write(LocalStore *store, const StoreWrite *write) {
    if (write->only_with && !version_map_get(store->versions, write->only_with))
        return 0;
    switch (write->kind) {
    case STORE_PUT:
        return stage_put(store, write);
    case STORE_DELETE:
        return version_map_stage_delete(store->versions, write->key);
    case STORE_DELETE_PREFIX:
        return version_map_stage_delete_prefix(store->versions, write->key);
    }
    return -EINVAL;
}

static int txn_do_writes(LocalStore *store, const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_writes; i++) {
        int r = stage_write(store, &txn->writes[i]);
        if (r < 0) {
            version_map_drop(store->versions);
            return r;
        }
    }
    return local_store_commit(store);
}

static void txn_op_free(LocalOp *op) {
    free(((TxnOp *) op)->txn);
    free(op);
}

static void txn_op_run(LocalOp *op) {
    TxnOp *txn = (TxnOp *) op;
    LocalStore *store = local_op_store(op);
    int64_t before = version_map_revision(store->versions);
    StoreTxnResult result = {.succeeded = compares_hold(store, txn->txn)};
    int r = result.succeeded ? txn_do_writes(store, txn->txn) : 0;
    result.revision = version_map_revision(store->versions);
    result.has_changed = result.revision != before;
    local_op_remove(op);
    txn->done(r, r < 0 ? NULL : &result, txn->userdata);
    txn_op_free(op);
}

int local_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata, StoreOp **ret) {
    static const LocalOpKind kind = {.run = txn_op_run, .free = txn_op_free};
    int r = store_txn_check(txn);
    if (r < 0)
        return r;
    _cleanup_free_ TxnOp *op = malloc(sizeof(TxnOp));
    if (!op)
        return -ENOMEM;
    *op = (TxnOp){.done = done, .userdata = userdata};
    r = store_txn_copy(txn, &op->txn);
    if (r < 0)
        return r;
    local_op_begin((LocalStore *) store, &TAKE_PTR(op)->op, &kind, ret);
    return 0;
}
