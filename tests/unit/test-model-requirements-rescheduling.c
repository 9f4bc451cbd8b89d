#include "fleetd/base/strv.h"
#include "tests/unit/requirements-test.h"

static void restart_says_it_where_reschedule_does_not(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", "[Service]\nExecStart=/bin/true\n", ""},
        {"a.service", "[Service]\nRestart=no\n", ""},
        {"a.service", "[Service]\nRestart=on-success\n", ""},
        {"a.service", "[Service]\nRestart=on-failure\n", "reschedules\n"},
        {"a.service", "[Service]\nRestart=always\n", "reschedules\n"},
        {"a.service", "[Service]\nRestart=on-abnormal\n", "reschedules\n"},
        {"a.service", "[Service]\nRestart=on-abort\n", "reschedules\n"},
        {"a.service", "[Service]\nRestart=on-watchdog\n", "reschedules\n"},
        {"a.service", "[Service]\nRestart=always\nRestart=\n", ""},
        {"a.service", "[Service]\nRestart=no\nRestart=always\n", "reschedules\n"},
        {"a@.service", "[Service]\nRestart=always\n", "reschedules\n"},
        {"a.timer", "[Service]\nRestart=always\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void reschedule_wins_over_restart(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", X "Reschedule=on-failure\n", "reschedules\n"},
        {"a.service", X "Reschedule=no\n[Service]\nRestart=always\n", ""},
        {"a.service", X "Reschedule=no\nReschedule=on-failure\n", "reschedules\n"},
        {"a.timer", X "Reschedule=on-failure\n", "reschedules\n"},
        {"a.service", X "Reschedule=on-failure\nGlobal=true\n", "global\nreschedules\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void other_words_are_refused(void **state) {
    assert_refused("a.service", X "Reschedule=always\n",
                   "line 2: [X-Fleet] Reschedule: 'always' is neither on-failure nor no");
    assert_refused("a.service", X "Reschedule=\n", "line 2: [X-Fleet] Reschedule has no value");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restart_says_it_where_reschedule_does_not),
        cmocka_unit_test(reschedule_wins_over_restart),
        cmocka_unit_test(other_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
