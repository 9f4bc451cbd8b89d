/* The command lines of ssh: the user's own OpenSSH client, so that its configuration, its agent and
 * its known hosts count; flags of fleetctl that were not given leave a matter to it. Pure. */
#pragma once

#include "fleetctl/options/options.h"
#include "fleetctl/remote/ssh-address.h"

typedef struct SshTarget {
    const char *host;
    unsigned port;             /* 0: ssh's own choice */
    const char *proxy_command; /* what leads there; NULL: the network does */
    bool forward_agent;
    bool ignores_input; /* standard input is left alone: it may be a script's list of units */
    bool never_asks;    /* neither for a password nor about a host's key: fails instead, and soon */
    const char *command; /* one line for the shell there; NULL: a login shell */
} SshTarget;

/* What reaches a machine. The caller frees. */
int ssh_command(const Options *options, const SshTarget *target, char ***ret);

/* The three command lines of a tunnel to address: all share the one connection of the first, which
 * has control as its socket and does nothing itself. */
int ssh_tunnel_master(const Options *options, const SshAddress *address, const char *control,
                      char ***ret);
/* Carries standard input and output to the unix socket, or else to the HOST:PORT, beyond it. */
int ssh_tunnel_session(const Options *options, const SshAddress *address, const char *control,
                       const char *unix_socket, const char *host_port, char ***ret);
/* For SshTarget.proxy_command. NULL when out of memory; the caller frees. */
char *ssh_tunnel_proxy(const Options *options, const SshAddress *address, const char *control);
