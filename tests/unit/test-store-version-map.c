#include "fleetd/store/version-map.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void put(VersionMap *map, const char *key, const char *value, size_t value_size) {
    StoreWrite write = {.kind = STORE_PUT, .key = key, .value = value, .value_size = value_size};
    assert_int_equal(version_map_stage_put(map, &write), 0);
    version_map_apply(map);
}

static int range_at(VersionMap *map, int64_t revision, size_t *ret_n) {
    StoreRangeResult result = {};
    StoreRange range = {.key = "", .is_prefix = true, .revision = revision};
    int r = version_map_range(map, &range, &result);
    *ret_n = result.n_entries;
    free((void *) result.entries);
    return r;
}

static size_t count_events(VersionMap *map, int64_t revision) {
    StoreEvent *events = NULL;
    size_t n = 0;
    StoreWatch watch = {.key = "", .is_prefix = true, .start_revision = revision};
    assert_int_equal(version_map_events(map, &watch, &events, &n), 0);
    free(events);
    return n;
}

static void new_map_begins_at_its_revision(void **state) {
    _cleanup_(version_map_freep) VersionMap *map = version_map_new(41);
    assert_int_equal(version_map_revision(map), 41);
    put(map, "a", "1", 1);
    assert_int_equal(version_map_revision(map), 42);
    assert_int_equal(version_map_get(map, "a")->create_revision, 42);
    size_t n;
    assert_int_equal(range_at(map, 40, &n), -ESTALE);
    assert_int_equal(range_at(map, 41, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(range_at(map, 43, &n), -ERANGE);
}

static void staged_changes_are_unseen_until_applied(void **state) {
    _cleanup_(version_map_freep) VersionMap *map = version_map_new(1);
    size_t n = 0;
    put(map, "a", "1", 1);
    put(map, "b", "1", 1);
    StoreWrite writes[] = {{.key = "a", .value = "2", .value_size = 1},
                           {.key = "new", .value = "2", .value_size = 1}};
    assert_int_equal(version_map_stage_put(map, &writes[0]), 0);
    assert_int_equal(version_map_stage_put(map, &writes[1]), 0);
    assert_int_equal(version_map_stage_delete(map, "b"), 0);
    assert_int_equal(version_map_stage_delete_prefix(map, "b"), 0);
    const StoreChange *changes = version_map_staged(map, &n);
    assert_int_equal(n, 3);
    assert_string_equal(changes[0].before->value, "1");
    assert_null(changes[1].before);
    assert_int_equal(changes[2].kind, STORE_EVENT_DELETE);
    assert_int_equal(changes[2].entry->mod_revision, 4);

    assert_string_equal(version_map_get(map, "a")->value, "1");
    assert_null(version_map_get(map, "new"));
    assert_int_equal(range_at(map, 0, &n), 0);
    assert_int_equal(n, 2);

    version_map_drop(map);
    version_map_apply(map);
    assert_int_equal(version_map_revision(map), 3);
    assert_string_equal(version_map_get(map, "b")->value, "1");
    assert_null(version_map_get(map, "new"));
    assert_int_equal(count_events(map, 2), 2);
}

static void past_is_bounded_in_events(void **state) {
    _cleanup_(version_map_freep) VersionMap *map = version_map_new(1);
    size_t n;
    for (int i = 0; i < 25000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i % 100);
        put(map, key, "x", 1);
    }
    assert_int_equal(version_map_compacted(map), 25001 - 10000);
    assert_int_equal(range_at(map, version_map_compacted(map) - 1, &n), -ESTALE);
    assert_int_equal(range_at(map, version_map_compacted(map), &n), 0);
    assert_int_equal(n, 100);
    assert_int_equal(count_events(map, version_map_compacted(map) + 1), 10000);
}

static void past_is_bounded_in_bytes(void **state) {
    _cleanup_(version_map_freep) VersionMap *map = version_map_new(1);
    _cleanup_free_ char *value = calloc(1, 1024 * 1024);
    for (int i = 0; i < 100; i++)
        put(map, "a", value, 1024 * 1024);
    assert_int_equal(version_map_compacted(map), 101 - 64);
}

static void newest_revision_is_remembered_whatever_its_size(void **state) {
    _cleanup_(version_map_freep) VersionMap *map = version_map_new(1);
    for (int i = 0; i < 12000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        put(map, key, "x", 1);
    }
    assert_int_equal(version_map_stage_delete_prefix(map, ""), 0);
    version_map_apply(map);
    assert_int_equal(count_events(map, version_map_revision(map)), 12000);
    put(map, "a", "1", 1);
    assert_int_equal(version_map_compacted(map), version_map_revision(map) - 1);
    assert_int_equal(count_events(map, version_map_compacted(map) + 1), 1);
}

static void compaction_keeps_what_there_is(void **state) {
    _cleanup_(version_map_freep) VersionMap *map = version_map_new(1);
    size_t n;
    put(map, "a", "1", 1);
    put(map, "a", "2", 1);
    put(map, "b", "3", 1);
    assert_int_equal(version_map_stage_delete(map, "b"), 0);
    version_map_apply(map);
    version_map_compact(map, 3);
    assert_int_equal(range_at(map, 4, &n), 0);
    assert_int_equal(n, 2);
    version_map_compact(map, INT64_MAX);
    assert_int_equal(version_map_compacted(map), 5);
    version_map_compact(map, 2); /* never goes back */
    assert_int_equal(version_map_compacted(map), 5);
    assert_int_equal(range_at(map, 0, &n), 0);
    assert_int_equal(n, 1);
    put(map, "b", "4", 1);
    assert_int_equal(version_map_get(map, "b")->create_revision, 6);
    assert_string_equal(version_map_get(map, "a")->value, "2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_map_begins_at_its_revision),
        cmocka_unit_test(staged_changes_are_unseen_until_applied),
        cmocka_unit_test(past_is_bounded_in_events),
        cmocka_unit_test(past_is_bounded_in_bytes),
        cmocka_unit_test(newest_revision_is_remembered_whatever_its_size),
        cmocka_unit_test(compaction_keeps_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
