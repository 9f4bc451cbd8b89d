/* The forwarding runs in a process of its own, between two sockets whose other ends the test has.
 */
#include "fleetctl/remote/socket-forward.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_MAX 10 /* seconds: a forwarding that hangs fails the test */

typedef struct Forwarding {
    int user, server; /* what the far ends are connected to */
    pid_t pid;
} Forwarding;

static void forwarding_start(Forwarding *forwarding) {
    int near[2], far[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, near), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, far), 0);
    signal(SIGPIPE, SIG_IGN);
    *forwarding = (Forwarding){.user = near[0], .server = far[0], .pid = fork()};
    assert_true(forwarding->pid >= 0);
    if (forwarding->pid == 0) {
        alarm(TIME_MAX);
        close(near[0]);
        close(far[0]);
        _exit(-socket_forward(near[1], near[1], far[1]));
    }
    close(near[1]);
    close(far[1]);
}

/* The forwarding ends by itself. */
static void forwarding_assert_over(Forwarding *forwarding, struct rusage *ret_usage) {
    int status;
    assert_int_equal(wait4(forwarding->pid, &status, 0, ret_usage), forwarding->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(forwarding->user);
    close(forwarding->server);
}

static void text_send(int fd, const char *text) {
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_receives(int fd, const char *text) {
    char buffer[64] = {};
    size_t length = 0;
    while (length < strlen(text)) {
        ssize_t n = read(fd, buffer + length, sizeof(buffer) - 1 - length);
        assert_true(n > 0);
        length += (size_t) n;
    }
    assert_string_equal(buffer, text);
}

static void assert_at_end(int fd) {
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
}

static void bytes_go_both_ways(void **state) {
    Forwarding f;
    forwarding_start(&f);
    text_send(f.user, "question");
    assert_receives(f.server, "question");
    text_send(f.server, "answer");
    assert_receives(f.user, "answer");
    shutdown(f.user, SHUT_WR);
    assert_at_end(f.server);
    shutdown(f.server, SHUT_WR);
    assert_at_end(f.user);
    forwarding_assert_over(&f, NULL);
}

static void answer_comes_after_the_end_of_the_question(void **state) {
    Forwarding f;
    forwarding_start(&f);
    text_send(f.user, "question");
    shutdown(f.user, SHUT_WR);
    assert_receives(f.server, "question");
    assert_at_end(f.server);
    text_send(f.server, "answer");
    assert_receives(f.user, "answer");
    close(f.server);
    assert_at_end(f.user);
    forwarding_assert_over(&f, NULL);
}

static void question_may_go_on_after_the_end_of_the_answer(void **state) {
    Forwarding f;
    forwarding_start(&f);
    shutdown(f.server, SHUT_WR);
    assert_at_end(f.user);
    text_send(f.user, "more");
    assert_receives(f.server, "more");
    close(f.user);
    assert_at_end(f.server);
    forwarding_assert_over(&f, NULL);
}

static void server_that_hangs_up_ends_it_though_the_user_does_not(void **state) {
    Forwarding f;
    forwarding_start(&f);
    text_send(f.server, "last words");
    close(f.server);
    assert_receives(f.user, "last words");
    assert_at_end(f.user);
    forwarding_assert_over(&f, NULL);
}

static void user_who_hangs_up_ends_it_though_the_server_does_not(void **state) {
    Forwarding f;
    forwarding_start(&f);
    close(f.user);
    forwarding_assert_over(&f, NULL);
}

/* One direction has ended, in the other nothing happens for a while, and no time is spent on it. */
static void assert_idle(bool is_user_at_end) {
    enum { IDLE_MSEC = 200 };
    Forwarding f;
    struct rusage usage;
    forwarding_start(&f);
    shutdown(is_user_at_end ? f.user : f.server, SHUT_WR);
    assert_at_end(is_user_at_end ? f.server : f.user);
    poll(NULL, 0, IDLE_MSEC);
    shutdown(is_user_at_end ? f.server : f.user, SHUT_WR);
    forwarding_assert_over(&f, &usage);
    int64_t usec = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
                   usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    assert_true(usec < IDLE_MSEC * 1000 / 4);
}

static void half_a_forwarding_is_not_busy(void **state) {
    assert_idle(true);
    assert_idle(false);
}

/* Both write more than any buffer holds before they read: neither direction may wait for the other.
 */
static void directions_do_not_wait_for_each_other(void **state) {
    enum { SIZE = 3 << 20 };
    Forwarding f;
    forwarding_start(&f);
    char *block = calloc(1, SIZE);
    pid_t writer = fork();
    if (writer == 0) {
        alarm(TIME_MAX);
        for (size_t sent = 0; sent < SIZE;) {
            ssize_t n = write(f.user, block, SIZE - sent);
            sent += n > 0 ? (size_t) n : 0;
        }
        _exit(0);
    }
    size_t received = 0;
    text_send(f.server, "answer");
    assert_receives(f.user, "answer"); /* while the writer is stuck */
    while (received < SIZE) {
        ssize_t n = read(f.server, block, SIZE);
        assert_true(n > 0);
        received += (size_t) n;
    }
    waitpid(writer, NULL, 0);
    free(block);
    close(f.server);
    shutdown(f.user, SHUT_RDWR);
    forwarding_assert_over(&f, NULL);
}

static void socket_that_is_not_there_is_told(void **state) {
    _cleanup_error_ Error error = {};
    char path[200];
    int fd = -1;
    assert_int_equal(socket_connect("/nonexistent/sock", &fd, &error), -ENOENT);
    assert_non_null(strstr(error.message, "'/nonexistent/sock'"));
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(socket_connect(path, &fd, NULL), -EINVAL);
    assert_int_equal(fd, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(answer_comes_after_the_end_of_the_question),
        cmocka_unit_test(question_may_go_on_after_the_end_of_the_answer),
        cmocka_unit_test(server_that_hangs_up_ends_it_though_the_user_does_not),
        cmocka_unit_test(user_who_hangs_up_ends_it_though_the_server_does_not),
        cmocka_unit_test(half_a_forwarding_is_not_busy),
        cmocka_unit_test(directions_do_not_wait_for_each_other),
        cmocka_unit_test(socket_that_is_not_there_is_told),
    };
    alarm(3 * TIME_MAX);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
