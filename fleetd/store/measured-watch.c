/* How far a watch is behind is known only from what this fleetd wrote itself: the answer to the
 * write says at which revision the watch must tell of it. Other revisions prove nothing, as they
 * may be those of keys that nobody watches. */
#include "fleetd/store/measured-internal.h"

#include "fleetd/store/store-request.h"

#include <errno.h>

static const MetricFamily lag = {
    "fleet_store_watch_lag_seconds",
    METRIC_HISTOGRAM,
    "Time from the answer to a write of this fleetd's own until a watch tells of it.",
    {},
};
static const MetricFamily behind = {
    "fleet_store_watch_behind_seconds",
    METRIC_GAUGE,
    "Age of the oldest write of this fleetd's own that a watch has not told of yet.",
    {},
};

void measured_watches_declare(MeasuredStore *store) {
    metrics_declare(store->metrics, &lag);
    metrics_declare(store->metrics, &behind);
}

static void watch_expect(MeasuredOp *watch, int64_t revision) {
    MeasuredStore *store = watch->store;
    if (revision < watch->start_revision || watch->awaited_revision != 0)
        return; /* one at a time tells enough */
    if (watch->seen_revision >= revision) {
        metrics_observe(store->metrics, &lag, NULL, 0);
        return;
    }
    watch->awaited_revision = revision;
    watch->awaited_since_usec = loop_now(store->loop);
}

void measured_watches_expect(MeasuredStore *store, const char *key, int64_t revision) {
    MeasuredOp *op;
    LIST_FOREACH (op, &store->ops, siblings)
        if (op->watch && store_watch_has(op->watch, key))
            watch_expect(op, revision);
}

void measured_watches_collect(Metrics *metrics, void *userdata) {
    MeasuredStore *store = userdata;
    usec_t now = loop_now(store->loop), longest = 0;
    MeasuredOp *op;
    LIST_FOREACH (op, &store->ops, siblings)
        if (op->awaited_revision != 0)
            longest = MAX(longest, now - op->awaited_since_usec);
    metrics_set(metrics, &behind, NULL, (double) longest / USEC_PER_SEC);
}

static void on_created(int64_t revision, void *userdata) {
    MeasuredOp *op = userdata;
    if (op->start_revision == INT64_MAX)
        op->start_revision = revision + 1;
    if (op->done.watch.on_created)
        op->done.watch.on_created(revision, op->userdata);
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    MeasuredOp *op = userdata;
    MeasuredStore *store = op->store;
    op->seen_revision = revision;
    if (op->awaited_revision != 0 && revision >= op->awaited_revision) {
        metrics_observe(store->metrics, &lag, NULL, loop_now(store->loop) - op->awaited_since_usec);
        op->awaited_revision = 0;
    }
    op->done.watch.on_events(events, n_events, revision, op->userdata);
}

static void on_closed(int r, void *userdata) {
    MeasuredOp op = *(MeasuredOp *) userdata;
    if (r < 0)
        measured_op_count(&op, r);
    measured_op_free(userdata);
    op.done.watch.on_closed(r, op.userdata);
}

int measured_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                   void *userdata, StoreOp **ret) {
    static const StoreWatchCallbacks through = {
        .on_created = on_created,
        .on_events = on_events,
        .on_closed = on_closed,
    };
    MeasuredStore *measured = (MeasuredStore *) store;
    MeasuredOp *op = measured_op_new(measured, "watch", NULL, userdata);
    if (!op)
        return -ENOMEM;
    op->start_revision = watch->start_revision ? watch->start_revision : INT64_MAX;
    op->done.watch = *callbacks;
    int r = store_watch_copy(watch, &op->watch);
    if (r >= 0)
        r = store_watch(measured->inner, watch, &through, op, &op->inner);
    if (r < 0) {
        measured_op_free(op);
        return r;
    }
    if (ret)
        *ret = &op->op;
    return 0;
}
