#include "fleetd/store/etcd-request.h"
#include "tests/unit/cmocka-test.h"

/* Base64 in these texts: "/f/" L2Yv, "/f/unit/" L2YvdW5pdC8=, "/f/unit/a" L2YvdW5pdC9h, its next
 * key L2YvdW5pdC9hAA==, the end of "/f/unit/" L2YvdW5pdDA=. */

static void check_range(const char *prefix, StoreRange range, const char *expected) {
    _cleanup_free_ char *text = NULL;
    assert_int_equal(etcd_range_format(prefix, &range, &text), 0);
    assert_string_equal(text, expected);
}

static void single_key_is_asked_for_under_the_prefix(void **state) {
    check_range("/f/", (StoreRange){.key = "unit/a"}, "{\"key\":\"L2YvdW5pdC9h\"}");
}

static void prefix_ends_at_the_first_key_behind_it(void **state) {
    check_range("/f/", (StoreRange){.key = "unit/", .is_prefix = true},
                "{\"key\":\"L2YvdW5pdC8=\",\"range_end\":\"L2YvdW5pdDA=\"}");
}

static void page_begins_behind_the_last_key(void **state) {
    check_range("/f/",
                (StoreRange){.key = "unit/",
                             .is_prefix = true,
                             .after = "unit/a",
                             .limit = 10,
                             .revision = INT64_MAX,
                             .is_keys_only = true},
                "{\"key\":\"L2YvdW5pdC9hAA==\",\"range_end\":\"L2YvdW5pdDA=\",\"limit\":\"10\","
                "\"revision\":\"9223372036854775807\",\"keys_only\":true}");
}

static void page_never_begins_before_the_prefix(void **state) {
    check_range("/f/", (StoreRange){.key = "unit/", .is_prefix = true, .after = "a"},
                "{\"key\":\"L2YvdW5pdC8=\",\"range_end\":\"L2YvdW5pdDA=\"}");
}

static void all_keys_are_a_prefix_too(void **state) {
    check_range("/f/", (StoreRange){.key = "", .is_prefix = true},
                "{\"key\":\"L2Yv\",\"range_end\":\"L2Yw\"}");
    check_range("", (StoreRange){.key = "", .is_prefix = true},
                "{\"key\":\"AA==\",\"range_end\":\"AA==\"}");
}

static void end_of_a_prefix_skips_bytes_that_cannot_grow(void **state) {
    check_range("", (StoreRange){.key = "a\xff\xff", .is_prefix = true},
                "{\"key\":\"Yf//\",\"range_end\":\"Yg==\"}");
    check_range("", (StoreRange){.key = "\xff\xff", .is_prefix = true},
                "{\"key\":\"//8=\",\"range_end\":\"AA==\"}");
}

static void transaction_has_its_comparisons_and_writes_in_order(void **state) {
    _cleanup_free_ char *text = NULL;
    const StoreCompare compares[] = {
        {"unit/a", STORE_COMPARE_CREATE_REVISION, 0},
        {"unit/a", STORE_COMPARE_MOD_REVISION, 7},
        {"unit/a", STORE_COMPARE_LEASE, -3},
    };
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "unit/a", .value = "text", .lease = 5},
        {.kind = STORE_PUT, .key = "unit/a", .value = "a\0b", .value_size = 3},
        {.kind = STORE_DELETE, .key = "unit/a"},
        {.kind = STORE_DELETE_PREFIX, .key = "unit/"},
    };
    StoreTxn txn = {compares, ELEMENTSOF(compares), writes, ELEMENTSOF(writes)};
    assert_int_equal(etcd_txn_format("/f/", &txn, &text), 0);
    assert_string_equal(
        text,
        "{\"compare\":["
        "{\"key\":\"L2YvdW5pdC9h\",\"target\":\"CREATE\",\"result\":\"EQUAL\","
        "\"create_revision\":\"0\"},"
        "{\"key\":\"L2YvdW5pdC9h\",\"target\":\"MOD\",\"result\":\"EQUAL\",\"mod_revision\":\"7\"},"
        "{\"key\":\"L2YvdW5pdC9h\",\"target\":\"LEASE\",\"result\":\"EQUAL\",\"lease\":\"-3\"}],"
        "\"success\":["
        "{\"request_put\":{\"key\":\"L2YvdW5pdC9h\",\"value\":\"dGV4dA==\",\"lease\":\"5\"}},"
        "{\"request_put\":{\"key\":\"L2YvdW5pdC9h\",\"value\":\"YQBi\"}},"
        "{\"request_delete_range\":{\"key\":\"L2YvdW5pdC9h\"}},"
        "{\"request_delete_range\":{\"key\":\"L2YvdW5pdC8=\",\"range_end\":\"L2YvdW5pdDA=\"}}]}");
}

static void empty_transaction_and_value_are_valid(void **state) {
    _cleanup_free_ char *empty = NULL, *put = NULL;
    assert_int_equal(etcd_txn_format("", &(StoreTxn){}, &empty), 0);
    assert_string_equal(empty, "{\"compare\":[],\"success\":[]}");
    StoreWrite write = {.kind = STORE_PUT, .key = "a"};
    assert_int_equal(etcd_txn_format("", &(StoreTxn){.writes = &write, .n_writes = 1}, &put), 0);
    assert_string_equal(
        put, "{\"compare\":[],\"success\":[{\"request_put\":{\"key\":\"YQ==\",\"value\":\"\"}}]}");
}

/* Longer than a block of the encoder. */
static void long_value_is_encoded_without_a_seam(void **state) {
    _cleanup_free_ char *text = NULL;
    char value[3001];
    memset(value, 0, sizeof(value));
    StoreWrite write = {.kind = STORE_PUT, .key = "a", .value = value, .value_size = sizeof(value)};
    assert_int_equal(etcd_txn_format("", &(StoreTxn){.writes = &write, .n_writes = 1}, &text), 0);
    const char *base64 = strstr(text, "\"value\":\"") + 9;
    assert_int_equal(strspn(base64, "A"), 3000 / 3 * 4 + 2);
    assert_true(strncmp(base64 + 3000 / 3 * 4 + 2, "==\"}", 4) == 0);
}

static void watch_begins_at_its_revision_or_now(void **state) {
    _cleanup_free_ char *now = NULL, *later = NULL;
    assert_int_equal(etcd_watch_format("/f/", &(StoreWatch){.key = "unit/a"}, &now), 0);
    assert_string_equal(now, "{\"create_request\":{\"key\":\"L2YvdW5pdC9h\"}}");
    StoreWatch watch = {.key = "unit/", .is_prefix = true, .start_revision = 8};
    assert_int_equal(etcd_watch_format("/f/", &watch, &later), 0);
    assert_string_equal(later, "{\"create_request\":{\"key\":\"L2YvdW5pdC8=\","
                               "\"range_end\":\"L2YvdW5pdDA=\",\"start_revision\":\"8\"}}");
}

static void lease_time_is_rounded_up_to_seconds(void **state) {
    static const struct {
        usec_t usec;
        const char *text;
    } cases[] = {
        {0, "{\"TTL\":\"1\"}"},
        {1, "{\"TTL\":\"1\"}"},
        {USEC_PER_SEC, "{\"TTL\":\"1\"}"},
        {USEC_PER_SEC + 1, "{\"TTL\":\"2\"}"},
        {30 * USEC_PER_SEC, "{\"TTL\":\"30\"}"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = NULL;
        assert_int_equal(etcd_grant_format(cases[i].usec, &text), 0);
        assert_string_equal(text, cases[i].text);
    }
}

static void lease_is_named_by_a_string_of_digits(void **state) {
    _cleanup_free_ char *text = NULL;
    assert_int_equal(etcd_lease_format(1418812006971993103, &text), 0);
    assert_string_equal(text, "{\"ID\":\"1418812006971993103\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_key_is_asked_for_under_the_prefix),
        cmocka_unit_test(prefix_ends_at_the_first_key_behind_it),
        cmocka_unit_test(page_begins_behind_the_last_key),
        cmocka_unit_test(page_never_begins_before_the_prefix),
        cmocka_unit_test(all_keys_are_a_prefix_too),
        cmocka_unit_test(end_of_a_prefix_skips_bytes_that_cannot_grow),
        cmocka_unit_test(transaction_has_its_comparisons_and_writes_in_order),
        cmocka_unit_test(empty_transaction_and_value_are_valid),
        cmocka_unit_test(long_value_is_encoded_without_a_seam),
        cmocka_unit_test(watch_begins_at_its_revision_or_now),
        cmocka_unit_test(lease_time_is_rounded_up_to_seconds),
        cmocka_unit_test(lease_is_named_by_a_string_of_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
