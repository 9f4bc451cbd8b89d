/* One connection to a host, and the requests on it, each a stream of HTTP/2. For h2-client.c. */
#pragma once

#include "fleetd/net/curl-link.h"
#include "fleetd/net/h2-request.h"

typedef struct H2ConnectionOptions {
    CurlLinkOptions link;
    unsigned max_requests; /* 0: no limit */
} H2ConnectionOptions;

/* on_change is called after each step: requests may have become ready, or have ended. It may free
 * the connection. */
int h2_connection_new(sd_event *event, const H2ConnectionOptions *options,
                      void (*on_change)(H2Connection *connection, void *userdata), void *userdata,
                      H2Connection **ret);
/* All requests have left it or ended. */
void h2_connection_free(H2Connection *connection);

/* Whether it is made or being made, and takes requests. */
bool h2_connection_is_usable(const H2Connection *connection);
bool h2_connection_is_idle(const H2Connection *connection); /* it has no requests */

/* It is sent soon, from the loop. */
void h2_connection_add(H2Connection *connection, H2Request *request);
/* Sends now what is to be sent soon, as far as that is possible. */
void h2_connection_flush(H2Connection *connection);
/* Before it has ended: the peer is told that nobody waits any more. One that has ended: nothing. */
void h2_connection_remove(H2Request *request);
