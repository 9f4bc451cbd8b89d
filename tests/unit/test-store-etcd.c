/* The suite of all stores, and what is particular to etcd, against a real one. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/etcd-process.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

#define TIMEOUT (8 * USEC_PER_SEC)
#define SHORT_TIMEOUT USEC_PER_SEC /* still enough for a write to a busy disk */

/* One etcd for all tests; each has keys of its own. cmocka gives a test's state no way to it. */
static struct {
    EtcdProcess *etcd;
    unsigned n_stores;
} shared;

static void compact(StoreFixture *fixture, int64_t revision) {
    assert_int_equal(etcd_process_compact(shared.etcd, revision), 0);
}

static Store *open_store(StoreFixture *fixture, char *const *urls, const char *prefix,
                         usec_t timeout_usec) {
    Store *store = NULL;
    EtcdOptions options = {
        .endpoints = urls, .key_prefix = prefix, .request_timeout_usec = timeout_usec};
    sd_event *event = fixture->userdata;
    assert_int_equal(etcd_store_new(event, fixture->sync.loop, &options, &store, NULL), 0);
    return store;
}

static int setup(void **state) {
    StoreFixture *fixture = *state = calloc(1, sizeof(*fixture));
    sd_event *event = NULL;
    char prefix[40];
    assert_true(sd_event_default(&event) >= 0);
    snprintf(prefix, sizeof(prefix), "/test-%u/", shared.n_stores++);
    *fixture = (StoreFixture){.compact = compact, .userdata = event};
    fixture->sync.run_until = event_run_until;
    assert_int_equal(event_loop_new(event, &fixture->sync.loop), 0);
    fixture->sync.store = open_store(fixture, etcd_process_urls(shared.etcd), prefix, TIMEOUT);
    return 0;
}

static int teardown(void **state) {
    StoreFixture *fixture = *state;
    store_free(fixture->sync.store);
    event_loop_free(fixture->sync.loop);
    sd_event_unref(fixture->userdata);
    free(fixture);
    return 0;
}

static void reopen(StoreFixture *fixture, char *const *urls, usec_t timeout_usec) {
    char prefix[40];
    snprintf(prefix, sizeof(prefix), "/test-%u/", shared.n_stores++);
    store_free(fixture->sync.store);
    fixture->sync.store = open_store(fixture, urls, prefix, timeout_usec);
}

static void dead_endpoint_is_passed_over(void **state) {
    StoreFixture *fixture = *state;
    char *const urls[] = {(char *) "http://127.0.0.1:1", (char *) etcd_process_url(shared.etcd, 0),
                          NULL};
    reopen(fixture, urls, TIMEOUT);
    fixture_put(fixture, "a", "1");
    assert_value(fixture, "a", "1");

    reopen(fixture, urls, TIMEOUT);
    int64_t lease;
    assert_int_equal(store_sync_grant(&fixture->sync, TIMEOUT, &lease, NULL), 0);
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
}

static void foreign_keys_are_not_seen(void **state) {
    StoreFixture *fixture = *state;
    char *const *urls = etcd_process_urls(shared.etcd);
    _cleanup_(store_freep) Store *all = open_store(fixture, urls, "", TIMEOUT);
    StoreSync sync = fixture->sync;
    sync.store = all;
    assert_int_equal(store_sync_put(&sync, "/test-0", "x", 0), 0);
    fixture_put(fixture, "a", "1");
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "a");
}

/* Put by another program: the key is "/junk/" and then k, NUL, k. */
static void key_that_is_no_string_is_another_key(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    store_free(TAKE_PTR(fixture->sync.store));
    fixture->sync.store = open_store(fixture, etcd_process_urls(shared.etcd), "/junk/", TIMEOUT);
    StoreWatch watch = {.key = "", .is_prefix = true};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_int_equal(etcd_process_post(shared.etcd, 0, "/v3/kv/put",
                                       "{\"key\":\"L2p1bmsvawBr\",\"value\":\"eA==\"}"),
                     200);
    fixture_put(fixture, "z", "1");
    assert_true(watch_recorder_wait_events(&recorder, 2));
    assert_string_equal(recorder.log, "+k\1k=x +z=1");
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true, .limit = 1}, "k\1k");
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true, .after = "k\1k"}, "z");
}

static void large_value_comes_back_whole(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    const size_t size = 1000 * 1000;
    _cleanup_free_ char *value = calloc(1, size + 1);
    memset(value, 'v', size);
    StoreWatch watch = {.key = "", .is_prefix = true};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));
    fixture_put(fixture, "large", value);
    assert_true(watch_recorder_wait_events(&recorder, 1));
    assert_string_equal(strchr(recorder.log, '=') + 1, value);
    assert_value(fixture, "large", value);
}

static void too_large_transaction_is_refused(void **state) {
    StoreFixture *fixture = *state;
    const size_t size = 2 * 1000 * 1000;
    _cleanup_free_ char *value = calloc(1, size + 1);
    memset(value, 'v', size);
    assert_int_equal(store_sync_put(&fixture->sync, "large", value, 0), -E2BIG);
    fixture_put(fixture, "small", "1");
}

static void hanging_etcd_is_given_up_in_time_and_taken_up_again(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    fixture_put(fixture, "a", "1");
    reopen(fixture, etcd_process_urls(shared.etcd), SHORT_TIMEOUT);
    StoreWatch watch = {.key = "", .is_prefix = true};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));

    etcd_process_pause(shared.etcd, 0);
    usec_t begin = loop_now(fixture->sync.loop);
    assert_int_equal(store_sync_put(&fixture->sync, "a", "2", 0), -ETIMEDOUT);
    assert_int_equal(store_sync_range(&fixture->sync, &(StoreRange){.key = "a"}, NULL), -ETIMEDOUT);
    assert_true(loop_now(fixture->sync.loop) - begin < 4 * SHORT_TIMEOUT);
    etcd_process_resume(shared.etcd, 0);

    /* It has to elect itself leader first; the write of before may have been done or not. */
    usec_t deadline = loop_now(fixture->sync.loop) + STORE_SYNC_MAX_USEC;
    while (store_sync_put(&fixture->sync, "b", "3", 0) < 0)
        assert_true(loop_now(fixture->sync.loop) < deadline);
    assert_true(watch_recorder_wait_events(&recorder, 1));
    assert_int_equal(recorder.n_closed, 0);
    assert_value(fixture, "b", "3");
}

static void watch_closes_when_etcd_is_killed(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    int64_t last = fixture_put(fixture, "a", "1");
    StoreWatch watch = {.key = "", .is_prefix = true, .start_revision = last + 1};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));
    etcd_process_kill(shared.etcd, 0);
    assert_true(watch_recorder_wait_closed(&recorder));
    assert_int_equal(recorder.closed_r, -ECONNRESET);
    assert_int_equal(store_sync_range(&fixture->sync, &(StoreRange){.key = "a"}, NULL),
                     -ECONNREFUSED);

    assert_int_equal(etcd_process_restart(shared.etcd, 0), 0);
    fixture_put(fixture, "a", "2");
    watch_recorder_done(&recorder);
    recorder = (WatchRecorder){};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_events(&recorder, 1));
    assert_string_equal(recorder.log, "+a=2");
}

static void revision_of_the_future_is_stale(void **state) {
    StoreFixture *fixture = *state;
    int64_t last = fixture_put(fixture, "a", "1");
    StoreRange range = {.key = "a", .revision = last + 1000};
    assert_int_equal(store_sync_range(&fixture->sync, &range, NULL), -ESTALE);
}

typedef struct Count {
    size_t n_done, n_wanted;
} Count;

static void on_counted(int r, const StoreTxnResult *result, void *userdata) {
    assert_int_equal(r, 0);
    assert_true(result->succeeded);
    ((Count *) userdata)->n_done++;
}

static bool all_are_done(void *userdata) {
    Count *count = userdata;
    return count->n_done == count->n_wanted;
}

static void many_operations_at_once_are_all_done(void **state) {
    StoreFixture *fixture = *state;
    Count count = {.n_wanted = 1000};
    for (size_t i = 0; i < count.n_wanted; i++) {
        char key[32];
        snprintf(key, sizeof(key), "k%zu", i);
        StoreWrite write = {.kind = STORE_PUT, .key = key, .value = "x"};
        assert_int_equal(store_txn(fixture->sync.store,
                                   &(StoreTxn){.writes = &write, .n_writes = 1}, on_counted, &count,
                                   NULL),
                         0);
    }
    assert_true(event_run_until(fixture->sync.loop, all_are_done, &count, STORE_SYNC_MAX_USEC));
}

static int start_etcd(void **state) {
    shared.etcd = etcd_process_start(1);
    return shared.etcd ? 0 : -1;
}

static int stop_etcd(void **state) {
    etcd_process_free(shared.etcd);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(dead_endpoint_is_passed_over),
        TEST(foreign_keys_are_not_seen),
        TEST(key_that_is_no_string_is_another_key),
        TEST(large_value_comes_back_whole),
        TEST(too_large_transaction_is_refused),
        TEST(hanging_etcd_is_given_up_in_time_and_taken_up_again),
        TEST(watch_closes_when_etcd_is_killed),
        TEST(revision_of_the_future_is_stale),
        TEST(many_operations_at_once_are_all_done),
    };
    if (!etcd_process_is_available()) {
        puts("1..0 # SKIP there is no etcd to run");
        return 0;
    }
    return store_conformance_run(setup, teardown, start_etcd, stop_etcd, tests, ELEMENTSOF(tests));
}
