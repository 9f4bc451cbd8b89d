/* Transactions. */
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

static StoreEntry get_entry(StoreFixture *fixture, const char *key, StoreRangeResult *ret) {
    assert_int_equal(store_sync_range(&fixture->sync, &(StoreRange){.key = key}, ret), 0);
    assert_int_equal(ret->n_entries, 1);
    return ret->entries[0];
}

static bool txn_succeeds(StoreFixture *fixture, const StoreCompare *compare,
                         const StoreWrite *write) {
    StoreTxn txn = {.compares = compare, .n_compares = 1, .writes = write, .n_writes = 1};
    StoreTxnResult result = {};
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, &result), 0);
    assert_true(result.revision > 0);
    return result.succeeded;
}

static void put_is_read_back_with_its_revisions(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_range_ StoreRangeResult first = {}, second = {};
    int64_t created = fixture_put(fixture, "a", "1");
    StoreEntry entry = get_entry(fixture, "a", &first);
    assert_string_equal(entry.key, "a");
    assert_string_equal(entry.value, "1");
    assert_int_equal(entry.value_size, 1);
    assert_int_equal(entry.create_revision, created);
    assert_int_equal(entry.mod_revision, created);
    assert_int_equal(entry.lease, 0);

    int64_t modified = fixture_put(fixture, "a", "22");
    entry = get_entry(fixture, "a", &second);
    assert_true(modified > created);
    assert_string_equal(entry.value, "22");
    assert_int_equal(entry.create_revision, created);
    assert_int_equal(entry.mod_revision, modified);
}

static void key_made_again_has_a_new_create_revision(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_range_ StoreRangeResult range = {};
    fixture_put(fixture, "a", "1");
    fixture_delete(fixture, "a");
    assert_value(fixture, "a", NULL);
    int64_t revision = fixture_put(fixture, "a", "2");
    assert_int_equal(get_entry(fixture, "a", &range).create_revision, revision);
}

static void comparison_that_fails_writes_nothing(void **state) {
    StoreFixture *fixture = *state;
    int64_t created = fixture_put(fixture, "a", "1"), modified = fixture_put(fixture, "a", "2");
    const StoreCompare wrong[] = {
        {"a", STORE_COMPARE_CREATE_REVISION, 0},
        {"a", STORE_COMPARE_CREATE_REVISION, modified},
        {"a", STORE_COMPARE_MOD_REVISION, created},
        {"a", STORE_COMPARE_LEASE, 1},
        {"absent", STORE_COMPARE_MOD_REVISION, created},
    };
    StoreWrite write = {.kind = STORE_PUT, .key = "b", .value = "x"};
    for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
        assert_false(txn_succeeds(fixture, &wrong[i], &write));
    assert_value(fixture, "b", NULL);
    assert_int_equal(store_sync_revision(&fixture->sync), modified);
}

static void comparison_that_holds_lets_the_writes_through(void **state) {
    StoreFixture *fixture = *state;
    int64_t created = fixture_put(fixture, "a", "1"), modified = fixture_put(fixture, "a", "2");
    const StoreCompare right[] = {
        {"a", STORE_COMPARE_CREATE_REVISION, created},
        {"a", STORE_COMPARE_MOD_REVISION, modified},
        {"a", STORE_COMPARE_LEASE, 0},
    };
    for (size_t i = 0; i < ELEMENTSOF(right); i++) {
        char value[] = {(char) ('0' + i), '\0'};
        StoreWrite write = {.kind = STORE_PUT, .key = "b", .value = value};
        assert_true(txn_succeeds(fixture, &right[i], &write));
        assert_value(fixture, "b", value);
    }
}

static void absent_key_compares_as_zero(void **state) {
    StoreFixture *fixture = *state;
    for (StoreCompareTarget target = STORE_COMPARE_CREATE_REVISION; target <= STORE_COMPARE_LEASE;
         target++) {
        StoreWrite write = {.kind = STORE_PUT, .key = "b", .value = "x"};
        assert_true(txn_succeeds(fixture, &(StoreCompare){"absent", target, 0}, &write));
    }
}

static void all_comparisons_must_hold(void **state) {
    StoreFixture *fixture = *state;
    int64_t revision = fixture_put(fixture, "a", "1");
    const StoreCompare compares[] = {
        {"a", STORE_COMPARE_MOD_REVISION, revision},
        {"b", STORE_COMPARE_MOD_REVISION, revision},
    };
    StoreTxnResult result = {};
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.compares = compares, .n_compares = 2}, &result),
        0);
    assert_false(result.succeeded);
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.compares = compares, .n_compares = 1}, &result),
        0);
    assert_true(result.succeeded);
}

static void writes_of_one_transaction_share_one_revision(void **state) {
    StoreFixture *fixture = *state;
    int64_t before = fixture_put(fixture, "gone", "1");
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "b", .value = "1"},
        {.kind = STORE_DELETE, .key = "gone"},
        {.kind = STORE_PUT, .key = "a", .value = "2"},
    };
    StoreTxnResult result = {};
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 3}, &result), 0);
    assert_int_equal(result.revision, before + 1);

    _cleanup_range_ StoreRangeResult range = {};
    assert_int_equal(
        store_sync_range(&fixture->sync, &(StoreRange){.key = "", .is_prefix = true}, &range), 0);
    assert_int_equal(range.n_entries, 2);
    assert_int_equal(range.entries[0].mod_revision, result.revision);
    assert_int_equal(range.entries[1].mod_revision, result.revision);
}

static void transaction_without_effect_leaves_the_revision(void **state) {
    StoreFixture *fixture = *state;
    int64_t before = fixture_put(fixture, "a", "1");
    assert_int_equal(fixture_delete(fixture, "absent"), before);
    StoreWrite write = {.kind = STORE_DELETE_PREFIX, .key = "nothing/"};
    StoreTxnResult result = {};
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = &write, .n_writes = 1}, &result), 0);
    assert_true(result.succeeded);
    assert_false(result.has_changed);
    assert_int_equal(result.revision, before);
    const StoreWrite both[] = {write, {.kind = STORE_DELETE, .key = "a"}};
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = both, .n_writes = 2}, &result), 0);
    assert_true(result.has_changed);
    before = result.revision;
    assert_int_equal(fixture_put(fixture, "a", "1"), before + 1); /* the same value is a change */
}

static void write_may_depend_on_another_key(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "there", "1");
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "a", .value = "2", .only_with = "there"},
        {.kind = STORE_PUT, .key = "b", .value = "3", .only_with = "absent"},
        {.kind = STORE_DELETE, .key = "there"},
        {.kind = STORE_PUT, .key = "absent", .value = "4"},
    };
    StoreTxnResult result = {};
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 4}, &result), 0);
    assert_true(result.has_changed);
    assert_value(fixture, "a", "2"); /* what the transaction itself does comes after that */
    assert_value(fixture, "b", NULL);
    assert_value(fixture, "there", NULL);
    assert_value(fixture, "absent", "4");
    const StoreTxn again = {.writes = writes, .n_writes = 1};
    assert_int_equal(store_sync_txn(&fixture->sync, &again, &result), 0);
    assert_true(result.succeeded);
    assert_false(result.has_changed);
    fixture_put(fixture, "there", "5");
    assert_int_equal(store_sync_txn(&fixture->sync, &again, &result), 0);
    assert_true(result.has_changed);
}

static void delete_prefix_takes_what_begins_with_it_only(void **state) {
    StoreFixture *fixture = *state;
    static const char *const keys[] = {"a", "a-", "a/", "a/b", "a/b/c", "a/\xff", "a0", "b/a/"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        fixture_put(fixture, keys[i], "x");
    StoreWrite write = {.kind = STORE_DELETE_PREFIX, .key = "a/"};
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = &write, .n_writes = 1}, NULL), 0);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "a a- a0 b/a/");
}

static void transaction_over_the_limit_is_refused(void **state) {
    StoreFixture *fixture = *state;
    StoreWrite writes[STORE_TXN_MAX + 1];
    char keys[ELEMENTSOF(writes)][8];
    for (size_t i = 0; i < ELEMENTSOF(writes); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%03zu", i);
        writes[i] = (StoreWrite){.kind = STORE_PUT, .key = keys[i], .value = "x"};
    }
    StoreTxn txn = {.writes = writes, .n_writes = ELEMENTSOF(writes)};
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, NULL), -E2BIG);
    assert_value(fixture, "k000", NULL);
    txn.n_writes = STORE_TXN_MAX;
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, NULL), 0);
    assert_value(fixture, "k127", "x");
    writes[0].only_with = "k001";
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, NULL), -E2BIG);
    txn.n_writes = STORE_TXN_MAX - 1;
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, NULL), 0);
}

static void key_that_is_written_twice_is_refused(void **state) {
    StoreFixture *fixture = *state;
    const StoreWrite clashes[][2] = {
        {{.kind = STORE_PUT, .key = "a/b", .value = "1"},
         {.kind = STORE_PUT, .key = "a/b", .value = "2"}},
        {{.kind = STORE_DELETE, .key = "a/b"}, {.kind = STORE_PUT, .key = "a/b", .value = "2"}},
        {{.kind = STORE_PUT, .key = "a/b", .value = "1"}, {.kind = STORE_DELETE, .key = "a/b"}},
        {{.kind = STORE_DELETE_PREFIX, .key = "a/"},
         {.kind = STORE_PUT, .key = "a/b", .value = "2"}},
        {{.kind = STORE_PUT, .key = "a/", .value = "1"},
         {.kind = STORE_DELETE_PREFIX, .key = "a/"}},
    };
    for (size_t i = 0; i < ELEMENTSOF(clashes); i++)
        assert_int_equal(
            store_sync_txn(&fixture->sync, &(StoreTxn){.writes = clashes[i], .n_writes = 2}, NULL),
            -EINVAL);
    assert_value(fixture, "a/b", NULL);
}

static void deletes_may_overlap(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "a", "1");
    int64_t before = fixture_put(fixture, "a/b", "1");
    _cleanup_recorder_ WatchRecorder recorder = {};
    StoreWatch watch = {.key = "", .is_prefix = true, .start_revision = before + 1};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    const StoreWrite writes[] = {
        {.kind = STORE_DELETE, .key = "a/b"},
        {.kind = STORE_PUT, .key = "b", .value = "1"},
        {.kind = STORE_DELETE_PREFIX, .key = "a"},
    };
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 3}, NULL), 0);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "b");
    assert_true(watch_recorder_wait_events(&recorder, 1));
    assert_string_equal(recorder.log, "-a/b +b=1 -a");
}

static void count_success(int r, const StoreTxnResult *result, void *userdata) {
    assert_int_equal(r, 0);
    int *counts = userdata;
    counts[result->succeeded]++;
}

static bool ten_are_counted(void *userdata) {
    int *counts = userdata;
    return counts[false] + counts[true] == 10;
}

static void one_of_many_creates_the_key(void **state) {
    StoreFixture *fixture = *state;
    StoreCompare compare = {"leader", STORE_COMPARE_CREATE_REVISION, 0};
    StoreWrite write = {.kind = STORE_PUT, .key = "leader", .value = "me"};
    StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &write, .n_writes = 1};
    int counts[2] = {};
    for (int i = 0; i < 10; i++)
        assert_int_equal(store_txn(fixture->sync.store, &txn, count_success, counts, NULL), 0);
    assert_true(
        fixture->sync.run_until(fixture->sync.loop, ten_are_counted, counts, STORE_SYNC_MAX_USEC));
    assert_int_equal(counts[true], 1);
}

const StoreTest store_txn_tests[] = {
    STORE_TEST(put_is_read_back_with_its_revisions),
    STORE_TEST(key_made_again_has_a_new_create_revision),
    STORE_TEST(comparison_that_fails_writes_nothing),
    STORE_TEST(comparison_that_holds_lets_the_writes_through),
    STORE_TEST(absent_key_compares_as_zero),
    STORE_TEST(all_comparisons_must_hold),
    STORE_TEST(writes_of_one_transaction_share_one_revision),
    STORE_TEST(transaction_without_effect_leaves_the_revision),
    STORE_TEST(write_may_depend_on_another_key),
    STORE_TEST(delete_prefix_takes_what_begins_with_it_only),
    STORE_TEST(transaction_over_the_limit_is_refused),
    STORE_TEST(key_that_is_written_twice_is_refused),
    STORE_TEST(deletes_may_overlap),
    STORE_TEST(one_of_many_creates_the_key),
    {},
};
