/* A unix socket as standard input and output: the far end of fleetctl --tunnel. */
#pragma once

#include "fleetd/base/error.h"

/* A connection to the socket at path. -errno with a message. */
int socket_connect(const char *path, int *ret, Error *reterr);

/* Carries bytes from input to the socket and from the socket to output. The end of one direction is
 * passed on (output is shut down or closed then) while the other goes on. Returns 0 when both have
 * ended, or nobody reads output any more, -errno when waiting fails. SIGPIPE must be ignored. */
int socket_forward(int input, int output, int socket);
