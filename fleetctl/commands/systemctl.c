#include "fleetctl/commands/systemctl.h"

#include "fleetctl/print/message.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

int systemctl_status(const char *name) {
    const char *const arguments[] = {"systemctl", "--no-pager", "status", "-l", "--", name, NULL};
    pid_t pid;
    int status;
    int r = say_flush(); /* ours first */
    if (r < 0)
        return r;
    r = posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *) arguments, environ);
    if (r != 0)
        return -r;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
