/* Two machines with one id, and one machine that boots anew: they look the same in the store. */
#include "tests/unit/agent-test.h"

#define SECOND_BOOT "0000000000000000000000000000b002"
#define UPGRADE_USEC (200 * USEC_PER_MSEC)

typedef struct RivalTest {
    AgentTest *first;
    AgentTest second; /* on a boot and a systemd of its own */
} RivalTest;

static void rival_test_begin(RivalTest *test, void **state) {
    test->first = *state;
    test->second = *test->first;
    test->second.boot_id = SECOND_BOOT;
    test->second.address = "10.0.0.9";
    assert_int_equal(fake_systemd_new(test->first->loop, &test->second.systemd), 0);
    agent_test_start(test->first);
    agent_test_order(test->first, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test->first, 5 * USEC_PER_SEC);
}

static void rival_test_end(RivalTest *test) {
    agent_test_crash(&test->second);
    fake_systemd_free(test->second.systemd);
}

static void expect_only_the_first_to_run(RivalTest *test) {
    assert_int_equal(agent_test_count(test->first, FAKE_ACTION_START), 1);
    assert_int_equal(agent_test_count(test->first, FAKE_ACTION_STOP), 0);
    assert_int_equal(agent_test_count(&test->second, FAKE_ACTION_WRITE), 0);
    assert_int_equal(agent_test_count(&test->second, FAKE_ACTION_START), 0);
}

static bool second_runs(RivalTest *test) {
    return fake_systemd_is_running(test->second.systemd, "a.service");
}

/* fleetd says goodbye, is away for so long, and comes back. */
static void stop_first_for(RivalTest *test, usec_t usec) {
    agent_test_leave(test->first, PRESENCE_RESTARTING);
    agent_test_run(test->first, usec);
    agent_test_start(test->first);
    agent_test_run(test->first, 2 * TEST_TTL);
}

static void second_machine_is_refused_while_the_first_lives(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    agent_test_start(&test.second);
    agent_test_run(test.first, 60 * USEC_PER_SEC);
    expect_only_the_first_to_run(&test);

    agent_test_crash(test.first); /* it is gone: its place is free when its lease has run out */
    agent_test_run(test.first, 2 * TEST_TTL);
    assert_true(second_runs(&test));
    rival_test_end(&test);
}

static void second_machine_does_not_slip_in_while_the_first_fleetd_restarts(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    agent_test_start(&test.second);
    agent_test_run(test.first, 30 * USEC_PER_SEC);
    stop_first_for(&test, UPGRADE_USEC);
    expect_only_the_first_to_run(&test);
    rival_test_end(&test);
}

/* As behind the address translation of a host for virtual machines. */
static void second_machine_of_the_same_address_does_not_slip_in_either(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    test.second.address = test.first->address;
    agent_test_start(&test.second);
    agent_test_run(test.first, 30 * USEC_PER_SEC);
    stop_first_for(&test, 3 * TEST_TTL);
    stop_first_for(&test, 3 * TEST_TTL);
    expect_only_the_first_to_run(&test);
    rival_test_end(&test);
}

static void second_machine_that_comes_while_the_first_fleetd_is_stopped_waits(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    agent_test_leave(test.first, PRESENCE_RESTARTING);
    agent_test_start(&test.second);
    agent_test_run(test.first, 5 * TEST_TTL);
    agent_test_start(test.first);
    agent_test_run(test.first, 2 * TEST_TTL);
    expect_only_the_first_to_run(&test);
    rival_test_end(&test);
}

static void second_machine_gets_the_place_that_is_kept_no_longer(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    agent_test_start(&test.second);
    agent_test_run(test.first, 30 * USEC_PER_SEC);
    agent_test_leave(test.first, PRESENCE_RESTARTING);
    agent_test_run(test.first, 290 * USEC_PER_SEC); /* of restart_grace, 300 s */
    assert_false(second_runs(&test));
    agent_test_run(test.first, 20 * USEC_PER_SEC);
    assert_true(second_runs(&test));
    rival_test_end(&test);
}

static void second_machine_gets_the_place_of_one_that_left_at_once(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    agent_test_start(&test.second);
    agent_test_run(test.first, 30 * USEC_PER_SEC);
    agent_test_leave(test.first, PRESENCE_LEFT);
    agent_test_run(test.first, USEC_PER_SEC);
    assert_true(second_runs(&test));
    rival_test_end(&test);
}

/* It stood still for so long that its place went to the other: now it is the second. */
static void first_machine_that_was_paused_finds_its_place_taken_and_does_nothing(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    agent_test_crash(test.first);
    agent_test_start(&test.second);
    agent_test_run(test.first, 2 * TEST_TTL);
    assert_true(second_runs(&test));
    agent_test_start(test.first);
    agent_test_run(test.first, 2 * TEST_TTL);
    agent_test_leave(&test.second, PRESENCE_RESTARTING);
    agent_test_run(test.first, 3 * TEST_TTL);
    assert_int_equal(agent_test_count(test.first, FAKE_ACTION_START), 1);
    assert_int_equal(agent_test_count(test.first, FAKE_ACTION_STOP), 0);
    rival_test_end(&test);
}

/* It lost its power while its fleetd was stopped, and boots anew. */
static void new_boot_waits_one_lease_time_for_the_last_one_to_come_back(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    test.second.address = test.first->address;
    agent_test_leave(test.first, PRESENCE_RESTARTING);
    agent_test_start(&test.second);
    agent_test_run(test.first, TEST_TTL - USEC_PER_SEC);
    assert_false(second_runs(&test));
    agent_test_run(test.first, 2 * USEC_PER_SEC);
    assert_true(second_runs(&test));
    rival_test_end(&test);
}

/* Each stop is waited for anew. */
static void new_boot_does_not_add_up_what_it_waited_for_several_stops(void **state) {
    RivalTest test;
    rival_test_begin(&test, state);
    test.second.address = test.first->address;
    agent_test_leave(test.first, PRESENCE_RESTARTING);
    agent_test_start(&test.second);
    for (int i = 0; i < 10; i++) {
        agent_test_run(test.first, TEST_TTL * 2 / 3);
        agent_test_start(test.first);
        agent_test_run(test.first, 20 * USEC_PER_MSEC); /* unseen */
        agent_test_leave(test.first, PRESENCE_RESTARTING);
    }
    expect_only_the_first_to_run(&test);
    rival_test_end(&test);
}

int main(void) {
#define RIVAL_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)
    const struct CMUnitTest tests[] = {
        RIVAL_TEST(second_machine_is_refused_while_the_first_lives),
        RIVAL_TEST(second_machine_does_not_slip_in_while_the_first_fleetd_restarts),
        RIVAL_TEST(second_machine_of_the_same_address_does_not_slip_in_either),
        RIVAL_TEST(second_machine_that_comes_while_the_first_fleetd_is_stopped_waits),
        RIVAL_TEST(second_machine_gets_the_place_that_is_kept_no_longer),
        RIVAL_TEST(second_machine_gets_the_place_of_one_that_left_at_once),
        RIVAL_TEST(first_machine_that_was_paused_finds_its_place_taken_and_does_nothing),
        RIVAL_TEST(new_boot_waits_one_lease_time_for_the_last_one_to_come_back),
        RIVAL_TEST(new_boot_does_not_add_up_what_it_waited_for_several_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
