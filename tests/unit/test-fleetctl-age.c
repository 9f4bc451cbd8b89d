#include "fleetctl/print/age.h"
#include "fleetd/base/macros.h"
#include "tests/unit/cmocka-test.h"

static void assert_age(int64_t seconds, const char *expected) {
    _cleanup_free_ char *text = age_format(seconds);
    assert_string_equal(text, expected);
}

static void one_unit_is_enough_and_never_more_than_it_is(void **state) {
    assert_age(0, "0 s");
    assert_age(119, "119 s");
    assert_age(120, "2 min");
    assert_age(2 * 3600 - 1, "119 min");
    assert_age(2 * 3600, "2 h");
    assert_age(2 * 86400 - 1, "47 h");
    assert_age(2 * 86400, "2 d");
    assert_age(INT64_MAX - 1, "106751991167300 d");
}

static void clocks_that_differ_make_nothing_of_it(void **state) {
    assert_age(-5, "0 s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_unit_is_enough_and_never_more_than_it_is),
        cmocka_unit_test(clocks_that_differ_make_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
