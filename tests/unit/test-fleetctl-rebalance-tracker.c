#include "fleetctl/wait/rebalance-tracker.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define M1 "11111111111111111111111111111111"
#define M2 "22222222222222222222222222222222"
#define REBALANCE(id, under_way, phase, rest) \
    "{\"underWay\":" under_way ",\"id\":" id ",\"phase\":\"" phase "\"" rest \
    ",\"type\":\"rebalance\"}"
#define MOVES(phase, why) \
    ",\"moves\":[{\"unit\":\"a.service\",\"from\":\"" M1 "\",\"to\":\"" M2 "\",\"phase\":\"" phase \
    "\",\"why\":" why "}]"
#define SYNCED "{\"type\":\"synced\",\"revision\":7}"

static void feed(RebalanceTracker *tracker, const char *line) {
    assert_int_equal(rebalance_tracker_feed(tracker, line, strlen(line), NULL), 0);
}

static void moves_are_known_and_then_made(void **state) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    rebalance_tracker_begin(&tracker);
    feed(&tracker, "{\"type\":\"unit\",\"unit\":\"a.service\"}"); /* of no interest */
    feed(&tracker, REBALANCE("5", "true", "wanted", ",\"why\":\"the brake holds\""));
    feed(&tracker, SYNCED);
    assert_false(rebalance_tracker_has_moves(&tracker));
    assert_string_equal(tracker.why, "the brake holds");
    assert_false(tracker.is_why_told);
    feed(&tracker, REBALANCE("5", "true", "moving", MOVES("waiting", "null")));
    assert_true(rebalance_tracker_has_moves(&tracker));
    assert_null(tracker.why);
    assert_int_equal(tracker.n_moves, 1);
    assert_true(tracker.moves[0].is_told);
    assert_int_equal(tracker.end, REBALANCE_END_NONE);
    feed(&tracker, REBALANCE("5", "false", "done", MOVES("moved", "null")));
    assert_false(tracker.moves[0].is_told);
    assert_int_equal(rebalance_tracker_count(&tracker, MOVE_MADE), 1);
    assert_int_equal(tracker.end, REBALANCE_END_REACHED);
}

static void what_was_told_is_not_told_again(void **state) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    rebalance_tracker_begin(&tracker);
    feed(&tracker, REBALANCE("5", "true", "moving", MOVES("dropped", "\"no room\"")));
    assert_string_equal(tracker.moves[0].why, "no room");
    tracker.moves[0].is_told = true;
    rebalance_tracker_begin(&tracker);
    feed(&tracker, REBALANCE("5", "false", "done", MOVES("dropped", "\"no room\"")));
    assert_true(tracker.moves[0].is_told);
}

static void another_one_takes_its_place(void **state) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    rebalance_tracker_begin(&tracker);
    feed(&tracker, REBALANCE("5", "true", "wanted", ""));
    feed(&tracker, REBALANCE("6", "true", "wanted", ""));
    assert_int_equal(tracker.end, REBALANCE_END_REPLACED);
    feed(&tracker, REBALANCE("6", "false", "done", ""));
    assert_int_equal(tracker.end, REBALANCE_END_REPLACED);
}

static void cancelled_one_has_ended(void **state) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    rebalance_tracker_begin(&tracker);
    feed(&tracker, REBALANCE("5", "true", "wanted", ""));
    feed(&tracker, "{\"underWay\":false,\"type\":\"rebalance\"}");
    assert_int_equal(tracker.end, REBALANCE_END_CANCELLED);
}

static void one_that_was_cancelled_while_nobody_listened_has_ended(void **state) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    rebalance_tracker_begin(&tracker);
    feed(&tracker, REBALANCE("5", "true", "wanted", ""));
    feed(&tracker, SYNCED);
    rebalance_tracker_begin(&tracker);
    feed(&tracker, SYNCED);
    assert_int_equal(tracker.end, REBALANCE_END_CANCELLED);
}

static void garbage_is_refused(void **state) {
    static const char *const lines[] = {
        "",
        "nonsense",
        "{\"type\":7}",
        "{\"type\":\"rebalance\",\"id\":\"x\"}",
        "{\"type\":\"rebalance\",\"id\":5,\"moves\":[{}]}",
        "{\"type\":\"rebalance\",\"id\":5,\"moves\":{}}",
    };
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    rebalance_tracker_begin(&tracker);
    for (size_t i = 0; i < ELEMENTSOF(lines); i++)
        assert_int_equal(rebalance_tracker_feed(&tracker, lines[i], strlen(lines[i]), NULL),
                         -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_are_known_and_then_made),
        cmocka_unit_test(what_was_told_is_not_told_again),
        cmocka_unit_test(another_one_takes_its_place),
        cmocka_unit_test(cancelled_one_has_ended),
        cmocka_unit_test(one_that_was_cancelled_while_nobody_listened_has_ended),
        cmocka_unit_test(garbage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
