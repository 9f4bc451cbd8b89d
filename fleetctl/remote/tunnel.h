/* The way to fleetd and to the machines through another host, with one login of ssh for all of it.
 *
 * A process of its own keeps it: it listens at a unix socket in a folder that is only the user's,
 * and carries each connection there through ssh to where fleetd answers beyond the host. It ends,
 * and takes its ssh and its folder with it, when fleetctl does, in whatever way. */
#pragma once

#include "fleetctl/options/options.h"

typedef struct Tunnel Tunnel;

typedef struct TunnelGoal {
    const char *unix_socket; /* on the far side; NULL: base_url's host and port */
    const char *base_url;
} TunnelGoal;

/* How many connections to use at a time: sshd lets ten run in one login by default. */
#define TUNNEL_CONNECTIONS_MAX 6

/* Logs in at options->tunnel, which may ask the user for a password, and waits until that is done.
 * -EINVAL for an address that is none; -EHOSTUNREACH when ssh, which has said why, did not get
 * there. */
int tunnel_open(const Options *options, const TunnelGoal *goal, Tunnel **ret, Error *reterr);
/* Ends it and waits until everything of it has gone. */
void tunnel_close(Tunnel *tunnel);
DEFINE_POINTER_CLEANUP(Tunnel, tunnel_close)

/* The socket that stands for fleetd's. Borrowed. */
const char *tunnel_socket(const Tunnel *tunnel);
/* For SshTarget: how ssh reaches machines through the tunnel. Borrowed. */
const char *tunnel_proxy_command(const Tunnel *tunnel);
