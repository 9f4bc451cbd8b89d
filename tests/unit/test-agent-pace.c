#include "fleetd/agent/pace.h"

#include "tests/unit/cmocka-test.h"

#define NOW (100 * USEC_PER_SEC)

/* A write that takes so long; answers when it is over. */
static usec_t write_for(Pace *pace, usec_t now_usec, usec_t duration_usec) {
    pace_begin(pace, now_usec);
    pace_end(pace, now_usec + duration_usec);
    return now_usec + duration_usec;
}

static void few_writes_wait_for_nothing(_unused_ void **state) {
    Pace pace = {};
    usec_t now = NOW;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pace_delay(&pace, now), 0);
        now = write_for(&pace, now, USEC_PER_MSEC);
    }
    assert_in_range(pace_delay(&pace, now), 30 * USEC_PER_MSEC, 40 * USEC_PER_MSEC);
    assert_int_equal(pace_delay(&pace, now + USEC_PER_SEC), 0);
}

static void many_writes_are_one_in_each_pause(_unused_ void **state) {
    Pace pace = {};
    usec_t now = NOW;
    for (unsigned i = 0; i < 100; i++)
        now = write_for(&pace, now + pace_delay(&pace, now), USEC_PER_MSEC);
    assert_in_range(now - NOW, 96 * 40 * USEC_PER_MSEC, 100 * 40 * USEC_PER_MSEC);
}

static void slow_store_is_given_as_long_again(_unused_ void **state) {
    Pace pace = {};
    usec_t now = write_for(&pace, NOW, USEC_PER_SEC / 2);
    assert_in_range(pace_delay(&pace, now), USEC_PER_SEC / 4, USEC_PER_SEC / 2);
    now = write_for(&pace, now + pace_delay(&pace, now), 10 * USEC_PER_SEC);
    assert_int_equal(pace_delay(&pace, now), 0); /* it was waited for longer than any pause */
}

static void store_that_is_quick_again_is_at_once(_unused_ void **state) {
    Pace pace = {};
    usec_t now = write_for(&pace, NOW, USEC_PER_SEC / 2);
    now = write_for(&pace, now + USEC_PER_SEC, USEC_PER_MSEC);
    assert_int_equal(pace_delay(&pace, now), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_writes_wait_for_nothing),
        cmocka_unit_test(many_writes_are_one_in_each_pause),
        cmocka_unit_test(slow_store_is_given_as_long_again),
        cmocka_unit_test(store_that_is_quick_again_is_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
