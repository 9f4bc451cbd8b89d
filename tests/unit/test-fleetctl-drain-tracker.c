#include "fleetctl/wait/drain-tracker.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define M1 "11111111111111111111111111111111"
#define M2 "22222222222222222222222222222222"
#define UNIT(machine, current, rest) \
    "{\"type\":\"unit\",\"unit\":\"a.service\",\"machineID\":\"" machine \
    "\",\"desiredState\":\"launched\",\"currentState\":\"" current "\"" rest "}"
#define MACHINE(id, rest) \
    "{\"type\":\"machine\",\"machineID\":\"" id "\",\"status\":\"running\"" rest "}"
#define DRAINED ",\"maintenance\":{\"drain\":true}"
#define CORDONED ",\"maintenance\":{\"drain\":false}"
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

static void feed_and_take(DrainTracker *tracker, const char *line, DrainNews news) {
    feed(tracker, line);
    assert_int_equal(drain_unit_take_news(drain_tracker_get(tracker, 0)), news);
}

#define FULL ",\"pending\":{\"summary\":\"all are full\"}"
#define UNWANTED \
    "{\"type\":\"unit\",\"unit\":\"a.service\",\"machineID\":\"\",\"desiredState\":\"inactive\"}"

/* It pushes others off, and so fits nowhere for a moment. */
static void that_a_unit_has_left_is_told_once(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    feed_and_take(tracker, UNIT(M1, "launched", ",\"reason\":\"fits" ORDER_STAYS "no room\""),
                  DRAIN_NEWS_STAYS);
    feed_and_take(tracker, UNIT(M1, "inactive", ""), DRAIN_NEWS_LEFT);
    feed_and_take(tracker, UNIT("", "inactive", FULL), DRAIN_NEWS_WAITS);
    feed_and_take(tracker, UNIT("", "inactive", FULL), DRAIN_NEWS_NONE);
    feed_and_take(tracker, UNIT(M2, "inactive", ",\"reason\":\"fits\""), DRAIN_NEWS_PLACED);
    feed_and_take(tracker, UNIT(M2, "launched", ",\"reason\":\"fits\""), DRAIN_NEWS_NONE);
    feed_and_take(tracker, UNIT("", "inactive", FULL), DRAIN_NEWS_WAITS);
    feed_and_take(tracker, UNWANTED, DRAIN_NEWS_NONE);
    feed_and_take(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\""), DRAIN_NEWS_NONE);
    feed(tracker, UNIT(M1, "inactive", ""));
    feed_and_take(tracker, UNIT("", "inactive", FULL), DRAIN_NEWS_LEFT_WAITS);
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

static void assert_end(const DrainTracker *tracker, size_t i, DrainEnd end) {
    assert_int_equal(drain_tracker_get_machine(tracker, i)->end, end);
}

static void drain_that_is_taken_back_is_over(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    feed(tracker, MACHINE(M1, DRAINED));
    feed(tracker, MACHINE(M2, "")); /* of no interest */
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits" ORDER_STAYS "no room\""));
    feed(tracker, SYNCED);
    assert_false(drain_tracker_is_over(tracker));
    assert_end(tracker, 0, DRAIN_END_NONE);
    feed(tracker, MACHINE(M1, ""));
    assert_true(drain_tracker_is_over(tracker));
    assert_end(tracker, 0, DRAIN_END_CANCELLED);
    assert_false(drain_tracker_get_machine(tracker, 0)->is_told);
    assert_int_equal(drain_tracker_count_left(tracker), 0);
    feed(tracker, MACHINE(M1, DRAINED)); /* another one, of somebody else */
    assert_true(drain_tracker_is_over(tracker));
    assert_null(drain_tracker_get_machine(tracker, 1));
}

static void machine_that_stays_cordoned_is_not_drained(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    feed(tracker, MACHINE(M1, CORDONED)); /* before anybody looked */
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\""));
    assert_false(drain_tracker_is_over(tracker));
    feed(tracker, SYNCED);
    assert_true(drain_tracker_is_over(tracker));
    assert_end(tracker, 0, DRAIN_END_CANCELLED);
}

static void others_are_waited_for_when_one_is_cancelled(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    assert_int_equal(drain_tracker_add(tracker, M2), 0);
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\""));
    feed(tracker, UNIT(M2, "launched", ",\"reason\":\"fits\""));
    feed(tracker, SYNCED);
    feed(tracker, MACHINE(M1, ""));
    assert_false(drain_tracker_is_over(tracker));
    assert_int_equal(drain_tracker_count_remaining(tracker), 1);
    drain_tracker_begin(tracker); /* what it has from now on is of no interest */
    feed(tracker, UNIT(M2, "launched", ",\"reason\":\"fits\""));
    feed(tracker, SYNCED);
    assert_false(drain_tracker_get(tracker, 0)->has_left);
    feed(tracker, UNIT(M2, "inactive", ""));
    assert_true(drain_tracker_is_over(tracker));
    assert_int_equal(drain_tracker_count_left(tracker), 1);
}

/* Who has several drained may have those back that are empty. */
static void drain_that_is_through_is_not_cancelled(void **state) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = tracker_of_m1(false);
    assert_int_equal(drain_tracker_add(tracker, M2), 0);
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\""));
    feed(tracker, UNIT(M2, "launched", ",\"reason\":\"fits\""));
    feed(tracker, SYNCED);
    feed(tracker, UNIT(M1, "inactive", ""));
    drain_tracker_begin(tracker);
    feed(tracker, MACHINE(M1, ""));
    feed(tracker, UNIT(M1, "launched", ",\"reason\":\"fits\"")); /* it is in use again */
    feed(tracker, SYNCED);
    assert_end(tracker, 0, DRAIN_END_DONE);
    assert_true(drain_tracker_is_over(tracker)); /* and M2 has left the other one */
    assert_int_equal(drain_tracker_count_left(tracker), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_stays_leaves_and_waits),
        cmocka_unit_test(unit_that_left_while_nobody_listened_has_left),
        cmocka_unit_test(that_a_unit_has_left_is_told_once),
        cmocka_unit_test(global_units_may_stay),
        cmocka_unit_test(drain_that_is_taken_back_is_over),
        cmocka_unit_test(machine_that_stays_cordoned_is_not_drained),
        cmocka_unit_test(others_are_waited_for_when_one_is_cancelled),
        cmocka_unit_test(drain_that_is_through_is_not_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
