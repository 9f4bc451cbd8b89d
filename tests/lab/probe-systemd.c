/* The sd-bus backend against a real systemd: runs inside a machine that it may change at will, as
 * root, and speaks TAP. With the argument "is-stopping" it only says yes or no, for a unit that is
 * stopped with the machine. tests/lab/scenario/10-systemd.sh brings it there. */
#include "fleetd/base/log.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/base/time-units.h"
#include "fleetd/systemd/bus-unit-manager.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_USEC (20 * USEC_PER_SEC)

typedef struct Probe {
    sd_event *event;
    UnitManager *um;
    Map *active; /* name -> "active/sub result", as on_changed told it last */
    size_t resets;
    size_t tests, failures;
} Probe;

/* One request and its answer. */
typedef struct Answer {
    bool is_there;
    int r;
    JobResult result;
    char *message;
    char *log; /* lines joined by '|' */
    char *list;
    bool is_stopping;
} Answer;

static void answer_done(Answer *answer) {
    free(answer->message);
    free(answer->log);
    free(answer->list);
    *answer = (Answer){0};
}
#define _cleanup_answer_ _cleanup_(answer_done)

/* Results */

static void report(Probe *probe, bool is_good, const char *name, const char *got) {
    probe->tests++;
    if (!is_good) {
        probe->failures++;
        printf("# got: %s\n", str_or(got, "(nothing)"));
    }
    printf("%sok %zu - %s\n", is_good ? "" : "not ", probe->tests, name);
    fflush(stdout);
}

static usec_t now_usec(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static void turn(Probe *probe) {
    int r = sd_event_run(probe->event, 10 * USEC_PER_MSEC);
    if (r < 0) {
        printf("Bail out! the event loop failed: %s\n", strerror(-r));
        exit(1);
    }
}

static void await(Probe *probe, const bool *is_there) {
    usec_t end = now_usec() + PATIENCE_USEC;
    while (!*is_there && now_usec() < end)
        turn(probe);
}

static bool state_is(Probe *probe, const char *name, const char *expected) {
    const char *state = map_get(probe->active, name);
    return state && streq(state, expected);
}

/* Until on_changed has told that state. */
static bool await_state(Probe *probe, const char *name, const char *expected) {
    usec_t end = now_usec() + PATIENCE_USEC;
    while (!state_is(probe, name, expected) && now_usec() < end)
        turn(probe);
    return state_is(probe, name, expected);
}

static void expect_state(Probe *probe, const char *name, const char *expected, const char *test) {
    bool is_good = await_state(probe, name, expected);
    report(probe, is_good, test, map_get(probe->active, name));
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

static void on_done(int r, const char *message, void *userdata) {
    Answer *answer = userdata;
    answer->r = r;
    str_replace(&answer->message, message);
    answer->is_there = true;
}

static void on_job(JobResult result, const char *message, char *const *log, void *userdata) {
    Answer *answer = userdata;
    answer->result = result;
    answer->log = strv_join(log, "|");
    on_done(0, message, answer);
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
    on_done(r, NULL, answer);
}

static void on_stopping(bool is_stopping, void *userdata) {
    ((Answer *) userdata)->is_stopping = is_stopping;
    on_done(0, NULL, userdata);
}

static void list(Probe *probe, Answer *answer) {
    unit_manager_list(probe->um, on_list, answer);
    await(probe, &answer->is_there);
}

static int write_unit(Probe *probe, const char *name, const char *text) {
    _cleanup_answer_ Answer answer = {0};
    UnitFileWrite file = {.name = name, .text = text, .size = strlen(text)};
    int r = unit_manager_write(probe->um, &file, 1, on_done, &answer);
    await(probe, &answer.is_there);
    if (answer.message)
        printf("# write %s: %s\n", name, answer.message);
    return r < 0 ? r : answer.r;
}

static int remove_unit(Probe *probe, const char *name) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_remove(probe->um, name, on_done, &answer);
    await(probe, &answer.is_there);
    if (answer.message)
        printf("# remove %s: %s\n", name, answer.message);
    return answer.is_there ? answer.r : -ETIMEDOUT;
}

static void start(Probe *probe, const char *name, Answer *answer) {
    unit_manager_start(probe->um, name, on_job, answer);
    await(probe, &answer->is_there);
}

static JobResult start_unit(Probe *probe, const char *name) {
    _cleanup_answer_ Answer answer = {0};
    start(probe, name, &answer);
    if (answer.message)
        printf("# start %s: %s [%s]\n", name, answer.message, answer.log);
    return answer.is_there ? answer.result : JOB_RESULT_NONE;
}

static JobResult stop_unit(Probe *probe, const char *name) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_stop(probe->um, name, on_job, &answer);
    await(probe, &answer.is_there);
    return answer.is_there ? answer.result : JOB_RESULT_NONE;
}

static void expect_job(Probe *probe, JobResult got, JobResult expected, const char *test) {
    report(probe, got == expected, test, job_result_to_string(got));
}

static char *command_output(const char *command) {
    char buffer[4096];
    FILE *stream = popen(command, "r");
    size_t n = stream ? fread(buffer, 1, sizeof(buffer) - 1, stream) : 0;
    if (stream)
        pclose(stream);
    buffer[n] = 0;
    buffer[strcspn(buffer, "\n")] = 0;
    return strdup(buffer);
}

static void expect_output(Probe *probe, const char *command, const char *expected,
                          const char *test) {
    _cleanup_free_ char *output = command_output(command);
    report(probe, streq(output, expected), test, output);
}

static void connect_manager(Probe *probe) {
    static const UnitManagerCallbacks callbacks = {.on_changed = on_changed, .on_reset = on_reset};
    _cleanup_error_ Error error = {0};
    int r = bus_unit_manager_new(probe->event, NULL, &probe->um, &error);
    if (r < 0) {
        printf("Bail out! %s\n", error_text(&error, r));
        exit(1);
    }
    unit_manager_set_callbacks(probe->um, &callbacks, probe);
}

static void fleetd_restarts(Probe *probe) {
    unit_manager_free(TAKE_PTR(probe->um));
    map_clear(probe->active);
    connect_manager(probe);
}

/* Scenes; each leaves nothing behind */

#define FILE_OF(name, text) \
    { name, text, sizeof(text) - 1 }
#define SLEEP "[Service]\nExecStart=/bin/sleep 1000\n"

static void scene_life_of_a_unit(Probe *probe) {
    static const char name[] = "a_b-c@x\\x2dy.service";
    report(probe, write_unit(probe, name, SLEEP) == 0, "a file is written", NULL);
    expect_state(probe, name, "loaded/inactive/dead success", "its state is told");
    expect_job(probe, start_unit(probe, name), JOB_RESULT_DONE, "an awkward name starts");
    report(probe, state_is(probe, name, "loaded/active/running success"),
           "the change is told before the job ends", map_get(probe->active, name));
    expect_job(probe, start_unit(probe, name), JOB_RESULT_DONE, "started again is done");
    report(probe, remove_unit(probe, name) == 0, "a running unit's file can go", NULL);
    expect_output(probe, "systemctl is-active 'a_b-c@x\\x2dy.service'", "active", "it runs on");
    expect_job(probe, stop_unit(probe, name), JOB_RESULT_DONE, "it stops");
    expect_job(probe, stop_unit(probe, name), JOB_RESULT_DONE, "stopping the unknown is done");
    report(probe, remove_unit(probe, name) == 0, "removing the unknown is done", NULL);
}

static void scene_failing_start(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    write_unit(probe, "fail.service",
               "[Service]\nType=oneshot\n"
               "ExecStart=/bin/sh -c 'echo first; echo second >&2; exit 3'\n");
    start(probe, "fail.service", &answer);
    expect_job(probe, answer.result, JOB_RESULT_FAILED, "a failing oneshot fails");
    report(probe,
           streq_ptr(answer.message,
                     "its start failed: exit-code (its main process exited with status 3)"),
           "the message says how", answer.message);
    report(probe, answer.log && strstr(answer.log, "first|second|"), "its last words are there",
           answer.log);
    expect_state(probe, "fail.service", "loaded/failed/failed exit-code", "its result is told");
    expect_job(probe, stop_unit(probe, "fail.service"), JOB_RESULT_DONE, "stopping it is done");
    report(probe, remove_unit(probe, "fail.service") == 0, "it is removed", NULL);
    expect_output(probe, "systemctl show -P LoadState fail.service", "not-found",
                  "and forgotten, with its failure");
}

static void scene_other_results(Probe *probe) {
    write_unit(probe, "slow.service",
               "[Service]\nType=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep 1000\n");
    expect_job(probe, start_unit(probe, "slow.service"), JOB_RESULT_FAILED,
               "a start takes too long");
    expect_state(probe, "slow.service", "loaded/failed/failed timeout", "its result says so");
    write_unit(probe, "no.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
    write_unit(probe, "needs.service", "[Unit]\nRequires=no.service\nAfter=no.service\n" SLEEP);
    expect_job(probe, start_unit(probe, "needs.service"), JOB_RESULT_DEPENDENCY,
               "a requirement fails");
    write_unit(probe, "bad.service", "[Service]\nType=banana\n");
    expect_state(probe, "bad.service", "bad-setting/inactive/dead success",
                 "a bad setting shows in the load state");
    expect_job(probe, start_unit(probe, "bad.service"), JOB_RESULT_ERROR, "and is refused");
    expect_job(probe, start_unit(probe, "nowhere.service"), JOB_RESULT_ERROR,
               "so is what is not there");
    write_unit(probe, "die.service", "[Service]\nExecStart=/bin/sh -c 'kill -9 $$$$'\n");
    expect_job(probe, start_unit(probe, "die.service"), JOB_RESULT_DONE,
               "a simple service that dies at once is started");
    expect_state(probe, "die.service", "loaded/failed/failed signal", "its death is told");
    static const char *const names[] = {"slow.service", "no.service", "needs.service",
                                        "bad.service", "die.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        remove_unit(probe, names[i]);
}

static void scene_oneshot_and_cancel(Probe *probe) {
    _cleanup_answer_ Answer begun = {0};
    write_unit(probe, "once.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 0.3\n");
    expect_job(probe, start_unit(probe, "once.service"), JOB_RESULT_DONE, "a oneshot is done");
    expect_state(probe, "once.service", "loaded/inactive/dead success", "and is inactive then");
    write_unit(probe, "long.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n");
    unit_manager_start(probe->um, "long.service", on_job, &begun);
    expect_state(probe, "long.service", "loaded/activating/start success", "a long one is begun");
    expect_job(probe, stop_unit(probe, "long.service"), JOB_RESULT_DONE, "it can be stopped");
    await(probe, &begun.is_there);
    expect_job(probe, begun.result, JOB_RESULT_CANCELED, "its start is canceled");
    remove_unit(probe, "once.service");
    remove_unit(probe, "long.service");
}

static char *version_text(const char *version) {
    return str_printf("[Service]\nExecStart=/bin/sh -c 'echo %s >/tmp/probe-version; exec sleep "
                      "1000'\n",
                      version);
}

static void expect_version(Probe *probe, const char *version, const char *test) {
    unlink("/tmp/probe-version");
    start_unit(probe, "v.service");
    for (int i = 0; i < 500 && access("/tmp/probe-version", F_OK) < 0; i++)
        usleep(10000);
    expect_output(probe, "cat /tmp/probe-version", version, test);
}

static void scene_replaced_content(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    _cleanup_free_ char *one = version_text("one"), *two = version_text("two");
    write_unit(probe, "v.service", one);
    expect_version(probe, "one", "the first text runs");
    write_unit(probe, "v.service", one);
    list(probe, &answer);
    report(probe, streq(answer.list, "v.service active/running launched"),
           "the same text changes nothing", answer.list);
    answer_done(&answer);
    write_unit(probe, "v.service", two);
    list(probe, &answer);
    report(probe, streq(answer.list, "v.service active/running"),
           "another text leaves the unit running and not launched", answer.list);
    stop_unit(probe, "v.service");
    expect_version(probe, "two", "after a stop the new text runs");
    stop_unit(probe, "v.service");
    write_unit(probe, "v.service", one);
    expect_version(probe, "one", "a text written while stopped runs");
    stop_unit(probe, "v.service");
    write_unit(probe, "v.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
    start_unit(probe, "v.service");
    write_unit(probe, "v.service", two);
    expect_version(probe, "two", "a text written over a failed unit runs");
    stop_unit(probe, "v.service");
    remove_unit(probe, "v.service");
}

static void scene_removed_and_written_at_once(Probe *probe) {
    bool is_good = true;
    for (int i = 0; i < 20; i++) {
        char version[16];
        snprintf(version, sizeof(version), "%d", i);
        _cleanup_free_ char *text = version_text(version);
        unlink("/tmp/probe-version");
        is_good = is_good && write_unit(probe, "again.service", text) == 0;
        is_good = is_good && start_unit(probe, "again.service") == JOB_RESULT_DONE;
        for (int k = 0; k < 500 && access("/tmp/probe-version", F_OK) < 0; k++)
            usleep(1000);
        usleep(2000);
        _cleanup_free_ char *output = command_output("cat /tmp/probe-version");
        is_good = is_good && streq(output, version);
        is_good = is_good && stop_unit(probe, "again.service") == JOB_RESULT_DONE;
        is_good = is_good && remove_unit(probe, "again.service") == 0;
    }
    report(probe, is_good, "destroy and start at once, twenty times", NULL);
}

static void scene_other_types(Probe *probe) {
    static const UnitFileWrite files[] = {
        FILE_OF("t.timer", "[Timer]\nOnActiveSec=1000\n"),
        FILE_OF("t.service", SLEEP),
        FILE_OF("s.socket", "[Socket]\nListenStream=/run/probe.socket\n"),
        FILE_OF("s.service", SLEEP),
        FILE_OF("p.path", "[Path]\nPathExists=/nowhere\nUnit=t.service\n"),
        FILE_OF("g.target", "[Unit]\nWants=t.timer\n"),
    };
    _cleanup_answer_ Answer answer = {0};
    unit_manager_write(probe->um, files, ELEMENTSOF(files), on_done, &answer);
    await(probe, &answer.is_there);
    report(probe, answer.r == 0, "units of other types are written", answer.message);
    start_unit(probe, "g.target");
    start_unit(probe, "s.socket");
    start_unit(probe, "p.path");
    expect_state(probe, "g.target", "loaded/active/active -", "a target starts, without a result");
    expect_state(probe, "t.timer", "loaded/active/waiting success", "it pulls its timer in");
    expect_state(probe, "s.socket", "loaded/active/listening success", "a socket listens");
    expect_state(probe, "p.path", "loaded/active/waiting success", "a path waits");
    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        stop_unit(probe, files[i].name);
        remove_unit(probe, files[i].name);
    }
    _cleanup_answer_ Answer after = {0};
    list(probe, &after);
    report(probe, streq(after.list, ""), "all are gone", after.list);
}

static void scene_install(Probe *probe) {
    write_unit(probe, "main.service", SLEEP);
    start_unit(probe, "main.service");
    write_unit(probe, "side.service",
               SLEEP "[Install]\nWantedBy=main.service\nAlias=other.service\n");
    stop_unit(probe, "main.service");
    start_unit(probe, "main.service");
    expect_state(probe, "side.service", "loaded/active/running success",
                 "what is installed starts along");
    stop_unit(probe, "side.service");
    remove_unit(probe, "side.service");
    stop_unit(probe, "main.service");
    start_unit(probe, "main.service");
    expect_output(probe, "systemctl is-active side.service", "inactive",
                  "what is removed does not");
    expect_output(probe, "ls /run/systemd/system | grep -c side", "0", "no link is left");
    stop_unit(probe, "main.service");
    remove_unit(probe, "main.service");
}

static void scene_restart_of_fleetd(Probe *probe) {
    _cleanup_answer_ Answer first = {0}, second = {0};
    write_unit(probe, "stay.service", SLEEP);
    write_unit(probe, "die.service", "[Service]\nExecStart=/bin/sleep 1000\nRestart=no\n");
    write_unit(probe, "idle.service", SLEEP);
    start_unit(probe, "stay.service");
    start_unit(probe, "die.service");
    unit_manager_free(TAKE_PTR(probe->um));
    _cleanup_free_ char *nothing = command_output("systemctl kill -s KILL die.service; sleep 0.3");
    connect_manager(probe);
    list(probe, &first);
    report(probe,
           streq(first.list, "die.service failed/failed launched; idle.service inactive/dead; "
                             "stay.service active/running launched"),
           "a new fleetd finds everything", first.list);
    expect_state(probe, "die.service", "loaded/failed/failed signal", "and why a unit failed");
    _cleanup_free_ char *none = command_output("rm /run/systemd/system/idle.service; "
                                               "touch /run/fleet/unfinished");
    fleetd_restarts(probe);
    list(probe, &second);
    expect_job(probe, start_unit(probe, "idle.service"), JOB_RESULT_DONE,
               "a write that was cut short is finished");
    report(probe, access("/run/fleet/unfinished", F_OK) < 0, "and its mark is taken away", NULL);
    static const char *const names[] = {"stay.service", "die.service", "idle.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        stop_unit(probe, names[i]);
        remove_unit(probe, names[i]);
    }
}

static void expect_reset(Probe *probe, const char *command, const char *test) {
    _cleanup_answer_ Answer begun = {0}, after = {0};
    write_unit(probe, "long.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n");
    unit_manager_start(probe->um, "long.service", on_job, &begun);
    await_state(probe, "long.service", "loaded/activating/start success");
    size_t resets = probe->resets;
    _cleanup_free_ char *output = command_output(command);
    await(probe, &begun.is_there);
    expect_job(probe, begun.result, JOB_RESULT_CANCELED, "a waiting job is canceled");
    usec_t end = now_usec() + PATIENCE_USEC;
    while (probe->resets == resets && now_usec() < end)
        turn(probe);
    report(probe, probe->resets == resets + 1, test, begun.message);
    list(probe, &after);
    report(probe, streq_ptr(after.list, "long.service activating/start launched"),
           "the unit goes on", after.list);
    expect_job(probe, stop_unit(probe, "long.service"), JOB_RESULT_DONE, "and can be stopped");
    expect_state(probe, "long.service", "loaded/failed/failed signal", "signals come again");
    remove_unit(probe, "long.service");
}

static void scene_lost_contact(Probe *probe) {
    expect_reset(probe, "systemctl daemon-reexec", "systemd re-executed: a reset is told");
    expect_reset(probe, "systemctl restart dbus.service", "the bus restarted: a reset is told");
}

static void scene_name_clash(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    _cleanup_free_ char *none = command_output("mkdir -p /run/systemd/system; "
                                               "echo '[Service]' >/run/systemd/system/x.service");
    UnitFileWrite file = FILE_OF("x.service", SLEEP);
    unit_manager_write(probe->um, &file, 1, on_done, &answer);
    await(probe, &answer.is_there);
    report(probe, answer.r == -EEXIST, "somebody else's file is not overwritten", answer.message);
    unlink("/run/systemd/system/x.service");
    report(probe, write_unit(probe, "x.service", SLEEP) == 0, "a second try succeeds", NULL);
    remove_unit(probe, "x.service");
}

static void scene_stopping(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_is_stopping(probe->um, on_stopping, &answer);
    await(probe, &answer.is_there);
    report(probe, answer.is_there && !answer.is_stopping, "the machine is not going down", NULL);
}

/* Timing: facts, and a generous limit so that a disaster fails */

static double seconds_since(usec_t begin) {
    return (double) (now_usec() - begin) / (double) USEC_PER_SEC;
}

static void scene_latency(Probe *probe) {
    const int n = 20;
    write_unit(probe, "fast.service", SLEEP);
    usec_t begin = now_usec();
    for (int i = 0; i < n; i++) {
        start_unit(probe, "fast.service");
        stop_unit(probe, "fast.service");
    }
    double own = seconds_since(begin) / n;
    begin = now_usec();
    for (int i = 0; i < n; i++)
        if (system("systemctl start fast.service && systemctl stop fast.service") != 0)
            break;
    printf("# start and stop: %.1f ms here, %.1f ms by systemctl\n", own * 1e3,
           seconds_since(begin) / n * 1e3);
    report(probe, own < 1, "a unit starts and stops in time", NULL);
    remove_unit(probe, "fast.service");
}

#define MANY 200

static void many_run(Probe *probe, char **names,
                     int (*request)(UnitManager *, const char *, UnitManagerJobDone, void *),
                     const char *what) {
    _cleanup_free_ Answer *answers = calloc(MANY, sizeof(Answer));
    usec_t begin = now_usec();
    size_t n_done = 0;
    for (size_t i = 0; i < MANY; i++)
        request(probe->um, names[i], on_job, &answers[i]);
    for (size_t i = 0; i < MANY; i++) {
        await(probe, &answers[i].is_there);
        if (answers[i].result != JOB_RESULT_DONE)
            printf("# %s: %s %s\n", names[i], job_result_to_string(answers[i].result),
                   str_or(answers[i].message, "-"));
        n_done += answers[i].result == JOB_RESULT_DONE;
        answer_done(&answers[i]);
    }
    printf("# %d units %s in %.2f s\n", MANY, what, seconds_since(begin));
    report(probe, n_done == MANY, what, NULL);
}

static void many_remove(Probe *probe, char **names) {
    _cleanup_free_ Answer *answers = calloc(MANY, sizeof(Answer));
    usec_t begin = now_usec();
    size_t n_done = 0;
    for (size_t i = 0; i < MANY; i++)
        unit_manager_remove(probe->um, names[i], on_done, &answers[i]);
    for (size_t i = 0; i < MANY; i++) {
        await(probe, &answers[i].is_there);
        n_done += answers[i].is_there && answers[i].r == 0;
        answer_done(&answers[i]);
    }
    printf("# %d units removed in %.2f s\n", MANY, seconds_since(begin));
    report(probe, n_done == MANY, "removed", NULL);
    expect_output(probe, "ls /run/systemd/system | grep -c many", "0", "without a trace");
}

static void scene_many(Probe *probe) {
    _cleanup_(strv_freep) char **names = NULL;
    _cleanup_answer_ Answer written = {0};
    UnitFileWrite files[MANY];
    for (size_t i = 0; i < MANY; i++) {
        _cleanup_free_ char *name = str_printf("many-%03zu.service", i);
        strv_push(&names, name);
        files[i] = (UnitFileWrite){names[i], SLEEP, sizeof(SLEEP) - 1};
    }
    usec_t begin = now_usec();
    unit_manager_write(probe->um, files, MANY, on_done, &written);
    await(probe, &written.is_there);
    printf("# %d units written in %.3f s\n", MANY, seconds_since(begin));
    report(probe, written.is_there && written.r == 0, "many are written at once", written.message);
    many_run(probe, names, unit_manager_start, "started");
    many_run(probe, names, unit_manager_stop, "stopped");
    many_remove(probe, names);
}

/* Their journals are read one after another, the answers of others must not wait for that. */
static void scene_many_failures(Probe *probe) {
    enum { N = 50 };
    _cleanup_free_ Answer *answers = calloc(N, sizeof(Answer));
    usec_t begin = now_usec(), longest = 0;
    size_t n_logs = 0;
    for (size_t i = 0; i < N; i++) {
        _cleanup_free_ char *name = str_printf("fail-%02zu.service", i);
        write_unit(probe, name, "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo w; exit 1'\n");
    }
    begin = now_usec();
    for (size_t i = 0; i < N; i++) {
        _cleanup_free_ char *name = str_printf("fail-%02zu.service", i);
        unit_manager_start(probe->um, name, on_job, &answers[i]);
    }
    for (size_t i = 0; i < N; i++)
        while (!answers[i].is_there && now_usec() < begin + PATIENCE_USEC) {
            usec_t turn_begin = now_usec();
            turn(probe);
            longest = MAX(longest, now_usec() - turn_begin);
        }
    for (size_t i = 0; i < N; i++) {
        n_logs += answers[i].log && strstr(answers[i].log, "w|");
        answer_done(&answers[i]);
        _cleanup_free_ char *name = str_printf("fail-%02zu.service", i);
        remove_unit(probe, name);
    }
    printf("# %d starts failed in %.2f s, longest turn %.1f ms\n", N, seconds_since(begin),
           (double) longest / 1e3);
    report(probe, n_logs == N, "each failure brings its log", NULL);
}

static void all_scenes(Probe *probe) {
    static void (*const scenes[])(Probe *) = {
        scene_life_of_a_unit,    scene_failing_start,
        scene_other_results,     scene_oneshot_and_cancel,
        scene_replaced_content,  scene_removed_and_written_at_once,
        scene_other_types,       scene_install,
        scene_restart_of_fleetd, scene_lost_contact,
        scene_name_clash,        scene_stopping,
        scene_latency,           scene_many,
        scene_many_failures,
    };
    _cleanup_answer_ Answer before = {0};
    list(probe, &before);
    report(probe, before.is_there && before.r == 0 && streq(before.list, ""),
           "a fresh machine has no units", before.list);
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++)
        scenes[i](probe);
    printf("1..%zu\n", probe->tests);
}

static void say_is_stopping(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_is_stopping(probe->um, on_stopping, &answer);
    await(probe, &answer.is_there);
    puts(answer.is_stopping ? "yes" : "no");
}

int main(int argc, char *argv[]) {
    Probe probe = {.active = map_new(free)};
    log_setup(LOG_DEBUG);
    if (sd_event_default(&probe.event) < 0 || !probe.active)
        return 1;
    connect_manager(&probe);
    if (argc > 1 && streq(argv[1], "is-stopping"))
        say_is_stopping(&probe);
    else
        all_scenes(&probe);
    unit_manager_free(probe.um);
    map_free(probe.active);
    sd_event_unref(probe.event);
    return probe.failures > 0;
}
