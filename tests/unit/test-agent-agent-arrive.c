/* A machine on its way into the store and out of it, with units of another cluster: step by step,
 * over a slow way. */
#include "fleetd/model/cluster-id.h"
#include "tests/fakes/faulty-store.h"
#include "tests/unit/agent-test.h"

#include <errno.h>

#define NAME "a.service"
#define ONCE SLEEPER "[X-Fleet]\nStopAfterDisconnect=30s\n"
#define LATENCY_USEC (20 * USEC_PER_MSEC)
#define ARRIVES_USEC \
    (600 * USEC_PER_MSEC) /* over that way; it ends, or is told to, at any time \
                           */
#define STEP_USEC (10 * USEC_PER_MSEC)
#define LEAVES_USEC (5 * USEC_PER_SEC)

static bool key_exists(AgentTest *test, char *key_take) {
    _cleanup_free_ char *key = key_take, *value = store_sync_get(&test->sync, key);
    return value;
}

static bool is_listed(AgentTest *test) {
    return key_exists(test, key_machine(TEST_MACHINE));
}

static bool has_told(AgentTest *test) {
    return key_exists(test, key_orphan(TEST_MACHINE, NAME));
}

static bool is_expected_back(AgentTest *test) {
    _cleanup_free_ char *key = key_machine(TEST_MACHINE), *value = store_sync_get(&test->sync, key);
    return value && strstr(value, "\"restarting\"");
}

static void start_unit(AgentTest *test, const char *text) {
    agent_test_start(test);
    agent_test_order(test, NAME, text, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, 5 * USEC_PER_SEC);
}

/* fleetd does not run when it returns. */
static void make_orphan(AgentTest *test) {
    start_unit(test, SLEEPER);
    agent_test_crash(test);
    store_free(test->store);
    assert_int_equal(memory_store_new(test->loop, &test->store), 0);
    test->sync.store = test->store;
}

static Store *slow_down(AgentTest *test) {
    static const StoreFaults slow = {.latency_min_usec = LATENCY_USEC,
                                     .latency_max_usec = LATENCY_USEC,
                                     .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    Store *inner = test->store;
    assert_int_equal(faulty_store_new(test->loop, inner, &test->store), 0);
    faulty_store_set_faults(test->store, &slow);
    return inner;
}

static void end_over_slow_way(AgentTest *test, Store *inner) {
    agent_test_crash(test);
    store_free(test->store);
    test->store = inner;
}

static void on_left(int r, void *userdata) {
    *(int *) userdata = r;
}

static void leave(AgentTest *test, PresenceFarewell farewell) {
    int r = 1;
    if (agent_leave(test->agent, farewell, on_left, &r) >= 0)
        agent_test_run(test, LEAVES_USEC);
}

/* Whatever comes to stand there stays for restart_grace at most. */
static void expect_told_while_listed(AgentTest *test) {
    for (int i = 0; i < 330; i++) {
        assert_true(has_told(test) || !is_listed(test));
        agent_test_run(test, USEC_PER_SEC);
    }
}

static void each_time(void **state, void (*act)(AgentTest *test, usec_t delay_usec)) {
    for (usec_t delay = 0; delay < ARRIVES_USEC; delay += STEP_USEC) {
        act(*state, delay);
        assert_int_equal(agent_test_teardown(state), 0);
        assert_int_equal(agent_test_setup(state), 0);
    }
}

/* Either the farewell was said, or a lease later nothing is left. */
static void come_and_leave(AgentTest *test, usec_t delay_usec) {
    make_orphan(test);
    Store *inner = slow_down(test);
    agent_test_start(test);
    agent_test_run(test, delay_usec);
    leave(test, PRESENCE_RESTARTING);
    end_over_slow_way(test, inner);
    agent_test_run(test, TEST_TTL + 2 * USEC_PER_SEC);
    assert_int_equal(is_listed(test), has_told(test));
    expect_told_while_listed(test);
}

static void machine_that_leaves_before_it_has_come_leaves_nothing(void **state) {
    each_time(state, come_and_leave);
}

/* Its place was kept. */
static Store *come_back_slowly(AgentTest *test, usec_t delay_usec) {
    make_orphan(test);
    agent_test_start(test);
    agent_test_run(test, 5 * USEC_PER_SEC);
    agent_test_leave(test, PRESENCE_RESTARTING);
    assert_true(is_listed(test) && has_told(test));
    Store *inner = slow_down(test);
    agent_test_start(test);
    agent_test_run(test, delay_usec);
    return inner;
}

static void come_back_and_leave(AgentTest *test, usec_t delay_usec) {
    Store *inner = come_back_slowly(test, delay_usec);
    leave(test, PRESENCE_RESTARTING);
    end_over_slow_way(test, inner);
    expect_told_while_listed(test);
}

static void come_back_and_crash(AgentTest *test, usec_t delay_usec) {
    end_over_slow_way(test, come_back_slowly(test, delay_usec));
    expect_told_while_listed(test);
}

static void machine_that_is_listed_has_told_however_its_fleetd_ends(void **state) {
    each_time(state, come_back_and_leave);
    each_time(state, come_back_and_crash);
}

static void reload(AgentTest *test) {
    Machine machine = {.id = (char *) TEST_MACHINE,
                       .boot_id = (char *) test->boot_id,
                       .address = (char *) "10.9.9.9"};
    assert_int_equal(agent_set_machine(test->agent, &machine), 0);
}

static void reload_and_leave(AgentTest *test, usec_t delay_usec) {
    make_orphan(test);
    Store *inner = slow_down(test);
    agent_test_start(test);
    agent_test_run(test, 5 * USEC_PER_SEC);
    reload(test);
    agent_test_run(test, delay_usec);
    leave(test, PRESENCE_RESTARTING);
    end_over_slow_way(test, inner);
    assert_true(is_expected_back(test) && has_told(test));
}

static void fleetd_that_leaves_after_a_reload_is_expected_back(void **state) {
    each_time(state, reload_and_leave);
}

/* It stands in the store all the time. */
static void reload_does_not_wait_for_systemd(void **state) {
    AgentTest *test = *state;
    make_orphan(test);
    agent_test_start(test);
    agent_test_run(test, 5 * USEC_PER_SEC);
    fake_script_fail_next(fake_systemd_script(test->systemd), FAKE_ACTION_LIST, SIZE_MAX, -EIO);
    fake_systemd_reset(test->systemd);
    agent_test_run(test, USEC_PER_SEC);
    reload(test);
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_free_ char *key = key_machine(TEST_MACHINE), *value = store_sync_get(&test->sync, key);
    assert_non_null(strstr(value, "10.9.9.9"));
}

static void machine_that_goes_down_waits_for_its_guarded_units_also_after_a_reload(void **state) {
    static const FakeBehaviour slow = {.stop_usec = 4 * USEC_PER_SEC};
    AgentTest *test = *state;
    start_unit(test, ONCE);
    fake_script_set_behaviour(fake_systemd_script(test->systemd), NAME, &slow);
    reload(test);
    int r = 1;
    assert_int_equal(agent_leave(test->agent, PRESENCE_LEFT, on_left, &r), 0);
    agent_test_run(test, 3 * USEC_PER_SEC);
    assert_int_equal(r, 1);
    agent_test_run(test, 3 * USEC_PER_SEC);
    assert_int_equal(r, 0);
    assert_false(fake_systemd_is_running(test->systemd, NAME));
}

int main(void) {
#define ARRIVE_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)
    const struct CMUnitTest tests[] = {
        ARRIVE_TEST(machine_that_leaves_before_it_has_come_leaves_nothing),
        ARRIVE_TEST(machine_that_is_listed_has_told_however_its_fleetd_ends),
        ARRIVE_TEST(fleetd_that_leaves_after_a_reload_is_expected_back),
        ARRIVE_TEST(reload_does_not_wait_for_systemd),
        ARRIVE_TEST(machine_that_goes_down_waits_for_its_guarded_units_also_after_a_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
