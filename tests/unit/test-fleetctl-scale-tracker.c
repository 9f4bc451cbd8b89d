#include "fleetctl/wait/scale-tracker.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define SYNCED "{\"type\":\"synced\",\"revision\":7}"
#define WISH(count) \
    "{\"type\":\"scale\",\"unit\":\"a@.service\",\"scale\":{\"name\":\"a@.service\"," \
    "\"count\":" count "}}"
#define WISH_UNREADABLE(count, names) \
    "{\"type\":\"scale\",\"unit\":\"a@.service\",\"scale\":{\"name\":\"a@.service\"," \
    "\"count\":" count ",\"unreadable\":[" names "]}}"
#define UNIT(name, machine, desired, revision, more) \
    "{\"type\":\"unit\",\"unit\":\"" name "\",\"machineID\":\"" machine \
    "\",\"desiredState\":\"" desired "\",\"unitRevision\":" revision more "}"
#define NOWHERE(name, revision) UNIT(name, "", "launched", revision, "")
#define DELETED(name, machine) UNIT(name, machine, "inactive", "0", ",\"deleted\":true")

static void feed(ScaleTracker *tracker, const char *line) {
    assert_int_equal(scale_tracker_feed(tracker, line, strlen(line), NULL), 0);
}

static ScaleTracker *tracker_begun(uint64_t count) {
    ScaleTracker *tracker;
    assert_int_equal(scale_tracker_new("a@.service", count, &tracker), 0);
    scale_tracker_begin(tracker, true);
    return tracker;
}

static void it_is_reached_when_there_are_as_many(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(2);
    feed(tracker, UNIT("a@.service", "", "inactive", "1", ""));
    feed(tracker, WISH("2"));
    feed(tracker, NOWHERE("a@1.service", "3"));
    feed(tracker, NOWHERE("a@blue.service", "3"));
    feed(tracker, NOWHERE("b@2.service", "3"));
    feed(tracker, UNIT("a@9.service", "m", "launched", "0", ",\"orphan\":true"));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, NOWHERE("a@2.service", "8"));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
    assert_string_equal(scale_tracker_get(tracker, 1)->name, "a@2.service");
    assert_int_equal(scale_tracker_get(tracker, 1)->revision, 8);
    assert_null(scale_tracker_get(tracker, 2));
}

static void what_is_too_many_has_to_go(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(1);
    feed(tracker, WISH("1"));
    feed(tracker, NOWHERE("a@1.service", "3"));
    feed(tracker, NOWHERE("a@2.service", "3"));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, DELETED("a@2.service", "m"));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
    assert_false(scale_tracker_get(tracker, 1)->is_there);
    feed(tracker, DELETED("a@2.service", ""));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
}

/* Gone before the request was answered, as seen from here: it is known all the same. */
static void what_was_there_before_the_request_has_to_go_even_if_it_is_never_told_again(
    void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker;
    assert_int_equal(scale_tracker_new("a@.service", 1, &tracker), 0);
    scale_tracker_begin(tracker, false);
    feed(tracker, WISH("2"));
    feed(tracker, NOWHERE("a@1.service", "3"));
    feed(tracker, NOWHERE("a@2.service", "3"));
    assert_false(scale_tracker_is_synced(tracker));
    feed(tracker, SYNCED);
    assert_true(scale_tracker_is_synced(tracker));
    scale_tracker_begin(tracker, true);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, WISH("1"));
    feed(tracker, NOWHERE("a@1.service", "3"));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
    assert_string_equal(scale_tracker_get(tracker, 1)->name, "a@2.service");
    assert_false(scale_tracker_get(tracker, 1)->is_there);
    assert_null(scale_tracker_get(tracker, 2));
}

static void number_that_is_not_kept_yet_is_none_that_is_given_up(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker;
    assert_int_equal(scale_tracker_new("a@.service", 1, &tracker), 0);
    scale_tracker_begin(tracker, false);
    feed(tracker, NOWHERE("a@3.service", "3"));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    scale_tracker_begin(tracker, true);
    feed(tracker, WISH("1"));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
}

static void one_that_cannot_be_read_counts(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(3);
    feed(tracker, WISH_UNREADABLE("3", "\"a@2.service\",\"a@3.service\",\"a@x.service\""));
    feed(tracker, DELETED("a@2.service", "m")); /* it runs on */
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, NOWHERE("a@1.service", "8"));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
    const ScaleUnit *unit = scale_tracker_get(tracker, 0);
    assert_string_equal(unit->name, "a@2.service");
    assert_true(unit->is_unreadable && !unit->is_there);
    feed(tracker, WISH_UNREADABLE("3", "\"a@3.service\"")); /* it is written anew */
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, NOWHERE("a@2.service", "9"));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
    assert_false(unit->is_unreadable);
    feed(tracker, WISH("3")); /* destroyed */
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
}

/* It is not removed either. */
static void more_that_cannot_be_read_than_wanted_stay(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(1);
    feed(tracker, NOWHERE("a@1.service", "8"));
    feed(tracker, NOWHERE("a@2.service", "8"));
    feed(tracker, WISH("1"));
    feed(tracker, SYNCED);
    feed(tracker, WISH_UNREADABLE("1", "\"a@1.service\",\"a@3.service\""));
    feed(tracker, DELETED("a@1.service", ""));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, DELETED("a@2.service", ""));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
}

static void what_users_have_stopped_is_told_from_what_moves(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(2);
    feed(tracker, WISH("2"));
    feed(tracker, UNIT("a@1.service", "m", "launched", "3", ""));
    feed(tracker, UNIT("a@1.service", "m", "inactive", "3", ""));
    feed(tracker, UNIT("a@2.service", "m", "loaded", "4", ""));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_get(tracker, 0)->desired, LAUNCH_STATE_LAUNCHED);
    assert_int_equal(scale_tracker_get(tracker, 1)->desired, LAUNCH_STATE_LOADED);
    feed(tracker, UNIT("a@1.service", "", "inactive", "5", ""));
    assert_int_equal(scale_tracker_get(tracker, 0)->desired, LAUNCH_STATE_INACTIVE);
}

static void other_number_replaces_it(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(2);
    feed(tracker, WISH("2"));
    feed(tracker, SYNCED);
    feed(tracker, WISH("3"));
    feed(tracker, WISH("2"));
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REPLACED);
}

static void nothing_is_kept_any_more(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(2);
    feed(tracker, WISH("2"));
    feed(tracker, SYNCED);
    feed(tracker, "{\"type\":\"scale\",\"unit\":\"b@.service\"}");
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, "{\"type\":\"scale\",\"unit\":\"a@.service\"}");
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_GONE);
}

/* What the present of another stream does not mention has gone meanwhile. */
static void stream_that_broke_is_made_up_for(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(1);
    feed(tracker, WISH("1"));
    feed(tracker, NOWHERE("a@1.service", "3"));
    feed(tracker, NOWHERE("a@2.service", "3"));
    feed(tracker, SYNCED);
    scale_tracker_begin(tracker, true);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_NONE);
    feed(tracker, WISH("1"));
    feed(tracker, NOWHERE("a@1.service", "3"));
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_REACHED);
    scale_tracker_begin(tracker, true);
    feed(tracker, SYNCED);
    assert_int_equal(scale_tracker_end(tracker), SCALE_END_GONE);
}

static void nonsense_is_refused(void **state) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = tracker_begun(1);
    static const char *const lines[] = {"{", "[]", WISH("[]"), "{\"type\":\"scale\"}"};
    for (size_t i = 0; i < ELEMENTSOF(lines); i++)
        assert_int_not_equal(scale_tracker_feed(tracker, lines[i], strlen(lines[i]), NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_reached_when_there_are_as_many),
        cmocka_unit_test(what_is_too_many_has_to_go),
        cmocka_unit_test(
            what_was_there_before_the_request_has_to_go_even_if_it_is_never_told_again),
        cmocka_unit_test(number_that_is_not_kept_yet_is_none_that_is_given_up),
        cmocka_unit_test(one_that_cannot_be_read_counts),
        cmocka_unit_test(more_that_cannot_be_read_than_wanted_stay),
        cmocka_unit_test(what_users_have_stopped_is_told_from_what_moves),
        cmocka_unit_test(other_number_replaces_it),
        cmocka_unit_test(nothing_is_kept_any_more),
        cmocka_unit_test(stream_that_broke_is_made_up_for),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
