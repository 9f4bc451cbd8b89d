#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

/* The fixture's store is the faulty one, its userdata the one behind it. */

static void compact(StoreFixture *fixture, int64_t revision) {
    memory_store_compact(fixture->userdata, revision);
}

static int setup(void **state) {
    StoreFixture *fixture = calloc(1, sizeof(StoreFixture));
    Loop *loop = virtual_loop_new(1);
    Store *inner = NULL;
    if (!fixture || !loop || memory_store_new(loop, &inner) < 0)
        return -1;
    *fixture = (StoreFixture){
        .sync = {.loop = loop, .run_until = virtual_loop_run_until},
        .compact = compact,
        .userdata = inner,
    };
    *state = fixture;
    return faulty_store_new(loop, inner, &fixture->sync.store);
}

static int setup_slow(void **state) {
    static const StoreFaults slow = {.latency_min_usec = 1 * USEC_PER_MSEC,
                                     .latency_max_usec = 50 * USEC_PER_MSEC,
                                     .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    int r = setup(state);
    if (r >= 0)
        faulty_store_set_faults(((StoreFixture *) *state)->sync.store, &slow);
    return r;
}

static int teardown(void **state) {
    StoreFixture *fixture = *state;
    store_free(fixture->sync.store);
    store_free(fixture->userdata);
    virtual_loop_free(fixture->sync.loop);
    free(fixture);
    return 0;
}

static StoreSync behind(const StoreFixture *fixture) {
    StoreSync sync = fixture->sync;
    sync.store = fixture->userdata;
    return sync;
}

static void assert_behind(const StoreFixture *fixture, const char *key, const char *expected) {
    StoreSync sync = behind(fixture);
    _cleanup_free_ char *value = store_sync_get(&sync, key);
    assert_int_equal(value != NULL, expected != NULL);
    if (expected)
        assert_string_equal(value, expected);
}

static void assert_put_takes(StoreFixture *fixture, int expected, usec_t usec) {
    usec_t begin = loop_now(fixture->sync.loop);
    assert_int_equal(store_sync_put(&fixture->sync, "a", "1", 0), expected);
    assert_int_equal(loop_now(fixture->sync.loop) - begin, usec);
}

static void lost_request_times_out_without_effect(void **state) {
    StoreFixture *fixture = *state;
    faulty_store_set_faults(fixture->sync.store, &(StoreFaults){.lost_request_permille = 1000,
                                                                .timeout_usec = 2 * USEC_PER_SEC});
    assert_put_takes(fixture, -ETIMEDOUT, 2 * USEC_PER_SEC);
    assert_behind(fixture, "a", NULL);
}

static void lost_answer_times_out_but_took_effect(void **state) {
    StoreFixture *fixture = *state;
    faulty_store_set_faults(fixture->sync.store, &(StoreFaults){.lost_answer_permille = 1000,
                                                                .latency_min_usec = USEC_PER_SEC,
                                                                .timeout_usec = 3 * USEC_PER_SEC});
    assert_put_takes(fixture, -ETIMEDOUT, 3 * USEC_PER_SEC);
    assert_behind(fixture, "a", "1");
}

static void latency_is_that_of_both_ways(void **state) {
    StoreFixture *fixture = *state;
    faulty_store_set_faults(fixture->sync.store, &(StoreFaults){.latency_min_usec = 7,
                                                                .timeout_usec = 3 * USEC_PER_SEC});
    assert_put_takes(fixture, 0, 14);
}

static void refused_request_fails_at_once(void **state) {
    StoreFixture *fixture = *state;
    faulty_store_cut(fixture->sync.store, -ECONNREFUSED);
    assert_put_takes(fixture, -ECONNREFUSED, 0);
    assert_behind(fixture, "a", NULL);
    faulty_store_cut(fixture->sync.store, 0);
    assert_put_takes(fixture, 0, 0);
}

static void start_watch(StoreFixture *fixture, WatchRecorder *recorder) {
    StoreWatch watch = {.key = "", .is_prefix = true};
    assert_int_equal(watch_recorder_start(recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(recorder));
}

static void put_behind(StoreFixture *fixture, const char *key, const char *value) {
    StoreSync sync = behind(fixture);
    assert_int_equal(store_sync_put(&sync, key, value, 0), 0);
    virtual_loop_advance(sync.loop, 0);
}

static void watch_holds_back_what_happens_in_a_short_silence(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start_watch(fixture, &recorder);
    faulty_store_cut(fixture->sync.store, -ETIMEDOUT);
    put_behind(fixture, "a", "1");
    put_behind(fixture, "a", "2");
    virtual_loop_advance(fixture->sync.loop, STORE_FAULTS_TIMEOUT_USEC - 1);
    assert_int_equal(recorder.n_events, 0);
    faulty_store_cut(fixture->sync.store, 0);
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_string_equal(recorder.log, "+a=1 +a=2");
    assert_int_equal(recorder.n_closed, 0);
}

static void watch_ends_in_a_long_silence(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start_watch(fixture, &recorder);
    faulty_store_cut(fixture->sync.store, -ETIMEDOUT);
    put_behind(fixture, "a", "1");
    virtual_loop_advance(fixture->sync.loop, STORE_FAULTS_TIMEOUT_USEC);
    assert_int_equal(recorder.n_events, 0);
    assert_int_equal(recorder.n_closed, 1);
    assert_int_equal(recorder.closed_r, -ETIMEDOUT);
}

static void broken_watch_tells_nothing_more(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {}, unlucky = {};
    start_watch(fixture, &recorder);
    faulty_store_break_watches(fixture->sync.store, -ECONNRESET);
    put_behind(fixture, "a", "1");
    assert_int_equal(recorder.n_events, 0);
    assert_int_equal(recorder.closed_r, -ECONNRESET);

    faulty_store_set_faults(fixture->sync.store, &(StoreFaults){.broken_watch_permille = 1000});
    start_watch(fixture, &unlucky);
    put_behind(fixture, "a", "2");
    assert_int_equal(unlucky.n_events, 0);
    assert_int_equal(unlucky.closed_r, -ECONNRESET);
}

#define FAULTY_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest own_tests[] = {
        FAULTY_TEST(lost_request_times_out_without_effect),
        FAULTY_TEST(lost_answer_times_out_but_took_effect),
        FAULTY_TEST(latency_is_that_of_both_ways),
        FAULTY_TEST(refused_request_fails_at_once),
        FAULTY_TEST(watch_holds_back_what_happens_in_a_short_silence),
        FAULTY_TEST(watch_ends_in_a_long_silence),
        FAULTY_TEST(broken_watch_tells_nothing_more),
    };
    return store_conformance_run(setup_slow, teardown, NULL, NULL, own_tests,
                                 ELEMENTSOF(own_tests));
}
