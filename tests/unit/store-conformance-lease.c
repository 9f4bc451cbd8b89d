/* Leases. They are short but whole: an etcd grants no less than about 2 s. */
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

#define SHORT_TTL_USEC (2 * USEC_PER_SEC)
#define LONG_TTL_USEC (60 * USEC_PER_SEC)

static int64_t grant(StoreFixture *fixture, usec_t ttl_usec) {
    int64_t lease = 0;
    assert_int_equal(store_sync_grant(&fixture->sync, ttl_usec, &lease, NULL), 0);
    assert_int_not_equal(lease, 0);
    return lease;
}

static void put_leased(StoreFixture *fixture, const char *key, int64_t lease) {
    assert_int_equal(store_sync_put(&fixture->sync, key, "leased", lease), 0);
}

static void ttl_is_granted_in_whole_seconds_and_not_less(void **state) {
    StoreFixture *fixture = *state;
    int64_t a = 0, b = 0;
    usec_t ttl_usec = 0;
    assert_int_equal(
        store_sync_grant(&fixture->sync, 4 * USEC_PER_SEC + 1 * USEC_PER_MSEC, &a, &ttl_usec), 0);
    assert_true(ttl_usec >= 5 * USEC_PER_SEC);
    assert_int_equal(ttl_usec % USEC_PER_SEC, 0);
    assert_int_equal(store_sync_grant(&fixture->sync, LONG_TTL_USEC, &b, &ttl_usec), 0);
    assert_true(ttl_usec >= LONG_TTL_USEC);
    assert_true(a != b);
    assert_int_equal(store_sync_revoke(&fixture->sync, a), 0);
    assert_int_equal(store_sync_revoke(&fixture->sync, b), 0);
}

static void entry_tells_its_lease_and_it_can_be_compared(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = grant(fixture, LONG_TTL_USEC);
    put_leased(fixture, "a", lease);
    _cleanup_range_ StoreRangeResult range = {};
    assert_int_equal(store_sync_range(&fixture->sync, &(StoreRange){.key = "a"}, &range), 0);
    assert_true(range.entries[0].lease == lease);

    StoreCompare compare = {"a", STORE_COMPARE_LEASE, lease};
    StoreTxnResult result = {};
    StoreTxn txn = {.compares = &compare, .n_compares = 1};
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, &result), 0);
    assert_true(result.succeeded);
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
}

static void lease_that_runs_out_takes_its_keys_at_one_revision(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = grant(fixture, SHORT_TTL_USEC);
    _cleanup_recorder_ WatchRecorder recorder = {};
    fixture_put(fixture, "m/b", "1");
    put_leased(fixture, "m/a", lease);
    put_leased(fixture, "m/c", lease);
    StoreWatch watch = {.key = "m/", .is_prefix = true};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);

    assert_true(watch_recorder_wait_events(&recorder, 2));
    assert_string_equal(recorder.log, "-m/a -m/c");
    assert_int_equal(recorder.revisions[0], recorder.revisions[1]);
    assert_int_equal(recorder.n_batches, 1);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "m/b");
    assert_int_equal(store_sync_renew(&fixture->sync, lease), -ENOKEY);
}

typedef struct Moment {
    Loop *loop;
    usec_t time;
} Moment;

static bool moment_has_come(void *userdata) {
    Moment *moment = userdata;
    return loop_now(moment->loop) >= moment->time;
}

static void wait_usec(StoreFixture *fixture, usec_t usec) {
    Loop *loop = fixture->sync.loop;
    Moment moment = {loop, loop_now(loop) + usec};
    fixture->sync.run_until(loop, moment_has_come, &moment, usec);
}

static void renewed_lease_lives_on(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = grant(fixture, SHORT_TTL_USEC);
    put_leased(fixture, "a", lease);
    for (int i = 0; i < 4; i++) { /* twice its time in all */
        wait_usec(fixture, SHORT_TTL_USEC / 2);
        assert_int_equal(store_sync_renew(&fixture->sync, lease), 0);
    }
    assert_value(fixture, "a", "leased");
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
}

static void revoked_lease_takes_its_keys_and_is_gone(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = grant(fixture, LONG_TTL_USEC);
    put_leased(fixture, "a", lease);
    put_leased(fixture, "b", lease);
    fixture_put(fixture, "c", "1");
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "c");
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), -ENOKEY);
    assert_int_equal(store_sync_renew(&fixture->sync, lease), -ENOKEY);
    assert_int_equal(store_sync_put(&fixture->sync, "a", "1", lease), -ENOKEY);
}

static void write_under_an_unknown_lease_writes_nothing(void **state) {
    StoreFixture *fixture = *state;
    int64_t before = fixture_put(fixture, "c", "1");
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "a", .value = "1"},
        {.kind = STORE_DELETE, .key = "c"},
        {.kind = STORE_PUT, .key = "b", .value = "1", .lease = 4711},
    };
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 3}, NULL),
        -ENOKEY);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "c");
    assert_int_equal(store_sync_revision(&fixture->sync), before);
}

static void key_that_left_its_lease_outlives_it(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = grant(fixture, LONG_TTL_USEC), other = grant(fixture, LONG_TTL_USEC);
    static const char *const keys[] = {"freed", "moved", "remade", "stays"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        put_leased(fixture, keys[i], lease);
    fixture_put(fixture, "freed", "1");
    put_leased(fixture, "moved", other);
    fixture_delete(fixture, "remade");
    fixture_put(fixture, "remade", "1");
    put_leased(fixture, "stays", lease);

    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "freed moved remade");
    assert_int_equal(store_sync_revoke(&fixture->sync, other), 0);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "freed remade");
}

static void key_that_failed_to_come_under_a_lease_outlives_it(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = grant(fixture, LONG_TTL_USEC);
    fixture_put(fixture, "a", "1");
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "a", .value = "2", .lease = lease},
        {.kind = STORE_PUT, .key = "b", .value = "2", .lease = 4711},
    };
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 2}, NULL),
        -ENOKEY);
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
    assert_value(fixture, "a", "1");
}

static void lease_without_keys_ends_without_a_revision(void **state) {
    StoreFixture *fixture = *state;
    int64_t before = fixture_put(fixture, "a", "1");
    assert_int_equal(store_sync_revoke(&fixture->sync, grant(fixture, LONG_TTL_USEC)), 0);
    assert_int_equal(store_sync_revision(&fixture->sync), before);
}

const StoreTest store_lease_tests[] = {
    STORE_TEST(ttl_is_granted_in_whole_seconds_and_not_less),
    STORE_TEST(entry_tells_its_lease_and_it_can_be_compared),
    STORE_TEST(lease_that_runs_out_takes_its_keys_at_one_revision),
    STORE_TEST(renewed_lease_lives_on),
    STORE_TEST(revoked_lease_takes_its_keys_and_is_gone),
    STORE_TEST(write_under_an_unknown_lease_writes_nothing),
    STORE_TEST(key_that_left_its_lease_outlives_it),
    STORE_TEST(key_that_failed_to_come_under_a_lease_outlives_it),
    STORE_TEST(lease_without_keys_ends_without_a_revision),
    {},
};
