#include "tests/unit/agent-test.h"
#include "tests/unit/metrics-check.h"

static int setup(void **state) {
    int r = agent_test_setup(state);
    AgentTest *test = *state;
    test->metrics = metrics_new();
    agent_test_start(test);
    return r;
}

static int teardown(void **state) {
    AgentTest *test = *state;
    Metrics *metrics = test->metrics;
    int r = agent_test_teardown(state);
    metrics_free(metrics);
    return r;
}

static void units_are_counted_as_ordered_and_as_they_are(void **state) {
    AgentTest *test = *state;
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 3);
    agent_test_order(test, "b.service", SLEEPER, LAUNCH_STATE_LOADED, 4);
    agent_test_run(test, USEC_PER_SEC);
    assert_metric(test->metrics, "fleet_agent_registered 1");
    assert_metric(test->metrics, "fleet_agent_units{desired_state=\"launched\",current_state="
                                 "\"launched\"} 1");
    assert_metric(test->metrics,
                  "fleet_agent_units{desired_state=\"loaded\",current_state=\"loaded\"} 1");
    assert_metric(test->metrics, "fleet_agent_unit_systemd_states{load=\"loaded\",active=\"active\""
                                 ",sub=\"running\"} 1");
    assert_metric(test->metrics, "fleet_agent_jobs_total{task=\"start\",result=\"done\"} 1");

    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LOADED, 5);
    agent_test_run(test, USEC_PER_SEC);
    assert_metric(test->metrics,
                  "fleet_agent_units{desired_state=\"loaded\",current_state=\"loaded\"} 2");
    assert_no_metric(test->metrics, "fleet_agent_units{desired_state=\"launched\"");
    assert_metric(test->metrics, "fleet_agent_jobs_total{task=\"stop\",result=\"done\"} 1");
}

static void failed_start_is_counted(void **state) {
    AgentTest *test = *state;
    fake_script_set_behaviour(fake_systemd_script(test->systemd), "a.service",
                              &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 3);
    agent_test_run(test, USEC_PER_SEC);
    assert_metric(test->metrics, "fleet_agent_jobs_total{task=\"start\",result=\"failed\"} 1");
}

static void orphans_are_counted(void **state) {
    AgentTest *test = *state;
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 3);
    agent_test_run(test, USEC_PER_SEC);
    assert_metric(test->metrics, "fleet_agent_orphans 0");
    StoreWrite writes[] = {{.kind = STORE_DELETE, .key = KEY_CLUSTER_TEXT},
                           {.kind = STORE_DELETE_PREFIX, .key = "schedule/"}};
    StoreTxn txn = {.writes = writes, .n_writes = ELEMENTSOF(writes)};
    assert_int_equal(store_sync_txn(&test->sync, &txn, NULL), 0);
    agent_test_run(test, USEC_PER_SEC);
    assert_metric(test->metrics, "fleet_agent_orphans 1");
}

#define METRICS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        METRICS_TEST(units_are_counted_as_ordered_and_as_they_are),
        METRICS_TEST(failed_start_is_counted),
        METRICS_TEST(orphans_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
