#include "fleetd/model/machine.h"
#include "tests/fakes/faulty-store.h"
#include "tests/unit/agent-test.h"

#include <unistd.h>

#define NAME "once.service"
#define STOP_AFTER (30 * USEC_PER_SEC)
#define STOP_TIMEOUT (5 * USEC_PER_SEC)
#define SHORT "[Service]\nExecStart=/bin/x\nTimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=1s\n"
#define ONCE "[Service]\nExecStart=/bin/x\nTimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=30s\n"

static int record_see(const char *name, const GuardRecord *record, void *userdata) {
    if (streq(name, NAME))
        *(GuardRecord *) userdata = *record;
    return 0;
}

static GuardRecord record(AgentTest *test) {
    GuardRecord found = {};
    assert_int_equal(fake_systemd_walk_guarded(test->systemd, record_see, &found), 0);
    return found;
}

/* Until when it was vouched for, before now. */
static usec_t age(AgentTest *test) {
    return loop_now(test->loop) - record(test).at_usec;
}

static const char *active(AgentTest *test) {
    return fake_systemd_active(test->systemd, NAME);
}

static void put_order(AgentTest *test, const char *text, Order order) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(text, strlen(text), hash), 0);
    _cleanup_free_ char *file = key_file(hash), *key = key_schedule(TEST_MACHINE, NAME);
    order.hash = hash;
    _cleanup_free_ char *value = order_format(&order);
    assert_int_equal(store_sync_put(&test->sync, file, text, 0), 0);
    assert_int_equal(store_sync_put(&test->sync, key, value, 0), 0);
}

static void order(AgentTest *test, LaunchState desired, int64_t revision, bool is_suspended) {
    put_order(test, ONCE,
              (Order){.desired = desired,
                      .unit_revision = revision,
                      .stop_within_usec = STOP_AFTER + STOP_TIMEOUT,
                      .is_suspended = is_suspended});
}

static void order_within(AgentTest *test, const char *text, usec_t stop_within_usec) {
    put_order(test, text,
              (Order){.desired = LAUNCH_STATE_LAUNCHED,
                      .unit_revision = 7,
                      .stop_within_usec = stop_within_usec});
}

static void start_with_running_unit(AgentTest *test) {
    agent_test_start(test);
    agent_test_order(test, NAME, ONCE, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, NAME, LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    fake_script_clear_actions(fake_systemd_script(test->systemd));
}

static void unit_is_vouched_for_again_and_again(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    for (size_t i = 0; i < 10; i++) {
        agent_test_run(test, 7 * USEC_PER_SEC);
        assert_true(age(test) <= TEST_TTL / 3 + USEC_PER_SEC);
    }
}

/* An answer says what was true when the question was on its way. */
static void time_of_the_question_counts(void **state) {
    static const usec_t latency = USEC_PER_SEC;
    AgentTest *test = *state;
    Store *store = test->store;
    assert_int_equal(faulty_store_new(test->loop, store, &test->store), 0);
    faulty_store_set_faults(test->store, &(StoreFaults){.latency_min_usec = latency,
                                                        .latency_max_usec = latency,
                                                        .timeout_usec = 10 * latency});
    agent_test_start(test);
    agent_test_order(test, NAME, ONCE, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, 30 * USEC_PER_SEC);
    assert_string_equal(active(test), "active");
    for (size_t i = 0; i < 100; i++) {
        agent_test_run(test, 100 * USEC_PER_MSEC);
        assert_true(age(test) >= latency);
        assert_true(age(test) <= TEST_TTL);
    }
    agent_test_crash(test);
    store_free(test->store);
    test->store = store;
}

/* Its socket or timer may start it. */
static void unit_that_is_only_loaded_is_vouched_for_as_well(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_order(test, NAME, ONCE, LAUNCH_STATE_LOADED, 7);
    agent_test_run(test, 20 * USEC_PER_SEC);
    assert_true(age(test) <= TEST_TTL / 3 + USEC_PER_SEC);
}

static void time_that_is_shorter_than_the_lease_counts_as_that(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    order_within(test, SHORT, TEST_TTL + STOP_TIMEOUT);
    agent_test_run(test, USEC_PER_SEC);
    assert_int_equal(record(test).stop_after_usec, TEST_TTL);
    assert_int_equal(record(test).stop_timeout_usec, STOP_TIMEOUT);
}

static void expect_vouched(AgentTest *test, usec_t usec) {
    assert_string_equal(active(test), "active");
    for (size_t i = 0; i < 100; i++) {
        agent_test_run(test, 100 * USEC_PER_MSEC);
        assert_int_equal(record(test).stop_after_usec, usec);
        assert_true(age(test) <= MAX(usec / 3, 200 * USEC_PER_MSEC));
    }
    assert_string_equal(active(test), "active");
}

/* Whoever gives the unit to others waits for no more than the order says, whatever lease this
 * machine has. */
static void nothing_is_vouched_for_longer_than_the_order_allows(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    order_within(test, SHORT, TEST_TTL / 2 + STOP_TIMEOUT);
    agent_test_run(test, USEC_PER_SEC);
    expect_vouched(test, TEST_TTL / 2);
    order_within(test, SHORT, USEC_PER_MINUTE); /* it is not more than a lease either */
    agent_test_run(test, 100 * USEC_PER_MSEC);
    expect_vouched(test, TEST_TTL);
}

static void order_that_does_not_say_allows_what_the_file_asks_for(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    order_within(test, SHORT, 0);
    agent_test_run(test, USEC_PER_SEC);
    expect_vouched(test, USEC_PER_SEC);
}

/* A start relies on what this order allows, not on what was vouched for under one before. */
static void start_waits_for_what_its_order_allows(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    order_within(test, ONCE, STOP_AFTER + STOP_TIMEOUT);
    agent_test_run(test, USEC_PER_SEC);
    assert_int_equal(record(test).stop_after_usec, STOP_AFTER);
    order_within(test, SHORT, TEST_TTL + STOP_TIMEOUT);
    agent_test_run(test, USEC_PER_SEC);
    assert_int_equal(record(test).stop_after_usec, TEST_TTL);
    expect_vouched(test, TEST_TTL);
}

static void nobody_vouches_while_the_presence_is_gone(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    agent_test_run(test, 20 * USEC_PER_SEC);
    assert_true(age(test) >= 20 * USEC_PER_SEC);
}

/* A machine that is back before the engine knows. */
static void suspended_order_is_left_as_it_is(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    order(test, LAUNCH_STATE_LAUNCHED, 7, true);
    agent_test_start(test);
    agent_test_run(test, 20 * USEC_PER_SEC);
    assert_string_equal(active(test), "active");
    assert_true(age(test) >= 20 * USEC_PER_SEC);
    assert_int_equal(fake_systemd_set_state(test->systemd, NAME, "inactive", "dead", NULL), 0);
    fake_systemd_forbid(test->systemd, NAME);
    agent_test_run(test, 20 * USEC_PER_SEC);
    assert_string_equal(active(test), "inactive");

    order(test, LAUNCH_STATE_LAUNCHED, 7, false);
    agent_test_run(test, USEC_PER_SEC);
    assert_string_equal(active(test), "active");
    assert_true(age(test) <= USEC_PER_SEC);
}

static void suspended_order_that_is_withdrawn_is_carried_out(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    order(test, LAUNCH_STATE_INACTIVE, 7, true);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, NAME, LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 7);
}

static void unit_that_the_guard_stopped_is_started_again(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    fake_systemd_forbid(test->systemd, NAME);
    assert_int_equal(fake_systemd_set_state(test->systemd, NAME, "inactive", "dead", NULL), 0);
    agent_test_run(test, 10 * USEC_PER_SEC);
    assert_string_equal(active(test), "active");
    assert_int_equal(fake_script_count(fake_systemd_script(test->systemd), FAKE_ACTION_START), 1);
}

static void place_that_is_kept_is_vouched_for_until_its_end(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_leave(test, PRESENCE_RESTARTING);
    agent_test_run(test, 290 * USEC_PER_SEC);
    assert_true((int64_t) age(test) < 0);
    agent_test_start(test); /* it is about to take that place over */
    assert_int_equal(age(test), 0);
    agent_test_run(test, USEC_PER_SEC);
    assert_string_equal(active(test), "active");
}

/* --- the machine goes down --- */

static bool says_left(AgentTest *test) {
    _cleanup_free_ char *value = store_sync_get(&test->sync, KEY_MACHINE_PREFIX TEST_MACHINE);
    return value && strstr(value, "\"left\"");
}

static void behave(AgentTest *test, FakeBehaviour behaviour) {
    fake_script_set_behaviour(fake_systemd_script(test->systemd), NAME, &behaviour);
}

static void on_left(int r, void *userdata) {
    *(int *) userdata = r;
}

static void machine_that_goes_down_stops_it_first(void **state) {
    AgentTest *test = *state;
    int result = 1;
    start_with_running_unit(test);
    behave(test, (FakeBehaviour){.stop_usec = 4 * USEC_PER_SEC});
    assert_int_equal(agent_leave_limit(test->agent, PRESENCE_LEFT), 15 * USEC_PER_SEC);
    assert_int_equal(agent_leave(test->agent, PRESENCE_LEFT, on_left, &result), 0);
    agent_test_run(test, 4 * USEC_PER_SEC - 1);
    assert_false(says_left(test));
    assert_string_equal(active(test), "deactivating");
    agent_test_run(test, USEC_PER_SEC);
    assert_true(says_left(test));
    assert_string_equal(active(test), "inactive");
    assert_true(fake_systemd_is_forbidden(test->systemd, NAME));
    assert_int_equal(result, 0);
}

/* What is told meanwhile, in a file that the caller closes. */
static FILE *messages_begin(int *ret_stderr) {
    FILE *file = tmpfile();
    assert_non_null(file);
    *ret_stderr = dup(STDERR_FILENO);
    assert_true(*ret_stderr >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    return file;
}

static void messages_end(FILE *file, int saved_stderr, char *ret_text, size_t size) {
    assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
    close(saved_stderr);
    rewind(file);
    ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void stop_before_the_machine_goes_down_is_not_taken_for_the_guards(void **state) {
    AgentTest *test = *state;
    char said[4096];
    int saved_stderr, result = 1;
    start_with_running_unit(test);
    FILE *messages = messages_begin(&saved_stderr);
    assert_int_equal(agent_leave(test->agent, PRESENCE_LEFT, on_left, &result), 0);
    agent_test_run(test, 5 * USEC_PER_SEC);
    messages_end(messages, saved_stderr, said, sizeof(said));
    assert_int_equal(result, 0);
    assert_string_equal(active(test), "inactive");
    assert_null(strstr(said, "stopped by the guard"));
}

/* An answer that comes after the farewell's says less than that. */
static void late_answer_does_not_shorten_the_place_that_is_kept(void **state) {
    AgentTest *test = *state;
    Store *store = test->store;
    size_t n_shortened = 0;
    start_with_running_unit(test);
    agent_test_crash(test);
    assert_int_equal(faulty_store_new(test->loop, store, &test->store), 0);
    faulty_store_set_faults(test->store, &(StoreFaults){.latency_min_usec = 10 * USEC_PER_MSEC,
                                                        .latency_max_usec = USEC_PER_SEC,
                                                        .timeout_usec = 20 * USEC_PER_SEC});
    for (size_t i = 0; i < 300; i++) {
        int result = 1;
        agent_test_start(test);
        agent_test_run(test, 12 * USEC_PER_SEC + i * 37 * USEC_PER_MSEC);
        assert_string_equal(active(test), "active");
        assert_int_equal(agent_leave(test->agent, PRESENCE_RESTARTING, on_left, &result), 0);
        while (result == 1)
            agent_test_run(test, USEC_PER_MSEC);
        agent_test_crash(test);
        n_shortened += result == 0 && (int64_t) age(test) > 0;
    }
    store_free(test->store);
    test->store = store;
    assert_int_equal(n_shortened, 0);
}

static void machine_whose_unit_does_not_stop_says_no_goodbye(void **state) {
    AgentTest *test = *state;
    int result = 1;
    start_with_running_unit(test);
    behave(test, (FakeBehaviour){.stop_usec = USEC_INFINITY});
    assert_int_equal(agent_leave(test->agent, PRESENCE_LEFT, on_left, &result), 0);
    agent_test_run(test, 16 * USEC_PER_SEC);
    assert_int_equal(result, -ETIME);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_false(says_left(test));
}

static void fleetd_that_stops_alone_leaves_it_running(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    assert_int_equal(agent_leave_limit(test->agent, PRESENCE_RESTARTING), 0);
    agent_test_leave(test, PRESENCE_RESTARTING);
    assert_string_equal(active(test), "active");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(unit_is_vouched_for_again_and_again),
        TEST(time_of_the_question_counts),
        TEST(unit_that_is_only_loaded_is_vouched_for_as_well),
        TEST(time_that_is_shorter_than_the_lease_counts_as_that),
        TEST(nothing_is_vouched_for_longer_than_the_order_allows),
        TEST(order_that_does_not_say_allows_what_the_file_asks_for),
        TEST(start_waits_for_what_its_order_allows),
        TEST(nobody_vouches_while_the_presence_is_gone),
        TEST(suspended_order_is_left_as_it_is),
        TEST(suspended_order_that_is_withdrawn_is_carried_out),
        TEST(unit_that_the_guard_stopped_is_started_again),
        TEST(place_that_is_kept_is_vouched_for_until_its_end),
        TEST(machine_that_goes_down_stops_it_first),
        TEST(stop_before_the_machine_goes_down_is_not_taken_for_the_guards),
        TEST(late_answer_does_not_shorten_the_place_that_is_kept),
        TEST(machine_whose_unit_does_not_stop_says_no_goodbye),
        TEST(fleetd_that_stops_alone_leaves_it_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
