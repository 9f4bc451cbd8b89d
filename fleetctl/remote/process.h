/* Other programs: ssh, systemctl, journalctl. No signal is blocked for them, and SIGPIPE ends them,
 * whatever fleetctl has done about it for itself. */
#pragma once

#include "fleetd/base/error.h"

#include <sys/types.h>

/* Starts the program that words[0] names in PATH, with input as its standard input and output as
 * its standard output (-1: ours). -ENOENT with a message when it is not installed. */
int process_start(char *const *words, int input, int output, pid_t *ret, Error *reterr);

/* Waits for it. Its exit status; 128 and the signal when one ended it. */
int process_wait(pid_t pid);

/* Asks it to end (SIGTERM) and waits; one that has not heard it, as OpenSSH 9.2 may not when it
 * was just about to wait, is asked again, and one that does not listen is killed. Its exit status
 * as above. */
int process_end(pid_t pid);

/* Runs a program on our own standard input and output, after what we had to say. Signals that would
 * end fleetctl are the program's meanwhile. Its exit status as above, or -errno when it could not
 * be started. */
int process_run(char *const *words, Error *reterr);
