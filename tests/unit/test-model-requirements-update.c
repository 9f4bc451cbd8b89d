#include "fleetd/base/strv.h"
#include "tests/unit/requirements-test.h"

static void read_policy(const char *text, UpdatePolicy *ret) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    assert_int_equal(parse_requirements("app@1.service", text, &requirements, NULL), 0);
    *ret = requirements->update;
}

static void policy_is_read(_unused_ void **state) {
    UpdatePolicy policy;
    read_policy("[X-Fleet]\nUpdateParallel=3\nUpdateCanaries=2\nUpdateHealthyTime=1min\n"
                "UpdateHealthyDeadline=2h\nUpdateOnFailure=pause\nUpdateOrder=start-first\n",
                &policy);
    assert_int_equal(policy.parallel, 3);
    assert_int_equal(policy.canaries, 2);
    assert_int_equal(policy.healthy_usec, USEC_PER_MINUTE);
    assert_int_equal(policy.deadline_usec, 120 * USEC_PER_MINUTE);
    assert_int_equal(policy.on_failure, UPDATE_PAUSE);
    assert_int_equal(policy.order, UPDATE_START_FIRST);
}

static void policy_has_defaults(_unused_ void **state) {
    UpdatePolicy policy;
    read_policy("[Service]\nExecStart=/bin/true\n", &policy);
    assert_int_equal(policy.parallel, 1);
    assert_int_equal(policy.canaries, 0);
    assert_int_equal(policy.healthy_usec, 10 * USEC_PER_SEC);
    assert_int_equal(policy.deadline_usec, 5 * USEC_PER_MINUTE);
    assert_int_equal(policy.on_failure, UPDATE_ROLLBACK);
    assert_int_equal(policy.order, UPDATE_STOP_FIRST);
}

static void policy_that_makes_no_sense_is_refused(_unused_ void **state) {
    static const char *const bad[][2] = {
        {"UpdateParallel=0", "UpdateParallel: '0' is no number from 1 to 10000"},
        {"UpdateParallel=10001", "UpdateParallel: '10001' is no number from 1 to 10000"},
        {"UpdateParallel=25%", "UpdateParallel: '25%' is no number from 1 to 10000"},
        {"UpdateCanaries=-1", "UpdateCanaries: '-1' is no number from 0 to 10000"},
        {"UpdateHealthyTime=2d", "UpdateHealthyTime: '2d' is more than a day"},
        {"UpdateHealthyTime=soon", "UpdateHealthyTime: "},
        {"UpdateHealthyTime=5min",
         "UpdateHealthyTime: the time to be healthy is not shorter than the time to become so"},
        {"UpdateHealthyDeadline=10s",
         "UpdateHealthyDeadline: the time to be healthy is not shorter than the time to become so"},
        {"UpdateOnFailure=panic",
         "UpdateOnFailure: 'panic' is none of rollback, pause and continue"},
        {"UpdateOrder=any", "UpdateOrder: 'any' is neither stop-first nor start-first"},
        {"Global=true\nUpdateOrder=start-first", "UpdateOrder contradicts Global in line 2"},
        {"MachineID=00000000000000000000000000000001\nUpdateOrder=start-first",
         "UpdateOrder contradicts MachineID in line 2"},
        {"MachineOf=b.service\nUpdateOrder=start-first",
         "UpdateOrder contradicts MachineOf in line 2"},
        {"StopAfterDisconnect=1min\nUpdateOrder=start-first",
         "UpdateOrder contradicts StopAfterDisconnect in line 2"},
    };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_free_ char *text = str_printf("[X-Fleet]\n%s\n", bad[i][0]);
        _cleanup_(requirements_freep) Requirements *requirements = NULL;
        _cleanup_error_ Error error = {};
        assert_int_equal(parse_requirements("a.service", text, &requirements, &error), -EINVAL);
        if (!strstr(error.message, bad[i][1]))
            fail_msg("%s: %s", bad[i][0], error.message);
    }
}

/* What a file may not ask for, a deployment may not, either. */
static void what_bars_start_first_does_so_by_both_ways(_unused_ void **state) {
    static const char *const bars[][2] = {
        {"Global", "Global=true"},
        {"MachineID", "MachineID=00000000000000000000000000000001"},
        {"MachineOf", "MachineOf=b.service"},
        {"StopAfterDisconnect", "StopAfterDisconnect=1min"},
        {NULL, "Conflicts=b.service"},
        {NULL, "Global=false"},
    };
    for (size_t i = 0; i < ELEMENTSOF(bars); i++) {
        _cleanup_free_ char *alone = str_printf("[X-Fleet]\n%s\n", bars[i][1]),
                            *asked = str_printf("%sUpdateOrder=start-first\n", alone);
        _cleanup_(requirements_freep) Requirements *requirements = NULL, *refused = NULL;
        assert_int_equal(parse_requirements("a.service", alone, &requirements, NULL), 0);
        const char *bar = requirements_bar_beside(requirements);
        assert_true(streq_ptr(bar, bars[i][0]));
        assert_int_equal(parse_requirements("a.service", asked, &refused, NULL), bar ? -EINVAL : 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_is_read),
        cmocka_unit_test(policy_has_defaults),
        cmocka_unit_test(policy_that_makes_no_sense_is_refused),
        cmocka_unit_test(what_bars_start_first_does_so_by_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
