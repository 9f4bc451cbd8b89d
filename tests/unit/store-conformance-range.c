/* Ranges. */
#include "tests/unit/store-conformance.h"

#include <errno.h>

static void exact_range_takes_one_key(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "a", "1");
    fixture_put(fixture, "ab", "2");
    assert_keys(fixture, &(StoreRange){.key = "a"}, "a");
    assert_keys(fixture, &(StoreRange){.key = "abc"}, "");
}

static void range_of_nothing_has_the_revision(void **state) {
    StoreFixture *fixture = *state;
    int64_t revision = fixture_put(fixture, "a", "1");
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(
        store_sync_range(&fixture->sync, &(StoreRange){.key = "b/", .is_prefix = true}, &result),
        0);
    assert_int_equal(result.n_entries, 0);
    assert_false(result.has_more);
    assert_int_equal(result.revision, revision);
}

static void prefix_range_is_in_order_of_bytes(void **state) {
    StoreFixture *fixture = *state;
    static const char *const keys[] = {"p/\xff\xff", "p/b", "p/\xc3\xa9", "p/a\"\\b", "p/ ",
                                       "p0",         "p",   "p/\x01",     "p/\xff",   "p/a/b"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        fixture_put(fixture, keys[i], keys[i]);
    assert_keys(fixture, &(StoreRange){.key = "p/", .is_prefix = true},
                "p/\x01 p/  p/a\"\\b p/a/b p/b p/\xc3\xa9 p/\xff p/\xff\xff");
    assert_keys(fixture, &(StoreRange){.key = "p/\xff", .is_prefix = true}, "p/\xff p/\xff\xff");
    assert_value(fixture, "p/\xff\xff", "p/\xff\xff");
}

static void empty_prefix_takes_all(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "b", "1");
    fixture_put(fixture, "\xff", "1");
    fixture_put(fixture, "a", "1");
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "a b \xff");
}

static void values_may_be_any_bytes(void **state) {
    StoreFixture *fixture = *state;
    char value[1024];
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (char) i;
    StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "bytes", .value = value, .value_size = sizeof(value)},
        {.kind = STORE_PUT, .key = "empty", .value = ""},
        {.kind = STORE_PUT, .key = "nothing", .value = NULL},
    };
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 3}, NULL), 0);
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(
        store_sync_range(&fixture->sync, &(StoreRange){.is_prefix = true, .key = ""}, &result), 0);
    assert_int_equal(result.n_entries, 3);
    assert_int_equal(result.entries[0].value_size, sizeof(value));
    assert_memory_equal(result.entries[0].value, value, sizeof(value));
    assert_int_equal(result.entries[1].value_size, 0);
    assert_string_equal(result.entries[1].value, "");
    assert_int_equal(result.entries[2].value_size, 0);
}

static void keys_only_leaves_out_the_values(void **state) {
    StoreFixture *fixture = *state;
    int64_t revision = fixture_put(fixture, "a", "1");
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(
        store_sync_range(&fixture->sync, &(StoreRange){.key = "a", .is_keys_only = true}, &result),
        0);
    assert_int_equal(result.n_entries, 1);
    assert_string_equal(result.entries[0].key, "a");
    assert_int_equal(result.entries[0].mod_revision, revision);
    assert_int_equal(result.entries[0].value_size, 0);
}

static bool page_has_more(StoreFixture *fixture, const StoreRange *range) {
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(store_sync_range(&fixture->sync, range, &result), 0);
    return result.has_more;
}

static void limit_cuts_and_says_so(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "p/a", "1");
    fixture_put(fixture, "p/b", "1");
    fixture_put(fixture, "p/c", "1");
    fixture_put(fixture, "q", "1");
    StoreRange range = {.key = "p/", .is_prefix = true, .limit = 2};
    assert_keys(fixture, &range, "p/a p/b");
    assert_true(page_has_more(fixture, &range));
    range.limit = 3;
    assert_keys(fixture, &range, "p/a p/b p/c");
    assert_false(page_has_more(fixture, &range));
}

static void after_goes_on_behind_a_key(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "p/a", "1");
    fixture_put(fixture, "p/aa", "1");
    fixture_put(fixture, "p/b", "1");
    StoreRange range = {.key = "p/", .is_prefix = true, .after = "p/a"};
    assert_keys(fixture, &range, "p/aa p/b");
    range.after = "p/ab"; /* need not exist */
    assert_keys(fixture, &range, "p/b");
    range.after = "p/b";
    assert_keys(fixture, &range, "");
    range.after = "a"; /* before all of them */
    range.limit = 1;
    assert_keys(fixture, &range, "p/a");
}

static void before_ends_the_keys(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "p/a", "1");
    fixture_put(fixture, "p/b", "1");
    fixture_put(fixture, "p/ba", "1");
    fixture_put(fixture, "p/c", "1");
    StoreRange range = {.key = "p/", .is_prefix = true, .before = "p/b"};
    assert_keys(fixture, &range, "p/a");
    range.before = "p/bb"; /* need not exist */
    assert_keys(fixture, &range, "p/a p/b p/ba");
    range.after = "p/a";
    range.limit = 2;
    assert_keys(fixture, &range, "p/b p/ba");
    assert_false(page_has_more(fixture, &range));
    range = (StoreRange){.key = "", .is_prefix = true, .before = "p/b"};
    assert_keys(fixture, &range, "p/a");
}

static void pages_at_one_revision_are_one_list(void **state) {
    StoreFixture *fixture = *state;
    fixture_put(fixture, "a", "1");
    fixture_put(fixture, "b", "1");
    int64_t revision = fixture_put(fixture, "d", "1");
    StoreRange range = {.key = "", .is_prefix = true, .limit = 2, .revision = revision};
    assert_keys(fixture, &range, "a b");
    fixture_put(fixture, "c", "later");
    fixture_delete(fixture, "d");
    range.after = "b";
    assert_keys(fixture, &range, "d");
    assert_false(page_has_more(fixture, &range));
    range.revision = 0;
    assert_keys(fixture, &range, "c");
}

static void past_revision_shows_the_past(void **state) {
    StoreFixture *fixture = *state;
    int64_t first = fixture_put(fixture, "a", "1");
    int64_t second = fixture_put(fixture, "a", "2");
    int64_t deleted = fixture_delete(fixture, "a");
    fixture_put(fixture, "a", "3");
    static const char *const values[] = {"1", "2"};
    const int64_t revisions[] = {first, second};
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        _cleanup_range_ StoreRangeResult result = {};
        StoreRange range = {.key = "a", .revision = revisions[i]};
        assert_int_equal(store_sync_range(&fixture->sync, &range, &result), 0);
        assert_string_equal(result.entries[0].value, values[i]);
        assert_int_equal(result.entries[0].mod_revision, revisions[i]);
        assert_int_equal(result.entries[0].create_revision, first);
    }
    assert_keys(fixture, &(StoreRange){.key = "a", .revision = deleted}, "");
    assert_keys(fixture, &(StoreRange){.key = "a", .revision = first - 1}, "");
    assert_value(fixture, "a", "3");
}

static void compacted_revision_is_stale_and_the_rest_stays(void **state) {
    StoreFixture *fixture = *state;
    int64_t first = fixture_put(fixture, "a", "1");
    fixture_put(fixture, "gone", "1");
    fixture_delete(fixture, "gone");
    int64_t compacted = fixture_put(fixture, "b", "1");
    int64_t last = fixture_put(fixture, "a", "2");
    fixture->compact(fixture, compacted);

    StoreRange range = {.key = "", .is_prefix = true, .revision = first};
    assert_int_equal(store_sync_range(&fixture->sync, &range, NULL), -ESTALE);
    range.revision = compacted - 1;
    assert_int_equal(store_sync_range(&fixture->sync, &range, NULL), -ESTALE);

    range.revision = compacted;
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(store_sync_range(&fixture->sync, &range, &result), 0);
    assert_int_equal(result.n_entries, 2);
    assert_string_equal(result.entries[0].value, "1");
    assert_int_equal(result.revision, last);
    assert_value(fixture, "a", "2");
}

const StoreTest store_range_tests[] = {
    STORE_TEST(exact_range_takes_one_key),
    STORE_TEST(range_of_nothing_has_the_revision),
    STORE_TEST(prefix_range_is_in_order_of_bytes),
    STORE_TEST(empty_prefix_takes_all),
    STORE_TEST(values_may_be_any_bytes),
    STORE_TEST(keys_only_leaves_out_the_values),
    STORE_TEST(limit_cuts_and_says_so),
    STORE_TEST(after_goes_on_behind_a_key),
    STORE_TEST(before_ends_the_keys),
    STORE_TEST(pages_at_one_revision_are_one_list),
    STORE_TEST(past_revision_shows_the_past),
    STORE_TEST(compacted_revision_is_stale_and_the_rest_stays),
    {},
};
