#include "tests/fakes/faulty-store.h"
#include "tests/unit/agent-test.h"
#include "tests/unit/metrics-check.h"

#define SEC USEC_PER_SEC
#define PORT 80

#define CHECKED \
    "[Service]\nExecStart=/bin/web\nRestart=on-failure\n" \
    "[X-Fleet]\nHealthCheck=tcp://:80\nHealthInterval=10\nHealthStartPeriod=5\n"
#define CHECKED_OTHERWISE CHECKED "HealthRetries=1\n"
#define UNRETRIED "[Service]\nExecStart=/bin/web\n[X-Fleet]\nHealthCheck=tcp://:80\n"

static const FakeAnswer unwell = {.failure = "it is ill"}, well = {}, silent = {"", USEC_INFINITY};

static Store *memory; /* behind the way that can be cut off */

static int setup(void **state) {
    int r = agent_test_setup(state);
    AgentTest *test = *state;
    memory = test->store;
    assert_int_equal(faulty_store_new(test->loop, memory, &test->store), 0);
    assert_int_equal(fake_prober_new(test->loop, &test->prober), 0);
    test->metrics = metrics_new();
    agent_test_start(test);
    return r;
}

static int teardown(void **state) {
    AgentTest *test = *state;
    agent_test_crash(test);
    Prober *prober = fake_prober_prober(test->prober);
    assert_int_equal(fake_prober_n_open(test->prober), 0);
    prober_free(prober);
    metrics_free(test->metrics);
    store_free(test->store);
    test->store = memory;
    return agent_test_teardown(state);
}

static void answers(AgentTest *test, FakeAnswer answer) {
    fake_prober_set(test->prober, PORT, answer);
}

static void launch(AgentTest *test, const char *name, const char *text) {
    agent_test_order(test, name, text, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, SEC);
}

static void assert_health(AgentTest *test, const char *name, UnitHealth health,
                          const char *message) {
    _cleanup_(unit_state_freep) UnitState *state = agent_test_state(test, name);
    assert_non_null(state);
    assert_string_equal(unit_health_to_string(state->health), unit_health_to_string(health));
    assert_string_equal(str_or(state->health_message, "-"), str_or(message, "-"));
}

static size_t n_restarts(AgentTest *test) {
    return agent_test_count(test, FAKE_ACTION_RESTART);
}

static void run_until_restarted(AgentTest *test, size_t n) {
    for (int i = 0; i < 1000 && n_restarts(test) < n; i++)
        agent_test_run(test, SEC / 10);
    assert_int_equal(n_restarts(test), n);
    agent_test_run(test, SEC / 2);
}

static void unit_is_healthy_when_it_answers(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    assert_health(test, "web.service", UNIT_HEALTH_HEALTHY, NULL);
    agent_test_expect(test, "web.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
}

static void health_is_counted(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    assert_metric(test->metrics, "fleet_agent_unit_health{health=\"healthy\"} 1");
    assert_metric(test->metrics, "fleet_agent_health_checks_total{result=\"success\"} 1");
    answers(test, unwell);
    agent_test_run(test, 40 * SEC);
    assert_metric(test->metrics, "fleet_agent_jobs_total{task=\"restart\",result=\"done\"} 1");
    assert_no_metric(test->metrics, "fleet_agent_unit_health{health=\"healthy\"");
}

static void unit_without_a_check_has_no_health(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", SLEEPER);
    agent_test_run(test, 100 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_NONE, NULL);
    assert_int_equal(fake_prober_count(test->prober, PORT), 0);
}

static void unit_that_is_only_loaded_is_not_asked(void **state) {
    AgentTest *test = *state;
    agent_test_order(test, "web.service", CHECKED, LAUNCH_STATE_LOADED, 7);
    agent_test_run(test, 100 * SEC);
    assert_int_equal(fake_prober_count(test->prober, PORT), 0);
}

static void unit_is_asked_every_interval(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    agent_test_run(test, 20 * SEC);
    size_t before = fake_prober_count(test->prober, PORT);
    agent_test_run(test, 1000 * SEC);
    assert_int_equal(fake_prober_count(test->prober, PORT) - before, 100);
}

static void unit_that_starts_slowly_is_given_its_time(void **state) {
    AgentTest *test = *state;
    answers(test, unwell);
    launch(test, "web.service", CHECKED);
    agent_test_run(test, 4 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_STARTING, NULL);
    answers(test, well);
    agent_test_run(test, 15 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_HEALTHY, NULL);
    assert_int_equal(n_restarts(test), 0);
}

static void unhealthy_unit_is_restarted(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    answers(test, unwell);
    agent_test_run(test, 20 * SEC);
    assert_int_equal(n_restarts(test), 0);
    run_until_restarted(test, 1);
    assert_health(test, "web.service", UNIT_HEALTH_STARTING,
                  "restarted by fleet (1), as it was unhealthy: it is ill");
    agent_test_expect(test, "web.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    answers(test, well);
    agent_test_run(test, 2 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_HEALTHY, NULL);
}

static void restarts_that_do_not_help_become_rare(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    answers(test, unwell);
    agent_test_run(test, 3600 * SEC);
    assert_in_range(n_restarts(test), 6, 8); /* 0 + 30 + 60 + ... + 1920 s */
    assert_health(test, "web.service", UNIT_HEALTH_UNHEALTHY,
                  n_restarts(test) == 7 ? "it is ill; restarted 7 times by fleet"
                                        : "it is ill; restarted 6 times by fleet");
}

static void unit_whose_author_wants_no_retries_is_left_as_it_is(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", UNRETRIED);
    answers(test, unwell);
    agent_test_run(test, 3600 * SEC);
    assert_int_equal(n_restarts(test), 0);
    assert_health(test, "web.service", UNIT_HEALTH_UNHEALTHY,
                  "it is ill; left as it is, as Restart= is not set");
}

static void silence_is_a_failure(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", UNRETRIED);
    answers(test, silent);
    agent_test_run(test, 60 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_UNHEALTHY,
                  "no answer; left as it is, as Restart= is not set");
}

static void unit_that_cannot_be_asked_is_not_judged(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    fake_prober_fail_next(test->prober, SIZE_MAX, -EMFILE);
    agent_test_run(test, 600 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_HEALTHY, NULL);
}

static void stopped_unit_has_no_health(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    assert_int_equal(
        fake_systemd_set_state(test->systemd, "web.service", "failed", "failed", "exit-code"), 0);
    agent_test_run(test, SEC);
    assert_health(test, "web.service", UNIT_HEALTH_NONE, NULL);
    size_t before = fake_prober_count(test->prober, PORT);
    agent_test_run(test, 100 * SEC);
    assert_int_equal(fake_prober_count(test->prober, PORT), before);
}

static void unit_that_systemd_restarts_starts_anew(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    answers(test, unwell);
    fake_systemd_set_state(test->systemd, "web.service", "activating", "auto-restart", "exit-code");
    agent_test_run(test, SEC);
    assert_health(test, "web.service", UNIT_HEALTH_STARTING, NULL);
    fake_systemd_set_state(test->systemd, "web.service", "active", "running", "success");
    agent_test_run(test, 4 * SEC);
    assert_health(test, "web.service", UNIT_HEALTH_STARTING, NULL);
}

static void withdrawn_unit_is_stopped_in_the_midst_of_its_restart(void **state) {
    AgentTest *test = *state;
    FakeBehaviour slow = {.stop_usec = 100 * SEC};
    launch(test, "web.service", CHECKED);
    fake_script_set_behaviour(fake_systemd_script(test->systemd), "web.service", &slow);
    answers(test, unwell);
    agent_test_run(test, 35 * SEC);
    assert_int_equal(n_restarts(test), 1);
    agent_test_order(test, "web.service", CHECKED, LAUNCH_STATE_INACTIVE, 8);
    agent_test_run(test, 110 * SEC);
    _cleanup_(unit_state_freep) UnitState *told = agent_test_state(test, "web.service");
    assert_int_equal(told->current, LAUNCH_STATE_INACTIVE);
    assert_int_equal(told->unit_revision, 8);
    assert_int_equal(n_restarts(test), 1);
}

static void changed_file_brings_its_own_check(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    answers(test, unwell);
    agent_test_order(test, "web.service", CHECKED_OTHERWISE, LAUNCH_STATE_LAUNCHED, 8);
    agent_test_run(test, 16 * SEC); /* of which 5 do not count: one failure is enough */
    assert_int_equal(n_restarts(test), 1);
    agent_test_order(test, "web.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 9);
    agent_test_run(test, SEC);
    assert_health(test, "web.service", UNIT_HEALTH_NONE, NULL);
}

static void health_is_looked_after_while_the_store_is_away(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    faulty_store_cut(test->store, -ETIMEDOUT);
    answers(test, unwell);
    run_until_restarted(test, 1);
    answers(test, well);
    agent_test_run(test, 60 * SEC);
    faulty_store_cut(test->store, 0);
    agent_test_run(test, 60 * SEC);
    assert_int_equal(n_restarts(test), 1);
    assert_health(test, "web.service", UNIT_HEALTH_HEALTHY, NULL);
}

static void restart_of_fleetd_forgets_nothing(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    answers(test, silent);
    agent_test_crash(test);
    agent_test_start(test);
    agent_test_run(test, SEC);
    assert_health(test, "web.service", UNIT_HEALTH_HEALTHY, NULL);
    answers(test, unwell);
    run_until_restarted(test, 1);
    agent_test_crash(test);
    agent_test_start(test);
    agent_test_run(test, 20 * SEC);
    assert_int_equal(n_restarts(test), 1);
}

static void restart_fleetd(AgentTest *test) {
    agent_test_crash(test);
    agent_test_start(test);
    agent_test_run(test, SEC);
}

static void pause_is_kept_when_fleetd_ends_in_the_midst_of_a_restart(void **state) {
    AgentTest *test = *state;
    FakeBehaviour slow = {.start_usec = 4 * SEC};
    launch(test, "web.service", CHECKED_OTHERWISE);
    fake_script_set_behaviour(fake_systemd_script(test->systemd), "web.service", &slow);
    answers(test, unwell);
    run_until_restarted(test, 1);
    restart_fleetd(test);
    agent_test_run(test, 25 * SEC);
    assert_int_equal(n_restarts(test), 1);
    run_until_restarted(test, 2);
}

static void pause_is_kept_when_fleetd_ends_while_the_unit_does_not_run(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED_OTHERWISE);
    answers(test, unwell);
    run_until_restarted(test, 1);
    fake_systemd_set_state(test->systemd, "web.service", "failed", "failed", "exit-code");
    agent_test_run(test, SEC);
    restart_fleetd(test);
    fake_systemd_set_state(test->systemd, "web.service", "active", "running", "success");
    agent_test_run(test, 25 * SEC);
    assert_int_equal(n_restarts(test), 1);
    run_until_restarted(test, 2);
}

static void unit_that_next_fleetd_finds_down_starts_anew(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    agent_test_crash(test);
    fake_systemd_set_state(test->systemd, "web.service", "failed", "failed", "exit-code");
    agent_test_start(test);
    agent_test_run(test, SEC);
    assert_health(test, "web.service", UNIT_HEALTH_NONE, NULL);
    answers(test, unwell);
    fake_systemd_set_state(test->systemd, "web.service", "active", "running", "success");
    agent_test_run(test, SEC);
    assert_health(test, "web.service", UNIT_HEALTH_STARTING, NULL);
}

static void unchanged_health_is_not_written_again(void **state) {
    AgentTest *test = *state;
    launch(test, "web.service", CHECKED);
    agent_test_run(test, 10 * SEC);
    int64_t before = store_sync_revision(&test->sync);
    agent_test_run(test, 300 * SEC);
    assert_int_equal(store_sync_revision(&test->sync), before);
}

static void only_so_many_are_asked_at_a_time(void **state) {
    AgentTest *test = *state;
    answers(test, silent);
    for (int i = 0; i < 100; i++) {
        _cleanup_free_ char *name = str_printf("web@%d.service", i);
        agent_test_order(test, name, UNRETRIED, LAUNCH_STATE_LAUNCHED, 7);
    }
    agent_test_run(test, 60 * SEC);
    assert_int_equal(fake_prober_n_open_max(test->prober), 32);
    answers(test, well);
    agent_test_run(test, 30 * SEC);
    for (int i = 0; i < 100; i++) {
        _cleanup_free_ char *name = str_printf("web@%d.service", i);
        assert_health(test, name, UNIT_HEALTH_HEALTHY, NULL);
    }
}

static void thousands_are_not_asked_in_step(void **state) {
    AgentTest *test = *state;
    fake_prober_set(test->prober, PORT, (FakeAnswer){.delay_usec = 100 * USEC_PER_MSEC});
    for (int i = 0; i < 100; i++) {
        _cleanup_free_ char *name = str_printf("web@%d.service", i);
        agent_test_order(test, name, CHECKED, LAUNCH_STATE_LAUNCHED, 7);
    }
    agent_test_run(test, 30 * SEC);
    size_t n_most = 0;
    for (int i = 0; i < 1000; i++) {
        agent_test_run(test, 10 * USEC_PER_MSEC);
        n_most = MAX(n_most, fake_prober_n_open(test->prober));
    }
    assert_in_range(n_most, 1, 8);
}

#define health_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        health_test(unit_is_healthy_when_it_answers),
        health_test(health_is_counted),
        health_test(unit_without_a_check_has_no_health),
        health_test(unit_that_is_only_loaded_is_not_asked),
        health_test(unit_is_asked_every_interval),
        health_test(unit_that_starts_slowly_is_given_its_time),
        health_test(unhealthy_unit_is_restarted),
        health_test(restarts_that_do_not_help_become_rare),
        health_test(unit_whose_author_wants_no_retries_is_left_as_it_is),
        health_test(silence_is_a_failure),
        health_test(unit_that_cannot_be_asked_is_not_judged),
        health_test(stopped_unit_has_no_health),
        health_test(unit_that_systemd_restarts_starts_anew),
        health_test(withdrawn_unit_is_stopped_in_the_midst_of_its_restart),
        health_test(changed_file_brings_its_own_check),
        health_test(health_is_looked_after_while_the_store_is_away),
        health_test(restart_of_fleetd_forgets_nothing),
        health_test(pause_is_kept_when_fleetd_ends_in_the_midst_of_a_restart),
        health_test(pause_is_kept_when_fleetd_ends_while_the_unit_does_not_run),
        health_test(unit_that_next_fleetd_finds_down_starts_anew),
        health_test(unchanged_health_is_not_written_again),
        health_test(only_so_many_are_asked_at_a_time),
        health_test(thousands_are_not_asked_in_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
