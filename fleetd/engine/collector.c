#include "fleetd/engine/collector.h"

#include "fleetd/base/map.h"
#include "fleetd/model/keys.h"

#include <errno.h>

#define DELAY_USEC (60 * USEC_PER_SEC)
#define NEXT_USEC USEC_PER_MSEC /* from one file to the next */

struct Collector {
    Store *store;
    const Leadership *leadership;
    const Feed *feed;
    Timer *timer;
    Map *seen; /* hash -> mod revision, unused DELAY_USEC ago: only what was unused twice goes */
    StoreOp *op;
};

typedef struct Look {
    Collector *collector;
    Map *unused;
    char *hash; /* the one to delete now */
    int64_t mod_revision;
    int result;
} Look;

static void on_unused(const char *hash, int64_t mod_revision, void *userdata) {
    Look *look = userdata;
    bool was_seen = (int64_t) (intptr_t) map_get(look->collector->seen, hash) == mod_revision;
    if (map_put(look->unused, hash, (void *) (intptr_t) mod_revision) < 0)
        look->result = -ENOMEM;
    if (!was_seen || look->hash)
        return;
    look->hash = strdup(hash);
    look->mod_revision = mod_revision;
}

/* Refused: the feed is behind the store, and would name the same file again. */
static void on_deleted(int r, const StoreTxnResult *result, void *userdata) {
    Collector *collector = userdata;
    collector->op = NULL;
    timer_start(collector->timer, r < 0 || !result->succeeded ? DELAY_USEC : NEXT_USEC);
}

static int collector_delete(Collector *collector, const Look *look) {
    _cleanup_free_ char *key = key_file(look->hash);
    if (!key)
        return -ENOMEM;
    StoreCompare compares[] = {
        leadership_fence(collector->leadership),
        {.key = key, .target = STORE_COMPARE_MOD_REVISION, .number = look->mod_revision},
    };
    StoreWrite write = {.kind = STORE_DELETE, .key = key};
    StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &write, .n_writes = 1};
    return store_txn(collector->store, &txn, on_deleted, collector, &collector->op);
}

/* As long as there is something to delete the looks follow each other at once; what they see for
 * the first time has to wait until that is done. */
static int collector_try(Collector *collector) {
    Look look = {.collector = collector, .unused = map_new(NULL)};
    if (!look.unused)
        return -ENOMEM;
    feed_each_unused_file(collector->feed, on_unused, &look);
    int r = look.result;
    if (r >= 0 && look.hash) {
        map_remove(collector->seen, look.hash);
        r = collector_delete(collector, &look);
    } else if (r >= 0) {
        map_free(collector->seen);
        collector->seen = TAKE_PTR(look.unused);
    }
    map_free(look.unused);
    free(look.hash);
    return r;
}

/* Looks on as long as anything is unused, or could not be looked at: there may be no event to look
 * after. */
static void on_timer(void *userdata) {
    Collector *collector = userdata;
    if (collector->op)
        return; /* its end looks again */
    int r = leadership_is_sure(collector->leadership) ? collector_try(collector) : -ENOTCONN;
    if (!collector->op && (r < 0 || map_size(collector->seen) > 0))
        timer_start(collector->timer, DELAY_USEC);
}

void collector_look(Collector *collector) {
    timer_start_if_idle(collector->timer, DELAY_USEC);
}

int collector_new(Store *store, Loop *loop, const Leadership *leadership, const Feed *feed,
                  Collector **ret) {
    _cleanup_(collector_freep) Collector *collector = calloc(1, sizeof(Collector));
    if (!collector)
        return -ENOMEM;
    *collector =
        (Collector){.store = store, .leadership = leadership, .feed = feed, .seen = map_new(NULL)};
    if (!collector->seen)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, collector, &collector->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(collector);
    return 0;
}

void collector_free(Collector *collector) {
    if (!collector)
        return;
    store_op_cancel(collector->op);
    timer_free(collector->timer);
    map_free(collector->seen);
    free(collector);
}
