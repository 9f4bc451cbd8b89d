/* Programs that are asked to end. Each says when it is ready for that. */
#include "fleetctl/remote/process.h"
#include "tests/unit/cmocka-test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_MAX 10 /* seconds: a wait that hangs fails the test */

static pid_t script_start(const char *script) {
    char *words[] = {(char[]){"sh"}, (char[]){"-c"}, (char *) script, NULL};
    int ends[2];
    char byte;
    pid_t pid;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(process_start(words, -1, ends[1], &pid, NULL), 0);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    alarm(TIME_MAX);
    return pid;
}

static int script_end(const char *script) {
    return process_end(script_start(script));
}

static void what_listens_ends(void **state) {
    assert_int_equal(script_end("echo; exec sleep 60"), 128 + SIGTERM);
    assert_int_equal(script_end("trap 'exit 3' TERM; echo; while :; do sleep 0.01; done"), 3);
}

static void what_has_ended_keeps_its_status(void **state) {
    pid_t pid = script_start("echo; exit 4");
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_end(pid), 4);
}

static void what_misses_the_signal_is_asked_again(void **state) {
    assert_int_equal(
        script_end("trap 'trap \"exit 5\" TERM' TERM; echo; while :; do sleep 0.01; done"), 5);
}

static void what_does_not_listen_is_killed(void **state) {
    assert_int_equal(script_end("trap '' TERM; echo; while :; do sleep 0.01; done"), 128 + SIGKILL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_listens_ends),
        cmocka_unit_test(what_has_ended_keeps_its_status),
        cmocka_unit_test(what_misses_the_signal_is_asked_again),
        cmocka_unit_test(what_does_not_listen_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
