#include "tests/bench/watch-meter.h"

#include <errno.h>
#include <sys/queue.h>

typedef struct Meter Meter;

typedef struct MeteredWatch {
    StoreOp op;
    StoreOp *inner;
    Meter *meter;
    StoreWatchCallbacks callbacks;
    void *userdata;
    LIST_ENTRY(MeteredWatch) siblings;
} MeteredWatch;

struct Meter {
    Store store;
    Store *inner;
    WatchCount *count;
    LIST_HEAD(, MeteredWatch) watches;
};

static Store *inner_of(Store *store) {
    return ((Meter *) store)->inner;
}

/* What has one answer is the inner store's own operation, and so is its cancellation. */
static int meter_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                       StoreOp **ret) {
    return store_range(inner_of(store), range, done, userdata, ret);
}

static int meter_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                     StoreOp **ret) {
    return store_txn(inner_of(store), txn, done, userdata, ret);
}

static int meter_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                             StoreOp **ret) {
    return store_lease_grant(inner_of(store), ttl, done, userdata, ret);
}

static int meter_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                             StoreOp **ret) {
    return store_lease_renew(inner_of(store), lease, done, userdata, ret);
}

static int meter_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                              StoreOp **ret) {
    return store_lease_revoke(inner_of(store), lease, done, userdata, ret);
}

static void watch_free(MeteredWatch *watch) {
    LIST_REMOVE(watch, siblings);
    free(watch);
}

static void on_created(int64_t revision, void *userdata) {
    MeteredWatch *watch = userdata;
    if (watch->callbacks.on_created)
        watch->callbacks.on_created(revision, watch->userdata);
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    MeteredWatch *watch = userdata;
    for (size_t i = 0; i < n_events; i++)
        watch->meter->count->n_bytes += strlen(events[i].entry.key) + events[i].entry.value_size;
    watch->meter->count->n_events += n_events;
    watch->callbacks.on_events(events, n_events, revision, watch->userdata);
}

static void on_closed(int r, void *userdata) {
    MeteredWatch watch = *(MeteredWatch *) userdata;
    watch_free(userdata);
    watch.callbacks.on_closed(r, watch.userdata);
}

static int meter_watch(Store *store, const StoreWatch *options,
                       const StoreWatchCallbacks *callbacks, void *userdata, StoreOp **ret) {
    static const StoreWatchCallbacks own = {on_created, on_events, on_closed};
    Meter *meter = (Meter *) store;
    MeteredWatch *watch = calloc(1, sizeof(MeteredWatch));
    if (!watch)
        return -ENOMEM;
    *watch = (MeteredWatch){
        .op = {store}, .meter = meter, .callbacks = *callbacks, .userdata = userdata};
    LIST_INSERT_HEAD(&meter->watches, watch, siblings);
    int r = store_watch(meter->inner, options, &own, watch, &watch->inner);
    if (r < 0)
        watch_free(watch);
    else if (ret)
        *ret = &watch->op;
    return r;
}

static void meter_cancel(StoreOp *op) {
    MeteredWatch *watch = (MeteredWatch *) op;
    store_op_cancel(watch->inner);
    watch_free(watch);
}

static void meter_free(Store *store) {
    Meter *meter = (Meter *) store;
    while (!LIST_EMPTY(&meter->watches))
        meter_cancel(&LIST_FIRST(&meter->watches)->op);
    free(meter);
}

int watch_meter_new(Store *inner, WatchCount *count, Store **ret) {
    static const StoreVTable vtable = {
        .range = meter_range,
        .txn = meter_txn,
        .lease_grant = meter_lease_grant,
        .lease_renew = meter_lease_renew,
        .lease_revoke = meter_lease_revoke,
        .watch = meter_watch,
        .cancel = meter_cancel,
        .free = meter_free,
    };
    Meter *meter = calloc(1, sizeof(Meter));
    if (!meter)
        return -ENOMEM;
    meter->store.vtable = &vtable;
    meter->inner = inner;
    meter->count = count;
    *ret = &meter->store;
    return 0;
}
