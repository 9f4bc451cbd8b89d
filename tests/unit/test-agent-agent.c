#include "tests/unit/agent-test.h"

static FakeScript *script(AgentTest *test) {
    return fake_systemd_script(test->systemd);
}

static char *presence(AgentTest *test) {
    return store_sync_get(&test->sync, KEY_MACHINE_PREFIX TEST_MACHINE);
}

static void start_with_running_unit(AgentTest *test) {
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    fake_script_clear_actions(script(test));
}

/* --- orders --- */

static void launched_order_starts_the_unit_and_answers_the_request(void **state) {
    start_with_running_unit(*state);
}

static void loaded_order_puts_the_file_there_and_starts_nothing(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 3);
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_(unit_state_freep) UnitState *unit = agent_test_state(test, "a.service");
    assert_non_null(unit);
    assert_int_equal(unit->current, LAUNCH_STATE_LOADED);
    assert_int_equal(unit->unit_revision, 3);
    assert_string_equal(fake_systemd_text(test->systemd, "a.service"), SLEEPER);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 0);
}

static void loading_a_launched_unit_stops_it_and_keeps_the_file(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 8);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LOADED, "inactive", JOB_RESULT_DONE, 8);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_WRITE), 0);
}

static void withdrawn_order_stops_removes_and_says_so(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE, 7);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 7);
    assert_null(fake_systemd_text(test->systemd, "a.service"));
    agent_test_withdraw(test, "a.service");
    agent_test_run(test, USEC_PER_SEC);
    assert_null(agent_test_state(test, "a.service"));
}

static void changed_file_stops_the_old_unit_before_the_new_one_starts(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_order(test, "a.service", OTHER, LAUNCH_STATE_LAUNCHED, 9);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 9);
    char *const *actions = fake_script_actions(script(test));
    assert_string_equal(actions[0], "stop a.service");
    assert_string_equal(actions[1], "write a.service");
    assert_string_equal(actions[strv_length(actions) - 1], "start a.service");
}

static void no_unit_starts_before_all_files_are_written(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 1);
    agent_test_order(test, "b.timer", "[Timer]\nOnBootSec=1\n", LAUNCH_STATE_LAUNCHED, 2);
    agent_test_order(test, "c.service", OTHER, LAUNCH_STATE_LOADED, 3);
    agent_test_run(test, USEC_PER_SEC);
    bool is_started = false;
    size_t n_written = 0;
    STRV_FOREACH (action, fake_script_actions(script(test))) {
        is_started = is_started || strncmp(*action, "start", 5) == 0;
        n_written += strncmp(*action, "write", 5) == 0;
        assert_false(is_started && strncmp(*action, "write", 5) == 0);
    }
    assert_int_equal(n_written, 3);
}

static void unit_that_ended_by_itself_is_not_started_again(void **state) {
    AgentTest *test = *state;
    fake_script_set_behaviour(script(test), "once.service", &(FakeBehaviour){.is_oneshot = true});
    agent_test_start(test);
    agent_test_order(test, "once.service", OTHER, LAUNCH_STATE_LAUNCHED, 4);
    agent_test_run(test, 60 * USEC_PER_SEC);
    agent_test_expect(test, "once.service", LAUNCH_STATE_LAUNCHED, "inactive", JOB_RESULT_DONE, 4);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 1);
}

static void start_hanging_unit(AgentTest *test) {
    fake_script_set_behaviour(script(test), "hang.service",
                              &(FakeBehaviour){.start_usec = USEC_INFINITY});
    agent_test_start(test);
    agent_test_order(test, "hang.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 4);
    agent_test_run(test, 60 * USEC_PER_SEC);
    agent_test_expect(test, "hang.service", LAUNCH_STATE_LAUNCHED, "activating", JOB_RESULT_RUNNING,
                      0);
}

static void start_without_end_is_stopped_when_its_order_is_withdrawn(void **state) {
    AgentTest *test = *state;
    start_hanging_unit(test);
    agent_test_order(test, "hang.service", SLEEPER, LAUNCH_STATE_INACTIVE, 5);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "hang.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 5);
    agent_test_withdraw(test, "hang.service");
    agent_test_run(test, USEC_PER_SEC);
    assert_null(agent_test_state(test, "hang.service"));
    assert_false(fake_systemd_is_running(test->systemd, "hang.service"));
}

static void start_without_end_is_stopped_when_it_is_to_be_loaded_only(void **state) {
    AgentTest *test = *state;
    start_hanging_unit(test);
    agent_test_order(test, "hang.service", SLEEPER, LAUNCH_STATE_LOADED, 5);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "hang.service", LAUNCH_STATE_LOADED, "inactive", JOB_RESULT_DONE, 5);
}

static void start_without_end_gives_way_to_another_file(void **state) {
    AgentTest *test = *state;
    start_hanging_unit(test);
    fake_script_set_behaviour(script(test), "hang.service", &(FakeBehaviour){0});
    agent_test_order(test, "hang.service", OTHER, LAUNCH_STATE_LAUNCHED, 5);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "hang.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 5);
    assert_string_equal(fake_systemd_text(test->systemd, "hang.service"), OTHER);
}

/* --- failures --- */

static void failed_start_is_told_with_its_log_and_not_repeated(void **state) {
    AgentTest *test = *state;
    FakeBehaviour behaviour = {
        .start_result = JOB_RESULT_FAILED, .message = "exit-code", .log = "no such thing\nbye"};
    fake_script_set_behaviour(script(test), "bad.service", &behaviour);
    agent_test_start(test);
    agent_test_order(test, "bad.service", OTHER, LAUNCH_STATE_LAUNCHED, 5);
    agent_test_run(test, 120 * USEC_PER_SEC);
    _cleanup_(unit_state_freep) UnitState *unit = agent_test_state(test, "bad.service");
    assert_int_equal(unit->job, JOB_RESULT_FAILED);
    assert_int_equal(unit->unit_revision, 5);
    assert_string_equal(unit->message, "exit-code");
    assert_string_equal(unit->log[1], "bye");
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 1);
}

static void start_that_systemd_refuses_is_told_and_not_repeated(void **state) {
    AgentTest *test = *state;
    FakeBehaviour behaviour = {.start_result = JOB_RESULT_ERROR, .message = "Unit is masked."};
    fake_script_set_behaviour(script(test), "bad.service", &behaviour);
    agent_test_start(test);
    agent_test_order(test, "bad.service", OTHER, LAUNCH_STATE_LAUNCHED, 5);
    agent_test_run(test, 600 * USEC_PER_SEC);
    _cleanup_(unit_state_freep) UnitState *unit = agent_test_state(test, "bad.service");
    assert_int_equal(unit->job, JOB_RESULT_ERROR);
    assert_string_equal(unit->message, "Unit is masked.");
    assert_int_equal(unit->unit_revision, 5);
}

static void start_that_a_broken_bus_swallowed_is_tried_again(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_run(test, USEC_PER_SEC);
    fake_script_fail_next(script(test), FAKE_ACTION_START, 1, -ENOTCONN);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 5);
    agent_test_run(test, 10 * USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 5);
}

static void unit_is_started_once_the_bus_is_back(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 5);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 6);
    fake_systemd_set_connected(test->systemd, false);
    agent_test_run(test, 10 * USEC_PER_SEC);
    assert_false(fake_systemd_is_running(test->systemd, "a.service"));
    fake_systemd_set_connected(test->systemd, true);
    agent_test_run(test, 10 * USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 6);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 1);
}

static void stop_that_failed_is_tried_again(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    fake_script_fail_next(script(test), FAKE_ACTION_STOP, 2, -EIO);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 8);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_ERROR, 8);
    agent_test_run(test, 10 * USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LOADED, "inactive", JOB_RESULT_DONE, 8);
}

/* As one does whose socket is in use. */
static void unit_that_comes_back_when_it_is_stopped_is_stopped_more_and_more_rarely(void **state) {
    AgentTest *test = *state;
    FakeBehaviour behaviour = {.comes_back = true, .stop_usec = 100 * USEC_PER_MSEC};
    start_with_running_unit(test);
    fake_script_set_behaviour(script(test), "a.service", &behaviour);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE, 8);
    agent_test_run(test, 5 * USEC_PER_MINUTE);
    assert_in_range(agent_test_count(test, FAKE_ACTION_STOP), 5, 12);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LOADED, "active", JOB_RESULT_FAILED, 8);
    fake_script_set_behaviour(script(test), "a.service", &(FakeBehaviour){0});
    agent_test_run(test, 2 * USEC_PER_MINUTE);
    agent_test_expect(test, "a.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 8);
}

/* By its socket, say, when it was stopped and is about to be removed. */
static void unit_that_is_started_before_it_is_removed_is_not_let_go_of(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    fake_systemd_set_latency(test->systemd, 100 * USEC_PER_MSEC);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE, 7);
    while (!streq(fake_systemd_active(test->systemd, "a.service"), "inactive"))
        agent_test_run(test, USEC_PER_MSEC);
    agent_test_run(test, 150 * USEC_PER_MSEC); /* its removal is under way */
    fake_systemd_set_state(test->systemd, "a.service", "active", "running", NULL);
    agent_test_run(test, USEC_PER_SEC);
    assert_true(fake_systemd_is_running(test->systemd, "a.service"));
    agent_test_expect(test, "a.service", LAUNCH_STATE_LOADED, "active", JOB_RESULT_ERROR, 7);
    agent_test_run(test, 10 * USEC_PER_SEC);
    assert_null(fake_systemd_active(test->systemd, "a.service"));
    agent_test_expect(test, "a.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 7);
}

/* Whatever starts it then is none of fleet's business. */
static void unit_that_comes_back_is_left_alone_when_it_is_to_be_loaded(void **state) {
    AgentTest *test = *state;
    FakeBehaviour behaviour = {.comes_back = true, .stop_usec = 100 * USEC_PER_MSEC};
    start_with_running_unit(test);
    fake_script_set_behaviour(script(test), "a.service", &behaviour);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 8);
    agent_test_run(test, 5 * USEC_PER_MINUTE);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_STOP), 1);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LOADED, "active", JOB_RESULT_FAILED, 8);
}

static int fail_one_file(FakeAction action, const char *name, _unused_ void *userdata) {
    return action == FAKE_ACTION_WRITE && name && streq(name, "bad.service") ? -ENOSPC : 0;
}

static void file_that_cannot_be_written_holds_up_no_other_unit(void **state) {
    AgentTest *test = *state;
    fake_script_set_fault(script(test), fail_one_file, NULL);
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 1);
    agent_test_order(test, "bad.service", OTHER, LAUNCH_STATE_LAUNCHED, 2);
    agent_test_order(test, "c.service", OTHER, LAUNCH_STATE_LAUNCHED, 3);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 1);
    agent_test_expect(test, "c.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 3);
    agent_test_expect(test, "bad.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_ERROR, 2);

    fake_script_set_fault(script(test), NULL, NULL);
    agent_test_run(test, 120 * USEC_PER_SEC);
    agent_test_expect(test, "bad.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 2);
}

/* What was never there is let go of all the same, but not before that is asked for. */
static void unit_that_could_not_be_written_is_let_go_of_when_its_order_is_withdrawn(void **state) {
    AgentTest *test = *state;
    fake_script_set_fault(script(test), fail_one_file, NULL);
    agent_test_start(test);
    agent_test_order(test, "bad.service", OTHER, LAUNCH_STATE_LAUNCHED, 1);
    agent_test_run(test, 5 * USEC_PER_SEC);
    agent_test_expect(test, "bad.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_ERROR, 1);
    agent_test_order(test, "bad.service", OTHER, LAUNCH_STATE_INACTIVE, 1);
    agent_test_run(test, 5 * USEC_PER_SEC);
    agent_test_expect(test, "bad.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 1);
}

static void missing_file_is_told_and_taken_when_it_comes(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 1);
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    unit_file_hash_text(OTHER, strlen(OTHER), hash);
    Order order = {.name = (char *) "b.service",
                   .hash = hash,
                   .desired = LAUNCH_STATE_LAUNCHED,
                   .unit_revision = 2};
    _cleanup_free_ char *value = order_format(&order),
                        *key = key_schedule(TEST_MACHINE, "b.service"), *file = key_file(hash);
    store_sync_put(&test->sync, key, value, 0);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "b.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_ERROR, 2);
    store_sync_put(&test->sync, file, OTHER, 0);
    agent_test_run(test, 5 * USEC_PER_SEC);
    agent_test_expect(test, "b.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 2);
}

/* As when the machine goes down. A list reads every file, so one for each job would be too many. */
static void many_canceled_jobs_cost_few_lists(void **state) {
    AgentTest *test = *state;
    char name[32];
    fake_script_set_behaviour(script(test), NULL, &(FakeBehaviour){.start_usec = USEC_INFINITY});
    fake_systemd_set_latency(test->systemd, 10 * USEC_PER_MSEC);
    agent_test_start(test);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "u%d.service", i);
        agent_test_order(test, name, SLEEPER, LAUNCH_STATE_LAUNCHED, 2);
    }
    agent_test_run(test, USEC_PER_SEC);
    fake_script_clear_actions(script(test));
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "u%d.service", i);
        assert_int_equal(fake_systemd_set_state(test->systemd, name, "inactive", "dead", NULL), 0);
    }
    agent_test_run(test, USEC_PER_SEC);
    assert_in_range(agent_test_count(test, FAKE_ACTION_LIST), 1, 3);
}

static void crash_of_a_unit_is_published(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    fake_systemd_set_state(test->systemd, "a.service", "failed", "failed", "signal");
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_(unit_state_freep) UnitState *unit = agent_test_state(test, "a.service");
    assert_string_equal(unit->active, "failed");
    assert_string_equal(unit->result, "signal");
    assert_int_equal(unit->current, LAUNCH_STATE_LAUNCHED);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 0);
}

/* That a start is not repeated is no reason to leave the unit without its file. */
static void file_that_is_lost_after_a_failed_start_is_written_again(void **state) {
    AgentTest *test = *state;
    fake_script_set_behaviour(script(test), "bad.service",
                              &(FakeBehaviour){.start_result = JOB_RESULT_TIMEOUT});
    agent_test_start(test);
    agent_test_order(test, "bad.service", OTHER, LAUNCH_STATE_LAUNCHED, 5);
    agent_test_run(test, USEC_PER_SEC);
    fake_systemd_lose_file(test->systemd, "bad.service");
    fake_systemd_reset(test->systemd);
    agent_test_run(test, USEC_PER_SEC);
    assert_string_equal(fake_systemd_text(test->systemd, "bad.service"), OTHER);
    agent_test_expect(test, "bad.service", LAUNCH_STATE_LAUNCHED, "failed", JOB_RESULT_TIMEOUT, 5);
}

/* Nothing changes in systemd then that could be heard of. */
static void start_that_an_earlier_fleetd_began_is_told_of_without_its_file(void **state) {
    AgentTest *test = *state;
    start_hanging_unit(test);
    agent_test_crash(test);
    fake_systemd_lose_file(test->systemd, "hang.service");
    agent_test_run(test, USEC_PER_MINUTE);
    agent_test_start(test);
    agent_test_run(test, USEC_PER_MINUTE);
    agent_test_expect(test, "hang.service", LAUNCH_STATE_LOADED, "activating", JOB_RESULT_RUNNING,
                      0);
}

/* --- fleetd comes and goes --- */

static void assert_untouched(AgentTest *test) {
    assert_true(fake_systemd_is_running(test->systemd, "a.service"));
    agent_test_expect_untouched(test);
}

static void crash_and_restart_of_fleetd_touch_no_unit(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    agent_test_run(test, 3 * USEC_PER_SEC);
    agent_test_start(test);
    agent_test_run(test, 60 * USEC_PER_SEC);
    assert_untouched(test);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
}

static void clean_stop_keeps_presence_and_states_for_the_grace_time(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_leave(test, PRESENCE_RESTARTING);
    agent_test_run(test, 200 * USEC_PER_SEC);
    _cleanup_free_ char *value = presence(test);
    assert_non_null(value);
    assert_non_null(strstr(value, "restarting"));
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    agent_test_start(test);
    agent_test_run(test, 400 * USEC_PER_SEC);
    assert_untouched(test);
    _cleanup_free_ char *again = presence(test);
    assert_non_null(strstr(again, "running"));
}

static void machine_that_goes_down_gives_its_presence_back(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_leave(test, PRESENCE_LEFT);
    _cleanup_free_ char *value = presence(test);
    assert_non_null(strstr(value, "left"));
    assert_null(agent_test_state(test, "a.service"));
}

static void order_withdrawn_while_fleetd_was_away_is_carried_out(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    agent_test_withdraw(test, "a.service");
    agent_test_start(test);
    agent_test_run(test, 60 * USEC_PER_SEC);
    assert_false(fake_systemd_is_running(test->systemd, "a.service"));
    assert_null(agent_test_state(test, "a.service"));
}

static void state_of_a_unit_that_vanished_meanwhile_does_not_linger(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_leave(test, PRESENCE_RESTARTING);
    fake_systemd_reboot(test->systemd);
    agent_test_withdraw(test, "a.service");
    agent_test_start(test);
    agent_test_run(test, 5 * USEC_PER_SEC);
    assert_null(agent_test_state(test, "a.service"));
}

static void reboot_starts_the_ordered_units_again(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_leave(test, PRESENCE_LEFT);
    fake_systemd_reboot(test->systemd);
    test->boot_id = "0000000000000000000000000000b002";
    agent_test_start(test);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
}

static void move_machine(AgentTest *test) {
    Machine machine = {.id = (char *) TEST_MACHINE,
                       .boot_id = (char *) test->boot_id,
                       .address = (char *) "10.0.0.2"};
    assert_int_equal(metadata_parse("disk=ssd", &machine.metadata, NULL), 0);
    assert_int_equal(agent_set_machine(test->agent, &machine), 0);
    metadata_done(&machine.metadata);
}

static void changed_machine_is_told_at_once_and_no_unit_touched(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    move_machine(test);
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_free_ char *value = presence(test);
    assert_non_null(strstr(value, "10.0.0.2"));
    assert_non_null(strstr(value, "ssd"));
    assert_int_equal(strv_length(fake_script_actions(script(test))), 0);
    /* And it goes on from there. */
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 8);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LOADED, "inactive", JOB_RESULT_DONE, 8);
}

/* As when a reload is followed by a stop at once: nobody knows yet whether the key was written. */
static void machine_that_goes_down_while_its_presence_is_written_gives_it_back(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    move_machine(test);
    agent_test_leave(test, PRESENCE_LEFT);
    _cleanup_free_ char *value = presence(test);
    assert_non_null(strstr(value, "left"));
}

static void machine_that_changes_while_it_registers_is_told_as_it_is(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    for (int i = 0; i < 5; i++) {
        agent_test_run(test, 1);
        move_machine(test);
    }
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_free_ char *value = presence(test);
    assert_non_null(strstr(value, "10.0.0.2"));
}

int main(void) {
#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)
    const struct CMUnitTest tests[] = {
        AGENT_TEST(launched_order_starts_the_unit_and_answers_the_request),
        AGENT_TEST(loaded_order_puts_the_file_there_and_starts_nothing),
        AGENT_TEST(loading_a_launched_unit_stops_it_and_keeps_the_file),
        AGENT_TEST(withdrawn_order_stops_removes_and_says_so),
        AGENT_TEST(changed_file_stops_the_old_unit_before_the_new_one_starts),
        AGENT_TEST(no_unit_starts_before_all_files_are_written),
        AGENT_TEST(unit_that_ended_by_itself_is_not_started_again),
        AGENT_TEST(start_without_end_is_stopped_when_its_order_is_withdrawn),
        AGENT_TEST(start_without_end_is_stopped_when_it_is_to_be_loaded_only),
        AGENT_TEST(start_without_end_gives_way_to_another_file),
        AGENT_TEST(failed_start_is_told_with_its_log_and_not_repeated),
        AGENT_TEST(start_that_systemd_refuses_is_told_and_not_repeated),
        AGENT_TEST(start_that_a_broken_bus_swallowed_is_tried_again),
        AGENT_TEST(unit_is_started_once_the_bus_is_back),
        AGENT_TEST(stop_that_failed_is_tried_again),
        AGENT_TEST(unit_that_comes_back_when_it_is_stopped_is_stopped_more_and_more_rarely),
        AGENT_TEST(unit_that_is_started_before_it_is_removed_is_not_let_go_of),
        AGENT_TEST(unit_that_comes_back_is_left_alone_when_it_is_to_be_loaded),
        AGENT_TEST(file_that_cannot_be_written_holds_up_no_other_unit),
        AGENT_TEST(unit_that_could_not_be_written_is_let_go_of_when_its_order_is_withdrawn),
        AGENT_TEST(missing_file_is_told_and_taken_when_it_comes),
        AGENT_TEST(many_canceled_jobs_cost_few_lists),
        AGENT_TEST(crash_of_a_unit_is_published),
        AGENT_TEST(file_that_is_lost_after_a_failed_start_is_written_again),
        AGENT_TEST(start_that_an_earlier_fleetd_began_is_told_of_without_its_file),
        AGENT_TEST(crash_and_restart_of_fleetd_touch_no_unit),
        AGENT_TEST(clean_stop_keeps_presence_and_states_for_the_grace_time),
        AGENT_TEST(machine_that_goes_down_gives_its_presence_back),
        AGENT_TEST(machine_that_goes_down_while_its_presence_is_written_gives_it_back),
        AGENT_TEST(order_withdrawn_while_fleetd_was_away_is_carried_out),
        AGENT_TEST(state_of_a_unit_that_vanished_meanwhile_does_not_linger),
        AGENT_TEST(reboot_starts_the_ordered_units_again),
        AGENT_TEST(changed_machine_is_told_at_once_and_no_unit_touched),
        AGENT_TEST(machine_that_changes_while_it_registers_is_told_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
