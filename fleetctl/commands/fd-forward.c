#include "fleetctl/commands/command.h"
#include "fleetctl/remote/socket-forward.h"

#include <signal.h>
#include <unistd.h>

int command_fd_forward(Context *context, const char *const *operands, Error *reterr) {
    int fd = -1;
    int r = socket_connect(operands[0], &fd, reterr);
    if (r < 0)
        return r;
    signal(SIGPIPE, SIG_IGN);
    r = socket_forward(STDIN_FILENO, STDOUT_FILENO, fd);
    close(fd);
    return r;
}
