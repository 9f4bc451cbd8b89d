#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "fleetd/store/mirror.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

/* A mirror and its owner, who writes down what he is told: "+key=value", "-key", "|" for synced,
 * "!" for lost. */
typedef struct Owner {
    Loop *loop;
    Store *store;
    StoreSync sync;
    Mirror *mirror;
    Map *told; /* key -> value */
    char *log;
    int64_t synced_revision;
    size_t n_synced, n_lost;
    char free_at; /* frees the mirror when it is told this kind of thing */
} Owner;

static void owner_note(Owner *owner, char kind, const char *text) {
    char *longer = str_printf("%s%s%c%s", str_or(owner->log, ""),
                              str_is_empty(owner->log) ? "" : " ", kind, text);
    free(owner->log);
    owner->log = longer;
    if (owner->free_at == kind)
        mirror_free(TAKE_PTR(owner->mirror));
}

static void on_put(const StoreEntry *entry, void *userdata) {
    Owner *owner = userdata;
    map_put(owner->told, entry->key, strdup(entry->value));
    _cleanup_free_ char *text = str_printf("%s=%s", entry->key, entry->value);
    owner_note(owner, '+', text);
}

static void on_delete(const char *key, int64_t revision, void *userdata) {
    Owner *owner = userdata;
    assert_true(revision > 0);
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
    assert_int_equal(memory_store_new(owner->loop, &owner->store), 0);
    owner->sync = (StoreSync){owner->store, owner->loop, virtual_loop_run_until};
    *state = owner;
    return 0;
}

static int teardown(void **state) {
    Owner *owner = *state;
    mirror_free(owner->mirror);
    store_free(owner->store);
    virtual_loop_free(owner->loop);
    map_free(owner->told);
    free(owner->log);
    free(owner);
    return 0;
}

static void owner_start(Owner *owner, const char *prefix, size_t page_size) {
    static const MirrorCallbacks callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced, .on_lost = on_lost};
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
    memory_store_compact(owner->store, INT64_MAX);
    virtual_loop_advance(owner->loop, 3 * USEC_PER_SEC);
    assert_told(owner, "+a=1 +b=1 +c=1 +d=1 +e=1 +f=2 -a |");
}

static void any_callback_may_free_the_mirror(void **state) {
    Owner *owner = *state;
    put(owner, "a", "1");
    put(owner, "b", "1");
    static const char *const told[] = {"+a=1", "+a=1 +b=1 |", "+a=1 +b=1 | -a"};
    for (size_t i = 0; i < strlen("+|-"); i++) {
        owner->free_at = "+|-"[i];
        owner_start(owner, "", 1);
        virtual_loop_advance(owner->loop, 0);
        if (owner->mirror)
            remove_key(owner, "a");
        assert_told(owner, told[i]);
        assert_null(owner->mirror);
        map_clear(owner->told);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(list_is_told_and_then_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_prefix_is_synced_and_has_no_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_end_anywhere_and_nothing_is_told_twice_or_missed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(change_between_pages_is_told_after_the_list, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(list_that_takes_longer_than_the_past_begins_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(any_callback_may_free_the_mirror, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
