#include "fleetd/engine/collector.h"

#include "fleetd/base/map.h"
#include "fleetd/engine/version-files.h"
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

    /* Of what was unused twice, likewise: */
    Map *kept;         /* versions have it */
    uint64_t releases; /* of the feed, when that was found out: until the next it is true */
    Map *doubtful;     /* that is being found out */
    Map *doomed;       /* no version has it */
    VersionFiles *versions;
    StoreOp *op;
};

/* What is unused now, and what follows from that. */
typedef struct Look {
    Collector *collector;
    Map *unused;
    Map *doubtful;
    char *doomed; /* the one to delete now */
    int64_t mod_revision;
    bool has_new; /* there is some that was not seen before */
    int result;
} Look;

static bool has_at(const Map *map, const char *hash, int64_t mod_revision) {
    return (int64_t) (intptr_t) map_get(map, hash) == mod_revision;
}

static int note(Map *map, const char *hash, int64_t mod_revision) {
    return map_put(map, hash, (void *) (intptr_t) mod_revision);
}

static int look_at(Look *look, const char *hash, int64_t mod_revision) {
    Collector *collector = look->collector;
    if (!has_at(collector->seen, hash, mod_revision)) {
        look->has_new = true;
        return 0;
    }
    if (has_at(collector->kept, hash, mod_revision))
        return 0;
    if (!has_at(collector->doomed, hash, mod_revision))
        return note(look->doubtful, hash, mod_revision);
    if (look->doomed)
        return 0;
    look->doomed = strdup(hash);
    look->mod_revision = mod_revision;
    return look->doomed ? 0 : -ENOMEM;
}

static void on_unused(const char *hash, int64_t mod_revision, void *userdata) {
    Look *look = userdata;
    int r = note(look->unused, hash, mod_revision);
    if (r >= 0)
        r = look_at(look, hash, mod_revision);
    if (r < 0)
        look->result = r;
}

/* Refused: the feed is behind the store, and would name the same file again. */
static void on_deleted(int r, const StoreTxnResult *result, void *userdata) {
    Collector *collector = userdata;
    collector->op = NULL;
    timer_start(collector->timer, r < 0 || !result->succeeded ? DELAY_USEC : NEXT_USEC);
}

static int collector_delete(Collector *collector, const Look *look) {
    _cleanup_free_ char *key = key_file(look->doomed);
    if (!key)
        return -ENOMEM;
    StoreCompare compares[] = {
        leadership_fence(collector->leadership),
        {.key = key, .target = STORE_COMPARE_MOD_REVISION, .number = look->mod_revision},
    };
    StoreWrite write = {.kind = STORE_DELETE, .key = key};
    StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &write, .n_writes = 1};
    map_remove(collector->seen, look->doomed);
    map_remove(collector->doomed, look->doomed);
    return store_txn(collector->store, &txn, on_deleted, collector, &collector->op);
}

/* What is not among the kept now is doomed: a version that comes to have it is written together
 * with it, so that the file has another revision then. */
static void on_versions(int r, void *userdata) {
    Collector *collector = userdata;
    const char *hash;
    void *mod_revision;
    version_files_free(TAKE_PTR(collector->versions));
    MAP_FOREACH (hash, mod_revision, collector->doubtful) {
        if (r >= 0)
            r = map_put(collector->doomed, hash, mod_revision);
        map_remove(collector->kept, hash);
    }
    if (r < 0)
        map_clear(collector->kept);
    timer_start(collector->timer, r < 0 ? DELAY_USEC : NEXT_USEC);
}

static int collector_find_kept(Collector *collector, Look *look) {
    const char *hash;
    void *mod_revision;
    map_free(collector->doubtful);
    collector->doubtful = TAKE_PTR(look->doubtful);
    collector->releases = feed_releases(collector->feed);
    MAP_FOREACH (hash, mod_revision, collector->doubtful) {
        int r = map_put(collector->kept, hash, mod_revision);
        if (r < 0)
            return r;
    }
    return version_files_new(collector->store, collector->doubtful, on_versions, collector,
                             &collector->versions);
}

/* As long as there is something to delete the looks follow each other at once; what they see for
 * the first time has to wait until that is done. */
static int collector_act(Collector *collector, Look *look) {
    if (look->result < 0)
        return look->result;
    if (look->doomed)
        return collector_delete(collector, look);
    map_clear(collector->doomed); /* others are in use again */
    if (map_size(look->doubtful) > 0)
        return collector_find_kept(collector, look);
    map_free(collector->seen);
    collector->seen = TAKE_PTR(look->unused);
    if (look->has_new)
        timer_start(collector->timer, DELAY_USEC);
    return 0;
}

static int collector_try(Collector *collector) {
    Look look = {
        .collector = collector,
        .unused = map_new(NULL),
        .doubtful = map_new(NULL),
    };
    if (collector->releases != feed_releases(collector->feed))
        map_clear(collector->kept);
    int r = -ENOMEM;
    if (look.unused && look.doubtful) {
        feed_each_unused_file(collector->feed, on_unused, &look);
        r = collector_act(collector, &look);
    }
    if (r < 0)
        map_clear(collector->kept); /* it may have what was not found out */
    map_free(look.unused);
    map_free(look.doubtful);
    free(look.doomed);
    return r;
}

static void on_timer(void *userdata) {
    Collector *collector = userdata;
    if (collector->op || collector->versions)
        return; /* its end looks again */
    int r = leadership_is_sure(collector->leadership) ? collector_try(collector) : -ENOTCONN;
    if (r < 0)
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
    *collector = (Collector){
        .store = store,
        .leadership = leadership,
        .feed = feed,
        .seen = map_new(NULL),
        .kept = map_new(NULL),
        .doomed = map_new(NULL),
    };
    if (!collector->seen || !collector->kept || !collector->doomed)
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
    version_files_free(collector->versions);
    timer_free(collector->timer);
    map_free(collector->seen);
    map_free(collector->kept);
    map_free(collector->doubtful);
    map_free(collector->doomed);
    free(collector);
}
