#include "tests/fakes/shell-command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

int shell_command_run(const char *format, ...) {
    _cleanup_free_ char *command = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&command, format, ap);
    va_end(ap);
    if (n < 0)
        return -ENOMEM;
    int status = system(command);
    if (status == 0)
        return 0;
    fprintf(stderr, "failed: %s\n", command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -ECHILD;
}
