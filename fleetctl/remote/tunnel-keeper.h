/* The process that keeps a tunnel. For tunnel.c. */
#pragma once

#include "fleetd/base/error.h"

typedef struct TunnelKeeper {
    char **master, **session; /* command lines: of the login, and of one connection through it */
    const char *folder;       /* where the login's socket comes to be, ... */
    const char *control;      /* ... at this path */
    int listener;             /* connections to be carried come here */
    int life; /* a stream to fleetctl: a byte goes there when the login is done; when
                 fleetctl closes it, all is over */
} TunnelKeeper;

/* Runs until fleetctl ends or the login fails. For a process of its own, which exits with the
 * result: 0, or -errno after a message. Leaves no process behind. */
int tunnel_keeper_run(const TunnelKeeper *keeper, Error *reterr);
