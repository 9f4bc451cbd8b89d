#include "fleetd/base/strv.h"
#include "fleetd/base/time-units.h"
#include "fleetd/systemd/bus-unit-manager.h"
#include "tests/fakes/fake-bus.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <sys/stat.h>
#include <unistd.h>

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define NO_REPLY "org.freedesktop.DBus.Error.NoReply"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"

typedef struct Fixture {
    char *directory;
    sd_event *event;
    FakeBus *bus;
    UnitManager *um;
    char **heard;
} Fixture;

/* Both ends are in one loop and sockets are at once, so that an idle loop means: all is said. */
static void turn(Fixture *f) {
    while (sd_event_run(f->event, 0) > 0)
        ;
}

static void hear_take(Fixture *f, char *text) {
    assert_int_equal(strv_push(&f->heard, text), 0);
    free(text);
}

static void forget_heard(Fixture *f) {
    strv_free(f->heard);
    f->heard = NULL;
}

static void assert_heard(Fixture *f, const char *expected) {
    turn(f);
    _cleanup_free_ char *joined = strv_join(f->heard, "; ");
    assert_string_equal(joined, expected);
    forget_heard(f);
}

static void assert_calls(Fixture *f, const char *expected) {
    turn(f);
    _cleanup_free_ char *joined = strv_join(fake_bus_calls(f->bus), "; ");
    assert_string_equal(joined, expected);
    fake_bus_forget_calls(f->bus);
}

static void on_changed(const UnitStatus *status, void *userdata) {
    hear_take(userdata, str_printf("%s %s/%s/%s %s", status->name, str_or(status->load, "-"),
                                   str_or(status->active, "-"), str_or(status->sub, "-"),
                                   str_or(status->result, "-")));
}

static void on_reset(void *userdata) {
    hear_take(userdata, strdup("reset"));
}

static void on_list(int r, const UnitStatus *const *statuses, size_t n, void *userdata) {
    hear_take(userdata, str_printf("list %d", r));
    for (size_t i = 0; i < n; i++)
        hear_take(userdata, str_printf("%s %s%s", statuses[i]->name, statuses[i]->active,
                                       statuses[i]->was_launched ? " launched" : ""));
}

static void on_done(int r, const char *message, void *userdata) {
    hear_take(userdata, str_printf("done %s", r < 0 ? strerror(-r) : "well"));
}

static void on_job(JobResult result, const char *message, char *const *log, void *userdata) {
    hear_take(userdata,
              str_printf("job %s %s", job_result_to_string(result), str_or(message, "-")));
}

static void on_stopping(bool is_stopping, void *userdata) {
    hear_take(userdata, strdup(is_stopping ? "stopping" : "not stopping"));
}

static void manager_connect(Fixture *f) {
    static const UnitManagerCallbacks callbacks = {.on_changed = on_changed, .on_reset = on_reset};
    _cleanup_free_ char *run = str_printf("%s/run", f->directory);
    _cleanup_free_ char *address = str_printf("unix:path=%s/bus", f->directory);
    BusUnitManagerOptions options = {.run_directory = run, .bus_address = address};
    assert_int_equal(bus_unit_manager_new(f->event, &options, &f->um, NULL), 0);
    unit_manager_set_callbacks(f->um, &callbacks, f);
    turn(f);
}

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    f->directory = temporary_directory_new();
    _cleanup_free_ char *socket = str_printf("%s/bus", f->directory);
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(fake_bus_new(f->event, socket, &f->bus), 0);
    manager_connect(f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0");
    fake_bus_forget_calls(f->bus);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    unit_manager_free(f->um);
    fake_bus_free(f->bus);
    sd_event_unref(f->event);
    strv_free(f->heard);
    temporary_directory_free(f->directory);
    free(f);
    return 0;
}

static void write_text(Fixture *f, const char *name, const char *text) {
    UnitFileWrite file = {name, text, strlen(text)};
    assert_int_equal(unit_manager_write(f->um, &file, 1, on_done, f), 0);
}

/* A unit whose file is there and known to systemd; nothing of that is left to be heard. */
static void have_unit(Fixture *f, const char *name) {
    write_text(f, name, "[Service]\n");
    turn(f);
    forget_heard(f);
    fake_bus_forget_calls(f->bus);
}

static bool run_file_exists(Fixture *f, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/run/%s", f->directory, name);
    struct stat st;
    return lstat(path, &st) == 0;
}

static void start(Fixture *f, const char *name) {
    assert_int_equal(unit_manager_start(f->um, name, on_job, f), 0);
}

/* Jobs */

static void start_waits_for_the_end_of_its_job(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    start(f, "a.service");
    assert_heard(f, "");
    assert_true(run_file_exists(f, "launched/a.service"));
    fake_bus_emit_job_removed(f->bus, 7, "a.service", "failed");
    assert_heard(f, "");
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    assert_heard(f, "job done -");
}

static void job_that_ends_before_the_answer_to_its_start_is_noticed(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "StartUnit");
    start(f, "a.service");
    turn(f);
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "done");
    turn(f);
    fake_bus_release(f->bus);
    assert_heard(f, "job done -");
}

static void starts_that_share_a_job_all_end_with_it(void **state) {
    Fixture *f = *state;
    fake_bus_set_same_job(f->bus, true);
    start(f, "a.service");
    start(f, "a.service");
    turn(f);
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
        start(f, "a.service");
        turn(f);
        fake_bus_emit_job_removed(f->bus, i + 1, "a.service", cases[i][0]);
        assert_heard(f, cases[i][1]);
    }
}

static void failed_start_names_the_result_of_its_service(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    start(f, "a.service");
    turn(f);
    fake_bus_emit_properties(f->bus, "a.service", SERVICE_INTERFACE,
                             (const char *const[]){"Result", "core-dump", NULL});
    fake_bus_emit_properties(
        f->bus, "a.service", UNIT_INTERFACE,
        (const char *const[]){"ActiveState", "failed", "SubState", "failed", NULL});
    fake_bus_emit_job_removed(f->bus, 1, "a.service", "failed");
    assert_heard(f, "a.service loaded/failed/failed core-dump; "
                    "job failed its start failed: core-dump");
}

static void refused_start_is_an_error_and_not_launched(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    fake_bus_fail_next(f->bus, "StartUnit", "org.freedesktop.systemd1.UnitMasked");
    start(f, "a.service");
    assert_heard(f, "job error as scripted");
    assert_false(run_file_exists(f, "launched/a.service"));
}

static void stop_clears_the_mark_and_takes_the_unknown_for_stopped(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    start(f, "a.service");
    turn(f);
    fake_bus_fail_next(f->bus, "StopUnit", NO_SUCH_UNIT);
    assert_int_equal(unit_manager_stop(f->um, "a.service", on_job, f), 0);
    assert_heard(f, "job done -");
    assert_false(run_file_exists(f, "launched/a.service"));
}

static void no_more_calls_than_the_bus_allows_are_under_way(void **state) {
    Fixture *f = *state;
    fake_bus_hold(f->bus, "StartUnit");
    for (int i = 0; i < 150; i++)
        start(f, "a.service");
    turn(f);
    assert_in_range(fake_bus_count(f->bus, "StartUnit"), 1, 127);
    fake_bus_release(f->bus);
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "StartUnit"), 150);
}

/* Files */

static void new_file_needs_no_reload(void **state) {
    Fixture *f = *state;
    write_text(f, "a.service", "[Service]\n");
    assert_heard(f, "a.service loaded/inactive/dead success; done well");
    _cleanup_free_ char *expected =
        str_printf("ListUnitsByPatterns a.service; LinkUnitFiles %s/run/units/a.service; "
                   "ListUnitsByNames a.service",
                   f->directory);
    assert_calls(f, expected);
    assert_false(run_file_exists(f, "unfinished"));
    write_text(f, "a.service", "[Service]\n");
    assert_heard(f, "done well");
    assert_calls(f, "");
}

static void changed_file_of_a_loaded_unit_is_reloaded_and_not_launched(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    start(f, "a.service");
    turn(f);
    assert_int_equal(fake_bus_set_loaded(f->bus, "a.service"), 0);
    write_text(f, "a.service", "[Service]\nType=exec\n");
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
    assert_false(run_file_exists(f, "launched/a.service"));
}

static void unit_that_was_looked_for_in_vain_needs_no_reload(void **state) {
    Fixture *f = *state;
    fake_bus_set_loaded(f->bus, "b.service");
    fake_bus_set_loaded(f->bus, "a.service");
    fake_bus_set_state(f->bus, "a.service", "not-found", "inactive", "dead");
    fake_bus_hold(f->bus, "LinkUnitFiles");
    write_text(f, "a.service", "[Service]\n");
    turn(f);
    fake_bus_set_state(f->bus, "a.service", "loaded", "inactive", "dead");
    fake_bus_release(f->bus);
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 0);
}

static void file_that_systemd_still_misses_is_reloaded_once(void **state) {
    Fixture *f = *state;
    fake_bus_set_state(f->bus, "a.service", "not-found", "inactive", "dead");
    write_text(f, "a.service", "[Service]\n");
    assert_heard(f, "a.service not-found/inactive/dead success; done well");
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
}

static void install_section_is_enabled_and_reloaded_if_links_were_made(void **state) {
    Fixture *f = *state;
    write_text(f, "a.service", "[Install]\nWantedBy=b.service\n");
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "EnableUnitFiles"), 1);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 0);
    fake_bus_set_extra_links(f->bus, 1);
    write_text(f, "b.service", "[Install]\nWantedBy=c.service\n");
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "EnableUnitFiles"), 2);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
}

static void reloads_that_are_asked_for_meanwhile_are_one(void **state) {
    Fixture *f = *state;
    static const char *const names[] = {"a.service", "b.service", "c.service", "d.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        fake_bus_set_loaded(f->bus, names[i]);
    fake_bus_hold(f->bus, "Reload");
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        write_text(f, names[i], "[Service]\n");
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
    fake_bus_release(f->bus);
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 2);
    assert_int_equal(strv_length(f->heard), 8);
}

static void write_that_fails_is_tried_in_full_again(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    write_text(f, "a.service", "[Service]\n");
    assert_heard(f, "done File exists");
    assert_true(run_file_exists(f, "unfinished"));
    fake_bus_forget_calls(f->bus);
    write_text(f, "a.service", "[Service]\n");
    turn(f);
    assert_int_equal(fake_bus_count(f->bus, "LinkUnitFiles"), 1);
}

static void list_finishes_what_was_left_half_way(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    write_text(f, "a.service", "[Service]\n");
    turn(f);
    forget_heard(f);
    fake_bus_forget_calls(f->bus);
    unit_manager_free(TAKE_PTR(f->um));
    manager_connect(f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive");
    assert_int_equal(fake_bus_count(f->bus, "LinkUnitFiles"), 1);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
    assert_false(run_file_exists(f, "unfinished"));
}

static void one_file_that_can_not_be_linked_does_not_hold_up_the_list(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    write_text(f, "a.service", "[Service]\n");
    turn(f);
    forget_heard(f);
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive");
}

static void bad_names_templates_and_texts_reach_no_disk(void **state) {
    Fixture *f = *state;
    write_text(f, "../a.service", "[Service]\n");
    write_text(f, "a@.service", "[Service]\n");
    write_text(f, "a.service", "Service]\n");
    assert_heard(f, "done Invalid argument; done Invalid argument; done Invalid argument");
    assert_calls(f, "");
    assert_int_equal(unit_manager_start(f->um, "a/b.service", on_job, f), -EINVAL);
    assert_int_equal(unit_manager_stop(f->um, "a/b.service", on_job, f), -EINVAL);
    assert_int_equal(unit_manager_remove(f->um, "../b.service", on_done, f), -EINVAL);
}

static void new_fleetd_lists_files_with_their_marks(void **state) {
    Fixture *f = *state;
    have_unit(f, "b.service");
    have_unit(f, "a.service");
    start(f, "b.service");
    turn(f);
    unit_manager_free(TAKE_PTR(f->um));
    fake_bus_set_state(f->bus, "b.service", "loaded", "failed", "failed");
    manager_connect(f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive; b.service failed launched; "
                    "b.service loaded/failed/failed exit-code");
}

/* Removal */

static void removals_go_together(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    have_unit(f, "b.service");
    have_unit(f, "c.service");
    unit_manager_remove(f->um, "a.service", on_done, f);
    unit_manager_remove(f->um, "b.service", on_done, f);
    unit_manager_remove(f->um, "c.service", on_done, f);
    assert_heard(f, "done well; done well; done well");
    assert_int_equal(fake_bus_count(f->bus, "DisableUnitFiles"), 2);
    assert_int_equal(fake_bus_count(f->bus, "ResetFailedUnit"), 3);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 0);
    assert_false(run_file_exists(f, "units/b.service"));
}

static void removal_of_what_is_gone_is_done_and_spoils_no_other(void **state) {
    Fixture *f = *state;
    have_unit(f, "b.service");
    fake_bus_hold(f->bus, "DisableUnitFiles");
    unit_manager_remove(f->um, "x.service", on_done, f);
    unit_manager_remove(f->um, "b.service", on_done, f);
    unit_manager_remove(f->um, "y.service", on_done, f);
    turn(f);
    fake_bus_fail_next(f->bus, "ResetFailedUnit", NO_SUCH_UNIT);
    fake_bus_release(f->bus);
    fake_bus_fail_next(f->bus, "DisableUnitFiles", NO_SUCH_UNIT);
    assert_heard(f, "done well; done well; done well");
    assert_int_equal(fake_bus_count(f->bus, "DisableUnitFiles"), 4);
    assert_false(run_file_exists(f, "units/b.service"));
}

static void links_of_other_units_are_forgotten_by_a_reload(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    fake_bus_set_extra_links(f->bus, 1);
    unit_manager_remove(f->um, "a.service", on_done, f);
    assert_heard(f, "done well");
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
}

/* Signals */

static void change_is_told_once_and_whole(void **state) {
    Fixture *f = *state;
    have_unit(f, "a_b-c@x\\x2dy.service");
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
    have_unit(f, "a.service");
    fake_bus_emit_properties(f->bus, "foreign.service", UNIT_INTERFACE,
                             (const char *const[]){"ActiveState", "failed", NULL});
    assert_heard(f, "");
}

static void shutdown_is_remembered_when_systemd_is_out_of_reach(void **state) {
    Fixture *f = *state;
    unit_manager_is_stopping(f->um, on_stopping, f);
    assert_heard(f, "not stopping");
    fake_bus_emit_job_new(f->bus, 1, "shutdown.target");
    turn(f);
    fake_bus_disconnect(f->bus);
    turn(f);
    unit_manager_is_stopping(f->um, on_stopping, f);
    assert_heard(f, "stopping");
}

/* Loss of contact */

static void await_heard(Fixture *f, const char *text) {
    for (int i = 0; i < 500 && !strv_contains(f->heard, text); i++)
        assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
    assert_true(strv_contains(f->heard, text));
    forget_heard(f);
}

static void lost_bus_cancels_jobs_and_comes_back_with_a_reset(void **state) {
    Fixture *f = *state;
    have_unit(f, "a.service");
    start(f, "a.service");
    turn(f);
    fake_bus_hold(f->bus, "StopUnit");
    unit_manager_stop(f->um, "a.service", on_job, f);
    turn(f);
    fake_bus_disconnect(f->bus);
    turn(f);
    assert_int_equal(strv_length(f->heard), 2);
    assert_true(strncmp(f->heard[0], "job canceled", 12) == 0);
    assert_true(strncmp(f->heard[1], "job canceled", 12) == 0);
    forget_heard(f);
    fake_bus_hold(f->bus, NULL);

    start(f, "a.service");
    write_text(f, "b.service", "[Service]\n");
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
    start(f, "a.service");
    turn(f);
    fake_bus_forget_calls(f->bus);
    fake_bus_emit_owner_changes(f->bus);
    assert_heard(f, "job canceled contact with systemd was lost; reset");
    assert_calls(f, "Subscribe");
}

static void call_that_nobody_answered_counts_as_lost(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "StartUnit", NO_REPLY);
    start(f, "a.service");
    assert_heard(f, "job canceled as scripted");
}

static void free_manager(JobResult result, const char *message, char *const *log, void *userdata) {
    Fixture *f = userdata;
    unit_manager_free(TAKE_PTR(f->um));
}

static void manager_may_be_freed_in_a_callback(void **state) {
    Fixture *f = *state;
    fake_bus_set_same_job(f->bus, true);
    have_unit(f, "a.service");
    unit_manager_start(f->um, "a.service", free_manager, f);
    start(f, "a.service");
    turn(f);
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
        write_text(f, "a.service", "[Install]\nWantedBy=b.service\n");
        write_text(f, "b.service", "[Install]\nWantedBy=b.service\n");
        unit_manager_start(f->um, "a.service", on_job, f);
        unit_manager_stop(f->um, "a.service", on_job, f);
        unit_manager_remove(f->um, "c.service", on_done, f);
        unit_manager_remove(f->um, "d.service", on_done, f);
        unit_manager_is_stopping(f->um, on_stopping, f);
        for (int k = 0; k < 10; k++)
            sd_event_run(f->event, 0);
        unit_manager_free(TAKE_PTR(f->um));
        forget_heard(f);
        assert_heard(f, "");
        manager_connect(f);
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

#define bus_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        bus_test(start_waits_for_the_end_of_its_job),
        bus_test(job_that_ends_before_the_answer_to_its_start_is_noticed),
        bus_test(starts_that_share_a_job_all_end_with_it),
        bus_test(end_of_a_job_is_told_in_words),
        bus_test(failed_start_names_the_result_of_its_service),
        bus_test(refused_start_is_an_error_and_not_launched),
        bus_test(stop_clears_the_mark_and_takes_the_unknown_for_stopped),
        bus_test(no_more_calls_than_the_bus_allows_are_under_way),
        bus_test(new_file_needs_no_reload),
        bus_test(changed_file_of_a_loaded_unit_is_reloaded_and_not_launched),
        bus_test(unit_that_was_looked_for_in_vain_needs_no_reload),
        bus_test(file_that_systemd_still_misses_is_reloaded_once),
        bus_test(install_section_is_enabled_and_reloaded_if_links_were_made),
        bus_test(reloads_that_are_asked_for_meanwhile_are_one),
        bus_test(write_that_fails_is_tried_in_full_again),
        bus_test(list_finishes_what_was_left_half_way),
        bus_test(one_file_that_can_not_be_linked_does_not_hold_up_the_list),
        bus_test(bad_names_templates_and_texts_reach_no_disk),
        bus_test(new_fleetd_lists_files_with_their_marks),
        bus_test(removals_go_together),
        bus_test(removal_of_what_is_gone_is_done_and_spoils_no_other),
        bus_test(links_of_other_units_are_forgotten_by_a_reload),
        bus_test(change_is_told_once_and_whole),
        bus_test(other_units_are_not_looked_at),
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
