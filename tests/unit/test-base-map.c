#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

static void value_is_found_after_growth(void **state) {
    _cleanup_(map_freep) Map *map = map_new(free);
    for (int i = 0; i < 1000; i++) {
        _cleanup_free_ char *key = str_printf("key-%d", i);
        assert_int_equal(map_put(map, key, strdup(key)), 1);
    }
    assert_int_equal(map_size(map), 1000);
    assert_string_equal(map_get(map, "key-999"), "key-999");
    assert_null(map_get(map, "key-1000"));
}

static void walk_is_in_order_of_insertion_across_removal(void **state) {
    _cleanup_(map_freep) Map *map = map_new(NULL);
    static const char *const keys[] = {"c", "a", "d", "b"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        map_put(map, keys[i], (void *) keys[i]);
    assert_true(map_remove(map, "a"));
    assert_false(map_remove(map, "a"));
    map_put(map, "a", NULL);

    _cleanup_free_ char *order = strdup("");
    const char *key;
    _unused_ void *value;
    MAP_FOREACH (key, value, map) {
        char *longer = str_printf("%s%s", order, key);
        free(order);
        order = longer;
    }
    assert_string_equal(order, "cdba");
}

static void replaced_value_is_freed_and_key_stays(void **state) {
    _cleanup_(map_freep) Map *map = map_new(free);
    assert_int_equal(map_put(map, "k", strdup("old")), 1);
    assert_int_equal(map_put(map, "k", strdup("new")), 0);
    assert_string_equal(map_get(map, "k"), "new");
    assert_int_equal(map_size(map), 1);
}

static void endless_put_and_take_does_not_grow_or_hang(void **state) {
    _cleanup_(map_freep) Map *map = map_new(NULL);
    for (int i = 0; i < 100000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        map_put(map, key, map);
        assert_ptr_equal(map_take(map, key), map);
        assert_null(map_get(map, "absent"));
    }
    assert_int_equal(map_size(map), 0);
}

static void sorted_keys_are_in_strcmp_order(void **state) {
    _cleanup_(map_freep) Map *map = map_new(NULL);
    map_put(map, "b", NULL);
    map_put(map, "a", NULL);
    _cleanup_free_ const char **keys = NULL;
    assert_int_equal(map_sorted_keys(map, &keys), 0);
    assert_string_equal(keys[0], "a");
    assert_string_equal(keys[1], "b");
    assert_null(keys[2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_is_found_after_growth),
        cmocka_unit_test(walk_is_in_order_of_insertion_across_removal),
        cmocka_unit_test(replaced_value_is_freed_and_key_stays),
        cmocka_unit_test(endless_put_and_take_does_not_grow_or_hang),
        cmocka_unit_test(sorted_keys_are_in_strcmp_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
