#include "fleetd/guard/guard.h"
#include "tests/fakes/fake-guard-host.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#define NAME "once.service"
#define TEXT "[Service]\nExecStart=/bin/x\nTimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=30s\n"
#define STOP_AFTER (30 * USEC_PER_SEC)

typedef struct Test {
    Loop *loop;
    FakeSystemd *systemd;
    FakeGuardHost *host;
    Guard *guard;
} Test;

static void guard_begin(Test *test) {
    assert_int_equal(fake_guard_host_new(test->systemd, test->loop, &test->host), 0);
    assert_int_equal(guard_new(test->loop, fake_guard_host_base(test->host), &test->guard), 0);
    fake_systemd_watch_guarded(test->systemd, (void (*)(void *)) guard_look, test->guard);
    guard_look(test->guard);
}

static void guard_end(Test *test) {
    fake_systemd_watch_guarded(test->systemd, NULL, NULL);
    fake_guard_host_free(test->host);
    guard_free(test->guard);
}

static void vouch(Test *test) {
    assert_int_equal(fake_systemd_vouch(test->systemd, NAME, loop_now(test->loop), STOP_AFTER), 0);
}

static void start(Test *test) {
    assert_int_equal(fake_systemd_permit(test->systemd, NAME), 0);
    assert_in_range(fake_systemd_start(test->systemd, NAME), 1, 100);
    virtual_loop_advance(test->loop, 0);
    assert_string_equal(fake_systemd_active(test->systemd, NAME), "active");
}

static int setup(void **state) {
    static const UnitFileWrite file = {.name = NAME, .text = TEXT, .size = sizeof(TEXT) - 1};
    Test *test = calloc(1, sizeof(Test));
    assert_non_null(test);
    test->loop = virtual_loop_new(1);
    assert_int_equal(fake_systemd_new(test->loop, &test->systemd), 0);
    assert_int_equal(fake_systemd_write(test->systemd, &file, 1), 0);
    virtual_loop_advance(test->loop, USEC_PER_MINUTE);
    guard_begin(test);
    vouch(test);
    start(test);
    *state = test;
    return 0;
}

static int teardown(void **state) {
    Test *test = *state;
    guard_end(test);
    fake_systemd_free(test->systemd);
    virtual_loop_free(test->loop);
    free(test);
    return 0;
}

static void behave(Test *test, FakeBehaviour behaviour) {
    fake_script_set_behaviour(fake_systemd_script(test->systemd), NAME, &behaviour);
}

static bool runs(Test *test) {
    return fake_systemd_is_running(test->systemd, NAME);
}

static void unit_that_is_vouched_for_runs_on(void **state) {
    Test *test = *state;
    for (size_t i = 0; i < 10; i++) {
        virtual_loop_advance(test->loop, STOP_AFTER - 1);
        vouch(test);
    }
    assert_string_equal(fake_systemd_active(test->systemd, NAME), "active");
}

static void unit_that_nobody_vouches_for_is_stopped_in_time(void **state) {
    Test *test = *state;
    virtual_loop_advance(test->loop, STOP_AFTER - 1);
    assert_true(runs(test));
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    assert_false(runs(test));
}

static void stopped_unit_cannot_be_started(void **state) {
    Test *test = *state;
    virtual_loop_advance(test->loop, STOP_AFTER + USEC_PER_SEC);
    assert_int_equal(fake_systemd_permit(test->systemd, NAME), -ESTALE);
    assert_int_equal(fake_systemd_start(test->systemd, NAME), -EACCES);
    virtual_loop_advance(test->loop, USEC_PER_MINUTE);
    assert_false(runs(test));
}

static void unit_that_is_vouched_for_again_can_be_started(void **state) {
    Test *test = *state;
    virtual_loop_advance(test->loop, STOP_AFTER + USEC_PER_SEC);
    vouch(test);
    start(test);
    virtual_loop_advance(test->loop, STOP_AFTER - 1);
    assert_true(runs(test));
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    assert_false(runs(test));
}

static void unit_that_does_not_stop_is_killed_after_its_timeout(void **state) {
    Test *test = *state;
    behave(test, (FakeBehaviour){.stop_usec = USEC_INFINITY});
    virtual_loop_advance(test->loop, STOP_AFTER + 5 * USEC_PER_SEC - 1);
    assert_string_equal(fake_systemd_active(test->systemd, NAME), "deactivating");
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    assert_string_equal(fake_systemd_active(test->systemd, NAME), "failed");
}

/* What was about to be started when the time came. */
static void unit_that_is_just_starting_is_stopped(void **state) {
    Test *test = *state;
    fake_systemd_set_state(test->systemd, NAME, "inactive", "dead", NULL);
    behave(test, (FakeBehaviour){.start_usec = USEC_PER_MINUTE});
    virtual_loop_advance(test->loop, STOP_AFTER - 1);
    assert_in_range(fake_systemd_start(test->systemd, NAME), 1, 100);
    assert_true(runs(test));
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    assert_false(runs(test));
}

static void guard_that_comes_late_does_what_was_due(void **state) {
    Test *test = *state;
    behave(test, (FakeBehaviour){.stop_usec = USEC_INFINITY});
    guard_end(test);
    virtual_loop_advance(test->loop, STOP_AFTER + 10 * USEC_PER_SEC);
    assert_true(runs(test));
    guard_begin(test);
    virtual_loop_advance(test->loop, 0);
    assert_false(runs(test));
}

static void what_fails_is_tried_again(void **state) {
    Test *test = *state;
    fake_guard_host_fail_next(test->host, FAKE_GUARD_WALK, 2);
    fake_guard_host_fail_next(test->host, FAKE_GUARD_FORBID, 2);
    fake_guard_host_fail_next(test->host, FAKE_GUARD_TAKE_DOWN, 2);
    virtual_loop_advance(test->loop, STOP_AFTER + 3 * USEC_PER_SEC);
    assert_false(runs(test));
    assert_true(fake_systemd_is_forbidden(test->systemd, NAME));
}

/* A start that slips in while the permit cannot be taken away is found at the next look. */
static void unit_is_not_down_for_good_before_its_permit_is_gone(void **state) {
    Test *test = *state;
    fake_guard_host_fail_next(test->host, FAKE_GUARD_FORBID, 1);
    virtual_loop_advance(test->loop, STOP_AFTER);
    assert_false(runs(test));
    assert_in_range(fake_systemd_start(test->systemd, NAME), 1, 100);
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    assert_false(runs(test));
}

static void unit_that_is_guarded_no_more_is_left_alone(void **state) {
    static const UnitFileWrite file = {.name = NAME, .text = "[Service]\n", .size = 10};
    Test *test = *state;
    assert_int_equal(fake_systemd_write(test->systemd, &file, 1), 0);
    virtual_loop_advance(test->loop, USEC_PER_MINUTE);
    assert_true(runs(test));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(unit_that_is_vouched_for_runs_on),
        TEST(unit_that_nobody_vouches_for_is_stopped_in_time),
        TEST(stopped_unit_cannot_be_started),
        TEST(unit_that_is_vouched_for_again_can_be_started),
        TEST(unit_that_does_not_stop_is_killed_after_its_timeout),
        TEST(unit_that_is_just_starting_is_stopped),
        TEST(guard_that_comes_late_does_what_was_due),
        TEST(what_fails_is_tried_again),
        TEST(unit_is_not_down_for_good_before_its_permit_is_gone),
        TEST(unit_that_is_guarded_no_more_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
