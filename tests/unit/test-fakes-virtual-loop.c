#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

typedef struct Note {
    char *log; /* one letter is appended per call */
    char letter;
    Timer *timer;
    usec_t again_usec; /* arms itself anew when not 0 */
} Note;

static void note_run(void *userdata) {
    Note *note = userdata;
    strncat(note->log, &note->letter, 1);
    if (note->again_usec > 0)
        timer_start(note->timer, note->again_usec);
}

static void timers_run_by_time_and_then_by_order_of_arming(void **state) {
    _cleanup_(virtual_loop_freep) Loop *loop = virtual_loop_new(1);
    static const usec_t delays[] = {30, 10, 0, 10, 0, 20, 10};
    char log[64] = "";
    Note notes[ELEMENTSOF(delays)];
    for (size_t i = 0; i < ELEMENTSOF(delays); i++) {
        notes[i] = (Note){.log = log, .letter = (char) ('a' + i)};
        assert_int_equal(timer_new(loop, note_run, &notes[i], &notes[i].timer), 0);
        timer_start(notes[i].timer, delays[i]);
    }
    timer_start(notes[1].timer, 10); /* anew: now behind d and g */
    while (virtual_loop_step(loop))
        ;
    assert_string_equal(log, "cedgbfa");
    assert_int_equal(loop_now(loop), VIRTUAL_LOOP_START + 30);
    for (size_t i = 0; i < ELEMENTSOF(delays); i++)
        timer_free(notes[i].timer);
}

static void stopped_timers_do_not_run_and_others_keep_their_order(void **state) {
    _cleanup_(virtual_loop_freep) Loop *loop = virtual_loop_new(1);
    char log[64] = "";
    Note notes[26];
    for (size_t i = 0; i < ELEMENTSOF(notes); i++) {
        notes[i] = (Note){.log = log, .letter = (char) ('a' + i)};
        assert_int_equal(timer_new(loop, note_run, &notes[i], &notes[i].timer), 0);
        timer_start(notes[i].timer, (i * 7) % 26);
    }
    for (size_t i = 0; i < ELEMENTSOF(notes); i += 2)
        timer_stop(notes[i].timer);
    virtual_loop_advance(loop, 100);
    assert_int_equal(strlen(log), 13);
    for (size_t i = 1; i < strlen(log); i++)
        assert_true((size_t) (log[i - 1] - 'a') * 7 % 26 < (size_t) (log[i] - 'a') * 7 % 26);
    for (size_t i = 0; i < ELEMENTSOF(notes); i++)
        timer_free(notes[i].timer);
}

static void advance_runs_repeating_timers_and_leaves_the_clock_at_its_end(void **state) {
    _cleanup_(virtual_loop_freep) Loop *loop = virtual_loop_new(1);
    char log[64] = "";
    Note note = {.log = log, .letter = 'x', .again_usec = 10};
    assert_int_equal(timer_new(loop, note_run, &note, &note.timer), 0);
    assert_false(note.timer->is_armed);
    timer_start_if_idle(note.timer, 10);
    timer_start_if_idle(note.timer, 99);
    virtual_loop_advance(loop, 35);
    assert_string_equal(log, "xxx");
    assert_int_equal(loop_now(loop), VIRTUAL_LOOP_START + 35);
    assert_true(note.timer->is_armed);
    timer_free(note.timer);
}

static void free_itself(void *userdata) {
    Timer **timer = userdata;
    assert_false((*timer)->is_armed);
    timer_free(*timer);
    *timer = NULL;
}

static void timer_may_free_itself(void **state) {
    _cleanup_(virtual_loop_freep) Loop *loop = virtual_loop_new(1);
    Timer *timer;
    assert_int_equal(timer_new(loop, free_itself, &timer, &timer), 0);
    timer_start(timer, 5);
    assert_true(virtual_loop_step(loop));
    assert_null(timer);
    assert_false(virtual_loop_step(loop));
}

static bool log_has_two(void *userdata) {
    return strlen(userdata) == 2;
}

static void run_until_ends_with_the_predicate_or_the_time(void **state) {
    _cleanup_(virtual_loop_freep) Loop *loop = virtual_loop_new(1);
    char log[64] = "";
    Note note = {.log = log, .letter = 'x', .again_usec = 10};
    assert_int_equal(timer_new(loop, note_run, &note, &note.timer), 0);
    timer_start(note.timer, 10);
    assert_false(virtual_loop_run_until(loop, log_has_two, log, 15));
    assert_int_equal(loop_now(loop), VIRTUAL_LOOP_START + 15);
    assert_true(virtual_loop_run_until(loop, log_has_two, log, 15));
    assert_int_equal(loop_now(loop), VIRTUAL_LOOP_START + 20);
    timer_free(note.timer);
}

static void chance_comes_from_the_seed(void **state) {
    _cleanup_(virtual_loop_freep) Loop *a = virtual_loop_new(7);
    _cleanup_(virtual_loop_freep) Loop *b = virtual_loop_new(7);
    _cleanup_(virtual_loop_freep) Loop *c = virtual_loop_new(8);
    uint64_t first = loop_random(a);
    assert_true(first == loop_random(b));
    assert_true(first != loop_random(c));
    assert_true(first != loop_random(a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_run_by_time_and_then_by_order_of_arming),
        cmocka_unit_test(stopped_timers_do_not_run_and_others_keep_their_order),
        cmocka_unit_test(advance_runs_repeating_timers_and_leaves_the_clock_at_its_end),
        cmocka_unit_test(timer_may_free_itself),
        cmocka_unit_test(run_until_ends_with_the_predicate_or_the_time),
        cmocka_unit_test(chance_comes_from_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
