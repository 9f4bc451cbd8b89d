/* Operations are taken one a turn of the loop, in order; a turn ends with the callback, so that a
 * callback may do anything, also free the store. A transaction takes effect in its turn, not when
 * it is asked for: what is cancelled before has not happened. */
#include "fleetd/store/local-internal.h"

#include <errno.h>

void local_op_make_ready(LocalOp *op) {
    LocalStore *store = local_op_store(op);
    if (op->is_ready)
        return;
    op->is_ready = true;
    TAILQ_INSERT_TAIL(&store->ready, op, ready_link);
    timer_start_if_idle(store->turn, 0);
}

static void take_turn(void *userdata) {
    LocalStore *store = userdata;
    LocalOp *op = TAILQ_FIRST(&store->ready);
    if (!op)
        return;
    TAILQ_REMOVE(&store->ready, op, ready_link);
    op->is_ready = false;
    if (!TAILQ_EMPTY(&store->ready))
        timer_start(store->turn, 0);
    op->kind->run(op);
}

void local_op_begin(LocalStore *store, LocalOp *op, const LocalOpKind *kind, StoreOp **ret) {
    op->op.store = &store->store;
    op->kind = kind;
    op->is_ready = false;
    TAILQ_INSERT_TAIL(&store->ops, op, all_link);
    local_op_make_ready(op);
    if (ret)
        *ret = &op->op;
}

void local_op_remove(LocalOp *op) {
    LocalStore *store = local_op_store(op);
    TAILQ_REMOVE(&store->ops, op, all_link);
    if (op->is_ready)
        TAILQ_REMOVE(&store->ready, op, ready_link);
}

static void local_cancel(StoreOp *op) {
    LocalOp *local = (LocalOp *) op;
    local_op_remove(local);
    local->kind->free(local);
}

int local_store_commit(LocalStore *store) {
    size_t n = 0;
    const StoreChange *changes = version_map_staged(store->versions, &n);
    if (n == 0)
        return 0;
    int r = store->backend
                ? store->backend->commit(store->backend_userdata,
                                         version_map_revision(store->versions) + 1, changes, n)
                : 0;
    if (r < 0) {
        version_map_drop(store->versions);
        return r;
    }
    local_leases_update(store, changes, n);
    local_watches_notify(store, changes, n);
    version_map_apply(store->versions);
    return 0;
}

static void local_free(Store *base) {
    LocalStore *store = (LocalStore *) base;
    LocalOp *op;
    while ((op = TAILQ_FIRST(&store->ops)))
        local_cancel(&op->op);
    map_free(store->leases);
    timer_free(store->turn);
    version_map_free(store->versions);
    if (store->backend)
        store->backend->free(store->backend_userdata);
    free(store);
}

static const StoreVTable local_vtable = {
    .range = local_range,
    .txn = local_txn,
    .lease_grant = local_lease_grant,
    .lease_renew = local_lease_renew,
    .lease_revoke = local_lease_revoke,
    .watch = local_watch,
    .cancel = local_cancel,
    .free = local_free,
};

static void free_lease(void *lease) {
    local_lease_free(lease);
}

int local_store_new_take(Loop *loop, VersionMap *versions, const LocalBackend *backend,
                         void *userdata, Store **ret) {
    _cleanup_(store_freep) Store *base = calloc(1, sizeof(LocalStore));
    LocalStore *store = (LocalStore *) base;
    if (!store)
        return -ENOMEM;
    store->store.vtable = &local_vtable;
    store->loop = loop;
    TAILQ_INIT(&store->ops);
    TAILQ_INIT(&store->ready);
    store->leases = map_new(free_lease);
    if (!store->leases)
        return -ENOMEM;
    int r = timer_new(loop, take_turn, store, &store->turn);
    if (r < 0)
        return r;
    store->versions = versions;
    store->backend = backend;
    store->backend_userdata = userdata;
    *ret = TAKE_PTR(base);
    return 0;
}

void local_store_compact(Store *store, int64_t revision) {
    version_map_compact(((LocalStore *) store)->versions, revision);
}
