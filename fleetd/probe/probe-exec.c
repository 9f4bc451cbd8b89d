/* A command. It leads a process group, all of which is killed when the command has ended or its
 * time is over: what it started must not pile up. */
#include "fleetd/probe/event-probe.h"

#include "fleetd/base/strv.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the daemon has beside it, credentials of its store among them, is nobody's business. */
static char *const environment[] = {
    (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

struct Command {
    pid_t pid; /* it leads a group; 0: there is none */
    int pid_fd;
    sd_event_source *source;
    EventProbe *probe; /* NULL: nobody wants to know any more */
};

static int attributes_init(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_init(attributes);
    if (error)
        return -error;
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
    return 0;
}

/* Nothing to read, nowhere to write, and no descriptor of the daemon's. */
static int actions_init(posix_spawn_file_actions_t *actions) {
    int error = posix_spawn_file_actions_init(actions);
    if (error)
        return -error;
    error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    for (int fd = STDOUT_FILENO; !error && fd <= STDERR_FILENO; fd++)
        error = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, fd);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (error)
        posix_spawn_file_actions_destroy(actions);
    return -error;
}

static int command_spawn(char *const *command, pid_t *ret) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int r = attributes_init(&attributes);
    if (r < 0)
        return r;
    r = actions_init(&actions);
    if (r >= 0) {
        pid_t pid;
        r = -posix_spawn(&pid, command[0], &actions, &attributes, command, environment);
        if (r >= 0)
            *ret = pid;
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return r;
}

static void command_free(void *userdata) {
    Command *command = userdata;
    if (command->pid_fd >= 0)
        close(command->pid_fd);
    free(command);
}

/* Its id is its own until it is waited for, so that nobody else can be killed by it. */
static void group_kill(pid_t leader) {
    if (leader > 0)
        kill(-leader, SIGKILL);
}

static void probe_conclude(EventProbe *probe, const siginfo_t *info) {
    bool has_exited = info->si_code == CLD_EXITED;
    if (has_exited && info->si_status == 0)
        return event_probe_finish(probe, NULL);
    _cleanup_free_ char *message = has_exited
                                       ? str_printf("it exited with status %d", info->si_status)
                                       : str_printf("it was killed by signal %d", info->si_status);
    event_probe_finish(probe, str_or(message, "it failed"));
}

static int on_ended(sd_event_source *source, _unused_ int fd, _unused_ uint32_t revents,
                    void *userdata) {
    Command *command = userdata;
    EventProbe *probe = command->probe;
    siginfo_t info = {};
    group_kill(command->pid);
    waitid(P_PID, (id_t) command->pid, &info, WEXITED);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    if (!probe) {
        sd_event_source_set_floating(source, false); /* the loop held the last reference */
        return 0;
    }
    probe->command = NULL;
    sd_event_source_unref(source);
    probe_conclude(probe, &info);
    return 0;
}

void command_abandon(Command *command) {
    command->probe = NULL;
    group_kill(command->pid);
    sd_event_source_set_floating(command->source, true);
    sd_event_source_unref(command->source);
}

/* From here on the source owns the command, and frees it. */
static int command_watch(Command *command, sd_event *event) {
    command->pid_fd = pidfd_open(command->pid, 0);
    if (command->pid_fd < 0)
        return -errno;
    int r = sd_event_add_io(event, &command->source, command->pid_fd, EPOLLIN, on_ended, command);
    return r < 0 ? r : sd_event_source_set_destroy_callback(command->source, command_free);
}

/* Killed at once, it has not done anything that could keep it. */
static void command_give_up(Command *command) {
    group_kill(command->pid);
    if (command->pid > 0)
        waitpid(command->pid, NULL, 0);
    command_free(command);
}

int probe_exec_begin(EventProbe *probe) {
    Command *command = calloc(1, sizeof(Command));
    if (!command)
        return -ENOMEM;
    *command = (Command){.pid_fd = -1, .probe = probe};
    int r = command_spawn(probe->check->command, &command->pid);
    if (r >= 0)
        r = command_watch(command, event_probe_prober(probe)->event);
    if (r < 0) {
        command_give_up(command);
        return r;
    }
    probe->command = command;
    return 0;
}
