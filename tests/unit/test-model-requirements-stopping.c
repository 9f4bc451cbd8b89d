#include "tests/unit/requirements-test.h"

#define STOP X "StopAfterDisconnect=30\n"

static void stop_after_disconnect_comes_with_the_time_to_stop(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", STOP, "stop after 30000 ms, within 120000 ms\n"},
        {"a.service", X "StopAfterDisconnect=1min 30s\n",
         "stop after 90000 ms, within 180000 ms\n"},
        {"a.service", STOP "[Service]\nTimeoutStopSec=5\n",
         "stop after 30000 ms, within 35000 ms\n"},
        {"a.service", "[Service]\nTimeoutStopSec=5\nTimeoutSec=1min\n" STOP,
         "stop after 30000 ms, within 90000 ms\n"},
        {"a.service", STOP "[Service]\nTimeoutStopSec=\nTimeoutStartSec=infinity\nKillMode=mixed\n",
         "stop after 30000 ms, within 120000 ms\n"},
        {"a.socket", STOP "[Socket]\nTimeoutSec=5\n[Service]\nTimeoutSec=0\n",
         "stop after 30000 ms, within 35000 ms\n"},
        {"a.timer", STOP "[Timer]\nTimeoutSec=5\n", "stop after 30000 ms, within 120000 ms\n"},
        {"a.service", X "Global=no\nStopAfterDisconnect=30\n",
         "stop after 30000 ms, within 120000 ms\n"},
        {"a.service", "[Service]\nTimeoutStopSec=infinity\nKillMode=none\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void unit_that_does_not_surely_stop_cannot_promise_to(void **state) {
    static const char *const cases[][2] = {
        {X "StopAfterDisconnect=\n", "line 2: [X-Fleet] StopAfterDisconnect has no value"},
        {X "StopAfterDisconnect=0\n", "line 2: [X-Fleet] StopAfterDisconnect: must be more than 0"},
        {X "StopAfterDisconnect=soon\n", "line 2: [X-Fleet] StopAfterDisconnect: 'soon' is not a "
                                         "time span (like 30s or 5min)"},
        {X "StopAfterDisconnect=infinity\n", "line 2: [X-Fleet] StopAfterDisconnect: 'infinity' is "
                                             "not a time span (like 30s or 5min)"},
        {X "StopAfterDisconnect=400d\n",
         "line 2: [X-Fleet] StopAfterDisconnect: '400d' is more than a year"},
        {X "StopAfterDisconnect=99999999999999999999999\n",
         "line 2: [X-Fleet] StopAfterDisconnect: '99999999999999999999999' is too long a time"},
        {X "StopAfterDisconnect=30\nGlobal=true\n",
         "line 3: [X-Fleet] Global contradicts StopAfterDisconnect in line 2"},
        {STOP "[Service]\nTimeoutStopSec=infinity\n",
         "line 4: [Service] TimeoutStopSec=infinity sets no limit to its stop, which "
         "StopAfterDisconnect rules out"},
        {STOP "[Service]\nTimeoutSec=0\n", "line 4: [Service] TimeoutSec=0 sets no limit to its "
                                           "stop, which StopAfterDisconnect rules out"},
        {STOP "[Service]\nTimeoutStopSec=1 fortnight\n",
         "line 4: [Service] TimeoutStopSec=1 fortnight is no time that its stop surely ends in, "
         "which StopAfterDisconnect rules out"},
        {STOP "[Service]\nKillMode=process\n",
         "line 4: [Service] KillMode=process leaves processes behind, which StopAfterDisconnect "
         "rules out"},
        {STOP "[Service]\nSendSIGKILL=no\n", "line 4: [Service] SendSIGKILL=no leaves processes "
                                             "behind, which StopAfterDisconnect rules out"},
        {STOP "[Unit]\nRefuseManualStop=yes\n",
         "line 4: [Unit] RefuseManualStop=yes keeps it from being stopped, which "
         "StopAfterDisconnect rules out"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused("a.service", cases[i][0], cases[i][1]);
    assert_refused("a.mount", STOP "[Mount]\nTimeoutSec=infinity\n",
                   "line 4: [Mount] TimeoutSec=infinity sets no limit to its stop, which "
                   "StopAfterDisconnect rules out");
}

static void time_that_is_shorter_than_a_lease_counts_as_that(_unused_ void **state) {
    const Requirements requirements = {.stop_after_usec = 5, .stop_timeout_usec = 3};
    assert_int_equal(requirements_stop_within(&requirements, 4), 5 + 3);
    assert_int_equal(requirements_stop_within(&requirements, 7), 7 + 3);
    assert_int_equal(requirements_stop_within(&(Requirements){}, 7), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_after_disconnect_comes_with_the_time_to_stop),
        cmocka_unit_test(unit_that_does_not_surely_stop_cannot_promise_to),
        cmocka_unit_test(time_that_is_shorter_than_a_lease_counts_as_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
