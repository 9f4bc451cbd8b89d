#include "tests/unit/store-conformance.h"

#include "fleetd/base/strv.h"

static const StoreTest *const parts[] = {
    store_txn_tests, store_range_tests, store_lease_tests, store_watch_tests, store_op_tests,
};

static size_t count_tests(void) {
    size_t n = 0;
    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        for (const StoreTest *test = parts[i]; test->name; test++)
            n++;
    return n;
}

int store_conformance_run(CMFixtureFunction setup, CMFixtureFunction teardown,
                          CMFixtureFunction group_setup, CMFixtureFunction group_teardown,
                          const struct CMUnitTest *own_tests, size_t n_own_tests) {
    _cleanup_free_ struct CMUnitTest *tests =
        calloc(count_tests() + n_own_tests, sizeof(struct CMUnitTest));
    if (!tests)
        return EXIT_FAILURE;
    size_t n = 0;
    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        for (const StoreTest *test = parts[i]; test->name; test++)
            tests[n++] = (struct CMUnitTest){.name = test->name,
                                             .test_func = test->run,
                                             .setup_func = setup,
                                             .teardown_func = teardown};
    for (size_t i = 0; i < n_own_tests; i++)
        tests[n++] = own_tests[i];
    return _cmocka_run_group_tests("store", tests, n, group_setup, group_teardown);
}

static int64_t fixture_write(StoreFixture *fixture, const StoreWrite *write) {
    StoreTxnResult result = {};
    StoreTxn txn = {.writes = write, .n_writes = 1};
    assert_int_equal(store_sync_txn(&fixture->sync, &txn, &result), 0);
    assert_true(result.succeeded);
    return result.revision;
}

int64_t fixture_put(StoreFixture *fixture, const char *key, const char *value) {
    return fixture_write(fixture, &(StoreWrite){.kind = STORE_PUT, .key = key, .value = value});
}

int64_t fixture_delete(StoreFixture *fixture, const char *key) {
    return fixture_write(fixture, &(StoreWrite){.kind = STORE_DELETE, .key = key});
}

char *fixture_keys(StoreFixture *fixture, const StoreRange *range) {
    _cleanup_range_ StoreRangeResult result = {};
    _cleanup_(strv_freep) char **keys = NULL;
    assert_int_equal(store_sync_range(&fixture->sync, range, &result), 0);
    for (size_t i = 0; i < result.n_entries; i++)
        assert_int_equal(strv_push(&keys, result.entries[i].key), 0);
    return strv_join(keys, " ");
}

void assert_keys(StoreFixture *fixture, const StoreRange *range, const char *expected) {
    _cleanup_free_ char *keys = fixture_keys(fixture, range);
    assert_string_equal(keys, expected);
}

void assert_value(StoreFixture *fixture, const char *key, const char *expected) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    if (!expected)
        assert_null(value);
    else
        assert_string_equal(str_or(value, "(absent)"), expected);
}
