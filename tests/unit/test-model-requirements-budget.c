#include "tests/unit/requirements-test.h"

static void budget_is_read(_unused_ void **state) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    const char *text = "[X-Fleet]\nGroup=web-%i\nMaxUnavailable=25%\n";
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    assert_int_equal(requirements_parse(file, "app@eu.service", &requirements, NULL), 0);
    assert_string_equal(requirements->budget.group, "web-eu");
    assert_int_equal(requirements->budget.max_unavailable, 25);
    assert_true(requirements->budget.is_percent);
    static const char *const bad[][2] = {
        {"[X-Fleet]\nMaxUnavailable=-1\n",
         "line 2: [X-Fleet] MaxUnavailable: '-1' is neither a number of units nor a percentage"},
        {"[X-Fleet]\nMaxUnavailable=101%\n",
         "line 2: [X-Fleet] MaxUnavailable: '101%' is neither a number of units nor a percentage"},
        {"[X-Fleet]\nMaxUnavailable=99999999999\n",
         "line 2: [X-Fleet] MaxUnavailable: '99999999999' is neither a number of units nor a "
         "percentage"},
        {"[X-Fleet]\nGroup=a b\n",
         "line 2: [X-Fleet] Group: 'a b' is no name of a group: characters of unit names, at most "
         "255"},
    };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        assert_refused("a.service", bad[i][0], bad[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
