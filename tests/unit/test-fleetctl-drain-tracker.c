#include "fleetctl/wait/drain-tracker.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define M1 "11111111111111111111111111111111"
#define M2 "22222222222222222222222222222222"
#define UNIT(machine, current, rest) \
    "{\"type\":\"unit\",\"unit\":\"a.service\",\"machineID\":\"" machine \
    "\",\"desiredState\":\"launched\",\"currentState\":\"" current "\"" rest "}"
#define SYNCED "{\"type\":\"synced\",\"revision\":7}"

static void feed(DrainTracker *tracker, const char *line) {
    assert_int_equal(drain_tracker_feed(tracker, line, strlen(line), NULL), 0);
}

static DrainTracker *tracker_of_m1(bool is_ignoring_global) {
    DrainTracker *tracker;
    assert_int_equal(drain_tracker_new(is_ignoring_global, &tracker), 0);
    assert_int_equal(drain_tracker_add(tracker, M1), 0);
    drain_tracker_begin(tracker);
    return tracker;
}

static void unit_stays_leaves_and_waits(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits" ORDER_STAYS "no room\""));
    feed(tracker, UNIT(M2, "launched", ",\"reason\":\"fits\"")); /* of no interest */
    feed(tracker, SYNCED);
    DrainUnit *unit = drain_tracker_get(tracker, 0);
    assert_string_equal(unit->stays, "no room");
    assert_false(unit->is_told);
    assert_false(drain_tracker_is_over(tracker));
    feed(tracker, UNIT(M1, "inactive", ",\"reason\":\"its machine is being drained\""));
    assert_false(drain_tracker_is_over(tracker));
    feed(tracker, UNIT(M1, "inactive", ""));
    assert_true(drain_tracker_is_over(tracker));
    assert_true(unit->has_left);
    unit->is_told = true;
    feed(tracker, UNIT("", "inactive", ",\"pending\":{\"summary\":\"all are full\"}"));
    assert_string_equal(unit->waits, "all are full");
    assert_false(unit->is_told);
    assert_null(drain_tracker_get(tracker, 1));
}

static void unit_that_left_while_nobody_listened_has_left(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\""));
    feed(tracker, SYNCED);
    drain_tracker_begin(tracker);
    assert_false(drain_tracker_is_over(tracker));
    feed(tracker, SYNCED);
    assert_true(drain_tracker_is_over(tracker));
    assert_int_equal(drain_tracker_count_left(tracker), 1);
}

static void global_units_may_stay(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(true);
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\",\"global\":true"));
    feed(tracker, SYNCED);
    assert_true(drain_tracker_is_over(tracker));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_stays_leaves_and_waits),
        cmocka_unit_test(unit_that_left_while_nobody_listened_has_left),
        cmocka_unit_test(global_units_may_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
