#include "fleetd/api/page.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void token_brings_its_name_back(void **state) {
    static const char *const names[] = {"a.service", "web@1.service", "x-\\x2d@b:.socket", "a/1"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_free_ char *token = page_token_format('u', names[i]), *name = NULL;
        assert_int_equal(page_token_parse('u', token, &name, NULL), 0);
        assert_string_equal(name, names[i]);
        assert_int_equal(strspn(token, "0123456789abcdefu"), strlen(token)); /* safe in a URL */
    }
}

static void anything_else_is_no_token(void **state) {
    static const char *const tokens[] = {"u",   "x61", "u6",   "u6g", "uzz",
                                         "u00", "61",  "u610", "U61"};
    for (size_t i = 0; i < ELEMENTSOF(tokens); i++) {
        _cleanup_free_ char *name = NULL;
        assert_int_equal(page_token_parse('u', tokens[i], &name, NULL), -EINVAL);
        assert_null(name);
    }
    _cleanup_error_ Error error = {};
    char *name = NULL;
    page_token_parse('u', "what?", &name, &error);
    assert_string_equal(error.message, "nextPageToken 'what?' is not one that this list gave");
}

static void page_begins_behind_a_name_also_when_that_is_gone(void **state) {
    static const char *const names[] = {"b", "d", "f"};
    assert_int_equal(names_after(names, 3, NULL), 0);
    assert_int_equal(names_after(names, 3, "a"), 0);
    assert_int_equal(names_after(names, 3, "b"), 1);
    assert_int_equal(names_after(names, 3, "c"), 1);
    assert_int_equal(names_after(names, 3, "f"), 3);
    assert_int_equal(names_after(names, 3, "g"), 3);
    assert_int_equal(names_after(names, 0, "g"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_brings_its_name_back),
        cmocka_unit_test(anything_else_is_no_token),
        cmocka_unit_test(page_begins_behind_a_name_also_when_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
