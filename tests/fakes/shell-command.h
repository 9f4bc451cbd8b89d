/* Shell commands that tests need done: keys to make, tools of etcd to ask. */
#pragma once

#include "fleetd/base/macros.h"

/* Runs the command, which is formatted like printf's, and waits for it. 0: it succeeded. -ENOENT:
 * there is no such program. -ECHILD: it failed. Standard error has the command that did not
 * succeed. */
int shell_command_run(const char *format, ...) _printf_(1, 2);
