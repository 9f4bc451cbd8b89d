/* The sockets that the API is served on: those that systemd passes (fleet.socket), or one that
 * fleetd opens itself. */
#pragma once

#include "fleetd/net/http-server.h"

/* unix_path: where to listen when systemd passed nothing; for root and group
 * fleet. A stale socket there is replaced, a living one is -EADDRINUSE, anything else (a link, too)
 * is -EEXIST. Warns of a socket that the network reaches. */
int sockets_listen(HttpServer *server, const char *unix_path, Error *reterr);
