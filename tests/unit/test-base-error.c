#include "fleetd/base/error.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void first_cause_wins(void **state) {
    _cleanup_error_ Error error = {};
    assert_int_equal(error_set(&error, -EINVAL, "cause %d", 1), -EINVAL);
    assert_int_equal(error_set(&error, -EIO, "cause %d", 2), -EIO);
    assert_string_equal(error_text(&error, -EIO), "cause 1");
}

static void each_layer_adds_its_context_before(void **state) {
    _cleanup_error_ Error error = {};
    error_set(&error, -EINVAL, "unknown option '%s'", "x");
    assert_int_equal(error_prefix(&error, -EINVAL, "line %d", 4), -EINVAL);
    assert_int_equal(error_prefix(&error, -EINVAL, "unit '%s'", "a.service"), -EINVAL);
    assert_string_equal(error.message, "unit 'a.service': line 4: unknown option 'x'");
}

static void context_without_a_cause_names_the_errno(void **state) {
    _cleanup_error_ Error error = {};
    assert_int_equal(error_prefix(&error, -ENOENT, "file"), -ENOENT);
    assert_string_equal(error.message, "file: No such file or directory");
}

static void text_falls_back_to_the_errno(void **state) {
    const Error empty = {};
    assert_string_equal(error_text(&empty, -ENOENT), "No such file or directory");
    assert_string_equal(error_text(NULL, ENOENT), "No such file or directory");
}

static void nobody_needs_to_ask_for_the_message(void **state) {
    assert_int_equal(error_set(NULL, -EINVAL, "lost"), -EINVAL);
    assert_int_equal(error_prefix(NULL, -EINVAL, "lost"), -EINVAL);
}

static void error_can_be_used_again_once_done(void **state) {
    _cleanup_error_ Error error = {};
    error_set(&error, -EINVAL, "old");
    error_done(&error);
    assert_null(error.message);
    error_set(&error, -EINVAL, "new");
    assert_string_equal(error.message, "new");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_cause_wins),
        cmocka_unit_test(each_layer_adds_its_context_before),
        cmocka_unit_test(context_without_a_cause_names_the_errno),
        cmocka_unit_test(text_falls_back_to_the_errno),
        cmocka_unit_test(nobody_needs_to_ask_for_the_message),
        cmocka_unit_test(error_can_be_used_again_once_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
