#include "fleetd/probe/event-prober.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/scripted-peer.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_USEC (30 * USEC_PER_SEC)

typedef struct Fixture {
    sd_event *event;
    Prober *prober;
    ScriptedPeer *peer;
    const char *answer; /* of the peer; NULL: none */
    char *url, *directory;
    unsigned n_answers;
    bool is_well;
    char *message;
    Probe *probe;
} Fixture;

static void on_request(PeerConnection *connection, const char *text, void *userdata) {
    const Fixture *f = userdata;
    assert_non_null(strstr(text, "GET /healthz?a=b "));
    if (f->answer)
        peer_connection_send(connection, f->answer, strlen(f->answer));
}

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    assert_non_null(f);
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(event_prober_new(f->event, &f->prober), 0);
    f->peer = scripted_peer_new(f->event, NULL, on_request, f);
    assert_non_null(f->peer);
    f->url = str_printf("http://127.0.0.1:%u/healthz?a=b", scripted_peer_port(f->peer));
    f->directory = temporary_directory_new();
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    probe_cancel(f->probe);
    prober_free(f->prober);
    scripted_peer_free(f->peer);
    sd_event_unref(f->event);
    temporary_directory_free(f->directory);
    free(f->message);
    free(f->url);
    free(f);
    return 0;
}

static void on_done(bool is_well, const char *message, void *userdata) {
    Fixture *f = userdata;
    f->n_answers++;
    f->probe = NULL;
    f->is_well = is_well;
    assert_int_equal(str_replace(&f->message, message), 0);
}

static usec_t now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static void ask(Fixture *f, HealthCheck check) {
    static HealthCheck kept;
    usec_t end = now() + PATIENCE_USEC;
    kept = check;
    if (kept.timeout_usec == 0)
        kept.timeout_usec = PATIENCE_USEC;
    f->n_answers = 0;
    assert_int_equal(prober_ask(f->prober, &kept, on_done, f, &f->probe), 0);
    assert_int_equal(f->n_answers, 0);
    while (f->n_answers == 0 && now() < end)
        assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
    assert_int_equal(f->n_answers, 1);
}

static void assert_well(const Fixture *f) {
    assert_string_equal(str_or(f->message, "well"), "well");
    assert_true(f->is_well);
}

static void assert_unwell(const Fixture *f, const char *message) {
    assert_false(f->is_well);
    assert_string_equal(str_or(f->message, ""), message);
}

/* --- http --- */

static HealthCheck http(const Fixture *f) {
    return (HealthCheck){.kind = HEALTH_CHECK_HTTP, .url = f->url};
}

static void status_of_the_answer_decides(void **state) {
    static const struct {
        const char *answer, *message; /* NULL: well */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL},
        {"HTTP/1.1 204 No Content\r\n\r\n", NULL},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", NULL},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "it answered with status 404"},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "it answered with status 503"},
    };
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        f->answer = cases[i].answer;
        ask(f, http(f));
        if (cases[i].message)
            assert_unwell(f, cases[i].message);
        else
            assert_well(f);
    }
}

static void each_question_has_its_own_connection(void **state) {
    Fixture *f = *state;
    f->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (int i = 0; i < 3; i++)
        ask(f, http(f));
    assert_int_equal(scripted_peer_n_accepted(f->peer), 3);
}

static void server_that_does_not_answer_is_not_well(void **state) {
    Fixture *f = *state;
    HealthCheck check = http(f);
    check.timeout_usec = 50 * USEC_PER_MSEC;
    ask(f, check);
    assert_unwell(f, "no answer within 50ms");
}

static void answer_that_is_none_is_not_well(void **state) {
    Fixture *f = *state;
    f->answer = "SSH-2.0-OpenSSH\r\n\r\n";
    ask(f, http(f));
    assert_false(f->is_well);
}

static unsigned unused_port(Fixture *f) {
    unsigned port = scripted_peer_port(f->peer);
    scripted_peer_free(TAKE_PTR(f->peer));
    return port;
}

static void nobody_there_is_not_well(void **state) {
    Fixture *f = *state;
    unused_port(f);
    ask(f, http(f));
    assert_false(f->is_well);
    assert_non_null(f->message);
}

/* --- tcp --- */

static HealthCheck tcp(const char *host, unsigned port) {
    return (HealthCheck){.kind = HEALTH_CHECK_TCP, .host = (char *) host, .port = port};
}

static void port_that_takes_connections_is_well(void **state) {
    Fixture *f = *state;
    ask(f, tcp("127.0.0.1", scripted_peer_port(f->peer)));
    assert_well(f);
}

static void port_that_refuses_is_not_well(void **state) {
    Fixture *f = *state;
    ask(f, tcp("127.0.0.1", unused_port(f)));
    assert_unwell(f, "Connection refused");
}

/* --- exec --- */

static void ask_command(Fixture *f, const char *script, usec_t timeout_usec) {
    char *command[] = {(char *) "/bin/sh", (char *) "-c", (char *) script, f->directory, NULL};
    ask(f,
        (HealthCheck){.kind = HEALTH_CHECK_EXEC, .command = command, .timeout_usec = timeout_usec});
}

static void exit_status_decides(void **state) {
    Fixture *f = *state;
    ask_command(f, "exit 0", 0);
    assert_well(f);
    ask_command(f, "exit 7", 0);
    assert_unwell(f, "it exited with status 7");
    ask_command(f, "kill -TERM $$", 0);
    assert_unwell(f, "it was killed by signal 15");
}

static void command_gets_nothing_of_the_daemon(void **state) {
    Fixture *f = *state;
    assert_int_equal(setenv("FLEET_SECRET", "1", true), 0);
    ask_command(f,
                "test -z \"$FLEET_SECRET\" && test -n \"$PATH\" && test ! -t 0 && "
                "test \"$(ls /proc/$$/fd | wc -l)\" -le 4",
                0);
    assert_well(f);
    unsetenv("FLEET_SECRET");
}

static void command_has_its_own_signals(void **state) {
    Fixture *f = *state;
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, &before);
    ask_command(f, "kill -TERM $$; exit 3", 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_unwell(f, "it was killed by signal 15");
}

static void missing_command_is_not_well(void **state) {
    Fixture *f = *state;
    char *command[] = {(char *) "/nonexistent/check", NULL};
    ask(f, (HealthCheck){.kind = HEALTH_CHECK_EXEC, .command = command});
    assert_unwell(f, "No such file or directory");
}

static pid_t read_pid(const Fixture *f) {
    _cleanup_free_ char *path = str_printf("%s/pid", f->directory);
    int pid = 0;
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%d", &pid), 1);
    fclose(stream);
    return pid;
}

/* A zombie of which somebody else takes care is gone as well. */
static bool process_is_gone(pid_t pid) {
    _cleanup_free_ char *path = str_printf("/proc/%d/stat", pid);
    char state = 'Z';
    FILE *stream = fopen(path, "r");
    if (!stream)
        return true;
    if (fscanf(stream, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(stream);
    return state == 'Z' || state == 'X';
}

static void assert_goes(Fixture *f, pid_t pid) {
    usec_t end = now() + PATIENCE_USEC;
    while (!process_is_gone(pid) && now() < end)
        assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
    assert_true(process_is_gone(pid));
}

#define BACKGROUND "sleep 1000 & echo $! >$0/pid.new; mv $0/pid.new $0/pid; "

static void command_that_hangs_is_killed_with_what_it_started(void **state) {
    Fixture *f = *state;
    ask_command(f, BACKGROUND "wait", USEC_PER_SEC);
    assert_unwell(f, "no answer within 1s");
    assert_goes(f, read_pid(f));
    errno = 0;
    while (waitpid(-1, NULL, WNOHANG) == 0)
        assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
    assert_int_equal(errno, ECHILD); /* nothing is left to be waited for */
}

static void what_a_command_leaves_behind_is_killed(void **state) {
    Fixture *f = *state;
    ask_command(f, BACKGROUND "exit 0", 0);
    assert_well(f);
    assert_goes(f, read_pid(f));
}

static void cancelled_question_is_not_answered(void **state) {
    Fixture *f = *state;
    static char *command[] = {(char *) "/bin/sleep", (char *) "1000", NULL};
    static const HealthCheck check = {
        .kind = HEALTH_CHECK_EXEC, .command = command, .timeout_usec = 20 * USEC_PER_MSEC};
    assert_int_equal(prober_ask(f->prober, &check, on_done, f, &f->probe), 0);
    probe_cancel(TAKE_PTR(f->probe));
    HealthCheck other = http(f);
    other.timeout_usec = 100 * USEC_PER_MSEC; /* longer than the first would have taken */
    ask(f, other);
    assert_unwell(f, "no answer within 100ms");
}

#define probe_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        probe_test(status_of_the_answer_decides),
        probe_test(each_question_has_its_own_connection),
        probe_test(server_that_does_not_answer_is_not_well),
        probe_test(answer_that_is_none_is_not_well),
        probe_test(nobody_there_is_not_well),
        probe_test(port_that_takes_connections_is_well),
        probe_test(port_that_refuses_is_not_well),
        probe_test(exit_status_decides),
        probe_test(command_gets_nothing_of_the_daemon),
        probe_test(command_has_its_own_signals),
        probe_test(missing_command_is_not_well),
        probe_test(command_that_hangs_is_killed_with_what_it_started),
        probe_test(what_a_command_leaves_behind_is_killed),
        probe_test(cancelled_question_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
