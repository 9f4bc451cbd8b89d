/* Orders with the number of a restart: each is carried out once. */
#include "tests/unit/agent-test.h"

#define UNIT "a.service"
#define LATER (5 * USEC_PER_SEC)

static FakeScript *script(AgentTest *test) {
    return fake_systemd_script(test->systemd);
}

static void order(AgentTest *test, int64_t restart, int64_t revision) {
    agent_test_order_restart(test, UNIT, SLEEPER, restart, revision);
}

static void expect_up(AgentTest *test, size_t n_starts, int64_t revision) {
    agent_test_expect(test, UNIT, LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, revision);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), n_starts);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_STOP), n_starts - 1);
}

static void start_restarted(AgentTest *test) {
    agent_test_start(test);
    order(test, 0, 4);
    agent_test_run(test, LATER);
    order(test, 100, 5);
    agent_test_run(test, LATER);
}

static void unit_is_restarted_once_for_a_number(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    expect_up(test, 2, 5);
    order(test, 100, 6);
    agent_test_run(test, LATER);
    expect_up(test, 2, 6);
    order(test, 101, 7);
    agent_test_run(test, LATER);
    expect_up(test, 3, 7);
}

static void unit_that_is_new_is_not_started_twice(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    order(test, 100, 4);
    agent_test_run(test, LATER);
    expect_up(test, 1, 4);
}

static void lower_number_restarts_nothing(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    order(test, 0, 6); /* of a leader that knows of none */
    agent_test_run(test, LATER);
    order(test, 99, 7);
    agent_test_run(test, LATER);
    order(test, 100, 8);
    agent_test_run(test, LATER);
    expect_up(test, 2, 8);
}

static void restart_of_fleetd_restarts_nothing(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    agent_test_crash(test);
    agent_test_start(test);
    agent_test_run(test, LATER);
    expect_up(test, 2, 5);
}

static void number_of_the_time_when_fleetd_was_away_counts(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    agent_test_crash(test);
    order(test, 101, 6);
    agent_test_start(test);
    agent_test_run(test, LATER);
    expect_up(test, 3, 6);
}

/* Its next fleetd finds it on its way down, or down. */
static void fleetd_that_dies_between_stop_and_start_has_it_started(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    fake_script_set_behaviour(script(test), UNIT, &(FakeBehaviour){.stop_usec = 10 * USEC_PER_SEC});
    order(test, 101, 6);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_crash(test);
    agent_test_run(test, 20 * USEC_PER_SEC);
    assert_false(fake_systemd_is_running(test->systemd, UNIT));
    agent_test_start(test);
    agent_test_run(test, LATER);
    expect_up(test, 3, 6);
}

/* Who reads its mark finds no number. */
static void unit_of_an_earlier_version_is_kept_as_it_is(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    agent_test_crash(test);
    assert_int_equal(fake_systemd_note_restart(test->systemd, UNIT, -1), 0);
    agent_test_start(test);
    agent_test_run(test, LATER);
    expect_up(test, 2, 5);
    order(test, 101, 6);
    agent_test_run(test, LATER);
    expect_up(test, 3, 6);
}

static void unit_that_is_down_is_started(void **state) {
    AgentTest *test = *state;
    start_restarted(test);
    fake_systemd_set_state(test->systemd, UNIT, "failed", "failed", "signal");
    agent_test_run(test, LATER);
    order(test, 101, 6);
    agent_test_run(test, LATER);
    agent_test_expect(test, UNIT, LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 6);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 3);
}

static void start_without_end_gives_way(void **state) {
    AgentTest *test = *state;
    fake_script_set_behaviour(script(test), UNIT, &(FakeBehaviour){.start_usec = USEC_INFINITY});
    agent_test_start(test);
    order(test, 0, 4);
    agent_test_run(test, LATER);
    fake_script_set_behaviour(script(test), UNIT, &(FakeBehaviour){0});
    order(test, 100, 5);
    agent_test_run(test, LATER);
    expect_up(test, 2, 5);
}

static void start_that_failed_is_made_once_more(void **state) {
    AgentTest *test = *state;
    fake_script_set_behaviour(script(test), UNIT,
                              &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    agent_test_start(test);
    order(test, 0, 4);
    agent_test_run(test, LATER);
    agent_test_run(test, LATER);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 1);
    order(test, 100, 5);
    agent_test_run(test, LATER);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 2);
}

#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        AGENT_TEST(unit_is_restarted_once_for_a_number),
        AGENT_TEST(unit_that_is_new_is_not_started_twice),
        AGENT_TEST(lower_number_restarts_nothing),
        AGENT_TEST(restart_of_fleetd_restarts_nothing),
        AGENT_TEST(number_of_the_time_when_fleetd_was_away_counts),
        AGENT_TEST(fleetd_that_dies_between_stop_and_start_has_it_started),
        AGENT_TEST(unit_of_an_earlier_version_is_kept_as_it_is),
        AGENT_TEST(unit_that_is_down_is_started),
        AGENT_TEST(start_without_end_gives_way),
        AGENT_TEST(start_that_failed_is_made_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
