#include "fleetd/agent/publisher.h"

#include "fleetd/agent/pace.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/net/backoff.h"

#include <errno.h>

#define BATCH_MAX 100 /* under STORE_TXN_MAX, with room for comparisons */
#define BATCH_BYTES_MAX \
    ((size_t) 256 * 1024) /* but one value, of any size: etcd refuses requests over 1.5 MiB */
#define RETRY_USEC (500 * USEC_PER_MSEC)
/* The store works on a write also when nobody waits for it any more, and all is written anew. */
#define RETRY_LATE_MAX_USEC (4 * USEC_PER_SEC)
#define PASSING_USEC (100 * USEC_PER_MSEC) /* most starts are over by then */

typedef struct Publication {
    char *value; /* NULL: to be deleted */
    bool is_in_flight;
} Publication;

struct Publisher {
    Store *store;
    Loop *loop;
    PublisherCallbacks callbacks;
    void *userdata;
    char *machine_key;
    int64_t lease;
    StoreCompare fence; /* of machine_key */
    Map *publications;  /* by key */
    Map *dirty;         /* keys of those that the store does not have yet */
    bool is_all_dirty;  /* all of them are, whether they stand there or not */
    unsigned n_late;    /* writes in a row that were not answered in time */
    Timer *timer;
    StoreOp *op;
    bool may_wait;     /* the timer is armed for the sake of passing values alone */
    bool is_rewriting; /* under a new place, all that there is: nothing gathers */
    Pace pace;
};

/* At that time, whatever else it was armed for. */
static void publisher_write_after(Publisher *publisher, usec_t delay_usec) {
    publisher->may_wait = false;
    timer_start(publisher->timer, delay_usec);
}

static usec_t publisher_pause(const Publisher *publisher) {
    if (publisher->is_rewriting)
        return 0;
    return pace_delay(&publisher->pace, loop_now(publisher->loop));
}

static void publisher_wake(Publisher *publisher) {
    if (!publisher->timer->is_armed || publisher->may_wait)
        publisher_write_after(publisher, publisher_pause(publisher));
}

static void publisher_wake_later(Publisher *publisher) {
    if (publisher->timer->is_armed)
        return;
    publisher_write_after(publisher, MAX(publisher_pause(publisher), PASSING_USEC));
    publisher->may_wait = true;
}

static void publication_free(void *p) {
    Publication *publication = p;
    free(publication->value);
    free(publication);
}

bool publisher_is_idle(const Publisher *publisher) {
    return map_size(publisher->dirty) == 0 && !publisher->op && !publisher->is_all_dirty;
}

/* Written values stay dirty if they changed meanwhile: setting them clears the mark of being in
 * flight. */
static void publisher_settle(Publisher *publisher, bool is_written) {
    _cleanup_free_ const char **keys = NULL;
    if (map_sorted_keys(publisher->dirty, &keys) < 0)
        return; /* they are written once more */
    for (const char **key = keys; *key; key++) {
        Publication *publication = map_get(publisher->publications, *key);
        bool is_settled = is_written && publication->is_in_flight;
        publication->is_in_flight = false;
        if (!is_settled)
            continue;
        if (!publication->value)
            map_remove(publisher->publications, *key);
        map_remove(publisher->dirty, *key);
    }
}

static void publisher_tell_idle(Publisher *publisher) {
    publisher->is_rewriting = false;
    if (publisher->callbacks.on_idle)
        publisher->callbacks.on_idle(publisher->userdata);
}

static usec_t publisher_delay(const Publisher *publisher, usec_t otherwise_usec) {
    if (publisher->n_late == 0)
        return otherwise_usec;
    return backoff_delay(publisher->loop, publisher->n_late - 1, RETRY_USEC, RETRY_LATE_MAX_USEC);
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Publisher *publisher = userdata;
    publisher->op = NULL;
    pace_end(&publisher->pace, loop_now(publisher->loop));
    publisher->n_late = r == -ETIMEDOUT ? publisher->n_late + 1 : 0;
    bool is_refused = r == -ENOKEY || (r >= 0 && !result->succeeded);
    publisher_settle(publisher, r >= 0 && !is_refused);
    if (is_refused) {
        publisher->lease = 0;
        publisher->callbacks.on_refused(publisher->userdata);
    } else if (r < 0) {
        publisher_write_after(publisher, publisher_delay(publisher, RETRY_USEC));
        publisher->callbacks.on_unsure(publisher->userdata);
    } else if (map_size(publisher->dirty) > 0)
        publisher_wake(publisher);
    else
        publisher_tell_idle(publisher);
}

static size_t publisher_collect(Publisher *publisher, StoreWrite *writes) {
    size_t n = 0, n_bytes = 0;
    const char *key;
    _unused_ void *value;
    MAP_FOREACH (key, value, publisher->dirty) {
        Publication *publication = map_get(publisher->publications, key);
        n_bytes += publication->value ? strlen(publication->value) : 0;
        if (n == BATCH_MAX || (n > 0 && n_bytes > BATCH_BYTES_MAX))
            break;
        writes[n++] = (StoreWrite){
            .kind = publication->value ? STORE_PUT : STORE_DELETE,
            .key = key,
            .value = publication->value,
            .lease = publication->value ? publisher->lease : 0,
        };
        publication->is_in_flight = true;
    }
    return n;
}

static int publisher_make_all_dirty(Publisher *publisher) {
    const char *key;
    _unused_ void *value;
    MAP_FOREACH (key, value, publisher->publications) {
        int r = map_put(publisher->dirty, key, NULL);
        if (r < 0)
            return r;
    }
    publisher->is_all_dirty = false;
    return 0;
}

/* The comparison keeps a fleetd that was paused, and lost its place to a successor, from writing
 * over the successor's states; and a write that comes late from undoing a newer one. */
static void on_timer(void *userdata) {
    Publisher *publisher = userdata;
    if (publisher->op || publisher->lease == 0 || publisher_is_idle(publisher))
        return;
    if (publisher->is_all_dirty && publisher_make_all_dirty(publisher) < 0) {
        publisher_write_after(publisher, RETRY_USEC);
        return;
    }
    if (map_size(publisher->dirty) == 0) {
        publisher_tell_idle(publisher);
        return;
    }
    StoreWrite writes[BATCH_MAX];
    StoreTxn txn = {
        .compares = &publisher->fence,
        .n_compares = 1,
        .writes = writes,
        .n_writes = publisher_collect(publisher, writes),
    };
    int r = store_txn(publisher->store, &txn, on_written, publisher, &publisher->op);
    if (r >= 0) {
        pace_begin(&publisher->pace, loop_now(publisher->loop));
    } else {
        publisher_settle(publisher, false);
        publisher_write_after(publisher, RETRY_USEC);
    }
}

static int publisher_add(Publisher *publisher, const char *key, Publication **ret) {
    Publication *publication = map_get(publisher->publications, key);
    if (!publication) {
        publication = calloc(1, sizeof(Publication));
        if (!publication || map_put(publisher->publications, key, publication) < 0) {
            free(publication);
            return -ENOMEM;
        }
    }
    *ret = publication;
    return 0;
}

static int publisher_change(Publisher *publisher, const char *key, const char *value,
                            void (*wake)(Publisher *publisher)) {
    Publication *publication = map_get(publisher->publications, key);
    if (streq_ptr(publication ? publication->value : NULL, value))
        return 0;
    int r = publisher_add(publisher, key, &publication);
    if (r < 0)
        return r;
    r = map_put(publisher->dirty, key, NULL);
    if (r < 0)
        return r;
    r = str_replace(&publication->value, value);
    if (r < 0)
        return r;
    publication->is_in_flight = false;
    wake(publisher);
    return 0;
}

int publisher_set(Publisher *publisher, const char *key, const char *value) {
    return publisher_change(publisher, key, value, publisher_wake);
}

int publisher_set_passing(Publisher *publisher, const char *key, const char *value) {
    return publisher_change(publisher, key, value, publisher_wake_later);
}

static void publisher_move(Publisher *publisher, int64_t lease, StoreCompareTarget target,
                           int64_t number) {
    store_op_cancel(TAKE_PTR(publisher->op));
    publisher_settle(publisher, false);
    publisher->lease = lease;
    publisher->fence =
        (StoreCompare){.key = publisher->machine_key, .target = target, .number = number};
    if (lease == 0)
        return;
    publisher->is_all_dirty = publisher->is_rewriting = true;
    publisher_write_after(publisher, publisher_delay(publisher, 0));
}

void publisher_set_place(Publisher *publisher, int64_t lease, int64_t revision) {
    publisher_move(publisher, lease, STORE_COMPARE_MOD_REVISION, revision);
}

void publisher_set_place_held(Publisher *publisher, int64_t lease, int64_t held_lease) {
    publisher_move(publisher, lease, STORE_COMPARE_LEASE, held_lease);
}

int publisher_new(Store *store, Loop *loop, const char *machine_id,
                  const PublisherCallbacks *callbacks, void *userdata, Publisher **ret) {
    _cleanup_(publisher_freep) Publisher *publisher = calloc(1, sizeof(Publisher));
    if (!publisher)
        return -ENOMEM;
    *publisher = (Publisher){
        .store = store,
        .loop = loop,
        .callbacks = *callbacks,
        .userdata = userdata,
        .machine_key = key_machine(machine_id),
        .publications = map_new(publication_free),
        .dirty = map_new(NULL),
    };
    if (!publisher->machine_key || !publisher->publications || !publisher->dirty)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, publisher, &publisher->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(publisher);
    return 0;
}

void publisher_free(Publisher *publisher) {
    if (!publisher)
        return;
    store_op_cancel(publisher->op);
    timer_free(publisher->timer);
    map_free(publisher->dirty);
    map_free(publisher->publications);
    free(publisher->machine_key);
    free(publisher);
}
