#include "fleetd/net/event-loop.h"
#include "tests/unit/cmocka-test.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct Fixture {
    sd_event *event;
    Loop *loop;
    Timer *timer;
    char order[16]; /* what happened, one letter each */
    size_t n;
} Fixture;

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(*f));
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(event_loop_new(f->event, &f->loop), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    timer_free(f->timer);
    event_loop_free(f->loop);
    sd_event_unref(f->event);
    free(f);
    return 0;
}

static void happen(Fixture *f, char what) {
    if (f->n < sizeof(f->order) - 1)
        f->order[f->n++] = what;
}

static void run_until(Fixture *f, size_t n) {
    usec_t deadline = loop_now(f->loop) + 10 * USEC_PER_SEC;
    while (f->n < n && loop_now(f->loop) < deadline)
        assert_true(sd_event_run(f->event, USEC_PER_SEC) >= 0);
    assert_int_equal(f->n, n);
}

static void on_timer(void *userdata) {
    happen(userdata, 't');
}

static void timer_fires_once_and_not_early(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer, f, &f->timer), 0);
    assert_false(f->timer->is_armed);
    usec_t start = loop_now(f->loop);
    timer_start(f->timer, 20 * USEC_PER_MSEC);
    assert_true(f->timer->is_armed);
    run_until(f, 1);
    assert_true(loop_now(f->loop) - start >= 20 * USEC_PER_MSEC);
    assert_false(f->timer->is_armed);
    sd_event_run(f->event, 30 * USEC_PER_MSEC);
    assert_string_equal(f->order, "t");
}

static void rearmed_timer_counts_anew(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer, f, &f->timer), 0);
    timer_start(f->timer, USEC_PER_MSEC);
    usleep(2 * USEC_PER_MSEC);
    usec_t start = loop_now(f->loop);
    timer_start(f->timer, 20 * USEC_PER_MSEC);
    run_until(f, 1);
    assert_true(loop_now(f->loop) - start >= 20 * USEC_PER_MSEC);
}

static void stopped_timer_stays_silent(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer, f, &f->timer), 0);
    timer_start(f->timer, 0);
    timer_stop(f->timer);
    assert_false(f->timer->is_armed);
    sd_event_run(f->event, 10 * USEC_PER_MSEC);
    assert_int_equal(f->n, 0);
    timer_start_if_idle(f->timer, 0);
    run_until(f, 1);
}

static void start_if_idle_keeps_the_earlier_time(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer, f, &f->timer), 0);
    timer_start(f->timer, 0);
    timer_start_if_idle(f->timer, 60 * USEC_PER_SEC);
    run_until(f, 1);
}

static void endless_delay_never_fires(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer, f, &f->timer), 0);
    timer_start(f->timer, USEC_INFINITY);
    sd_event_run(f->event, 10 * USEC_PER_MSEC);
    assert_int_equal(f->n, 0);
}

static void on_timer_free_itself(void *userdata) {
    Fixture *f = userdata;
    happen(f, 'f');
    timer_free(f->timer);
    f->timer = NULL;
}

static void timer_may_be_freed_in_its_callback(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer_free_itself, f, &f->timer), 0);
    timer_start(f->timer, 0);
    run_until(f, 1);
    assert_null(f->timer);
}

static void on_timer_again(void *userdata) {
    Fixture *f = userdata;
    happen(f, 'a');
    if (f->n < 3)
        timer_start(f->timer, 0);
}

static void timer_may_arm_itself_again(void **state) {
    Fixture *f = *state;
    assert_int_equal(timer_new(f->loop, on_timer_again, f, &f->timer), 0);
    timer_start(f->timer, 0);
    assert_int_equal(f->n, 0);
    run_until(f, 3);
}

static int on_event_defers(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    Fixture *f = userdata;
    happen(f, 'e');
    timer_start_if_idle(f->timer, 0);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return 0;
}

/* Three descriptors are readable at once: whichever is handled first, the deferred call that it
 * makes waits for the other two. */
static void deferred_call_runs_after_the_pending_events(void **state) {
    Fixture *f = *state;
    sd_event_source *sources[3];
    int fds[3];
    assert_int_equal(timer_new(f->loop, on_timer, f, &f->timer), 0);
    for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
        fds[i] = eventfd(1, EFD_CLOEXEC);
        assert_true(fds[i] >= 0);
        assert_true(sd_event_add_io(f->event, &sources[i], fds[i], EPOLLIN, on_event_defers, f) >=
                    0);
    }
    run_until(f, 4);
    assert_string_equal(f->order, "eeet");
    for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
        sd_event_source_unref(sources[i]);
        close(fds[i]);
    }
}

static void random_numbers_differ(void **state) {
    Fixture *f = *state;
    uint64_t all_or = 0, all_and = UINT64_MAX;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = loop_random(f->loop);
        all_or |= number;
        all_and &= number;
    }
    assert_true(all_or == UINT64_MAX);
    assert_true(all_and == 0);
}

static void realtime_is_wall_clock_time(void **state) {
    Fixture *f = *state;
    usec_t now = loop_realtime(f->loop), by_libc = (usec_t) time(NULL) * USEC_PER_SEC;
    assert_true(now + 2 * USEC_PER_SEC > by_libc && now < by_libc + 2 * USEC_PER_SEC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(timer_fires_once_and_not_early), TEST(rearmed_timer_counts_anew),
        TEST(stopped_timer_stays_silent),     TEST(start_if_idle_keeps_the_earlier_time),
        TEST(endless_delay_never_fires),      TEST(timer_may_be_freed_in_its_callback),
        TEST(timer_may_arm_itself_again),     TEST(deferred_call_runs_after_the_pending_events),
        TEST(random_numbers_differ),          TEST(realtime_is_wall_clock_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
