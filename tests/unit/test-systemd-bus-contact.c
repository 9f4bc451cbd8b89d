#include "tests/unit/systemd-fixture.h"

static void change_is_told_once_and_whole(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a_b-c@x\\x2dy.service");
    fake_bus_emit_properties(f->bus, "a_b-c@x\\x2dy.service", SERVICE_INTERFACE,
                             (const char *const[]){"Result", "signal", NULL});
    assert_heard(f, "");
    fake_bus_emit_properties(
        f->bus, "a_b-c@x\\x2dy.service", UNIT_INTERFACE,
        (const char *const[]){"ActiveState", "failed", "SubState", "failed", NULL});
    assert_heard(f, "a_b-c@x\\x2dy.service loaded/failed/failed signal");
    fake_bus_emit_properties(f->bus, "a_b-c@x\\x2dy.service", UNIT_INTERFACE,
                             (const char *const[]){"ActiveState", "failed", NULL});
    assert_heard(f, "");
}

static void other_units_are_not_looked_at(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fake_bus_emit_properties(f->bus, "foreign.service", UNIT_INTERFACE,
                             (const char *const[]){"ActiveState", "failed", NULL});
    assert_heard(f, "");
}

static void shutdown_is_remembered_when_systemd_is_out_of_reach(void **state) {
    Fixture *f = *state;
    unit_manager_is_stopping(f->um, on_stopping, f);
    assert_heard(f, "not stopping");
    fake_bus_emit_job_new(f->bus, 1, "shutdown.target");
    fixture_turn(f);
    fake_bus_disconnect(f->bus);
    fixture_turn(f);
    unit_manager_is_stopping(f->um, on_stopping, f);
    assert_heard(f, "stopping");
}

static void reboot_is_the_job_that_stops_all_units_first(void **state) {
    Fixture *f = *state;
    assert_int_equal(unit_manager_reboot(f->um, on_done, f), 0);
    assert_heard(f, "done well");
    assert_calls(f, "StartUnit reboot.target");
    fake_bus_fail_next(f->bus, "StartUnit", "org.freedesktop.DBus.Error.AccessDenied");
    assert_int_equal(unit_manager_reboot(f->um, on_done, f), 0);
    assert_heard(f, "done Permission denied");
}

/* Loss of contact */

static void await_heard(Fixture *f, const char *text) {
    for (int i = 0; i < 500 && !strv_contains(f->heard, text); i++)
        assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
    assert_true(strv_contains(f->heard, text));
    fixture_forget_heard(f);
}

static void lost_bus_cancels_jobs_and_comes_back_with_a_reset(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_hold(f->bus, "StopUnit");
    unit_manager_stop(f->um, "a.service", on_job, f);
    fixture_turn(f);
    fake_bus_disconnect(f->bus);
    fixture_turn(f);
    assert_int_equal(strv_length(f->heard), 2);
    assert_true(strncmp(f->heard[0], "job canceled", 12) == 0);
    assert_true(strncmp(f->heard[1], "job canceled", 12) == 0);
    fixture_forget_heard(f);
    fake_bus_hold(f->bus, NULL);

    fixture_start(f, "a.service");
    fixture_write(f, "b.service", "[Service]\n");
    unit_manager_list(f->um, on_list, f);
    unit_manager_remove(f->um, "a.service", on_done, f);
    _cleanup_free_ char *expected = str_printf(
        "job canceled Transport endpoint is not connected; done Transport endpoint is not "
        "connected; list %d; done Transport endpoint is not connected",
        -ENOTCONN);
    assert_heard(f, expected);

    await_heard(f, "reset");
    unit_manager_list(f->um, on_list, f);
    assert_heard(f, "list 0; a.service inactive launched");
    fake_bus_emit_properties(f->bus, "a.service", UNIT_INTERFACE,
                             (const char *const[]){"ActiveState", "active", NULL});
    assert_heard(f, "a.service loaded/active/dead success");
}

static void reexecuted_systemd_is_asked_for_signals_again(void **state) {
    Fixture *f = *state;
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_forget_calls(f->bus);
    fake_bus_emit_owner_changes(f->bus);
    assert_heard(f, "job canceled contact with systemd was lost; reset");
    assert_calls(f, "Subscribe");
}

static void call_that_nobody_answered_counts_as_lost(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "StartUnit", NO_REPLY);
    fixture_start(f, "a.service");
    assert_heard(f, "job canceled as scripted");
}

static void free_manager(JobResult result, const char *message, char *const *log, void *userdata) {
    Fixture *f = userdata;
    unit_manager_free(TAKE_PTR(f->um));
}

static void manager_may_be_freed_in_a_callback(void **state) {
    Fixture *f = *state;
    fake_bus_set_same_job(f->bus, true);
    fixture_have_unit(f, "a.service");
    unit_manager_start(f->um, "a.service", free_manager, f);
    fixture_start(f, "a.service");
    fixture_turn(f);
    fake_bus_emit_properties(f->bus, "a.service", UNIT_INTERFACE,
                             (const char *const[]){"ActiveState", "active", NULL});
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "a.service loaded/active/dead success");
    assert_null(f->um);
}

static void freeing_drops_whatever_is_under_way(void **state) {
    static const char *const steps[] = {
        "ListUnitsByPatterns", "LinkUnitFiles", "EnableUnitFiles",  "Reload",
        "StartUnit",           "StopUnit",      "DisableUnitFiles", "Get"};
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
        fake_bus_set_extra_links(f->bus, 1);
        fake_bus_hold(f->bus, steps[i]);
        fixture_write(f, "a.service", "[Install]\nWantedBy=b.service\n");
        fixture_write(f, "b.service", "[Install]\nWantedBy=b.service\n");
        unit_manager_start(f->um, "a.service", on_job, f);
        unit_manager_stop(f->um, "a.service", on_job, f);
        unit_manager_remove(f->um, "c.service", on_done, f);
        unit_manager_remove(f->um, "d.service", on_done, f);
        unit_manager_is_stopping(f->um, on_stopping, f);
        for (int k = 0; k < 10; k++)
            sd_event_run(f->event, 0);
        unit_manager_free(TAKE_PTR(f->um));
        fixture_forget_heard(f);
        assert_heard(f, "");
        fixture_connect(f);
    }
}

static void no_bus_is_an_error_with_a_reason(void **state) {
    Fixture *f = *state;
    _cleanup_error_ Error error = {0};
    _cleanup_free_ char *run = str_printf("%s/run", f->directory);
    BusUnitManagerOptions options = {.run_directory = run, .bus_address = "unix:path=/nowhere"};
    UnitManager *um = NULL;
    assert_int_equal(bus_unit_manager_new(f->event, &options, &um, &error), -ENOENT);
    assert_string_equal(error.message,
                        "failed to connect to the system bus: No such file or directory");
    assert_null(um);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        bus_test(change_is_told_once_and_whole),
        bus_test(other_units_are_not_looked_at),
        bus_test(reboot_is_the_job_that_stops_all_units_first),
        bus_test(shutdown_is_remembered_when_systemd_is_out_of_reach),
        bus_test(lost_bus_cancels_jobs_and_comes_back_with_a_reset),
        bus_test(reexecuted_systemd_is_asked_for_signals_again),
        bus_test(call_that_nobody_answered_counts_as_lost),
        bus_test(manager_may_be_freed_in_a_callback),
        bus_test(freeing_drops_whatever_is_under_way),
        bus_test(no_bus_is_an_error_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
