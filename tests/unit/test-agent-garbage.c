/* What others write under the agent's keys, and who else may have its place. */
#include "tests/unit/agent-test.h"

static void start_with_running_unit(AgentTest *test) {
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    fake_script_clear_actions(fake_systemd_script(test->systemd));
}

/* That would end what runs, for nothing. */
static void unit_is_not_stopped_for_a_file_that_is_missing(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    unit_file_hash_text(OTHER, strlen(OTHER), hash);
    _cleanup_free_ char *key = key_schedule(TEST_MACHINE, "a.service"), *file = key_file(hash);
    _cleanup_free_ char *value =
        order_format(&(Order){.hash = hash, .desired = LAUNCH_STATE_LAUNCHED, .unit_revision = 8});
    store_sync_put(&test->sync, key, value, 0);
    agent_test_run(test, 10 * USEC_PER_SEC);
    agent_test_expect_untouched(test);
    _cleanup_(unit_state_freep) UnitState *unit = agent_test_state(test, "a.service");
    assert_string_equal(unit->active, "active");
    assert_non_null(strstr(unit->message, "not in the store"));
    store_sync_put(&test->sync, file, OTHER, 0);
    agent_test_run(test, 10 * USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 8);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_STOP), 1);
}

static void unit_whose_order_cannot_be_read_is_left_as_it_is(void **state) {
    static const char *const values[] = {"", "{", "[]", "{\"hash\":\"x\"}", "\xff"};
    AgentTest *test = *state;
    _cleanup_free_ char *key = key_schedule(TEST_MACHINE, "a.service");
    start_with_running_unit(test);
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        store_sync_put(&test->sync, key, values[i], 0);
        agent_test_run(test, 5 * USEC_PER_SEC);
        agent_test_expect_untouched(test);
        agent_test_crash(test);
        agent_test_start(test); /* it finds nothing else there */
        agent_test_run(test, 5 * USEC_PER_SEC);
        agent_test_expect_untouched(test);
    }
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, 5 * USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    agent_test_expect_untouched(test);
    agent_test_withdraw(test, "a.service");
    agent_test_run(test, 5 * USEC_PER_SEC);
    assert_null(agent_test_state(test, "a.service"));
}

static void order_that_cannot_be_read_starts_nothing(void **state) {
    AgentTest *test = *state;
    _cleanup_free_ char *key = key_schedule(TEST_MACHINE, "new.service");
    start_with_running_unit(test);
    store_sync_put(&test->sync, key, "garbage", 0);
    agent_test_run(test, 5 * USEC_PER_SEC);
    assert_null(agent_test_state(test, "new.service"));
    agent_test_order(test, "new.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 9);
    agent_test_run(test, 5 * USEC_PER_SEC);
    agent_test_expect(test, "new.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 9);
}

static void order_for_what_is_no_unit_is_left_alone(void **state) {
    static const char *const names[] = {
        "", "x", "../x.service", "a/b.service", "a b.service", "\xff.service"};
    AgentTest *test = *state;
    start_with_running_unit(test);
    _cleanup_free_ char *good = key_schedule(TEST_MACHINE, "a.service"),
                        *value = store_sync_get(&test->sync, good);
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_free_ char *key = key_schedule(TEST_MACHINE, names[i]);
        store_sync_put(&test->sync, key, value, 0);
        agent_test_run(test, 2 * USEC_PER_SEC);
        store_sync_delete(&test->sync, key);
        agent_test_run(test, 2 * USEC_PER_SEC);
    }
    agent_test_expect_untouched(test);
    assert_int_equal(fake_systemd_count_running(test->systemd), 1);
}

/* No unit's state changes, so that nothing but its own watch can tell the agent. */
static void presence_that_somebody_wrote_over_is_written_anew_at_once(void **state) {
    AgentTest *test = *state;
    _cleanup_free_ char *key = key_machine(TEST_MACHINE);
    start_with_running_unit(test);
    _cleanup_free_ char *before = store_sync_get(&test->sync, key);
    store_sync_put(&test->sync, key, "garbage", 0);
    agent_test_run(test, 2 * USEC_PER_SEC);
    _cleanup_free_ char *after = store_sync_get(&test->sync, key);
    assert_string_equal(after, before);
    store_sync_delete(&test->sync, key);
    agent_test_run(test, 2 * USEC_PER_SEC);
    _cleanup_free_ char *again = store_sync_get(&test->sync, key);
    assert_string_equal(again, before);
    agent_test_expect_untouched(test);
    agent_test_withdraw(test, "a.service"); /* and it goes on */
    agent_test_run(test, 2 * USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(test->systemd), 0);
}

/* --- who else may have this machine's place --- */

/* As when an address is leased anew after fleetd was killed. */
static void same_boot_takes_its_place_back_at_another_address(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    test->address = "10.0.0.99";
    agent_test_start(test);
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_free_ char *key = key_machine(TEST_MACHINE),
                        *presence = store_sync_get(&test->sync, key);
    assert_non_null(strstr(presence, "10.0.0.99"));
    agent_test_expect_untouched(test);
}

/* As when a machine's disk was copied. */
static void second_machine_at_the_same_address_is_refused_as_well(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    AgentTest second = *test;
    second.boot_id = "0000000000000000000000000000b002";
    assert_int_equal(fake_systemd_new(test->loop, &second.systemd), 0);
    agent_test_start(&second);
    agent_test_run(test, 30 * USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(second.systemd), 0);
    agent_test_crash(&second);
    fake_systemd_free(second.systemd);
}

int main(void) {
#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)
    const struct CMUnitTest tests[] = {
        AGENT_TEST(unit_is_not_stopped_for_a_file_that_is_missing),
        AGENT_TEST(unit_whose_order_cannot_be_read_is_left_as_it_is),
        AGENT_TEST(order_that_cannot_be_read_starts_nothing),
        AGENT_TEST(order_for_what_is_no_unit_is_left_alone),
        AGENT_TEST(presence_that_somebody_wrote_over_is_written_anew_at_once),
        AGENT_TEST(same_boot_takes_its_place_back_at_another_address),
        AGENT_TEST(second_machine_at_the_same_address_is_refused_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
