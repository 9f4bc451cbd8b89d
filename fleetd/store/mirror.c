/* A circle: list in pages, each asked for while the one before it is told, watch from there, and
 * when that breaks, wait and watch again from where it broke, or list again where that place is
 * forgotten. A list tells by comparison with what was told before, so it may start over at any
 * time; but one that takes long must not do so each time that an answer is late, or it would never
 * end. */
#include "fleetd/store/mirror.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/net/backoff.h"
#include "fleetd/store/page-size.h"

#include <errno.h>

/* For each page etcd counts all that come after it, so a long list is to have few. */
#define PAGE_SIZE_DEFAULT 32768
#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (2 * USEC_PER_SEC)
/* The store works on a list also when nobody waits for it any more: others should get through. */
#define RETRY_LATE_MAX_USEC (10 * USEC_PER_SEC)

struct Mirror {
    Store *store;
    char *prefix;
    char *before; /* NULL: all that begins so */
    const char *const *cuts;
    PageSize page;
    MirrorCallbacks callbacks;
    void *userdata;

    StoreOp *op;  /* the range or watch under way */
    Timer *retry; /* else this is armed */
    Loop *loop;
    unsigned n_failures;
    unsigned n_late; /* pages in a row that did not come in time */
    usec_t synced_at;
    bool is_synced;
    bool is_lost;     /* and the owner was told */
    bool is_restored; /* and the owner is still to be told */
    bool is_refused;  /* what the owner is being told */

    Map *told;        /* key -> what was told of it, a Told */
    int64_t revision; /* all up to it is told */
    uint64_t history; /* of the last list, and so of what is told; 0: no list yet */

    bool needs_list;
    bool keeps_place; /* in the list so far, to go on there */
    char *after;      /* the last key of the list so far */
    const char *end;  /* the cut up to which it is being listed; NULL: to the end of the keys */
    int64_t list_revision; /* 0: no page of it has come yet */

    bool is_busy; /* in a callback of the store or loop: freeing waits for its end */
    bool is_freed;
};

static void mirror_destroy(Mirror *mirror) {
    store_op_cancel(mirror->op);
    timer_free(mirror->retry);
    map_free(mirror->told);
    free(mirror->after);
    free(mirror->prefix);
    free(mirror->before);
    free(mirror);
}

/* Entry points hold the mirror until they return; in between, whoever called the owner asks
 * is_freed before it goes on. */
static Mirror *mirror_enter(void *userdata) {
    Mirror *mirror = userdata;
    mirror->is_busy = true;
    return mirror;
}

static void mirror_leave(Mirror **mirror) {
    (*mirror)->is_busy = false;
    if ((*mirror)->is_freed)
        mirror_destroy(*mirror);
}

#define _cleanup_leave_ _cleanup_(mirror_leave)

void mirror_free(Mirror *mirror) {
    if (!mirror)
        return;
    mirror->is_freed = true;
    store_op_cancel(TAKE_PTR(mirror->op));
    if (mirror->is_busy)
        timer_stop(mirror->retry);
    else
        mirror_destroy(mirror);
}

/* Telling the owner */

/* The mod revision that was told, 0 for none that counts; and whether the list under way has the
 * key. One word, as a value of the map: a second map of all keys would be what a list costs most.
 */
typedef uintptr_t Told;

static Told told_make(int64_t revision, bool is_listed) {
    return (Told) revision << 1 | is_listed;
}

static int64_t told_revision(Told told) {
    return (int64_t) (told >> 1);
}

static int mirror_note(Mirror *mirror, const char *key, Told told) {
    return map_put(mirror->told, key, (void *) told);
}

typedef Told (*ToldChange)(Told told);

static Told told_forget_revision(Told told) {
    return told_make(0, told & 1);
}

static Told told_forget_list(Told told) {
    return told_make(told_revision(told), false);
}

static void mirror_change_told(Mirror *mirror, ToldChange change) {
    const char *key;
    void *value;
    MAP_FOREACH (key, value, mirror->told)
        mirror_note(mirror, key, change((Told) value));
}

static bool mirror_is_refused(Mirror *mirror) {
    bool is_refused = mirror->is_refused;
    mirror->is_refused = false;
    return is_refused;
}

static int mirror_put(Mirror *mirror, const StoreEntry *entry) {
    Told *told = (Told *) map_place(mirror->told, entry->key);
    if (!told)
        return -ENOMEM;
    bool is_known = told_revision(*told) == entry->mod_revision;
    *told = told_make(entry->mod_revision, true);
    if (is_known)
        return 0;
    mirror->callbacks.on_put(entry, mirror->userdata);
    if (!mirror_is_refused(mirror))
        return 0;
    (void) mirror_note(mirror, entry->key, told_make(0, true)); /* it is there */
    return -ENOMEM;
}

static int mirror_delete(Mirror *mirror, const char *key, int64_t revision) {
    const char *told = map_get_key(mirror->told, key);
    if (!told)
        return 0;
    mirror->callbacks.on_delete(told, revision, mirror->userdata);
    if (mirror_is_refused(mirror))
        return -ENOMEM;
    map_remove(mirror->told, told);
    return 0;
}

/* Call last. */
static void mirror_synced(Mirror *mirror) {
    if (!mirror->is_synced)
        mirror->synced_at = loop_now(mirror->loop);
    mirror->is_synced = true;
    mirror->is_lost = false;
    if (mirror->is_restored && mirror->callbacks.on_restored)
        mirror->callbacks.on_restored(mirror->userdata);
    mirror->is_restored = false;
    if (mirror->is_freed)
        return;
    mirror->callbacks.on_synced(mirror->revision, mirror->userdata);
}

/* Losing contact and coming back */

static usec_t retry_delay(Mirror *mirror) {
    if (mirror->n_late > 0)
        return backoff_delay(mirror->loop, mirror->n_late - 1, RETRY_MIN_USEC, RETRY_LATE_MAX_USEC);
    return backoff_delay(mirror->loop, mirror->n_failures++, RETRY_MIN_USEC, RETRY_MAX_USEC);
}

static void mirror_retry(Mirror *mirror) {
    store_op_cancel(TAKE_PTR(mirror->op));
    /* A watch that breaks as soon as it stands is no success. */
    if (mirror->is_synced && loop_now(mirror->loop) - mirror->synced_at > RETRY_MAX_USEC)
        mirror->n_failures = 0;
    mirror->is_synced = false;
    timer_start(mirror->retry, retry_delay(mirror));
}

/* Call last. */
static void mirror_lost(Mirror *mirror, int r) {
    mirror_retry(mirror);
    if (mirror->is_lost)
        return;
    mirror->is_lost = true;
    if (mirror->callbacks.on_lost)
        mirror->callbacks.on_lost(r, mirror->userdata);
}

/* Watching */

static void on_watch_created(int64_t revision, void *userdata) {
    _cleanup_leave_ Mirror *mirror = mirror_enter(userdata);
    if (revision < mirror->revision) {
        /* The store is not where it was: a member that lags behind, or one that lost its data. A
         * watch of the future would tell nothing for long, the list tells which of the two it is.
         */
        mirror->needs_list = true;
        mirror_lost(mirror, -ESTALE);
        return;
    }
    mirror_synced(mirror);
}

static int mirror_event(Mirror *mirror, const StoreEvent *event) {
    if (event->kind == STORE_EVENT_PUT)
        return mirror_put(mirror, &event->entry);
    return mirror_delete(mirror, event->entry.key, event->entry.mod_revision);
}

static void on_watch_events(const StoreEvent *events, size_t n_events, int64_t revision,
                            void *userdata) {
    _cleanup_leave_ Mirror *mirror = mirror_enter(userdata);
    for (size_t i = 0; i < n_events && !mirror->is_freed; i++)
        if (mirror_event(mirror, &events[i]) < 0) {
            mirror->needs_list = true; /* to find what was not told */
            mirror_lost(mirror, -ENOMEM);
            return;
        }
    if (mirror->is_freed)
        return;
    mirror->revision = revision;
    mirror_synced(mirror);
}

static void on_watch_closed(int r, void *userdata) {
    _cleanup_leave_ Mirror *mirror = mirror_enter(userdata);
    mirror->op = NULL;
    mirror->needs_list = mirror->needs_list || r == -ESTALE;
    mirror_lost(mirror, r);
}

static int mirror_watch(Mirror *mirror) {
    static const StoreWatchCallbacks callbacks = {
        .on_created = on_watch_created,
        .on_events = on_watch_events,
        .on_closed = on_watch_closed,
    };
    StoreWatch watch = {
        .key = mirror->prefix,
        .is_prefix = true,
        .before = mirror->before,
        .start_revision = mirror->revision + 1,
        .history = mirror->history,
    };
    return store_watch(mirror->store, &watch, &callbacks, mirror, &mirror->op);
}

/* Listing */

static void list_forget(Mirror *mirror) {
    free(TAKE_PTR(mirror->after));
    mirror->end = NULL;
    mirror->list_revision = 0;
    mirror->keeps_place = false;
}

/* In a store that lost its data, or goes on from a snapshot, a revision may come again with another
 * content: none that was told counts any more. */
static void forget_revisions(Mirror *mirror) {
    mirror_change_told(mirror, told_forget_revision);
}

static void list_begins(Mirror *mirror, const StoreRangeResult *result) {
    bool is_other = mirror->history != 0 && result->history != mirror->history;
    mirror->list_revision = result->revision;
    mirror->history = result->history;
    mirror_change_told(mirror, told_forget_list);
    if (!is_other && result->revision >= mirror->revision)
        return;
    forget_revisions(mirror);
    mirror->is_restored = true; /* also if this list breaks and the next one shows no more of it */
}

static int list_finish(Mirror *mirror) {
    const char *key;
    void *value;
    MAP_FOREACH (key, value, mirror->told) {
        bool is_listed = (Told) value & 1;
        int r = is_listed ? 0 : mirror_delete(mirror, key, mirror->list_revision);
        if (r < 0 || mirror->is_freed)
            return r;
    }
    mirror->revision = mirror->list_revision;
    mirror->needs_list = false;
    list_forget(mirror);
    return 0;
}

static int mirror_list(Mirror *mirror);

/* Values are as large as whoever wrote them likes, and so is the time that a page of them takes.
 * What may be too slow, or no answer at all, is asked for anew when contact is lost anyway, but
 * from where it was. Whether the page is to be asked for again at once. */
static bool list_adapts(Mirror *mirror, int r, const StoreRangeResult *result) {
    mirror->keeps_place = r == -ETIMEDOUT;
    mirror->n_late = mirror->keeps_place ? mirror->n_late + 1 : 0;
    if (r >= 0)
        page_size_good(&mirror->page, result->n_entries, store_range_result_bytes(result));
    else if (r == -EMSGSIZE || r == -ETIMEDOUT)
        return page_size_bad(&mirror->page) && r == -EMSGSIZE;
    return false;
}

static const char *cut_behind(const Mirror *mirror, const char *key) {
    const char *const *cut = mirror->cuts;
    while (cut && *cut && strcmp(*cut, key) <= 0)
        cut++;
    return cut ? *cut : NULL;
}

/* A list that is more than one page goes on from cut to cut. Whether there is more to ask for. */
static bool list_go_on(Mirror *mirror, bool has_more) {
    bool is_at_end = !has_more && !mirror->end;
    if (!has_more && mirror->end)
        mirror->end = cut_behind(mirror, mirror->end);
    else if (has_more && !mirror->end)
        mirror->end = cut_behind(mirror, mirror->after);
    return !is_at_end;
}

/* Before anything of it is told. 1: more is to come. */
static int list_begin_page(Mirror *mirror, const StoreRangeResult *result) {
    if (mirror->list_revision == 0)
        list_begins(mirror, result);
    else if (result->history != mirror->history)
        return -ESTALE; /* a page of another list */
    size_t n = result->n_entries;
    int r = n > 0 ? str_replace(&mirror->after, result->entries[n - 1].key) : 0;
    return r < 0 ? r : list_go_on(mirror, result->has_more);
}

static int list_tell_page(Mirror *mirror, const StoreRangeResult *result) {
    for (size_t i = 0; i < result->n_entries; i++) {
        int r = mirror_put(mirror, &result->entries[i]);
        if (r < 0 || mirror->is_freed)
            return r;
    }
    return 0;
}

/* The next page is asked for first, so that the store makes it while this one is told. */
static int list_take_page(Mirror *mirror, const StoreRangeResult *result, bool has_more) {
    int r = has_more ? mirror_list(mirror) : 0;
    if (r >= 0)
        r = list_tell_page(mirror, result);
    if (r < 0 || mirror->is_freed || has_more)
        return r;
    r = list_finish(mirror);
    return r < 0 || mirror->is_freed ? r : mirror_watch(mirror);
}

static void on_range_done(int r, const StoreRangeResult *result, void *userdata) {
    _cleanup_leave_ Mirror *mirror = mirror_enter(userdata);
    mirror->op = NULL;
    if (r >= 0)
        r = list_begin_page(mirror, result);
    if (list_adapts(mirror, r, result))
        r = mirror_list(mirror);
    else if (r >= 0)
        r = list_take_page(mirror, result, r > 0);
    if (mirror->is_freed)
        return;
    if (r == -ESTALE) /* the list took longer than the store remembers: no contact is lost */
        mirror_retry(mirror);
    else if (r < 0)
        mirror_lost(mirror, r);
}

static int mirror_list(Mirror *mirror) {
    StoreRange range = {
        .key = mirror->prefix,
        .is_prefix = true,
        .before = mirror->end ? mirror->end : mirror->before,
        .after = mirror->after,
        .limit = mirror->page.now,
        .revision = mirror->list_revision,
    };
    return store_range(mirror->store, &range, on_range_done, mirror, &mirror->op);
}

static void mirror_begin(void *userdata) {
    _cleanup_leave_ Mirror *mirror = mirror_enter(userdata);
    if (!mirror->keeps_place)
        list_forget(mirror);
    int r = mirror->needs_list ? mirror_list(mirror) : mirror_watch(mirror);
    if (r < 0)
        mirror_lost(mirror, r);
}

int mirror_new(Store *store, Loop *loop, const MirrorKeys *keys, const MirrorCallbacks *callbacks,
               void *userdata, Mirror **ret) {
    _cleanup_(mirror_freep) Mirror *mirror = calloc(1, sizeof(Mirror));
    if (!mirror)
        return -ENOMEM;
    mirror->store = store;
    mirror->loop = loop;
    mirror->page = page_size_new(keys->page_size > 0 ? keys->page_size : PAGE_SIZE_DEFAULT);
    mirror->cuts = keys->cuts;
    mirror->callbacks = *callbacks;
    mirror->userdata = userdata;
    mirror->needs_list = true;
    mirror->prefix = strdup(keys->prefix);
    mirror->told = map_new(NULL);
    if (!mirror->prefix || !mirror->told || str_replace(&mirror->before, keys->before) < 0)
        return -ENOMEM;
    int r = timer_new(loop, mirror_begin, mirror, &mirror->retry);
    if (r < 0)
        return r;
    timer_start(mirror->retry, 0);
    *ret = TAKE_PTR(mirror);
    return 0;
}

void mirror_refuse(Mirror *mirror) {
    mirror->is_refused = true;
}

void mirror_relist(Mirror *mirror) {
    store_op_cancel(TAKE_PTR(mirror->op));
    mirror->needs_list = true;
    mirror->keeps_place = false;
    mirror->is_synced = false;
    timer_start(mirror->retry, 0);
}

void mirror_start_over(Mirror *mirror) {
    forget_revisions(mirror);
    mirror_relist(mirror);
}

bool mirror_is_synced(const Mirror *mirror) {
    return mirror->is_synced;
}

int64_t mirror_revision(const Mirror *mirror) {
    return mirror->revision;
}
