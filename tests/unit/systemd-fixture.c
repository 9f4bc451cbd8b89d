#include "tests/unit/systemd-fixture.h"

#include "tests/unit/temporary-directory.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Both ends are in one loop and sockets are at once, so that an idle loop means: all is said. */
void fixture_turn(Fixture *f) {
    while (sd_event_run(f->event, 0) > 0)
        ;
}

static void fixture_hear_take(Fixture *f, char *text) {
    assert_int_equal(strv_push(&f->heard, text), 0);
    free(text);
}

void fixture_forget_heard(Fixture *f) {
    strv_free(f->heard);
    f->heard = NULL;
}

void assert_heard(Fixture *f, const char *expected) {
    fixture_turn(f);
    _cleanup_free_ char *joined = strv_join(f->heard, "; ");
    assert_string_equal(joined, expected);
    fixture_forget_heard(f);
}

void assert_calls(Fixture *f, const char *expected) {
    fixture_turn(f);
    _cleanup_free_ char *joined = strv_join(fake_bus_calls(f->bus), "; ");
    assert_string_equal(joined, expected);
    fake_bus_forget_calls(f->bus);
}

static void on_changed(const UnitStatus *status, void *userdata) {
    fixture_hear_take(userdata, str_printf("%s %s/%s/%s %s", status->name,
                                           str_or(status->load, "-"), str_or(status->active, "-"),
                                           str_or(status->sub, "-"), str_or(status->result, "-")));
}

static void on_reset(void *userdata) {
    fixture_hear_take(userdata, strdup("reset"));
}

void on_list(int r, const UnitStatus *const *statuses, size_t n, void *userdata) {
    fixture_hear_take(userdata, str_printf("list %d", r));
    for (size_t i = 0; i < n; i++)
        fixture_hear_take(userdata, str_printf("%s %s%s", statuses[i]->name, statuses[i]->active,
                                               statuses[i]->was_launched ? " launched" : ""));
}

void on_done(int r, const char *message, void *userdata) {
    fixture_hear_take(userdata, str_printf("done %s", r < 0 ? strerror(-r) : "well"));
}

void on_job(JobResult result, const char *message, char *const *log, void *userdata) {
    fixture_hear_take(userdata,
                      str_printf("job %s %s", job_result_to_string(result), str_or(message, "-")));
}

void on_stopping(bool is_stopping, void *userdata) {
    fixture_hear_take(userdata, strdup(is_stopping ? "stopping" : "not stopping"));
}

void fixture_connect(Fixture *f) {
    static const UnitManagerCallbacks callbacks = {.on_changed = on_changed, .on_reset = on_reset};
    _cleanup_free_ char *run = str_printf("%s/run", f->directory);
    _cleanup_free_ char *address = str_printf("unix:path=%s/bus", f->directory);
    _cleanup_free_ char *journal = str_printf("%s/journal", f->directory);
    BusUnitManagerOptions options = {.run_directory = run,
                                     .bus_address = address,
                                     .journal_sync_socket = journal,
                                     .metrics = f->metrics};
    assert_int_equal(bus_unit_manager_new(f->event, &options, &f->um, NULL), 0);
    unit_manager_set_callbacks(f->um, &callbacks, f);
    fixture_turn(f);
}

void fixture_hold_journal(Fixture *f) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/journal", f->directory);
    assert_in_range(n, 1, sizeof(address.sun_path) - 1);
    f->journal_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(f->journal_fd > 0);
    assert_int_equal(bind(f->journal_fd, (struct sockaddr *) &address, sizeof(address)), 0);
    assert_int_equal(listen(f->journal_fd, 8), 0);
}

int fixture_setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    f->directory = temporary_directory_new();
    f->metrics = metrics_new();
    _cleanup_free_ char *socket = str_printf("%s/bus", f->directory);
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(fake_bus_new(f->event, socket, &f->bus), 0);
    fixture_connect(f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0");
    fake_bus_forget_calls(f->bus);
    *state = f;
    return 0;
}

int fixture_teardown(void **state) {
    Fixture *f = *state;
    unit_manager_free(f->um);
    metrics_free(f->metrics);
    fake_bus_free(f->bus);
    sd_event_unref(f->event);
    strv_free(f->heard);
    if (f->journal_fd > 0)
        close(f->journal_fd);
    temporary_directory_free(f->directory);
    free(f);
    return 0;
}

void fixture_write(Fixture *f, const char *name, const char *text) {
    UnitFileWrite file = {name, text, strlen(text)};
    assert_int_equal(unit_manager_write(f->um, &file, 1, on_done, f), 0);
}

void fixture_have_unit(Fixture *f, const char *name) {
    fixture_write(f, name, "[Service]\n");
    fixture_turn(f);
    fixture_forget_heard(f);
    fake_bus_forget_calls(f->bus);
}

bool fixture_has_file(Fixture *f, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/run/%s", f->directory, name);
    struct stat st;
    return lstat(path, &st) == 0;
}

void fixture_start(Fixture *f, const char *name) {
    assert_int_equal(unit_manager_start(f->um, name, on_job, f), 0);
}
