#include "fleetd/systemd/guard-directory.h"
#include "tests/unit/systemd-fixture.h"

static void start_waits_for_the_end_of_its_job(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fixture_start(f, "a.service");
    assert_heard(f, "");
    assert_true(fixture_has_file(f, "launched/a.service"));
    fake_bus_emit_job_removed(f->bus, 7, "a.service", "failed");
    assert_heard(f, "");
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "job done -");
}

static void job_that_ends_before_the_answer_to_its_start_is_noticed(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "StartUnit");
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    fixture_turn(f);
    fake_bus_release(f->bus);
    assert_heard(f, "job done -");
}

static void starts_that_share_a_job_all_end_with_it(void **state) {
    Fixture *f = *state;
    fake_bus_set_same_job(f->bus, true);
    fixture_start(f, "a.service");
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "job done -; job done -");
}

static void end_of_a_job_is_told_in_words(void **state) {
    static const char *const cases[][2] = {
        {"failed", "job failed its start failed"},
        {"timeout", "job timeout its start timed out"},
        {"canceled", "job canceled the job was canceled by another"},
        {"dependency", "job dependency a unit that it depends on failed to start"},
        {"assert", "job failed an assertion of the unit does not hold"},
        {"tomorrow's word", "job failed tomorrow's word"},
    };
    Fixture *f = *state;
    for (unsigned i = 0; i < ELEMENTSOF(cases); i++) {
        fixture_start(f, "a.service");
        fixture_turn(f);
        fake_bus_emit_job_removed(f->bus, i + 1, "a.service", cases[i][0]);
        assert_heard(f, cases[i][1]);
    }
}

static void failed_start_names_the_result_of_its_service(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_emit_properties(f->bus, "a.service", SERVICE_INTERFACE,
                             (const char *const[]){"Result", "core-dump", NULL});
    fake_bus_emit_properties(
        f->bus, "a.service", UNIT_INTERFACE,
        (const char *const[]){"ActiveState", "failed", "SubState", "failed", NULL});
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "failed");
    assert_heard(f, "a.service loaded/failed/failed core-dump; "
                    "job failed its start failed: core-dump");
}

static void end_start_with_condition(Fixture *f, unsigned job, const char *active,
                                     const char *condition) {
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_emit_properties(
        f->bus, "a.service", UNIT_INTERFACE,
        (const char *const[]){"ActiveState", active, "ConditionResult", condition, NULL});
    fixture_turn(f);
    fixture_forget_heard(f);
    fake_bus_emit_job_removed(f->bus, job, "a.service", "done");
}

static void start_that_a_condition_held_back_says_so(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    end_start_with_condition(f, 1, "inactive", "no");
    assert_heard(f, "job done it was not started, as one of its conditions does not hold");
    end_start_with_condition(f, 2, "inactive", "yes");
    assert_heard(f, "job done -");
    end_start_with_condition(f, 3, "active", "no");
    assert_heard(f, "job done -");
}

static void refused_start_is_an_error_and_not_launched(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fake_bus_fail_next(f->bus, "StartUnit", "org.freedesktop.systemd1.UnitMasked");
    fixture_start(f, "a.service");
    assert_heard(f, "job error as scripted");
    assert_false(fixture_has_file(f, "launched/a.service"));
}

static void stop_clears_the_mark_and_takes_the_unknown_for_stopped(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_fail_next(f->bus, "StopUnit", NO_SUCH_UNIT);
    assert_int_equal(unit_manager_stop(f->um, "a.service", on_job, f), 0);
    assert_heard(f, "job done -");
    assert_false(fixture_has_file(f, "launched/a.service"));
}

static void restart_leaves_the_mark_as_it_is(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    assert_int_equal(unit_manager_restart(f->um, "a.service", on_job, f), 0);
    fixture_turn(f);
    assert_false(fixture_has_file(f, "launched/a.service"));
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "job done -");
    fixture_start(f, "a.service");
    fixture_turn(f);
    assert_int_equal(unit_manager_restart(f->um, "a.service", on_job, f), 0);
    fixture_turn(f);
    fake_bus_emit_job_removed(f->bus, 3, "a.service", "failed");
    assert_heard(f, "job failed -");
    assert_true(fixture_has_file(f, "launched/a.service"));
}

static void restart_of_what_systemd_does_not_know_is_done(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fake_bus_fail_next(f->bus, "TryRestartUnit", NO_SUCH_UNIT);
    assert_int_equal(unit_manager_restart(f->um, "a.service", on_job, f), 0);
    assert_heard(f, "job done -");
}

static void no_more_calls_than_the_bus_allows_are_under_way(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "StartUnit");
    for (int i = 0; i < 150; i++)
        fixture_start(f, "a.service");
    fixture_turn(f);
    assert_in_range(fake_bus_count(f->bus, "StartUnit"), 1, 127);
    fake_bus_release(f->bus);
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "StartUnit"), 150);
}

#define ONCE "[Service]\nExecStart=/bin/x\nTimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=30s\n"

/* Its guard is asked to start: job 1 by the one who vouches, job 2 by the start. */
static void begin_guarded_start(Fixture *f) {
    fixture_write(f, "once.service", ONCE);
    fixture_turn(f);
    assert_int_equal(unit_manager_vouch(f->um, "once.service", guard_clock(), 30 * USEC_PER_SEC),
                     0);
    fixture_start(f, "once.service");
    fixture_turn(f);
    fixture_forget_heard(f);
    fake_bus_forget_calls(f->bus);
}

static void begin_stop(Fixture *f, const char *name) {
    assert_int_equal(unit_manager_stop(f->um, name, on_job, f), 0);
}

static void guarded_start_that_a_stop_overtook_goes_no_further(void **state) {
    Fixture *f = *state;
    begin_guarded_start(f);
    begin_stop(f, "once.service");
    assert_heard(f, "job canceled it was stopped meanwhile");
    fake_bus_emit_job_removed(f->bus, 3, "once.service", "done");
    assert_heard(f, "job done -");
    fake_bus_emit_job_removed(f->bus, 2, "fleet-guard.service", "done");
    fake_bus_emit_job_removed(f->bus, 1, "fleet-guard.service", "done");
    assert_heard(f, "");
    assert_false(fixture_has_file(f, "guard/permits/once.service"));
    assert_calls(f, "StopUnit once.service");
}

static void guarded_start_that_a_stop_overtook_before_any_answer_goes_no_further(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "StartUnit");
    begin_guarded_start(f);
    begin_stop(f, "once.service");
    assert_heard(f, "job canceled it was stopped meanwhile");
    fake_bus_release(f->bus);
    fixture_turn(f);
    for (unsigned job = 1; job <= 3; job++)
        fake_bus_emit_job_removed(f->bus, job, "fleet-guard.service", "done");
    assert_heard(f, "job done -");
    assert_false(fixture_has_file(f, "guard/permits/once.service"));
    assert_calls(f, "StopUnit once.service");
}

static void guarded_start_that_follows_a_stop_is_no_part_of_it(void **state) {
    Fixture *f = *state;
    begin_guarded_start(f);
    begin_stop(f, "once.service");
    fixture_start(f, "once.service"); /* its guard is job 4 */
    assert_heard(f, "job canceled it was stopped meanwhile");
    fake_bus_emit_job_removed(f->bus, 3, "once.service", "done");
    assert_heard(f, "job done -");
    fake_bus_emit_job_removed(f->bus, 2, "fleet-guard.service", "done");
    fake_bus_emit_job_removed(f->bus, 4, "fleet-guard.service", "done");
    assert_calls(f, "StopUnit once.service; StartUnit fleet-guard.service; StartUnit once.service");
    assert_true(fixture_has_file(f, "guard/permits/once.service"));
    fake_bus_emit_job_removed(f->bus, 5, "once.service", "done");
    assert_heard(f, "job done -");
}

/* To read its journal takes time. Whoever counts answers would take it for a later start's. */
static void failed_start_is_answered_before_the_stop_that_follows(void **state) {
    Fixture *f = *state;
    fixture_hold_journal(f);
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "failed");
    assert_heard(f, "");
    fake_bus_fail_next(f->bus, "StopUnit", NO_SUCH_UNIT);
    begin_stop(f, "a.service");
    assert_heard(f, "job failed its start failed; job done -");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        bus_test(start_waits_for_the_end_of_its_job),
        bus_test(job_that_ends_before_the_answer_to_its_start_is_noticed),
        bus_test(starts_that_share_a_job_all_end_with_it),
        bus_test(end_of_a_job_is_told_in_words),
        bus_test(failed_start_names_the_result_of_its_service),
        bus_test(start_that_a_condition_held_back_says_so),
        bus_test(refused_start_is_an_error_and_not_launched),
        bus_test(stop_clears_the_mark_and_takes_the_unknown_for_stopped),
        bus_test(guarded_start_that_a_stop_overtook_goes_no_further),
        bus_test(guarded_start_that_a_stop_overtook_before_any_answer_goes_no_further),
        bus_test(guarded_start_that_follows_a_stop_is_no_part_of_it),
        bus_test(failed_start_is_answered_before_the_stop_that_follows),
        bus_test(restart_leaves_the_mark_as_it_is),
        bus_test(restart_of_what_systemd_does_not_know_is_done),
        bus_test(no_more_calls_than_the_bus_allows_are_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
