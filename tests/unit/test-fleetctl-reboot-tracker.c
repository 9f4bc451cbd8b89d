#include "fleetctl/wait/reboot-tracker.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define M1 "11111111111111111111111111111111"
#define M2 "22222222222222222222222222222222"
#define MACHINE(id, boot_id, rest) \
    "{\"type\":\"machine\",\"machineID\":\"" id "\",\"bootID\":" boot_id rest "}"
#define REBOOT(phase, rest) \
    ",\"reboot\":{\"machineID\":\"\",\"phase\":\"" phase "\",\"bootID\":\"b1\"" rest "}"
#define SYNCED "{\"type\":\"synced\",\"revision\":7}"

static void feed(RebootTracker *tracker, const char *line) {
    assert_int_equal(reboot_tracker_feed(tracker, line, strlen(line), NULL), 0);
}

static int setup(void **state) {
    RebootTracker *tracker;
    assert_int_equal(reboot_tracker_new(&tracker), 0);
    assert_int_equal(reboot_tracker_add(tracker, M1), 0);
    reboot_tracker_begin(tracker);
    *state = tracker;
    return 0;
}

static int teardown(void **state) {
    reboot_tracker_free(*state);
    return 0;
}

static RebootProgress *progress_of_m1(const RebootTracker *tracker) {
    return reboot_tracker_get(tracker, 0);
}

static void machine_goes_down_and_comes_back(void **state) {
    RebootTracker *tracker = *state;
    feed(tracker, MACHINE(M1, "\"b1\"", REBOOT("draining", "")));
    feed(tracker, MACHINE(M2, "\"b1\"", "")); /* of no interest */
    feed(tracker, SYNCED);
    assert_string_equal(progress_of_m1(tracker)->phase, "draining");
    assert_false(progress_of_m1(tracker)->is_told);
    feed(tracker, MACHINE(M1, "\"b1\"", REBOOT("rebooting", "")));
    feed(tracker, MACHINE(M1, "null", REBOOT("rebooting", "")));
    feed(tracker, MACHINE(M1, "\"b2\"", REBOOT("returning", "")));
    assert_false(reboot_tracker_is_over(tracker));
    feed(tracker, MACHINE(M1, "\"b2\"", ""));
    assert_true(reboot_tracker_is_over(tracker));
    assert_int_equal(progress_of_m1(tracker)->end, REBOOT_END_BACK);
    assert_null(reboot_tracker_get(tracker, 1));
}

static void reboot_that_is_cancelled_is_over(void **state) {
    RebootTracker *tracker = *state;
    feed(tracker, MACHINE(M1, "\"b1\"", REBOOT("waiting", "")));
    feed(tracker, SYNCED);
    feed(tracker, MACHINE(M1, "\"b1\"", ""));
    assert_true(reboot_tracker_is_over(tracker));
    assert_int_equal(progress_of_m1(tracker)->end, REBOOT_END_CANCELLED);
}

static void one_that_waits_for_a_failed_one_is_waited_for_no_longer(void **state) {
    RebootTracker *tracker = *state;
    assert_int_equal(reboot_tracker_add(tracker, M2), 0);
    feed(tracker, MACHINE(M1, "null", REBOOT("failed", ",\"why\":\"it did not come back\"")));
    feed(tracker, MACHINE(M2, "\"b1\"", REBOOT("waiting", "")));
    feed(tracker, SYNCED);
    assert_true(reboot_tracker_is_over(tracker));
    assert_int_equal(reboot_tracker_count(tracker, REBOOT_END_FAILED), 1);
    assert_int_equal(reboot_tracker_count(tracker, REBOOT_END_NONE), 1);
}

static void machine_that_is_down_when_the_stream_begins_anew_still_reboots(void **state) {
    RebootTracker *tracker = *state;
    feed(tracker, MACHINE(M1, "\"b1\"", REBOOT("rebooting", "")));
    feed(tracker, SYNCED);
    progress_of_m1(tracker)->is_told = true;
    reboot_tracker_begin(tracker);
    feed(tracker, MACHINE(M1, "null", REBOOT("rebooting", "")));
    feed(tracker, SYNCED);
    assert_int_equal(progress_of_m1(tracker)->end, REBOOT_END_NONE);
    assert_true(progress_of_m1(tracker)->is_told);
    assert_false(reboot_tracker_is_over(tracker));
}

/* Older fleetds say nothing of a machine that is down. */
static void rebooting_machine_that_is_not_mentioned_is_waited_for(void **state) {
    RebootTracker *tracker = *state;
    feed(tracker, MACHINE(M1, "\"b1\"", REBOOT("rebooting", "")));
    feed(tracker, SYNCED);
    reboot_tracker_begin(tracker);
    feed(tracker, SYNCED);
    assert_int_equal(progress_of_m1(tracker)->end, REBOOT_END_NONE);
    assert_false(reboot_tracker_is_over(tracker));
    feed(tracker, MACHINE(M1, "\"b2\"", ""));
    assert_int_equal(progress_of_m1(tracker)->end, REBOOT_END_BACK);
    assert_true(reboot_tracker_is_over(tracker));
}

static void machine_that_left_otherwise_is_not_rebooted_any_more(void **state) {
    RebootTracker *tracker = *state;
    feed(tracker, MACHINE(M1, "\"b1\"", REBOOT("draining", "")));
    feed(tracker, SYNCED);
    reboot_tracker_begin(tracker);
    assert_false(reboot_tracker_is_over(tracker));
    feed(tracker, SYNCED);
    assert_int_equal(progress_of_m1(tracker)->end, REBOOT_END_CANCELLED);
    assert_false(progress_of_m1(tracker)->is_told);
    assert_true(reboot_tracker_is_over(tracker));
}

#define TRACKER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TRACKER_TEST(machine_goes_down_and_comes_back),
        TRACKER_TEST(reboot_that_is_cancelled_is_over),
        TRACKER_TEST(one_that_waits_for_a_failed_one_is_waited_for_no_longer),
        TRACKER_TEST(machine_that_is_down_when_the_stream_begins_anew_still_reboots),
        TRACKER_TEST(rebooting_machine_that_is_not_mentioned_is_waited_for),
        TRACKER_TEST(machine_that_left_otherwise_is_not_rebooted_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
