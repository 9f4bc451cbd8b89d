#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

static void text_is_split_without_empty_pieces(void **state) {
    static const char *const cases[][3] = {
        {"", " ", ""},
        {" ,  ", " ,", ""},
        {"a", " ", "a"},
        {"a b", " ", "a|b"},
        {"  a,,b ,c ", " ,", "a|b|c"},
        {"a b", ",", "a b"},
        {"a b", "", "a b"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(strv_freep) char **pieces = NULL;
        assert_int_equal(strv_split(cases[i][0], cases[i][1], &pieces), 0);
        _cleanup_free_ char *joined = strv_join(pieces, "|");
        assert_string_equal(joined, cases[i][2]);
    }
}

static void array_grows_at_its_end(void **state) {
    _cleanup_(strv_freep) char **strv = NULL;
    assert_int_equal(strv_length(strv), 0);
    assert_int_equal(strv_push(&strv, "a"), 0);
    assert_int_equal(strv_push_n(&strv, "bcd", 2), 0);
    assert_int_equal(strv_push_n(&strv, "e", 9), 0);
    assert_int_equal(strv_length(strv), 3);
    assert_string_equal(strv[1], "bc");
    assert_string_equal(strv[2], "e");
    assert_null(strv[3]);
}

static void contained_strings_are_whole(void **state) {
    const char *const strv[] = {"one", "two", NULL};
    assert_true(strv_contains((char *const *) strv, "two"));
    assert_false(strv_contains((char *const *) strv, "tw"));
    assert_false(strv_contains(NULL, "two"));
}

static void copy_is_independent(void **state) {
    _cleanup_(strv_freep) char **strv = NULL, **copy = NULL, **empty = NULL;
    assert_int_equal(strv_push(&strv, "a"), 0);
    assert_int_equal(strv_copy(strv, &copy), 0);
    strv[0][0] = 'x';
    assert_string_equal(copy[0], "a");
    assert_null(copy[1]);
    assert_int_equal(strv_copy(NULL, &empty), 0);
    assert_non_null(empty);
    assert_null(empty[0]);
}

static void strings_are_joined_with_separators_between(void **state) {
    const char *const strv[] = {"a", "", "b", NULL};
    _cleanup_free_ char *joined = strv_join((char *const *) strv, ", ");
    _cleanup_free_ char *empty = strv_join(NULL, ", ");
    assert_string_equal(joined, "a, , b");
    assert_string_equal(empty, "");
}

static void walk_ends_at_the_last_string(void **state) {
    size_t n = 0;
    const char *const strv[] = {"a", "b", NULL};
    STRV_FOREACH (s, strv)
        n += strlen(*s);
    STRV_FOREACH (s, NULL)
        n += strlen(*s);
    assert_int_equal(n, 2);
}

static void string_is_replaced_by_a_copy(void **state) {
    _cleanup_free_ char *s = NULL;
    assert_int_equal(str_replace(&s, "one"), 0);
    assert_string_equal(s, "one");
    assert_int_equal(str_replace(&s, s + 1), 0);
    assert_string_equal(s, "ne");
    assert_int_equal(str_replace(&s, NULL), 0);
    assert_null(s);
}

static void formatted_string_is_new(void **state) {
    _cleanup_free_ char *s = str_printf("%s-%d", "a", 7);
    assert_string_equal(s, "a-7");
}

static void nearest_candidate_is_suggested(void **state) {
    static const char *const candidates[] = {"MachineID", "MachineOf", "Conflicts", "x", NULL};
    static const char *const cases[][2] = {
        {"MachineOff", "MachineOf"},
        {"machineid", "MachineID"},
        {"Conflict", "Conflicts"},
        {"Konflikts", "Conflicts"},
        {"Cnoflicts", "Conflicts"},
        {"aMchinedI", "MachineID"},
        {"Machine", "MachineID"},
        {"ExecStart", NULL},
        {"y", "x"},
        {"zz", NULL},
        {"", "x"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_true(streq_ptr(str_suggest(cases[i][0], candidates), cases[i][1]));
}

static void long_words_get_no_suggestion(void **state) {
    char word[100] = "";
    memset(word, 'a', sizeof(word) - 1);
    const char *const itself[] = {word, NULL};
    assert_null(str_suggest(word, itself));
    assert_null(str_suggest("a", itself));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_split_without_empty_pieces),
        cmocka_unit_test(array_grows_at_its_end),
        cmocka_unit_test(contained_strings_are_whole),
        cmocka_unit_test(copy_is_independent),
        cmocka_unit_test(strings_are_joined_with_separators_between),
        cmocka_unit_test(walk_ends_at_the_last_string),
        cmocka_unit_test(string_is_replaced_by_a_copy),
        cmocka_unit_test(formatted_string_is_new),
        cmocka_unit_test(nearest_candidate_is_suggested),
        cmocka_unit_test(long_words_get_no_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
