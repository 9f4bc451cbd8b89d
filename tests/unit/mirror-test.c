#include "tests/unit/mirror-test.h"

#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/virtual-loop.h"

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

int mirror_test_setup(void **state) {
    Owner *owner = calloc(1, sizeof(Owner));
    owner->loop = virtual_loop_new(1);
    owner->told = map_new(free);
    assert_int_equal(memory_store_new(owner->loop, &owner->behind), 0);
    assert_int_equal(faulty_store_new(owner->loop, owner->behind, &owner->store), 0);
    owner->sync = (StoreSync){owner->behind, owner->loop, virtual_loop_run_until};
    *state = owner;
    return 0;
}

int mirror_test_teardown(void **state) {
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

void owner_start(Owner *owner, const char *prefix, size_t page_size) {
    static const MirrorCallbacks callbacks = {.on_put = on_put,
                                              .on_delete = on_delete,
                                              .on_synced = on_synced,
                                              .on_lost = on_lost,
                                              .on_restored = on_restored};
    assert_int_equal(mirror_new(owner->store, owner->loop,
                                &(MirrorKeys){.prefix = prefix, .page_size = page_size}, &callbacks,
                                owner, &owner->mirror),
                     0);
    assert_null(owner->log);
}

void owner_put(Owner *owner, const char *key, const char *value) {
    assert_int_equal(store_sync_put(&owner->sync, key, value, 0), 0);
}

void owner_delete(Owner *owner, const char *key) {
    assert_int_equal(store_sync_delete(&owner->sync, key), 0);
}

void owner_assert_told(Owner *owner, const char *expected) {
    virtual_loop_advance(owner->loop, 0);
    assert_string_equal(str_or(owner->log, ""), expected);
    free(TAKE_PTR(owner->log));
}

void owner_wait_for_retry(Owner *owner) {
    virtual_loop_advance(owner->loop, 3 * USEC_PER_SEC);
}
