/* What a connection and its session with nghttp2 share; private to h2-connection.c and
 * h2-session.c.
 */
#pragma once

#include "fleetd/net/h2-connection.h"

#include <nghttp2/nghttp2.h>

struct H2Connection {
    CurlLink *link;
    nghttp2_session *session; /* NULL: it is being made, or broken */
    sd_event_source *step;    /* to go on from the loop */
    char *authority;
    bool is_tls;
    bool is_broken;
    bool has_spoken; /* the peer, in HTTP/2 */
    unsigned max_requests;
    unsigned n_open;       /* requests with a stream */
    H2RequestList waiting; /* without */
    H2RequestList open;
    ByteBuffer out; /* what has not been sent */
    void (*on_change)(H2Connection *connection, void *userdata);
    void *userdata;
};

/* nghttp2's end of the connection; it notes what comes in the requests. -ENOMEM. */
int h2_session_new(H2Connection *connection);

/* The first one that waits becomes a stream. -ENOMEM; -EHOSTUNREACH: the peer takes no more. */
int h2_session_submit(H2Connection *connection, H2Request *request);
/* The peer is told that nobody waits for that stream any more. */
void h2_session_drop(H2Connection *connection, const H2Request *request);

/* Of a request that is on it: it leaves; it has ended as well. */
void h2_connection_detach(H2Request *request);
void h2_connection_end(H2Request *request, int r, const char *message);
