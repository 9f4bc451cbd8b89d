#include "fleetd/base/strv.h"
#include "tests/fakes/fake-unit-manager.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

typedef struct Fixture {
    Loop *loop;
    FakeSystemd *systemd;
    UnitManager *um;
    char **heard; /* callbacks in their order, as text */
} Fixture;

static void hear_take(Fixture *f, char *text) {
    assert_non_null(text);
    assert_int_equal(strv_push(&f->heard, text), 0);
    free(text);
}

static void assert_heard(Fixture *f, const char *expected) {
    _cleanup_free_ char *joined = strv_join(f->heard, "; ");
    assert_string_equal(joined, expected);
    strv_free(f->heard);
    f->heard = NULL;
}

static void assert_actions(Fixture *f, const char *expected) {
    _cleanup_free_ char *joined =
        strv_join(fake_script_actions(fake_systemd_script(f->systemd)), "; ");
    assert_string_equal(joined, expected);
    fake_script_clear_actions(fake_systemd_script(f->systemd));
}

static void on_changed(const UnitStatus *status, void *userdata) {
    hear_take(userdata, str_printf("%s %s/%s %s", status->name, status->active, status->sub,
                                   str_or(status->result, "-")));
}

static void on_reset(void *userdata) {
    hear_take(userdata, strdup("reset"));
}

static void on_list(int r, const UnitStatus *const *statuses, size_t n, void *userdata) {
    hear_take(userdata, str_printf("list %d %zu", r, n));
    for (size_t i = 0; i < n; i++)
        hear_take(userdata, str_printf("%s %s %s", statuses[i]->name, statuses[i]->active,
                                       statuses[i]->was_launched ? "launched" : "not launched"));
}

static void on_done(int r, const char *message, void *userdata) {
    hear_take(userdata, str_printf("done %d %s", r, str_or(message, "-")));
}

static void on_job(JobResult result, const char *message, char *const *log, void *userdata) {
    _cleanup_free_ char *lines = strv_join(log, "|");
    hear_take(userdata, str_printf("job %s %s %s", job_result_to_string(result),
                                   str_or(message, "-"), *lines ? lines : "-"));
}

static void fixture_connect(Fixture *f) {
    static const UnitManagerCallbacks callbacks = {.on_changed = on_changed, .on_reset = on_reset};
    assert_int_equal(fake_unit_manager_new(f->systemd, &f->um), 0);
    unit_manager_set_callbacks(f->um, &callbacks, f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    virtual_loop_advance(f->loop, 0);
}

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    f->loop = virtual_loop_new(1);
    assert_int_equal(fake_systemd_new(f->loop, &f->systemd), 0);
    fixture_connect(f);
    assert_heard(f, "list 0 0");
    fake_script_clear_actions(fake_systemd_script(f->systemd));
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    unit_manager_free(f->um);
    fake_systemd_free(f->systemd);
    virtual_loop_free(f->loop);
    strv_free(f->heard);
    free(f);
    return 0;
}

static void write_text(Fixture *f, const char *name, const char *text) {
    UnitFileWrite file = {.name = name, .text = text, .size = strlen(text)};
    assert_int_equal(unit_manager_write(f->um, &file, 1, on_done, f), 0);
    virtual_loop_advance(f->loop, 0);
}

static void write_unit(Fixture *f, const char *name) {
    write_text(f, name, "[Service]\n");
    strv_free(f->heard);
    f->heard = NULL;
}

static void start(Fixture *f, const char *name) {
    assert_int_equal(unit_manager_start(f->um, name, on_job, f), 0);
    virtual_loop_advance(f->loop, 0);
}

static void stop(Fixture *f, const char *name) {
    assert_int_equal(unit_manager_stop(f->um, name, on_job, f), 0);
    virtual_loop_advance(f->loop, 0);
}

static void behave(Fixture *f, const char *name, FakeBehaviour behaviour) {
    assert_int_equal(fake_script_set_behaviour(fake_systemd_script(f->systemd), name, &behaviour),
                     0);
}

static void nothing_happens_inside_the_call(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    assert_int_equal(unit_manager_start(f->um, "a.service", on_job, f), 0);
    assert_null(f->heard);
    assert_string_equal(fake_systemd_active(f->systemd, "a.service"), "inactive");
    virtual_loop_advance(f->loop, 0);
    assert_heard(f, "a.service activating/start success; a.service active/running success; "
                    "job done - -");
}

static void start_takes_its_time(void **state) {
    Fixture *f = *state;
    behave(f, NULL, (FakeBehaviour){.start_usec = 5 * USEC_PER_SEC});
    write_unit(f, "a.service");
    start(f, "a.service");
    assert_heard(f, "a.service activating/start success");
    virtual_loop_advance(f->loop, 5 * USEC_PER_SEC);
    assert_heard(f, "a.service active/running success; job done - -");
    start(f, "a.service");
    assert_heard(f, "job done - -");
    assert_actions(f, "write a.service; start a.service");
}

static void failing_start_brings_message_and_log(void **state) {
    Fixture *f = *state;
    behave(
        f, "a.service",
        (FakeBehaviour){.start_result = JOB_RESULT_FAILED, .message = "broken", .log = "one\ntwo"});
    write_unit(f, "a.service");
    start(f, "a.service");
    assert_heard(f, "a.service activating/start success; a.service failed/failed exit-code; "
                    "job failed broken one|two");
}

static void refused_start_changes_nothing(void **state) {
    Fixture *f = *state;
    behave(f, "a.service", (FakeBehaviour){.start_result = JOB_RESULT_ERROR, .message = "masked"});
    write_unit(f, "a.service");
    start(f, "a.service");
    assert_heard(f, "job error masked -");
    start(f, "unknown.service");
    assert_heard(f, "job error Unit not found. -");
    stop(f, "unknown.service");
    assert_heard(f, "job done - -");
}

static void stop_cancels_a_hanging_start(void **state) {
    Fixture *f = *state;
    behave(f, "a.service", (FakeBehaviour){.start_usec = USEC_INFINITY, .stop_usec = 10});
    write_unit(f, "a.service");
    start(f, "a.service");
    virtual_loop_advance(f->loop, 3600 * USEC_PER_SEC);
    assert_heard(f, "a.service activating/start success");
    stop(f, "a.service");
    assert_heard(f, "job canceled the job ended: canceled -; a.service deactivating/stop-sigterm "
                    "success");
    virtual_loop_advance(f->loop, 10);
    assert_heard(f, "a.service inactive/dead success; job done - -");
}

static void oneshot_ends_inactive_and_crash_ends_failed(void **state) {
    Fixture *f = *state;
    behave(f, "once.service", (FakeBehaviour){.is_oneshot = true});
    behave(f, "crash.service", (FakeBehaviour){.life_usec = USEC_PER_SEC});
    write_unit(f, "once.service");
    write_unit(f, "crash.service");
    start(f, "once.service");
    start(f, "crash.service");
    assert_string_equal(fake_systemd_active(f->systemd, "once.service"), "inactive");
    assert_true(fake_systemd_is_running(f->systemd, "crash.service"));
    virtual_loop_advance(f->loop, USEC_PER_SEC);
    assert_string_equal(fake_systemd_active(f->systemd, "crash.service"), "failed");
    assert_int_equal(fake_systemd_count_running(f->systemd), 0);
}

static void units_outlive_their_handle_but_no_reboot(void **state) {
    Fixture *f = *state;
    behave(f, NULL, (FakeBehaviour){.start_usec = 100});
    write_unit(f, "b.service");
    write_unit(f, "a.service");
    start(f, "a.service");
    unit_manager_free(f->um);
    virtual_loop_advance(f->loop, 100);
    assert_heard(f, "a.service activating/start success");

    fixture_connect(f);
    assert_heard(f, "list 0 2; a.service active launched; b.service inactive not launched");
    fake_systemd_reboot(f->systemd);
    unit_manager_free(f->um);
    fixture_connect(f);
    assert_heard(f, "list 0 0");
}

static void changed_file_clears_launched_and_reloads_a_running_unit(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    start(f, "a.service");
    assert_actions(f, "write a.service; start a.service");
    write_unit(f, "a.service");
    assert_null(fake_script_actions(fake_systemd_script(f->systemd)));
    write_text(f, "a.service", "[Service]\nType=exec\n");
    assert_actions(f, "write a.service; reload");
    _cleanup_(unit_status_freep) UnitStatus *status = NULL;
    assert_int_equal(fake_systemd_status(f->systemd, "a.service", &status), 0);
    assert_false(status->was_launched);
    assert_true(unit_status_is_running(status));
    assert_string_not_equal(status->hash, fake_systemd_started_hash(f->systemd, "a.service"));
}

static void answer_to_a_start_can_be_lost(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    fake_systemd_set_latency(f->systemd, 100 * USEC_PER_MSEC);
    assert_int_equal(unit_manager_start(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, 150 * USEC_PER_MSEC); /* systemd has heard of it */
    fake_systemd_set_connected(f->systemd, false);
    fake_systemd_set_connected(f->systemd, true);
    _cleanup_(unit_status_freep) UnitStatus *status = NULL;
    assert_int_equal(fake_systemd_status(f->systemd, "a.service", &status), 0);
    assert_true(unit_status_is_running(status));
    assert_false(status->was_launched);
    assert_true(fake_systemd_take_unheard(f->systemd, "a.service"));
    assert_false(fake_systemd_take_unheard(f->systemd, "a.service"));
}

#define ONCE "[Service]\nExecStart=/bin/x\nTimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=30s\n"

static void guarded_start_waits_for_the_guard_and_ends_with_a_stop(void **state) {
    Fixture *f = *state;
    write_text(f, "a.service", ONCE);
    strv_free(TAKE_PTR(f->heard));
    usec_t now = loop_now(f->loop);
    assert_int_equal(unit_manager_vouch(f->um, "a.service", now, 30 * USEC_PER_SEC), 0);
    fake_systemd_set_guard_start(f->systemd, USEC_PER_SEC);
    assert_int_equal(unit_manager_start(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, 500 * USEC_PER_MSEC);
    assert_false(fake_systemd_is_running(f->systemd, "a.service"));
    assert_int_equal(unit_manager_stop(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, USEC_PER_SEC);
    assert_heard(f, "job canceled it was stopped meanwhile -; job done - -");
    assert_false(fake_systemd_is_running(f->systemd, "a.service"));
    assert_int_equal(unit_manager_start(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, 2 * USEC_PER_SEC);
    assert_true(fake_systemd_is_running(f->systemd, "a.service"));
}

static void unit_that_runs_is_not_removed(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    write_unit(f, "b.service");
    start(f, "a.service");
    assert_int_equal(unit_manager_remove(f->um, "a.service", on_done, f), 0);
    assert_int_equal(unit_manager_remove(f->um, "b.service", on_done, f), 0);
    assert_int_equal(unit_manager_remove(f->um, "b.service", on_done, f), 0);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    virtual_loop_advance(f->loop, 0);
    _cleanup_free_ char *expected = str_printf(
        "a.service activating/start success; a.service active/running success; job done - -; done "
        "%d failed to remove unit file 'a.service': Device or resource busy; done 0 -; done 0 -; "
        "list 0 1; a.service active launched",
        -EBUSY);
    assert_heard(f, expected);
    assert_true(fake_systemd_is_running(f->systemd, "a.service"));
    assert_null(fake_systemd_active(f->systemd, "b.service"));
}

static void scripted_failures_are_reported_and_change_nothing(void **state) {
    Fixture *f = *state;
    fake_script_fail_next(fake_systemd_script(f->systemd), FAKE_ACTION_WRITE, 1, -ENOSPC);
    write_text(f, "a.service", "[Service]\n");
    _cleanup_free_ char *expected = str_printf(
        "done %d failed to write unit file 'a.service': No space left on device", -ENOSPC);
    assert_heard(f, expected);
    assert_null(fake_systemd_active(f->systemd, "a.service"));
    write_text(f, "a.service", "[Service]\n");
    assert_string_equal(fake_systemd_text(f->systemd, "a.service"), "[Service]\n");
}

static void lost_contact_cancels_jobs_and_ends_in_a_reset(void **state) {
    Fixture *f = *state;
    behave(f, NULL, (FakeBehaviour){.start_usec = 100});
    write_unit(f, "a.service");
    start(f, "a.service");
    fake_systemd_set_connected(f->systemd, false);
    virtual_loop_advance(f->loop, 100);
    assert_heard(f, "a.service activating/start success; job canceled contact with systemd was "
                    "lost -");
    start(f, "a.service");
    assert_heard(f, "job canceled Transport endpoint is not connected -");
    fake_systemd_set_connected(f->systemd, true);
    virtual_loop_advance(f->loop, 0);
    assert_heard(f, "reset");
    assert_true(fake_systemd_is_running(f->systemd, "a.service"));
}

static void free_handle(JobResult result, const char *message, char *const *log, void *userdata) {
    Fixture *f = userdata;
    unit_manager_free(f->um);
    f->um = NULL;
}

static void handle_may_be_freed_in_a_callback(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    assert_int_equal(unit_manager_start(f->um, "a.service", free_handle, f), 0);
    assert_int_equal(unit_manager_start(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, 0);
    assert_null(f->um);
}

static void calls_take_the_latency(void **state) {
    Fixture *f = *state;
    fake_systemd_set_latency(f->systemd, 50);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    virtual_loop_advance(f->loop, 49);
    assert_null(f->heard);
    virtual_loop_advance(f->loop, 1);
    assert_heard(f, "list 0 0");
}

#define fake_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void restart_goes_down_and_up_in_one_job(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    start(f, "a.service");
    strv_free(TAKE_PTR(f->heard));
    behave(f, "a.service", (FakeBehaviour){.stop_usec = USEC_PER_SEC, .start_usec = USEC_PER_SEC});
    assert_int_equal(unit_manager_restart(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, USEC_PER_SEC);
    assert_heard(f, "a.service deactivating/stop-sigterm success; "
                    "a.service activating/start success");
    strv_free(TAKE_PTR(f->heard));
    virtual_loop_advance(f->loop, USEC_PER_SEC);
    assert_heard(f, "a.service active/running success; job done - -");
}

static void restart_leaves_what_does_not_run(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    assert_int_equal(unit_manager_restart(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, 0);
    assert_heard(f, "job done - -");
    assert_string_equal(fake_systemd_active(f->systemd, "a.service"), "inactive");
}

static void stop_ends_a_restart(void **state) {
    Fixture *f = *state;
    write_unit(f, "a.service");
    start(f, "a.service");
    behave(f, "a.service", (FakeBehaviour){.stop_usec = USEC_PER_SEC});
    assert_int_equal(unit_manager_restart(f->um, "a.service", on_job, f), 0);
    virtual_loop_advance(f->loop, 0);
    strv_free(TAKE_PTR(f->heard));
    stop(f, "a.service");
    virtual_loop_advance(f->loop, USEC_PER_SEC);
    assert_heard(f, "job canceled the job ended: canceled -; "
                    "a.service deactivating/stop-sigterm success; a.service inactive/dead success; "
                    "job done - -");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        fake_test(nothing_happens_inside_the_call),
        fake_test(start_takes_its_time),
        fake_test(failing_start_brings_message_and_log),
        fake_test(refused_start_changes_nothing),
        fake_test(stop_cancels_a_hanging_start),
        fake_test(restart_goes_down_and_up_in_one_job),
        fake_test(restart_leaves_what_does_not_run),
        fake_test(stop_ends_a_restart),
        fake_test(oneshot_ends_inactive_and_crash_ends_failed),
        fake_test(units_outlive_their_handle_but_no_reboot),
        fake_test(changed_file_clears_launched_and_reloads_a_running_unit),
        fake_test(guarded_start_waits_for_the_guard_and_ends_with_a_stop),
        fake_test(answer_to_a_start_can_be_lost),
        fake_test(unit_that_runs_is_not_removed),
        fake_test(scripted_failures_are_reported_and_change_nothing),
        fake_test(lost_contact_cancels_jobs_and_ends_in_a_reset),
        fake_test(handle_may_be_freed_in_a_callback),
        fake_test(calls_take_the_latency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
