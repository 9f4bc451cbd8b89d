#include "fleetctl/wait/rollout-tracker.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define SYNCED "{\"type\":\"synced\",\"revision\":7}"
#define GONE "{\"type\":\"rollout\",\"unit\":\"a@.service\"}"
#define LINE(id, phase, units) \
    "{\"type\":\"rollout\",\"unit\":\"a@.service\",\"rollout\":{\"name\":\"a@.service\"," \
    "\"id\":" id ",\"phase\":\"" phase "\",\"units\":[" units "]}}"
#define UNIT(name, phase) "{\"name\":\"" name "\",\"phase\":\"" phase "\",\"why\":null}"

static void feed(RolloutTracker *tracker, const char *line) {
    assert_int_equal(rollout_tracker_feed(tracker, line, strlen(line), NULL), 0);
}

static RolloutTracker *tracker_begun(void) {
    RolloutTracker *tracker;
    assert_int_equal(rollout_tracker_new(&tracker), 0);
    assert_int_equal(rollout_tracker_add(tracker, "a@.service"), 0);
    rollout_tracker_begin(tracker);
    return tracker;
}

static void units_are_told_as_they_change(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    RolloutProgress *progress = rollout_tracker_get(tracker, 0);
    feed(tracker, LINE("5", "updating", ""));
    feed(tracker, SYNCED);
    assert_true(progress->is_told);
    feed(tracker, LINE("5", "updating",
                       UNIT("a@1.service", "updating") "," UNIT("a@2.service", "waiting") "," UNIT(
                           "a@.service", "waiting")));
    assert_false(progress->units[0].is_told);
    assert_true(progress->units[1].is_told);
    progress->units[0].is_told = true;
    feed(tracker,
         LINE("5", "updating", UNIT("a@1.service", "done") "," UNIT("a@2.service", "updating")));
    assert_false(progress->units[0].is_told);
    assert_false(progress->units[1].is_told);
    assert_int_equal(rollout_progress_count(progress, ROLLOUT_UNIT_DONE), 1);
    assert_int_equal(rollout_progress_count(progress, _ROLLOUT_UNIT_PHASE_MAX), 2);
    assert_false(rollout_tracker_is_over(tracker));
    feed(tracker, LINE("5", "done", ""));
    assert_true(rollout_tracker_is_over(tracker));
    assert_int_equal(progress->end, ROLLOUT_END_REACHED);
    assert_null(rollout_tracker_get(tracker, 1));
}

/* They were destroyed, or, of a global unit, their machine was given up. */
static void units_that_are_no_part_of_it_any_more_do_not_count(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    RolloutProgress *progress = rollout_tracker_get(tracker, 0);
    feed(tracker, LINE("5", "updating",
                       UNIT("a@1.service", "done") "," UNIT("a@2.service", "updating") "," UNIT(
                           "a@3.service", "done") "," UNIT("a@.service", "waiting")));
    progress->units[0].is_told = progress->units[1].is_told = progress->units[2].is_told = true;
    feed(tracker, LINE("5", "updating", UNIT("a@1.service", "done")));
    assert_true(progress->units[1].is_gone);
    assert_false(progress->units[1].is_told);
    assert_true(progress->units[2].is_told);
    assert_true(progress->units[3].is_told);
    assert_int_equal(rollout_progress_count(progress, ROLLOUT_UNIT_DONE), 1);
    assert_int_equal(rollout_progress_count(progress, _ROLLOUT_UNIT_PHASE_MAX), 1);

    progress->units[1].is_told = true;
    feed(tracker,
         LINE("5", "updating", UNIT("a@1.service", "done") "," UNIT("a@2.service", "updating")));
    assert_false(progress->units[1].is_gone);
    assert_false(progress->units[1].is_told);
    assert_int_equal(rollout_progress_count(progress, _ROLLOUT_UNIT_PHASE_MAX), 2);
}

/* One that a person has to go on with may go on after all. */
static void what_waits_for_a_person_is_an_end_for_now(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    feed(tracker, LINE("5", "waiting", ""));
    assert_false(rollout_tracker_is_over(tracker));
    feed(tracker, SYNCED);
    assert_true(rollout_tracker_is_over(tracker));
    feed(tracker, LINE("5", "updating", ""));
    assert_false(rollout_tracker_is_over(tracker));
}

static void another_deployment_is_another_one(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    feed(tracker, LINE("5", "updating", ""));
    feed(tracker, SYNCED);
    feed(tracker, LINE("6", "done", ""));
    feed(tracker, LINE("5", "updating", ""));
    assert_int_equal(rollout_tracker_get(tracker, 0)->end, ROLLOUT_END_REPLACED);
    assert_true(rollout_tracker_is_over(tracker));
}

static void destroyed_unit_ends_it(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    feed(tracker, LINE("5", "updating", ""));
    feed(tracker, SYNCED);
    feed(tracker, GONE);
    assert_int_equal(rollout_tracker_get(tracker, 0)->end, ROLLOUT_END_GONE);
}

/* Also when that came to pass while nobody listened. */
static void what_is_not_told_any_more_is_gone(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    feed(tracker, LINE("5", "updating", ""));
    feed(tracker, SYNCED);
    rollout_tracker_begin(tracker);
    feed(tracker, SYNCED);
    assert_int_equal(rollout_tracker_get(tracker, 0)->end, ROLLOUT_END_GONE);
    assert_true(rollout_tracker_is_over(tracker));
}

static void nonsense_is_refused(void **state) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = tracker_begun();
    static const char *const lines[] = {"{", "[]", LINE("5", "updating", "7"),
                                        "{\"type\":\"rollout\"}"};
    for (size_t i = 0; i < ELEMENTSOF(lines); i++)
        assert_int_not_equal(rollout_tracker_feed(tracker, lines[i], strlen(lines[i]), NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_told_as_they_change),
        cmocka_unit_test(units_that_are_no_part_of_it_any_more_do_not_count),
        cmocka_unit_test(what_waits_for_a_person_is_an_end_for_now),
        cmocka_unit_test(another_deployment_is_another_one),
        cmocka_unit_test(destroyed_unit_ends_it),
        cmocka_unit_test(what_is_not_told_any_more_is_gone),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
