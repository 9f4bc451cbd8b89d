#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "fleetd/store/mirror.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/gated-store.h"
#include "tests/fakes/rewound-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

/* A mirror and its owner, who writes down what he is told: "+key=value", "-key", "|" for synced,
 * "!" for lost, "<" for a store that has gone back. */
typedef struct Owner {
    Loop *loop;
    Store *behind;  /* what others write to */
    Store *store;   /* the mirror's way to it, which may fail */
    StoreSync sync; /* behind */
    Mirror *mirror;
    Map *told; /* key -> value */
    char *log;
    int64_t synced_revision;
    size_t n_synced, n_lost;
    char free_at;         /* frees the mirror when it is told this kind of thing ... */
    size_t n_before_free; /* ... after so many of the kind */
    const char *refused;  /* the key that he cannot take in the next time; NULL: none */
} Owner;

static void owner_note(Owner *owner, char kind, const char *text) {
    char *longer = str_printf("%s%s%c%s", str_or(owner->log, ""),
                              str_is_empty(owner->log) ? "" : " ", kind, text);
    free(owner->log);
    owner->log = longer;
    if (owner->free_at == kind && owner->n_before_free-- == 0)
        mirror_free(TAKE_PTR(owner->mirror));
}

/* "?": whatever it is, there is no memory for it. */
static bool owner_refuses(Owner *owner, const char *key) {
    if (!owner->refused || !streq(owner->refused, key))
        return false;
    owner->refused = NULL;
    owner_note(owner, '?', key);
    mirror_refuse(owner->mirror);
    return true;
}

static void on_put(const StoreEntry *entry, void *userdata) {
    Owner *owner = userdata;
    if (owner_refuses(owner, entry->key))
        return;
    map_put(owner->told, entry->key, strdup(entry->value));
    _cleanup_free_ char *text = str_printf("%s=%s", entry->key, entry->value);
    owner_note(owner, '+', text);
}

static void on_delete(const char *key, int64_t revision, void *userdata) {
    Owner *owner = userdata;
    assert_true(revision > 0);
    if (owner_refuses(owner, key))
        return;
    assert_true(map_remove(owner->told, key));
    owner_note(owner, '-', key);
}

static void on_synced(int64_t revision, void *userdata) {
    Owner *owner = userdata;
    assert_true(mirror_is_synced(owner->mirror));
    assert_int_equal(mirror_revision(owner->mirror), revision);
    owner->synced_revision = revision;
    owner->n_synced++;
    owner_note(owner, '|', "");
}

static void on_restored(void *userdata) {
    owner_note(userdata, '<', "");
}

static void on_lost(int r, void *userdata) {
    Owner *owner = userdata;
    assert_true(r < 0);
    assert_false(mirror_is_synced(owner->mirror));
    owner->n_lost++;
    owner_note(owner, '!', "");
}

static int setup(void **state) {
    Owner *owner = calloc(1, sizeof(Owner));
    owner->loop = virtual_loop_new(1);
    owner->told = map_new(free);
    assert_int_equal(memory_store_new(owner->loop, &owner->behind), 0);
    assert_int_equal(faulty_store_new(owner->loop, owner->behind, &owner->store), 0);
    owner->sync = (StoreSync){owner->behind, owner->loop, virtual_loop_run_until};
    *state = owner;
    return 0;
}

static int teardown(void **state) {
    Owner *owner = *state;
    mirror_free(owner->mirror);
    store_free(owner->store);
    store_free(owner->behind);
    virtual_loop_free(owner->loop);
    map_free(owner->told);
    free(owner->log);
    free(owner);
    return 0;
}

static void owner_start(Owner *owner, const char *prefix, size_t page_size) {
    static const MirrorCallbacks callbacks = {.on_put = on_put,
                                              .on_delete = on_delete,
                                              .on_synced = on_synced,
                                              .on_lost = on_lost,
                                              .on_restored = on_restored};
    assert_int_equal(
        mirror_new(owner->store, owner->loop, prefix, page_size, &callbacks, owner, &owner->mirror),
        0);
    assert_null(owner->log);
}

static void put(Owner *owner, const char *key, const char *value) {
    assert_int_equal(store_sync_put(&owner->sync, key, value, 0), 0);
}

static void remove_key(Owner *owner, const char *key) {
    assert_int_equal(store_sync_delete(&owner->sync, key), 0);
}

/* What was told since it was asked last. */
static void assert_told(Owner *owner, const char *expected) {
    virtual_loop_advance(owner->loop, 0);
    assert_string_equal(str_or(owner->log, ""), expected);
    free(TAKE_PTR(owner->log));
}

static void list_is_told_and_then_changes(void **state) {
    Owner *owner = *state;
    put(owner, "unit/a", "1");
    put(owner, "unit/b", "2");
    put(owner, "unix", "not ours");
    owner_start(owner, "unit/", 0);
    assert_told(owner, "+unit/a=1 +unit/b=2 |");
    put(owner, "unit/a", "3");
    assert_told(owner, "+unit/a=3 |");
    put(owner, "other", "x");
    remove_key(owner, "unit/b");
    remove_key(owner, "unit/b");
    assert_told(owner, "-unit/b |");
    assert_int_equal(owner->synced_revision, store_sync_revision(&owner->sync));
}

static void empty_prefix_is_synced_and_has_no_keys(void **state) {
    Owner *owner = *state;
    owner_start(owner, "unit/", 0);
    assert_false(mirror_is_synced(owner->mirror));
    assert_int_equal(mirror_revision(owner->mirror), 0);
    assert_told(owner, "|");
}

static void pages_end_anywhere_and_nothing_is_told_twice_or_missed(void **state) {
    Owner *owner = *state;
    put(owner, "u/a", "1");
    put(owner, "u/b", "2");
    put(owner, "u/c", "3");
    put(owner, "u/d", "4");
    for (size_t page_size = 1; page_size <= 6; page_size++) {
        owner_start(owner, "u/", page_size);
        assert_told(owner, "+u/a=1 +u/b=2 +u/c=3 +u/d=4 |");
        mirror_free(TAKE_PTR(owner->mirror));
        map_clear(owner->told);
    }
}

static void change_between_pages_is_told_after_the_list(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    put(owner, "b", "2");
    put(owner, "c", "3");
    owner_start(owner, "", 2);
    while (!owner->log)
        assert_true(virtual_loop_step(owner->loop));
    remove_key(owner, "c");
    put(owner, "a", "4");
    assert_told(owner, "+a=1 +b=2 +c=3 | -c +a=4 |");
}

static void list_that_takes_longer_than_the_past_begins_anew(void **state) {
    Owner *owner = *state;
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        put(owner, keys[i], "1");
    owner_start(owner, "", 1);
    while (!owner->log)
        assert_true(virtual_loop_step(owner->loop));
    remove_key(owner, "a");
    put(owner, "f", "2");
    memory_store_compact(owner->behind, INT64_MAX);
    virtual_loop_advance(owner->loop, 3 * USEC_PER_SEC);
    assert_told(owner, "+a=1 +b=1 +c=1 +d=1 +e=1 +f=2 -a |");
}

/* Longer than the longest delay of a retry. */
static void wait_for_retry(Owner *owner) {
    virtual_loop_advance(owner->loop, 3 * USEC_PER_SEC);
}

static void broken_watch_goes_on_where_it_broke(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    put(owner, "b", "1");
    owner_start(owner, "", 0);
    assert_told(owner, "+a=1 +b=1 |");
    faulty_store_break_watches(owner->store, -ECONNRESET);
    assert_told(owner, "!");
    put(owner, "a", "2");
    remove_key(owner, "b");
    put(owner, "c", "3");
    remove_key(owner, "c");
    assert_told(owner, "");
    wait_for_retry(owner);
    assert_told(owner, "| +a=2 -b +c=3 -c |"); /* c shows that it did not list */
}

static void resumed_watch_without_events_is_synced(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    owner_start(owner, "", 0);
    assert_told(owner, "+a=1 |");
    faulty_store_break_watches(owner->store, -ECONNRESET);
    assert_told(owner, "!");
    wait_for_retry(owner);
    assert_told(owner, "|");
}

static void loss_is_told_once_and_retried_until_it_is_over(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    faulty_store_cut(owner->store, -ECONNREFUSED);
    owner_start(owner, "", 0);
    assert_told(owner, "!");
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    assert_told(owner, "");
    faulty_store_cut(owner->store, 0);
    wait_for_retry(owner);
    assert_told(owner, "+a=1 |");
    faulty_store_cut(owner->store, -ETIMEDOUT);
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    assert_told(owner, "!");
    put(owner, "a", "2");
    faulty_store_cut(owner->store, 0);
    virtual_loop_advance(owner->loop, STORE_FAULTS_TIMEOUT_USEC);
    wait_for_retry(owner);
    assert_told(owner, "| +a=2 |");
}

static void compaction_while_away_leads_to_a_list_of_differences(void **state) {
    Owner *owner = *state;
    static const char *const keys[] = {"changed", "gone", "remade", "same"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        put(owner, keys[i], "1");
    owner_start(owner, "", 2);
    assert_told(owner, "+changed=1 +gone=1 +remade=1 +same=1 |");
    faulty_store_break_watches(owner->store, -ECONNRESET);
    assert_told(owner, "!");
    put(owner, "changed", "2");
    remove_key(owner, "gone");
    remove_key(owner, "remade");
    put(owner, "remade", "1");
    put(owner, "new", "2");
    memory_store_compact(owner->behind, INT64_MAX);
    wait_for_retry(owner);
    assert_told(owner, "+changed=2 +new=2 +remade=1 -gone |");
    put(owner, "same", "2");
    assert_told(owner, "+same=2 |");
}

static void list_that_breaks_off_tells_nothing_twice(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    put(owner, "b", "1");
    put(owner, "c", "1");
    owner_start(owner, "", 1);
    while (!owner->log)
        assert_true(virtual_loop_step(owner->loop));
    faulty_store_cut(owner->store, -ECONNREFUSED);
    assert_told(owner, "+a=1 !");
    remove_key(owner, "a");
    put(owner, "b", "2");
    faulty_store_cut(owner->store, 0);
    wait_for_retry(owner);
    assert_told(owner, "+b=2 +c=1 -a |");
}

static void store_that_lost_its_data_is_told_as_it_is(void **state) {
    Owner *owner = *state;
    put(owner, "a", "old"); /* the same key at the same revision as below */
    put(owner, "b", "1");
    put(owner, "c", "1");
    owner_start(owner, "", 0);
    assert_told(owner, "+a=old +b=1 +c=1 |");

    Store *empty = NULL;
    assert_int_equal(memory_store_new(owner->loop, &empty), 0);
    StoreSync sync = {empty, owner->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_put(&sync, "a", "new", 0), 0);
    faulty_store_set_inner(owner->store, empty);
    assert_told(owner, "!");
    wait_for_retry(owner);
    wait_for_retry(owner);
    assert_told(owner, "+a=new -b -c < |");
    assert_int_equal(owner->synced_revision, 2);

    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(empty);
}

/* The revision does not show it, as it has come past the one before. */
static void store_that_goes_on_as_another_history_is_told_as_it_is(void **state) {
    Owner *owner = *state;
    Store *rewound = NULL, *restored = NULL;
    assert_int_equal(rewound_store_new(owner->behind, 0, &rewound), 0);
    faulty_store_set_inner(owner->store, rewound);
    put(owner, "a", "old"); /* the same key at the same revision as below */
    put(owner, "late", "1");
    owner_start(owner, "", 0);
    assert_told(owner, "+a=old +late=1 |");

    assert_int_equal(memory_store_new(owner->loop, &restored), 0);
    StoreSync sync = {restored, owner->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_put(&sync, "a", "new", 0), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_sync_put(&sync, "b", "1", 0), 0);
    faulty_store_break_watches(owner->store, -ECONNRESET);
    rewound_store_restore(rewound, restored);
    assert_told(owner, "!");
    wait_for_retry(owner);
    wait_for_retry(owner);
    assert_told(owner, "+a=new +b=1 -late < |");
    assert_int_equal(store_sync_put(&sync, "b", "2", 0), 0);
    assert_told(owner, "+b=2 |");

    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(rewound);
    store_free(restored);
}

static bool has_told_a_key(void *userdata) {
    return map_size(((Owner *) userdata)->told) > 0;
}

static void list_over_two_histories_begins_anew(void **state) {
    Owner *owner = *state;
    Store *rewound = NULL, *restored = NULL;
    assert_int_equal(rewound_store_new(owner->behind, 0, &rewound), 0);
    assert_int_equal(memory_store_new(owner->loop, &restored), 0);
    faulty_store_set_inner(owner->store, rewound);
    StoreSync sync = {restored, owner->loop, virtual_loop_run_until};
    put(owner, "a", "old");
    put(owner, "late", "1");
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_sync_put(&sync, "a", "new", 0), 0);
    assert_int_equal(store_sync_put(&sync, "b", "new", 0), 0);
    owner_start(owner, "", 1);
    virtual_loop_run_until(owner->loop, has_told_a_key, owner, USEC_PER_SEC);
    rewound_store_restore(rewound, restored);
    wait_for_retry(owner);
    assert_told(owner, "+a=old +a=new +b=new < |");

    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(rewound);
    store_free(restored);
}

/* A mirror whose ranges pass a gate, which answers what it is told to. */
static GatedStore *owner_start_gated(Owner *owner, size_t page_size, int gate) {
    for (char key[] = "a"; *key <= 'p'; (*key)++)
        put(owner, key, "1");
    GatedStore *gated = gated_store_new(owner->behind, owner->loop);
    faulty_store_set_inner(owner->store, &gated->store);
    gated->gates[GATE_RANGE] = gate;
    owner_start(owner, "", page_size);
    return gated;
}

static void owner_end_gated(Owner *owner, GatedStore *gated) {
    assert_int_equal(map_size(owner->told), 16);
    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(&gated->store);
}

static void page_that_is_too_much_for_an_answer_is_asked_for_in_parts(void **state) {
    Owner *owner = *state;
    GatedStore *gated = owner_start_gated(owner, 64, -EMSGSIZE);
    assert_told(owner, "!"); /* after 8, 4, 2, and 1: not even one can be had */
    assert_int_equal(gated->counts[GATE_RANGE], 4);
    gated->gates[GATE_RANGE] = GATE_OPEN;
    wait_for_retry(owner);
    free(TAKE_PTR(owner->log));
    assert_int_equal(gated->counts[GATE_RANGE], 4 + 5); /* 1, 2, 4, 8, 1 that is left */
    owner_end_gated(owner, gated);
}

static void page_that_takes_too_long_is_asked_for_in_parts_when_it_is_tried_again(void **state) {
    Owner *owner = *state;
    GatedStore *gated = owner_start_gated(owner, 64, -ETIMEDOUT);
    assert_told(owner, "!");
    assert_int_equal(gated->counts[GATE_RANGE], 1);
    gated->gates[GATE_RANGE] = GATE_OPEN;
    wait_for_retry(owner);
    free(TAKE_PTR(owner->log));
    assert_int_equal(gated->counts[GATE_RANGE], 1 + 3); /* 4, 8, 4 that are left */
    owner_end_gated(owner, gated);
}

/* A way to the store on which no answer of more than two entries arrives in time. */
typedef struct NarrowStore {
    Store store;
    GatedStore *gated;
    size_t n_late;
} NarrowStore;

static int narrow_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                        StoreOp **ret) {
    NarrowStore *narrow = (NarrowStore *) store;
    bool is_late = range->limit > 2;
    narrow->n_late += is_late;
    narrow->gated->gates[GATE_RANGE] = is_late ? -ETIMEDOUT : GATE_OPEN;
    return store_range(&narrow->gated->store, range, done, userdata, ret);
}

static int narrow_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                        void *userdata, StoreOp **ret) {
    return store_watch(&((NarrowStore *) store)->gated->store, watch, callbacks, userdata, ret);
}

static bool is_synced(void *userdata) {
    return mirror_is_synced(((Owner *) userdata)->mirror);
}

/* Of n entries, "000" to the last. What is compacted on the way is found, too. */
static size_t list_over_a_narrow_way(Owner *owner, size_t n, bool is_compacted) {
    static const StoreVTable vtable = {.range = narrow_range, .watch = narrow_watch};
    char key[8];
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "%03zu", i);
        put(owner, key, "1");
    }
    NarrowStore narrow = {.store = {&vtable}, .gated = gated_store_new(owner->behind, owner->loop)};
    faulty_store_set_inner(owner->store, &narrow.store);
    owner_start(owner, "", 64);
    while (is_compacted && map_size(owner->told) == 0)
        assert_true(virtual_loop_step(owner->loop));
    if (is_compacted) {
        remove_key(owner, "000");
        memory_store_compact(owner->behind, INT64_MAX);
    }
    bool has_ended = virtual_loop_run_until(owner->loop, is_synced, owner, 2 * USEC_PER_MINUTE);
    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(&narrow.gated->store);
    assert_true(has_ended);
    assert_int_equal(map_size(owner->told), is_compacted ? n - 1 : n);
    return narrow.n_late;
}

static void list_over_a_narrow_way_ends(void **state) {
    size_t n_late = list_over_a_narrow_way(*state, 200, false);
    assert_in_range(n_late, 3, 8);
}

static void list_over_a_narrow_way_ends_although_its_revision_is_forgotten(void **state) {
    list_over_a_narrow_way(*state, 50, true);
}

static void page_that_is_late_is_asked_for_again_and_not_the_list(void **state) {
    Owner *owner = *state;
    for (char key[] = "a"; *key <= 'd'; (*key)++)
        put(owner, key, "1");
    GatedStore *gated = gated_store_new(owner->behind, owner->loop);
    faulty_store_set_inner(owner->store, &gated->store);
    owner_start(owner, "", 1);
    while (map_size(owner->told) < 3)
        assert_true(virtual_loop_step(owner->loop));
    gated->gates[GATE_RANGE] = -ETIMEDOUT;
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    put(owner, "a", "2"); /* told by the watch, as it is behind the list's revision */
    unsigned n_asked = gated->counts[GATE_RANGE];
    gated->gates[GATE_RANGE] = GATE_OPEN;
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    assert_told(owner, "+a=1 +b=1 +c=1 ! +d=1 | +a=2 |");
    assert_in_range(gated->counts[GATE_RANGE] - n_asked, 1, 2);
    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(&gated->store);
}

static void list_that_is_late_is_asked_for_less_and_less_often(void **state) {
    Owner *owner = *state;
    GatedStore *gated = owner_start_gated(owner, 64, -ETIMEDOUT);
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    unsigned n_first = gated->counts[GATE_RANGE];
    virtual_loop_advance(owner->loop, 10 * USEC_PER_MINUTE);
    unsigned n_later = gated->counts[GATE_RANGE] - n_first;
    assert_in_range(n_later, 10 * 60 / 10, 10 * 60 / 3); /* 5 s on average, at most 10 */
    assert_true(n_first > n_later / 10);
    gated->gates[GATE_RANGE] = GATE_OPEN;
    virtual_loop_advance(owner->loop, 15 * USEC_PER_SEC);
    free(TAKE_PTR(owner->log));
    owner_end_gated(owner, gated);
}

static usec_t next_attempt(Owner *owner) {
    usec_t begin = loop_now(owner->loop);
    assert_true(virtual_loop_step(owner->loop)); /* the retry, refused ... */
    usec_t delay = loop_now(owner->loop) - begin;
    virtual_loop_advance(owner->loop, 0); /* ... and noticed */
    return delay;
}

static void delay_grows_to_its_bound_and_begins_anew_after_success(void **state) {
    Owner *owner = *state;
    usec_t sum = 0;
    owner_start(owner, "", 0);
    assert_told(owner, "|");
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    faulty_store_cut(owner->store, -ECONNREFUSED);
    assert_told(owner, "!");
    usec_t first = next_attempt(owner);
    assert_true(first >= 100 * USEC_PER_MSEC && first <= 200 * USEC_PER_MSEC);
    for (int i = 0; i < 40; i++) {
        usec_t delay = next_attempt(owner);
        assert_true(delay >= 100 * USEC_PER_MSEC && delay <= 2 * USEC_PER_SEC);
        sum += delay;
    }
    assert_true(sum / 40 > 500 * USEC_PER_MSEC);
    faulty_store_cut(owner->store, 0);
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    faulty_store_cut(owner->store, -ECONNREFUSED);
    assert_told(owner, "| !");
    assert_true(next_attempt(owner) <= 200 * USEC_PER_MSEC);
}

/* Brings the mirror through everything that it can tell. */
static void lead_through_all(Owner *owner) {
    owner_start(owner, "", 1);
    virtual_loop_advance(owner->loop, 0);
    remove_key(owner, "a");
    virtual_loop_advance(owner->loop, 0);
    faulty_store_break_watches(owner->store, -ECONNRESET);
    virtual_loop_advance(owner->loop, 0);
    remove_key(owner, "b");
    memory_store_compact(owner->behind, INT64_MAX);
    wait_for_retry(owner);
}

static void what_the_owner_refuses_is_told_again(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    put(owner, "b", "1");
    owner->refused = "b";
    owner_start(owner, "", 0);
    assert_told(owner, "+a=1 ?b !");
    wait_for_retry(owner);
    assert_told(owner, "+b=1 |");

    owner->refused = "a";
    put(owner, "a", "2");
    assert_told(owner, "?a !");
    remove_key(owner, "a");
    wait_for_retry(owner);
    assert_told(owner, "-a |");

    owner->refused = "b";
    remove_key(owner, "b");
    assert_told(owner, "?b !");
    owner->refused = "b"; /* of the list, too */
    wait_for_retry(owner);
    assert_told(owner, "?b -b |");
}

static void any_callback_may_free_the_mirror(void **state) {
    Owner *owner = *state;
    static const struct {
        char kind;
        size_t n_before; /* of that kind */
        const char *told;
    } cases[] = {
        {'+', 0, "+a=1"},
        {'+', 1, "+a=1 +b=1"},
        {'|', 0, "+a=1 +b=1 +c=1 |"},
        {'-', 0, "+a=1 +b=1 +c=1 | -a"},
        {'!', 0, "+a=1 +b=1 +c=1 | -a | !"},
        {'-', 1, "+a=1 +b=1 +c=1 | -a | ! -b"},
        {'|', 2, "+a=1 +b=1 +c=1 | -a | ! -b |"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        put(owner, "a", "1");
        put(owner, "b", "1");
        put(owner, "c", "1");
        owner->free_at = cases[i].kind;
        owner->n_before_free = cases[i].n_before;
        lead_through_all(owner);
        assert_null(owner->mirror);
        assert_told(owner, cases[i].told);
        map_clear(owner->told);
    }
}

static void mirror_may_be_freed_at_any_time(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    put(owner, "b", "1");
    for (size_t n_steps = 0; n_steps < 12; n_steps++) {
        owner_start(owner, "", 1);
        for (size_t i = 0; i < n_steps; i++)
            virtual_loop_step(owner->loop);
        mirror_free(TAKE_PTR(owner->mirror));
        free(TAKE_PTR(owner->log));
        put(owner, "a", "2");
        wait_for_retry(owner);
        assert_told(owner, "");
        map_clear(owner->told);
    }
}

#define MIRROR_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        MIRROR_TEST(list_is_told_and_then_changes),
        MIRROR_TEST(empty_prefix_is_synced_and_has_no_keys),
        MIRROR_TEST(pages_end_anywhere_and_nothing_is_told_twice_or_missed),
        MIRROR_TEST(change_between_pages_is_told_after_the_list),
        MIRROR_TEST(list_that_takes_longer_than_the_past_begins_anew),
        MIRROR_TEST(broken_watch_goes_on_where_it_broke),
        MIRROR_TEST(resumed_watch_without_events_is_synced),
        MIRROR_TEST(loss_is_told_once_and_retried_until_it_is_over),
        MIRROR_TEST(compaction_while_away_leads_to_a_list_of_differences),
        MIRROR_TEST(list_that_breaks_off_tells_nothing_twice),
        MIRROR_TEST(store_that_lost_its_data_is_told_as_it_is),
        MIRROR_TEST(store_that_goes_on_as_another_history_is_told_as_it_is),
        MIRROR_TEST(list_over_two_histories_begins_anew),
        MIRROR_TEST(page_that_is_too_much_for_an_answer_is_asked_for_in_parts),
        MIRROR_TEST(page_that_takes_too_long_is_asked_for_in_parts_when_it_is_tried_again),
        MIRROR_TEST(list_over_a_narrow_way_ends),
        MIRROR_TEST(list_over_a_narrow_way_ends_although_its_revision_is_forgotten),
        MIRROR_TEST(page_that_is_late_is_asked_for_again_and_not_the_list),
        MIRROR_TEST(list_that_is_late_is_asked_for_less_and_less_often),
        MIRROR_TEST(delay_grows_to_its_bound_and_begins_anew_after_success),
        MIRROR_TEST(what_the_owner_refuses_is_told_again),
        MIRROR_TEST(any_callback_may_free_the_mirror),
        MIRROR_TEST(mirror_may_be_freed_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
