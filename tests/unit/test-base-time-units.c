#include "fleetd/base/time-units.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

typedef struct TimespanCase {
    const char *text;
    usec_t usec;
} TimespanCase;

static void written_time_is_understood(void **state) {
    static const TimespanCase cases[] = {
        {"0", 0},
        {"30", 30 * USEC_PER_SEC},
        {"30s", 30 * USEC_PER_SEC},
        {"1.5", 1500 * USEC_PER_MSEC},
        {"3.0", 3 * USEC_PER_SEC},
        {"5.s", 5 * USEC_PER_SEC},
        {"200ms", 200 * USEC_PER_MSEC},
        {"7us", 7},
        {"0.5us", 1},
        {"5min", 5 * USEC_PER_MINUTE},
        {"5m", 5 * USEC_PER_MINUTE},
        {"1h", 60 * USEC_PER_MINUTE},
        {"2d", 2 * 24 * 60 * USEC_PER_MINUTE},
        {"1min 30s", 90 * USEC_PER_SEC},
        {"1min30s", 90 * USEC_PER_SEC},
        {" \t1 min  30 ", 90 * USEC_PER_SEC},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        usec_t usec = 99;
        assert_int_equal(timespan_parse(cases[i].text, &usec, NULL), 0);
        assert_int_equal(usec, cases[i].usec);
    }
}

static void anything_else_is_refused(void **state) {
    static const char *const cases[][2] = {
        {"", "a time span is missing"},
        {"  ", "a time span is missing"},
        {"s", "'s' is not a time span (like 30s or 5min)"},
        {"-1", "'-1' is not a time span (like 30s or 5min)"},
        {"+1", "'+1' is not a time span (like 30s or 5min)"},
        {".5", "'.5' is not a time span (like 30s or 5min)"},
        {"1.2.3", "'1.2.3' is not a time span (like 30s or 5min)"},
        {"0x10", "'0x10' is not a time span (like 30s or 5min)"},
        {"1e9", "'1e9' is not a time span (like 30s or 5min)"},
        {"nan", "'nan' is not a time span (like 30s or 5min)"},
        {"infinity", "'infinity' is not a time span (like 30s or 5min)"},
        {"30 s,", "'30 s,' is not a time span (like 30s or 5min)"},
        {"5 weeks", "'5 weeks' has an unknown time unit (us, ms, s, min, h, d)"},
        {"5minutes", "'5minutes' has an unknown time unit (us, ms, s, min, h, d)"},
        {"5S", "'5S' has an unknown time unit (us, ms, s, min, h, d)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        usec_t usec = 99;
        _cleanup_error_ Error error = {};
        assert_int_equal(timespan_parse(cases[i][0], &usec, &error), -EINVAL);
        assert_int_equal(usec, 99);
        assert_string_equal(error.message, cases[i][1]);
    }
}

static void time_that_does_not_fit_is_refused(void **state) {
    usec_t usec;
    assert_int_equal(timespan_parse("200000000d", &usec, NULL), -ERANGE);
    assert_int_equal(timespan_parse("100000000d 100000000d", &usec, NULL), -ERANGE);
    assert_int_equal(timespan_parse("100000000d", &usec, NULL), 0);
}

static void formatted_time_is_short_and_exact(void **state) {
    static const TimespanCase cases[] = {
        {"0s", 0},
        {"1us", 1},
        {"1s", USEC_PER_SEC},
        {"1s 500ms", 1500 * USEC_PER_MSEC},
        {"1min 30s", 90 * USEC_PER_SEC},
        {"1h", 60 * USEC_PER_MINUTE},
        {"1d 1h 1min 1s 1ms 1us", (25 * 60 + 1) * USEC_PER_MINUTE + 1001001},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        usec_t usec;
        _cleanup_free_ char *text = timespan_format(cases[i].usec);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(timespan_parse(text, &usec, NULL), 0);
        assert_int_equal(usec, cases[i].usec);
    }
}

static void longest_time_can_be_formatted(void **state) {
    _cleanup_free_ char *text = timespan_format(USEC_INFINITY);
    assert_string_equal(text, "213503982d 8h 1min 49s 551ms 615us");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_time_is_understood),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(time_that_does_not_fit_is_refused),
        cmocka_unit_test(formatted_time_is_short_and_exact),
        cmocka_unit_test(longest_time_can_be_formatted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
