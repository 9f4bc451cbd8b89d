/* Watches. */
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

#define ALL ((StoreWatch){.key = "", .is_prefix = true})

static void start(StoreFixture *fixture, WatchRecorder *recorder, StoreWatch watch) {
    assert_int_equal(watch_recorder_start(recorder, &fixture->sync, &watch), 0);
}

/* Waits for the last of the events, and checks that they are all that was told. */
static void assert_told(StoreFixture *fixture, WatchRecorder *recorder, size_t n_events,
                        const char *expected) {
    assert_true(watch_recorder_wait_events(recorder, n_events));
    assert_string_equal(recorder->log, expected);
}

static void watch_from_now_tells_what_comes(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    int64_t before = fixture_put(fixture, "a", "0");
    start(fixture, &recorder, ALL);
    assert_int_equal(recorder.n_created, 0);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_true(recorder.created_revision >= before);
    int64_t put = fixture_put(fixture, "a", "1"), deleted = fixture_delete(fixture, "a");
    assert_told(fixture, &recorder, 2, "+a=1 -a");
    assert_int_equal(recorder.revisions[0], put);
    assert_int_equal(recorder.revisions[1], deleted);
    assert_int_equal(recorder.n_created, 1);
    assert_int_equal(recorder.n_closed, 0);
}

static void watch_from_the_past_tells_it_and_goes_on(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    fixture_put(fixture, "a", "0");
    int64_t from = fixture_put(fixture, "b", "1");
    fixture_put(fixture, "a", "2");
    fixture_delete(fixture, "b");
    start(fixture, &recorder, (StoreWatch){.key = "", .is_prefix = true, .start_revision = from});
    assert_told(fixture, &recorder, 3, "+b=1 +a=2 -b");
    fixture_put(fixture, "c", "3");
    assert_told(fixture, &recorder, 4, "+b=1 +a=2 -b +c=3");
}

static void watch_of_the_next_revision_misses_nothing(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    int64_t last = fixture_put(fixture, "a", "0");
    start(fixture, &recorder,
          (StoreWatch){.key = "", .is_prefix = true, .start_revision = last + 1});
    fixture_put(fixture, "a", "1"); /* whether it stands already or not */
    assert_told(fixture, &recorder, 1, "+a=1");
}

static void watch_of_the_future_waits_for_it(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    int64_t last = fixture_put(fixture, "a", "0");
    start(fixture, &recorder, (StoreWatch){.key = "a", .start_revision = last + 4});
    assert_true(watch_recorder_wait_created(&recorder));
    fixture_put(fixture, "a", "1");
    fixture_put(fixture, "b", "2");
    fixture_put(fixture, "a", "3");
    fixture_put(fixture, "a", "4");
    assert_told(fixture, &recorder, 1, "+a=4");
}

static void watch_tells_only_its_keys(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder exact = {}, prefix = {};
    start(fixture, &exact, (StoreWatch){.key = "p/a"});
    start(fixture, &prefix, (StoreWatch){.key = "p/", .is_prefix = true});
    assert_true(watch_recorder_wait_created(&exact));
    assert_true(watch_recorder_wait_created(&prefix));
    static const char *const keys[] = {"p", "p/", "p/a", "p/aa", "p0", "q"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        fixture_put(fixture, keys[i], "1");
    fixture_delete(fixture, "p/a");
    assert_told(fixture, &exact, 2, "+p/a=1 -p/a");
    assert_told(fixture, &prefix, 4, "+p/=1 +p/a=1 +p/aa=1 -p/a");
}

static void watch_ends_before_a_key(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start(fixture, &recorder, (StoreWatch){.key = "p/", .is_prefix = true, .before = "p/b"});
    assert_true(watch_recorder_wait_created(&recorder));
    static const char *const keys[] = {"p/b", "p/a", "p/ba", "p/aa"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        fixture_put(fixture, keys[i], "1");
    assert_told(fixture, &recorder, 2, "+p/a=1 +p/aa=1");
}

static void one_revision_is_told_at_once_and_in_order_of_its_writes(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder live = {}, late = {};
    StoreWrite writes[100];
    char keys[ELEMENTSOF(writes)][8];
    for (size_t i = 0; i < ELEMENTSOF(writes); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%02zu", 99 - i);
        writes[i] = (StoreWrite){.kind = STORE_PUT, .key = keys[i], .value = "x"};
    }
    start(fixture, &live, ALL);
    assert_true(watch_recorder_wait_created(&live));
    StoreTxnResult result = {};
    StoreTxn txn = {.writes = writes, .n_writes = ELEMENTSOF(writes)};
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, &result), 0);
    start(fixture, &late,
          (StoreWatch){.key = "", .is_prefix = true, .start_revision = result.revision});

    WatchRecorder *recorders[] = {&live, &late};
    for (size_t i = 0; i < ELEMENTSOF(recorders); i++) {
        assert_true(watch_recorder_wait_events(recorders[i], 1));
        assert_int_equal(recorders[i]->n_events, 100);
        assert_int_equal(recorders[i]->revisions[99], result.revision);
        assert_memory_equal(recorders[i]->log, "+k99=x +k98=x ", 14);
    }
}

static void many_watches_are_all_told(void **state) {
    StoreFixture *fixture = *state;
    WatchRecorder recorders[20] = {};
    for (size_t i = 0; i < ELEMENTSOF(recorders); i++)
        start(fixture, &recorders[i], ALL);
    for (size_t i = 0; i < ELEMENTSOF(recorders); i++)
        assert_true(watch_recorder_wait_created(&recorders[i]));
    fixture_put(fixture, "a", "1");
    for (size_t i = 0; i < ELEMENTSOF(recorders); i++) {
        assert_told(fixture, &recorders[i], 1, "+a=1");
        watch_recorder_done(&recorders[i]);
    }
}

static void watch_tells_odd_bytes(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start(fixture, &recorder, (StoreWatch){.key = "\xff", .is_prefix = true});
    assert_true(watch_recorder_wait_created(&recorder));
    fixture_put(fixture, "\xff\x01\"\\", "\xc3\x28");
    fixture_delete(fixture, "\xff\x01\"\\");
    assert_told(fixture, &recorder, 2, "+\xff\x01\"\\=\xc3\x28 -\xff\x01\"\\");
}

static void watch_may_be_cancelled_from_its_own_callback(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {.cancels_itself = true}, witness = {};
    start(fixture, &recorder, ALL);
    start(fixture, &witness, ALL);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_true(watch_recorder_wait_created(&witness));
    fixture_put(fixture, "a", "1");
    assert_true(watch_recorder_wait_events(&recorder, 1));
    fixture_put(fixture, "a", "2");
    assert_told(fixture, &witness, 2, "+a=1 +a=2");
    assert_string_equal(recorder.log, "+a=1");
    assert_int_equal(recorder.n_closed, 0);
}

static void watch_from_a_compacted_revision_is_stale(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder stale = {}, good = {};
    int64_t first = fixture_put(fixture, "a", "1");
    fixture_put(fixture, "a", "2");
    int64_t compacted = fixture_put(fixture, "a", "3");
    fixture_put(fixture, "a", "4");
    fixture->compact(fixture, compacted);
    start(fixture, &stale, (StoreWatch){.key = "", .is_prefix = true, .start_revision = first});
    assert_true(watch_recorder_wait_closed(&stale));
    assert_int_equal(stale.closed_r, -ESTALE);
    assert_int_equal(stale.n_created, 0); /* it never stood */
    assert_int_equal(stale.n_events, 0);

    start(fixture, &good,
          (StoreWatch){.key = "", .is_prefix = true, .start_revision = compacted + 1});
    assert_told(fixture, &good, 1, "+a=4");
}

static void compaction_does_not_disturb_a_watch_of_the_present(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder ours = {}, others = {};
    start(fixture, &ours, (StoreWatch){.key = "a"});
    start(fixture, &others, (StoreWatch){.key = "b"});
    assert_true(watch_recorder_wait_created(&ours));
    assert_true(watch_recorder_wait_created(&others));
    int64_t last = fixture_put(fixture, "a", "1");
    assert_told(fixture, &ours, 1, "+a=1");
    fixture->compact(fixture, last);
    fixture_put(fixture, "a", "2");
    fixture_put(fixture, "b", "3");
    assert_told(fixture, &ours, 2, "+a=1 +a=2");
    assert_told(fixture, &others, 1, "+b=3");
}

const StoreTest store_watch_tests[] = {
    STORE_TEST(watch_from_now_tells_what_comes),
    STORE_TEST(watch_from_the_past_tells_it_and_goes_on),
    STORE_TEST(watch_of_the_next_revision_misses_nothing),
    STORE_TEST(watch_of_the_future_waits_for_it),
    STORE_TEST(watch_tells_only_its_keys),
    STORE_TEST(watch_ends_before_a_key),
    STORE_TEST(one_revision_is_told_at_once_and_in_order_of_its_writes),
    STORE_TEST(many_watches_are_all_told),
    STORE_TEST(watch_tells_odd_bytes),
    STORE_TEST(watch_may_be_cancelled_from_its_own_callback),
    STORE_TEST(watch_from_a_compacted_revision_is_stale),
    STORE_TEST(compaction_does_not_disturb_a_watch_of_the_present),
    {},
};
