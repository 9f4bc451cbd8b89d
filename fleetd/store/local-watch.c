/* Watches. A watch knows the revision that it tells next, and takes the events out of the store's
 * past when its turn comes: one that is late is told more at once, one that is too late -ESTALE. */
#include "fleetd/store/local-internal.h"
#include "fleetd/store/store-request.h"

#include <errno.h>

typedef struct WatchOp {
    LocalOp op;
    StoreWatch *watch; /* its start_revision is what comes next; 0 until it stands */
    StoreWatchCallbacks callbacks;
    void *userdata;
    bool is_created;
} WatchOp;

static void watch_op_free(LocalOp *op) {
    free(((WatchOp *) op)->watch);
    free(op);
}

static void watch_close(WatchOp *watch, int r) {
    local_op_remove(&watch->op);
    if (watch->callbacks.on_closed)
        watch->callbacks.on_closed(r, watch->userdata);
    watch_op_free(&watch->op);
}

static void watch_create(WatchOp *watch, int64_t revision) {
    watch->is_created = true;
    if (watch->watch->start_revision <= 0)
        watch->watch->start_revision = revision + 1;
    if (watch->watch->start_revision <= revision)
        local_op_make_ready(&watch->op);
    if (watch->callbacks.on_created)
        watch->callbacks.on_created(revision, watch->userdata);
}

static void watch_tell(WatchOp *watch, VersionMap *versions) {
    _cleanup_free_ StoreEvent *events = NULL;
    size_t n_events = 0;
    int r = version_map_events(versions, watch->watch, &events, &n_events);
    if (r < 0) {
        watch_close(watch, r);
        return;
    }
    watch->watch->start_revision =
        MAX(watch->watch->start_revision, version_map_revision(versions) + 1);
    if (n_events > 0)
        watch->callbacks.on_events(events, n_events, events[n_events - 1].entry.mod_revision,
                                   watch->userdata);
}

static void watch_op_run(LocalOp *op) {
    WatchOp *watch = (WatchOp *) op;
    VersionMap *versions = local_op_store(op)->versions;
    int64_t start = watch->watch->start_revision;
    if (start > 0 && start <= version_map_compacted(versions))
        watch_close(watch, -ESTALE);
    else if (!watch->is_created)
        watch_create(watch, version_map_revision(versions));
    else
        watch_tell(watch, versions);
}

static const LocalOpKind watch_kind = {.run = watch_op_run, .free = watch_op_free};

static bool watch_concerns(const WatchOp *watch, const StoreChange *changes, size_t n_changes) {
    for (size_t i = 0; i < n_changes; i++)
        if (store_watch_has(watch->watch, changes[i].entry->key))
            return true;
    return false;
}

void local_watches_notify(LocalStore *store, const StoreChange *changes, size_t n_changes) {
    int64_t revision = version_map_revision(store->versions) + 1;
    LocalOp *op;
    TAILQ_FOREACH(op, &store->ops, all_link) {
        WatchOp *watch = (WatchOp *) op;
        if (op->kind != &watch_kind || op->is_ready || watch->watch->start_revision > revision)
            continue;
        if (watch_concerns(watch, changes, n_changes))
            local_op_make_ready(op);
        else
            watch->watch->start_revision = revision + 1; /* nothing for it up to there */
    }
}

int local_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                void *userdata, StoreOp **ret) {
    _cleanup_free_ WatchOp *op = malloc(sizeof(WatchOp));
    if (!op)
        return -ENOMEM;
    *op = (WatchOp){.callbacks = *callbacks, .userdata = userdata};
    int r = store_watch_copy(watch, &op->watch);
    if (r < 0)
        return r;
    local_op_begin((LocalStore *) store, &TAKE_PTR(op)->op, &watch_kind, ret);
    return 0;
}
