#include "tests/lab/probe.h"

#include "fleetd/base/strv.h"

#include <stdio.h>
#include <time.h>

void answer_done(Answer *answer) {
    free(answer->message);
    free(answer->log);
    free(answer->list);
    *answer = (Answer){0};
}

/* Results */

void probe_report(Probe *probe, bool is_good, const char *test, const char *got) {
    probe->tests++;
    if (!is_good) {
        probe->failures++;
        printf("# got: %s\n", str_or(got, "(nothing)"));
    }
    printf("%sok - %s\n", is_good ? "" : "not ", test);
    fflush(stdout);
}

usec_t now_usec(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

void probe_turn(Probe *probe) {
    int r = sd_event_run(probe->event, 10 * USEC_PER_MSEC);
    if (r < 0) {
        printf("Bail out! the event loop failed: %s\n", strerror(-r));
        exit(1);
    }
}

void probe_await(Probe *probe, const bool *is_there) {
    usec_t end = now_usec() + PATIENCE_USEC;
    while (!*is_there && now_usec() < end)
        probe_turn(probe);
}

bool probe_state_is(Probe *probe, const char *name, const char *expected) {
    const char *state = map_get(probe->active, name);
    return state && streq(state, expected);
}

/* Until on_changed has told that state. */
bool probe_await_state(Probe *probe, const char *name, const char *expected) {
    usec_t end = now_usec() + PATIENCE_USEC;
    while (!probe_state_is(probe, name, expected) && now_usec() < end)
        probe_turn(probe);
    return probe_state_is(probe, name, expected);
}

void probe_expect_state(Probe *probe, const char *name, const char *expected, const char *test) {
    bool is_good = probe_await_state(probe, name, expected);
    probe_report(probe, is_good, test, map_get(probe->active, name));
}

/* Requests */

static void on_changed(const UnitStatus *status, void *userdata) {
    Probe *probe = userdata;
    char *text = str_printf("%s/%s/%s %s", str_or(status->load, "-"), str_or(status->active, "-"),
                            str_or(status->sub, "-"), str_or(status->result, "-"));
    if (getenv("PROBE_DEBUG"))
        printf("# %s %s\n", status->name, text);
    map_put(probe->active, status->name, text);
}

static void on_reset(void *userdata) {
    ((Probe *) userdata)->resets++;
}

void probe_on_done(int r, const char *message, void *userdata) {
    Answer *answer = userdata;
    answer->r = r;
    str_replace(&answer->message, message);
    answer->is_there = true;
}

void probe_on_job(JobResult result, const char *message, char *const *log, void *userdata) {
    Answer *answer = userdata;
    answer->result = result;
    answer->log = strv_join(log, "|");
    probe_on_done(0, message, answer);
}

static void on_list(int r, const UnitStatus *const *statuses, size_t n, void *userdata) {
    Answer *answer = userdata;
    _cleanup_(strv_freep) char **lines = NULL;
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *line =
            str_printf("%s %s/%s%s", statuses[i]->name, str_or(statuses[i]->active, "-"),
                       str_or(statuses[i]->sub, "-"), statuses[i]->was_launched ? " launched" : "");
        strv_push(&lines, line);
    }
    answer->list = strv_join(lines, "; ");
    probe_on_done(r, NULL, answer);
}

void probe_on_stopping(bool is_stopping, void *userdata) {
    ((Answer *) userdata)->is_stopping = is_stopping;
    probe_on_done(0, NULL, userdata);
}

void probe_list(Probe *probe, Answer *answer) {
    unit_manager_list(probe->um, on_list, answer);
    probe_await(probe, &answer->is_there);
}

int probe_write(Probe *probe, const char *name, const char *text) {
    _cleanup_answer_ Answer answer = {0};
    UnitFileWrite file = {.name = name, .text = text, .size = strlen(text)};
    int r = unit_manager_write(probe->um, &file, 1, probe_on_done, &answer);
    probe_await(probe, &answer.is_there);
    if (answer.message)
        printf("# write %s: %s\n", name, answer.message);
    return r < 0 ? r : answer.r;
}

int probe_remove(Probe *probe, const char *name) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_remove(probe->um, name, probe_on_done, &answer);
    probe_await(probe, &answer.is_there);
    if (answer.message)
        printf("# remove %s: %s\n", name, answer.message);
    return answer.is_there ? answer.r : -ETIMEDOUT;
}

void probe_start_for(Probe *probe, const char *name, Answer *answer) {
    unit_manager_start(probe->um, name, probe_on_job, answer);
    probe_await(probe, &answer->is_there);
}

JobResult probe_start(Probe *probe, const char *name) {
    _cleanup_answer_ Answer answer = {0};
    probe_start_for(probe, name, &answer);
    if (answer.message)
        printf("# start %s: %s [%s]\n", name, answer.message, answer.log);
    return answer.is_there ? answer.result : JOB_RESULT_NONE;
}

JobResult probe_stop(Probe *probe, const char *name) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_stop(probe->um, name, probe_on_job, &answer);
    probe_await(probe, &answer.is_there);
    return answer.is_there ? answer.result : JOB_RESULT_NONE;
}

void probe_expect_job(Probe *probe, JobResult got, JobResult expected, const char *test) {
    probe_report(probe, got == expected, test, job_result_to_string(got));
}

char *command_output(const char *command) {
    char buffer[4096];
    FILE *stream = popen(command, "r");
    size_t n = stream ? fread(buffer, 1, sizeof(buffer) - 1, stream) : 0;
    if (stream)
        pclose(stream);
    buffer[n] = 0;
    buffer[strcspn(buffer, "\n")] = 0;
    return strdup(buffer);
}

void run_command(const char *command) {
    if (system(command) != 0)
        printf("# failed: %s\n", command);
}

void probe_expect_output(Probe *probe, const char *command, const char *expected,
                         const char *test) {
    _cleanup_free_ char *output = command_output(command);
    probe_report(probe, streq(output, expected), test, output);
}

void probe_connect(Probe *probe) {
    static const UnitManagerCallbacks callbacks = {.on_changed = on_changed, .on_reset = on_reset};
    _cleanup_error_ Error error = {0};
    static const BusUnitManagerOptions options = {.run_directory = RUN_DIRECTORY};
    int r = bus_unit_manager_new(probe->event, &options, &probe->um, &error);
    if (r < 0) {
        printf("Bail out! %s\n", error_text(&error, r));
        exit(1);
    }
    unit_manager_set_callbacks(probe->um, &callbacks, probe);
}

void probe_reconnect(Probe *probe) {
    unit_manager_free(TAKE_PTR(probe->um));
    map_clear(probe->active);
    probe_connect(probe);
}
