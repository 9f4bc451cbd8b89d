#include "tests/fakes/virtual-loop.h"
#include "tests/sim/pausable-loop.h"
#include "tests/unit/cmocka-test.h"

typedef struct PausableTest {
    Loop *inner, *loop;
    Timer *first, *second;
    char heard[8]; /* which timers ran, in order */
    size_t n_heard;
} PausableTest;

static void on_first(void *userdata) {
    PausableTest *test = userdata;
    test->heard[test->n_heard++] = '1';
}

static void on_second(void *userdata) {
    PausableTest *test = userdata;
    test->heard[test->n_heard++] = '2';
}

static int setup(void **state) {
    PausableTest *test = calloc(1, sizeof(PausableTest));
    assert_non_null(test);
    test->inner = virtual_loop_new(1);
    test->loop = pausable_loop_new(test->inner);
    assert_int_equal(timer_new(test->loop, on_first, test, &test->first), 0);
    assert_int_equal(timer_new(test->loop, on_second, test, &test->second), 0);
    *state = test;
    return 0;
}

static int teardown(void **state) {
    PausableTest *test = *state;
    timer_free(test->first);
    timer_free(test->second);
    pausable_loop_free(test->loop);
    virtual_loop_free(test->inner);
    free(test);
    return 0;
}

static void run(PausableTest *test, usec_t usec, const char *heard) {
    virtual_loop_advance(test->inner, usec);
    assert_string_equal(test->heard, heard);
}

static void timers_run_in_their_time(void **state) {
    PausableTest *test = *state;
    timer_start(test->first, 20);
    timer_start(test->second, 10);
    run(test, 9, "");
    run(test, 1, "2");
    assert_false(test->second->is_armed);
    run(test, 10, "21");
}

static void what_became_due_in_a_pause_runs_after_it_in_its_order(void **state) {
    PausableTest *test = *state;
    timer_start(test->first, 20);
    timer_start(test->second, 10);
    pausable_loop_pause(test->loop);
    run(test, 100, "");
    assert_true(test->first->is_armed);
    pausable_loop_resume(test->loop);
    run(test, 0, "21");
    assert_false(test->first->is_armed);
}

static void timer_that_is_stopped_in_a_pause_does_not_run(void **state) {
    PausableTest *test = *state;
    timer_start(test->first, 10);
    timer_start(test->second, 10);
    pausable_loop_pause(test->loop);
    virtual_loop_advance(test->inner, 50);
    timer_stop(test->first);
    timer_start(test->second, 100);
    pausable_loop_resume(test->loop);
    run(test, 99, "");
    run(test, 1, "2");
}

static void frozen_timers_have_what_they_had_left(void **state) {
    PausableTest *test = *state;
    timer_start(test->first, 30);
    virtual_loop_advance(test->inner, 10);
    pausable_loop_pause(test->loop);
    virtual_loop_advance(test->inner, 1000);
    timer_start(test->second, 5);
    pausable_loop_thaw(test->loop);
    run(test, 5, "2");
    run(test, 14, "2");
    run(test, 1, "21");
}

static void time_goes_on_in_a_pause(void **state) {
    PausableTest *test = *state;
    usec_t before = loop_now(test->loop);
    pausable_loop_pause(test->loop);
    virtual_loop_advance(test->inner, 70);
    assert_int_equal(loop_now(test->loop), before + 70);
}

int main(void) {
#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timers_run_in_their_time),
        LOOP_TEST(what_became_due_in_a_pause_runs_after_it_in_its_order),
        LOOP_TEST(timer_that_is_stopped_in_a_pause_does_not_run),
        LOOP_TEST(frozen_timers_have_what_they_had_left),
        LOOP_TEST(time_goes_on_in_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
