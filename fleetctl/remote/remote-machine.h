/* The machines that commands reach, and reaching them. */
#pragma once

#include "fleetctl/api/context.h"

typedef struct RemoteMachine {
    char *id;
    char *address; /* "" for the machine that fleetctl runs on, when it was not asked for */
} RemoteMachine;

void remote_machine_done(RemoteMachine *machine);
#define _cleanup_remote_machine_ _cleanup_(remote_machine_done)

/* The machine that word names, as machine_find() has it. 1: found; 0: there is none. */
int remote_machine_find(const Context *context, const char *word, RemoteMachine *ret,
                        Error *reterr);

/* The machine that a unit is on. When it is on several, machine (as above; may be NULL) says which
 * one is meant. 1: found; 0: the cluster does not know the unit. -ENODATA: it is on no machine;
 * -EINVAL: on several, or machine is none. */
int remote_machine_of_unit(const Context *context, const char *unit, const char *machine,
                           RemoteMachine *ret, Error *reterr);

/* The machine or the unit's machine, whatever the word means. 1: found; 0: it means neither.
 * -EINVAL: it means both. */
int remote_machine_guess(const Context *context, const char *word, RemoteMachine *ret,
                         Error *reterr);

/* How a command is run on a machine. */
typedef struct RemoteRun {
    const char *const *words;
    bool never_asks; /* see SshTarget */
} RemoteRun;

/* The exit status of ssh when it, and not the command, failed. It has said why then. */
#define SSH_FAILED 255

/* Runs the words there, without ssh if that is here, on our standard output. ssh leaves our
 * standard input alone: it may be a script's list of units. Their exit status, SSH_FAILED, or
 * -errno with a message. */
int remote_machine_run(const Context *context, const RemoteMachine *machine, const RemoteRun *run,
                       Error *reterr);

/* Runs a line for the shell there, or a login shell (NULL), with our standard input, always through
 * ssh. As above. */
int remote_machine_login(const Context *context, const RemoteMachine *machine, const char *command,
                         Error *reterr);
