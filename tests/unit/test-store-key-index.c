#include "fleetd/store/key-index.h"
#include "tests/unit/cmocka-test.h"

#define N_KEYS 2000

static void key_format(unsigned number, char key[16]) {
    snprintf(key, 16, "%04u", number);
}

static void assert_holds(KeyIndex *index, const bool is_there[N_KEYS]) {
    KeyNode *node = key_index_from(index, "");
    for (unsigned i = 0; i < N_KEYS; i++) {
        char key[16];
        key_format(i, key);
        assert_int_equal(key_index_find(index, key) != NULL, is_there[i]);
        if (!is_there[i])
            continue;
        assert_string_equal(node->key, key);
        assert_ptr_equal(key_index_from(index, key), node);
        node = key_node_next(node);
    }
    assert_null(node);
}

static void keys_are_in_order_whatever_the_order_of_coming_and_going(void **state) {
    _cleanup_(key_index_freep) KeyIndex *index = key_index_new();
    bool is_there[N_KEYS] = {};
    assert_holds(index, is_there);
    for (unsigned i = 0, number = 1; i < 4 * N_KEYS; i++) {
        char key[16];
        number = (number * 1103515245u + 12345u) & 0x7fffffff;
        unsigned which = (number >> 8) % N_KEYS;
        key_format(which, key);
        if (is_there[which] && number % 3 == 0) {
            key_index_remove(index, key_index_find(index, key));
            is_there[which] = false;
        } else {
            KeyNode *node = key_index_add(index, key);
            assert_ptr_equal(key_index_add(index, key), node);
            is_there[which] = true;
        }
    }
    assert_holds(index, is_there);
}

static void search_begins_at_the_next_key(void **state) {
    _cleanup_(key_index_freep) KeyIndex *index = key_index_new();
    key_index_add(index, "b");
    key_index_add(index, "\xff");
    assert_string_equal(key_index_from(index, "a")->key, "b");
    assert_string_equal(key_index_from(index, "b")->key, "b");
    assert_string_equal(key_index_from(index, "b\x01")->key, "\xff"); /* bytes are unsigned */
    assert_null(key_index_from(index, "\xff\x01"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_in_order_whatever_the_order_of_coming_and_going),
        cmocka_unit_test(search_begins_at_the_next_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
