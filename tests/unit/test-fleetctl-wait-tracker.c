#include "fleetctl/wait/wait-tracker.h"

#include "fleetctl/wait/wait-report.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define MACHINE ",\"machineID\":\"m1\""
#define STATES(desired, current) \
    ",\"desiredState\":\"" desired "\",\"currentState\":\"" current "\""
#define ANSWERS(revision, job) ",\"revision\":" #revision ",\"job\":\"" job "\""
#define ASKED(revision) ",\"unitRevision\":" #revision
#define DELETED ",\"deleted\":true,\"unitRevision\":0"
#define PENDING ",\"pending\":{\"summary\":\"fits nowhere\",\"machines\":[]}"

static int feed(WaitTracker *tracker, const char *unit, const char *line) {
    _cleanup_free_ char *text = str_printf("{\"type\":\"unit\",\"unit\":\"%s\"%s}", unit, line);
    return wait_tracker_feed(tracker, text, strlen(text), NULL);
}

static const char done[] = MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "done");
static const char failed[] = MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(10, "failed");
static const char pending[] = ASKED(10) STATES("launched", "inactive") PENDING;

static void tracker_counts_and_keeps_the_line_that_decided(void **state) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_LAUNCHED, &tracker), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 10, false), 0);
    assert_int_equal(wait_tracker_add(tracker, "b.service", 9, true), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 11, false), 0);
    assert_int_equal(wait_tracker_count_open(tracker), 2);

    assert_int_equal(feed(tracker, "other.service", done), 0);
    assert_int_equal(feed(tracker, "a.service", pending), 1);
    assert_int_equal(wait_tracker_count(tracker, WAIT_STATUS_PENDING), 1);
    wait_tracker_get(tracker, 0)->is_told = true;
    assert_int_equal(feed(tracker, "a.service", pending), 0);
    assert_int_equal(feed(tracker, "a.service", done), 1);
    assert_false(wait_tracker_get(tracker, 0)->is_told);
    assert_int_equal(wait_tracker_count(tracker, WAIT_STATUS_REACHED), 1);
    assert_int_equal(wait_tracker_count_open(tracker), 1);
    assert_int_equal(feed(tracker, "b.service", failed), 1);
    assert_int_equal(wait_tracker_count_open(tracker), 0);

    assert_string_equal(wait_tracker_get(tracker, 1)->event.machine_id, "m1");
    assert_int_equal(wait_tracker_get(tracker, 1)->event.job, JOB_RESULT_FAILED);
    assert_null(wait_tracker_get(tracker, 2));
}

static void other_reason_to_wait_is_told_to_who_only_waits(void **state) {
    static const char other[] = ASKED(10)
        STATES("launched",
               "inactive") ",\"pending\":{\"summary\":\"its file is missing\",\"machines\":[]}";
    for (WaitGoal goal = WAIT_LAUNCHED; goal <= WAIT_FOR_RUNNING; goal += WAIT_FOR_RUNNING) {
        _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
        assert_int_equal(wait_tracker_new(goal, &tracker), 0);
        assert_int_equal(wait_tracker_add(tracker, "a.service", 0, false), 0);
        assert_int_equal(feed(tracker, "a.service", pending), 1);
        wait_tracker_get(tracker, 0)->is_told = true;
        assert_int_equal(feed(tracker, "a.service", pending), 0);
        assert_int_equal(feed(tracker, "a.service", other), goal == WAIT_FOR_RUNNING);
        assert_int_equal(wait_tracker_get(tracker, 0)->is_told, goal == WAIT_LAUNCHED);
        assert_int_equal(wait_tracker_count(tracker, WAIT_STATUS_PENDING), 1);
    }
}

static void what_is_decided_stays(void **state) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_LAUNCHED, &tracker), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 10, false), 0);
    assert_int_equal(feed(tracker, "a.service", done), 1);
    assert_int_equal(feed(tracker, "a.service", failed), 0);
    assert_int_equal(feed(tracker, "a.service", DELETED), 0);
    assert_int_equal(wait_tracker_get(tracker, 0)->status, WAIT_STATUS_REACHED);
}

static void destroyed_unit_is_stuck_only_after_a_job_of_that_time(void **state) {
    static const char bad[] = MACHINE DELETED STATES("inactive", "launched") ANSWERS(5, "failed");
    static const char busy[] = MACHINE DELETED STATES("inactive", "launched") ANSWERS(5, "running");
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_GONE, &tracker), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 10, false), 0);
    assert_int_equal(feed(tracker, "a.service", bad), 0);
    assert_int_equal(feed(tracker, "a.service", busy), 0);
    assert_int_equal(feed(tracker, "a.service", bad), 1);
    assert_int_equal(wait_tracker_count(tracker, WAIT_STATUS_STUCK), 1);
    assert_int_equal(feed(tracker, "a.service", DELETED), 1);
    assert_int_equal(wait_tracker_count_open(tracker), 0);
}

static void unit_that_the_present_does_not_mention_is_unknown(void **state) {
    static const char synced[] = "{\"type\":\"synced\",\"revision\":10}";
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_GONE, &tracker), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 10, false), 0);
    assert_int_equal(wait_tracker_add(tracker, "b.service", 10, false), 0);
    wait_tracker_begin(tracker);
    assert_int_equal(feed(tracker, "b.service", MACHINE DELETED), 0);
    assert_int_equal(wait_tracker_feed(tracker, synced, strlen(synced), NULL), 1);
    assert_int_equal(wait_tracker_get(tracker, 0)->status, WAIT_STATUS_REACHED);
    assert_int_equal(wait_tracker_get(tracker, 1)->status, WAIT_STATUS_OPEN);

    wait_tracker_begin(tracker);
    assert_int_equal(wait_tracker_feed(tracker, synced, strlen(synced), NULL), 1);
    assert_int_equal(wait_tracker_get(tracker, 1)->status, WAIT_STATUS_REACHED);
    assert_int_equal(wait_tracker_feed(tracker, synced, strlen(synced), NULL), 0);
}

#define ON(machine) ",\"machineID\":\"" machine "\""
#define ORPHAN ",\"orphan\":true"

/* The first machine's order says nothing of the second's. */
static void unit_is_adopted_once_no_machine_has_it_as_an_orphan(void **state) {
    static const char synced[] = "{\"type\":\"synced\",\"revision\":10}";
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_ADOPTED, &tracker), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 10, false), 0);
    assert_int_equal(wait_tracker_add(tracker, "b.service", 10, false), 0);
    wait_tracker_begin(tracker);
    assert_int_equal(feed(tracker, "a.service", ON("m1") ASKED(10)), 0);
    assert_int_equal(feed(tracker, "a.service", ON("m2") ORPHAN ASKED(10)), 0);
    assert_int_equal(feed(tracker, "a.service", ON("m3") ORPHAN ASKED(10)), 0);
    assert_int_equal(feed(tracker, "b.service", ON("m1") ASKED(10)), 0);
    assert_int_equal(wait_tracker_feed(tracker, synced, strlen(synced), NULL), 1);
    assert_int_equal(wait_tracker_get(tracker, 0)->status, WAIT_STATUS_OPEN);
    assert_int_equal(wait_tracker_get(tracker, 1)->status, WAIT_STATUS_REACHED);
    assert_int_equal(feed(tracker, "a.service", ON("m2") ASKED(10)), 0);
    assert_true(wait_tracker_has_orphans(tracker));
    assert_int_equal(feed(tracker, "a.service", ON("m3") ASKED(10)), 1);
    assert_int_equal(wait_tracker_get(tracker, 0)->status, WAIT_STATUS_REACHED);
    assert_false(wait_tracker_has_orphans(tracker));
}

static void stream_that_begins_anew_tells_the_orphans_anew(void **state) {
    static const char synced[] = "{\"type\":\"synced\",\"revision\":10}";
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_ADOPTED, &tracker), 0);
    assert_int_equal(wait_tracker_add(tracker, "a.service", 10, false), 0);
    wait_tracker_begin(tracker);
    assert_int_equal(feed(tracker, "a.service", ON("m1") ORPHAN ASKED(10)), 0);
    assert_int_equal(wait_tracker_feed(tracker, synced, strlen(synced), NULL), 0);
    wait_tracker_begin(tracker);
    assert_int_equal(feed(tracker, "a.service", ON("m2") ASKED(10)), 0);
    assert_int_equal(wait_tracker_feed(tracker, synced, strlen(synced), NULL), 1);
    assert_int_equal(wait_tracker_get(tracker, 0)->status, WAIT_STATUS_REACHED);
}

static void only_lines_of_the_stream_are_taken(void **state) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"unit\"}",
        "{\"type\":\"unit\",\"unit\":\"a.service\",\"job\":\"dreaming\"}",
        "{\"type\":\"unit\",\"unit\":\"a.service\",\"revision\":\"x\"}",
        "{\"type\":\"unit\",\"unit\":\"a.service\",\"pending\":{\"machines\":7}}",
    };
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_LAUNCHED, &tracker), 0);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_error_ Error error = {};
        assert_int_equal(wait_tracker_feed(tracker, bad[i], strlen(bad[i]), &error), -EBADMSG);
        assert_non_null(strstr(error.message, "Bad line in the stream of events"));
    }
    static const char machine[] = "{\"type\":\"machine\",\"machineID\":\"m\"}";
    assert_int_equal(wait_tracker_feed(tracker, machine, strlen(machine), NULL), 0);
}

static void assert_progress(const WaitTracker *tracker, const char *expected) {
    _cleanup_free_ char *text = wait_report_format_progress(tracker);
    assert_string_equal(text, expected);
}

static void progress_counts_what_is_through_and_what_is_amiss(void **state) {
    static const char *const names[] = {"a.service", "b.service", "c.service", "d.service"};
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    assert_int_equal(wait_tracker_new(WAIT_LAUNCHED, &tracker), 0);
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        assert_int_equal(wait_tracker_add(tracker, names[i], 10, false), 0);
    assert_progress(tracker, "0 of 4 units started");
    assert_int_equal(feed(tracker, "a.service", done), 1);
    assert_progress(tracker, "1 of 4 units started");
    assert_int_equal(feed(tracker, "b.service", pending), 1);
    assert_int_equal(feed(tracker, "c.service", failed), 1);
    assert_int_equal(feed(tracker, "d.service", DELETED), 1);
    assert_progress(tracker, "1 of 4 units started, 2 failed, 1 fit nowhere yet");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracker_counts_and_keeps_the_line_that_decided),
        cmocka_unit_test(other_reason_to_wait_is_told_to_who_only_waits),
        cmocka_unit_test(what_is_decided_stays),
        cmocka_unit_test(destroyed_unit_is_stuck_only_after_a_job_of_that_time),
        cmocka_unit_test(unit_that_the_present_does_not_mention_is_unknown),
        cmocka_unit_test(progress_counts_what_is_through_and_what_is_amiss),
        cmocka_unit_test(unit_is_adopted_once_no_machine_has_it_as_an_orphan),
        cmocka_unit_test(stream_that_begins_anew_tells_the_orphans_anew),
        cmocka_unit_test(only_lines_of_the_stream_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
