#include "fleetd/store/memory-store.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/store-conformance.h"

static void compact(StoreFixture *fixture, int64_t revision) {
    memory_store_compact(fixture->sync.store, revision);
}

static int setup(void **state) {
    StoreFixture *fixture = calloc(1, sizeof(StoreFixture));
    Loop *loop = virtual_loop_new(1);
    if (!fixture || !loop)
        return -1;
    *fixture = (StoreFixture){.sync = {.loop = loop, .run_until = virtual_loop_run_until},
                              .compact = compact};
    *state = fixture;
    return memory_store_new(loop, &fixture->sync.store);
}

static int teardown(void **state) {
    StoreFixture *fixture = *state;
    store_free(fixture->sync.store);
    virtual_loop_free(fixture->sync.loop);
    free(fixture);
    return 0;
}

static void free_store(StoreFixture *fixture) {
    store_free(TAKE_PTR(fixture->sync.store));
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    free_store(userdata);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    free_store(userdata);
}

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    free_store(userdata);
}

static void on_created(int64_t revision, void *userdata) {
    free_store(userdata);
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    free_store(userdata);
}

static void ignore_created(int64_t revision, void *userdata) {
}

static void on_closed(int r, void *userdata) {
    free_store(userdata);
}

static const StoreRange all = {.key = "", .is_prefix = true};
static const StoreWatch watch_from_past = {.key = "", .is_prefix = true, .start_revision = 3};
static const StoreWatch watch_from_stale = {.key = "", .is_prefix = true, .start_revision = 1};

static int begin_range(Store *store, void *userdata) {
    return store_range(store, &all, on_range, userdata, NULL);
}

static int begin_txn(Store *store, void *userdata) {
    return store_txn(store, &(StoreTxn){}, on_txn, userdata, NULL);
}

static int begin_grant(Store *store, void *userdata) {
    return store_lease_grant(store, USEC_PER_SEC, on_lease, userdata, NULL);
}

static int begin_created(Store *store, void *userdata) {
    static const StoreWatchCallbacks callbacks = {on_created, on_events, on_closed};
    return store_watch(store, &watch_from_past, &callbacks, userdata, NULL);
}

static int begin_events(Store *store, void *userdata) {
    static const StoreWatchCallbacks callbacks = {ignore_created, on_events, on_closed};
    return store_watch(store, &watch_from_past, &callbacks, userdata, NULL);
}

static int begin_closed(Store *store, void *userdata) {
    static const StoreWatchCallbacks callbacks = {on_created, on_events, on_closed};
    return store_watch(store, &watch_from_stale, &callbacks, userdata, NULL);
}

static void any_callback_may_free_the_store(void **state) {
    static int (*const begin[])(Store * store, void *userdata) = {
        begin_range, begin_txn, begin_grant, begin_created, begin_events, begin_closed};
    StoreFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(begin); i++) {
        if (!fixture->sync.store)
            assert_int_equal(memory_store_new(fixture->sync.loop, &fixture->sync.store), 0);
        fixture_put(fixture, "a", "1");
        fixture_put(fixture, "a", "2");
        assert_int_equal(begin[i](fixture->sync.store, fixture), 0);
        assert_int_equal(begin[i](fixture->sync.store, fixture), 0); /* still waits meanwhile */
        virtual_loop_advance(fixture->sync.loop, 0);
        assert_null(fixture->sync.store);
    }
}

static void extended_leases_count_their_whole_time_anew(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease;
    assert_int_equal(store_sync_grant(&fixture->sync, 10 * USEC_PER_SEC, &lease, NULL), 0);
    assert_int_equal(store_sync_put(&fixture->sync, "leased", "1", lease), 0);
    virtual_loop_advance(fixture->sync.loop, 9 * USEC_PER_SEC);
    memory_store_extend_leases(fixture->sync.store);
    virtual_loop_advance(fixture->sync.loop, 9 * USEC_PER_SEC);
    _cleanup_free_ char *before = store_sync_get(&fixture->sync, "leased");
    virtual_loop_advance(fixture->sync.loop, 2 * USEC_PER_SEC);
    _cleanup_free_ char *after = store_sync_get(&fixture->sync, "leased");
    assert_string_equal(before, "1");
    assert_null(after);
}

int main(void) {
    const struct CMUnitTest own_tests[] = {
        cmocka_unit_test_setup_teardown(extended_leases_count_their_whole_time_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(any_callback_may_free_the_store, setup, teardown),
    };
    return store_conformance_run(setup, teardown, NULL, NULL, own_tests, ELEMENTSOF(own_tests));
}
