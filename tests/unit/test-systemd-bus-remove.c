#include "tests/unit/systemd-fixture.h"

/* A systemd that ends jobs at once, and forgets units that are down and have no file. */
static int setup(void **state) {
    int r = fixture_setup(state);
    Fixture *f = *state;
    fake_bus_set_job_result(f->bus, "done");
    fixture_have_unit(f, "a.service");
    fixture_have_unit(f, "b.service");
    fixture_have_unit(f, "c.service");
    fake_bus_set_state(f->bus, NULL, "not-found", "inactive", "dead");
    return r;
}

static void begin_removal(Fixture *f, const char *name) {
    assert_int_equal(unit_manager_remove(f->um, name, on_done, f), 0);
}

static void say_active(Fixture *f, const char *name, const char *active) {
    fake_bus_emit_properties(
        f->bus, name, UNIT_INTERFACE,
        (const char *const[]){"ActiveState", active, "SubState", "said", NULL});
    fixture_turn(f);
    fixture_forget_heard(f);
}

static void removals_go_together(void **state) {
    Fixture *f = *state;
    begin_removal(f, "a.service");
    begin_removal(f, "b.service");
    begin_removal(f, "c.service");
    assert_heard(f, "done well; done well; done well");
    assert_int_equal(fake_bus_count(f->bus, "DisableUnitFiles"), 2);
    assert_int_equal(fake_bus_count(f->bus, "ResetFailedUnit"), 3);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 0);
    assert_false(fixture_has_file(f, "units/b.service"));
}

static void removal_of_what_is_gone_is_done_and_spoils_no_other(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "DisableUnitFiles");
    begin_removal(f, "x.service");
    begin_removal(f, "b.service");
    begin_removal(f, "y.service");
    fixture_turn(f);
    fake_bus_fail_next(f->bus, "ResetFailedUnit", NO_SUCH_UNIT);
    fake_bus_release(f->bus);
    fake_bus_fail_next(f->bus, "DisableUnitFiles", NO_SUCH_UNIT);
    assert_heard(f, "done well; done well; done well");
    assert_int_equal(fake_bus_count(f->bus, "DisableUnitFiles"), 4);
    assert_false(fixture_has_file(f, "units/b.service"));
}

/* Between two runs of a unit with Restart= systemd calls it inactive, and is about to start it. */
static void removal_ends_a_restart_that_is_due(void **state) {
    Fixture *f = *state;
    fake_bus_set_job_result(f->bus, NULL);
    begin_removal(f, "a.service");
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "StopUnit"), 1);
    assert_true(fixture_has_file(f, "units/a.service"));
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "done well");
    assert_false(fixture_has_file(f, "units/a.service"));
}

static void unit_that_can_not_be_stopped_by_hand_is_removed(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "StopUnit", "org.freedesktop.systemd1.OnlyByDependency");
    begin_removal(f, "a.service");
    assert_heard(f, "done well");
    assert_false(fixture_has_file(f, "units/a.service"));
}

static void unit_that_systemd_has_forgotten_costs_no_question(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "ResetFailedUnit", NO_SUCH_UNIT);
    begin_removal(f, "a.service");
    assert_heard(f, "done well");
    assert_calls(f, "DisableUnitFiles a.service; StopUnit a.service; ResetFailedUnit a.service");
}

static void links_of_other_units_are_forgotten_by_a_reload(void **state) {
    Fixture *f = *state;
    fake_bus_set_extra_links(f->bus, 1);
    begin_removal(f, "a.service");
    assert_heard(f, "done well");
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
}

static void unit_that_others_refer_to_is_forgotten_by_a_reload(void **state) {
    Fixture *f = *state;
    fake_bus_set_state(f->bus, "a.service", "loaded", "inactive", "dead");
    begin_removal(f, "a.service");
    assert_heard(f, "done well");
    assert_calls(f, "DisableUnitFiles a.service; StopUnit a.service; ResetFailedUnit a.service; "
                    "ListUnitsByNames a.service; Reload; ListUnitsByNames a.service");
}

static void unit_that_runs_keeps_its_file_and_its_links(void **state) {
    Fixture *f = *state;
    say_active(f, "a.service", "active");
    begin_removal(f, "a.service");
    assert_heard(f, "done Device or resource busy");
    assert_calls(f, "");
    assert_true(fixture_has_file(f, "units/a.service"));
}

/* As by its socket, at any time of the removal. */
static void unit_that_is_started_while_its_links_go_is_stopped(void **state) {
    Fixture *f = *state;
    fake_bus_set_job_result(f->bus, NULL);
    fake_bus_hold(f->bus, "DisableUnitFiles");
    begin_removal(f, "a.service");
    fixture_turn(f);
    say_active(f, "a.service", "active");
    fake_bus_release(f->bus);
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "StopUnit"), 1);
    assert_true(fixture_has_file(f, "units/a.service"));
    say_active(f, "a.service", "inactive");
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "done well");
    assert_false(fixture_has_file(f, "units/a.service"));
}

static void unit_that_is_started_after_its_stop_keeps_its_file(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "StopUnit");
    begin_removal(f, "a.service");
    fixture_turn(f);
    say_active(f, "a.service", "active");
    fake_bus_release(f->bus);
    assert_heard(f, "done Device or resource busy");
    assert_true(fixture_has_file(f, "units/a.service"));
}

static void unit_whose_stop_was_overtaken_keeps_its_file(void **state) {
    Fixture *f = *state;
    fake_bus_set_job_result(f->bus, "canceled");
    begin_removal(f, "a.service");
    assert_heard(f, "done Device or resource busy");
    assert_true(fixture_has_file(f, "units/a.service"));
}

/* No signal came of it yet. */
static void unit_that_is_started_at_last_keeps_its_file(void **state) {
    Fixture *f = *state;
    fake_bus_set_state(f->bus, "a.service", "loaded", "activating", "start");
    begin_removal(f, "a.service");
    assert_heard(f, "done Device or resource busy");
    assert_true(fixture_has_file(f, "units/a.service"));
}

static void unit_that_is_started_before_a_reload_keeps_its_file(void **state) {
    Fixture *f = *state;
    fake_bus_set_state(f->bus, "a.service", "loaded", "inactive", "dead");
    fake_bus_hold(f->bus, "Reload");
    begin_removal(f, "a.service");
    fixture_turn(f);
    fake_bus_set_state(f->bus, "a.service", "not-found", "active", "running");
    fake_bus_release(f->bus);
    assert_heard(f, "done Device or resource busy");
    assert_true(fixture_has_file(f, "units/a.service"));
}

/* It may be wanted again, with the same file. */
static void file_whose_removal_failed_is_made_known_again_by_the_next_list(void **state) {
    Fixture *f = *state;
    fake_bus_set_job_result(f->bus, "canceled");
    begin_removal(f, "a.service");
    fixture_turn(f);
    fixture_forget_heard(f);
    fake_bus_forget_calls(f->bus);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive; b.service inactive; c.service inactive");
    assert_int_equal(fake_bus_count(f->bus, "LinkUnitFiles"), 1);
}

#define removal_test(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        removal_test(removals_go_together),
        removal_test(removal_of_what_is_gone_is_done_and_spoils_no_other),
        removal_test(removal_ends_a_restart_that_is_due),
        removal_test(unit_that_can_not_be_stopped_by_hand_is_removed),
        removal_test(unit_that_systemd_has_forgotten_costs_no_question),
        removal_test(links_of_other_units_are_forgotten_by_a_reload),
        removal_test(unit_that_others_refer_to_is_forgotten_by_a_reload),
        removal_test(unit_that_runs_keeps_its_file_and_its_links),
        removal_test(unit_that_is_started_while_its_links_go_is_stopped),
        removal_test(unit_that_is_started_after_its_stop_keeps_its_file),
        removal_test(unit_whose_stop_was_overtaken_keeps_its_file),
        removal_test(unit_that_is_started_at_last_keeps_its_file),
        removal_test(unit_that_is_started_before_a_reload_keeps_its_file),
        removal_test(file_whose_removal_failed_is_made_known_again_by_the_next_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
