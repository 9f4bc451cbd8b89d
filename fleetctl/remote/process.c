#include "fleetctl/remote/process.h"

#include "fleetctl/print/message.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_ASKED_MAX 20
#define END_ASKED_EVERY_MSEC 100

/* What is ignored stays ignored, as when a shell has started us in the background. */
static int attributes_set(posix_spawnattr_t *attributes) {
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    int r = posix_spawnattr_setsigmask(attributes, &none);
    if (r == 0)
        r = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (r == 0)
        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return r;
}

static int files_set(posix_spawn_file_actions_t *actions, int input, int output) {
    int r = 0;
    if (input >= 0)
        r = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    if (r == 0 && output >= 0)
        r = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    return r;
}

/* The errno, not negative, as all of posix_spawn has it. */
static int process_spawn(char *const *words, int input, int output, pid_t *ret) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int r = posix_spawnattr_init(&attributes);
    if (r != 0)
        return r;
    r = posix_spawn_file_actions_init(&actions);
    if (r == 0) {
        r = attributes_set(&attributes);
        if (r == 0)
            r = files_set(&actions, input, output);
        if (r == 0)
            r = posix_spawnp(ret, words[0], &actions, &attributes, words, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return r;
}

int process_start(char *const *words, int input, int output, pid_t *ret, Error *reterr) {
    int r = process_spawn(words, input, output, ret);
    if (r == 0)
        return 0;
    return error_set(reterr, -r, "Failed to run %s: %s", words[0],
                     r == ENOENT ? "it is not installed" : strerror(r));
}

static int exit_status(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_wait(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return exit_status(status);
}

int process_end(pid_t pid) {
    struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    int n_ended = 0;
    for (int i = 0; n_ended == 0 && end.fd >= 0 && i < END_ASKED_MAX; i++) {
        kill(pid, SIGTERM);
        n_ended = poll(&end, 1, END_ASKED_EVERY_MSEC);
    }
    if (n_ended <= 0)
        kill(pid, SIGKILL);
    if (end.fd >= 0)
        close(end.fd);
    return process_wait(pid);
}

/* Waits, with these signals blocked. The terminal sends its signals to the program as well; what
 * another process sends to us is meant for it. */
static int process_attend(pid_t pid, const sigset_t *signals) {
    for (;;) {
        siginfo_t info;
        int status;
        int signal = sigwaitinfo(signals, &info);
        if (signal == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
            return exit_status(status);
        if (signal > 0 && signal != SIGCHLD && info.si_code == SI_USER)
            kill(pid, signal);
    }
}

int process_run(char *const *words, Error *reterr) {
    static const int attended[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    sigset_t signals, old;
    pid_t pid = 0;
    int r = say_flush();
    if (r < 0)
        return r;
    sigemptyset(&signals);
    for (size_t i = 0; i < ELEMENTSOF(attended); i++)
        sigaddset(&signals, attended[i]);
    if (sigprocmask(SIG_BLOCK, &signals, &old) < 0)
        return -errno;
    r = process_start(words, -1, -1, &pid, reterr);
    if (r >= 0)
        r = process_attend(pid, &signals);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return r;
}
