/* HTTP/2 requests on sd-event, many at a time over one connection to each host, that carry headers
 * behind the answer's body, too: what gRPC needs. libcurl makes the connections and nghttp2 speaks
 * over them: libcurl's own HTTP/2 in Debian 12 (7.88) cannot use an http:// connection twice. */
#pragma once

#include "fleetd/net/http-client.h"

typedef struct H2Client H2Client;
typedef struct H2Request H2Request;

typedef struct H2ClientOptions {
    HttpTls tls;
    unsigned max_requests;       /* to one host at a time, the others wait; 0: no limit */
    usec_t connect_timeout_usec; /* not made by then: -EHOSTUNREACH, nothing was sent */
} H2ClientOptions;

typedef struct H2Field { /* the name in lower case */
    const char *name, *value;
} H2Field;

typedef struct H2Call {    /* a POST */
    const char *host;      /* "http://HOST:PORT" or "https://HOST:PORT" */
    const char *path;      /* "/..." */
    const H2Field *fields; /* headers, up to one without a name */
    const void *body;      /* copied */
    size_t body_size;
    bool is_at_once;     /* written before h2_client_start() returns, where the connection is made
                            and has room; others are written together, soon */
    usec_t timeout_usec; /* for the whole request, 0: none. With on_data: for the headers of the
                            answer only */
    size_t answer_max;   /* bytes; a longer answer, or piece for on_data, is -EMSGSIZE */
} H2Call;

typedef struct H2Answer {
    unsigned status; /* 200, ... */
    char *body; /* NUL-terminated; of a 200 answer with on_data: "". Its bytes, not the NUL, may
                   be written over until H2Done returns */
    size_t body_size;
    const H2Request *request; /* for h2_answer_field() */
} H2Answer;

/* r is 0 when an answer came whole, of whatever status; else answer is NULL and r says why, as of
 * HttpDone. -ECONNREFUSED, -EHOSTUNREACH: nothing was done, not even if it was sent. */
typedef void (*H2Done)(int r, const H2Answer *answer, const char *message, void *userdata);

/* Called with the bytes of a 200 answer as they come. It may cancel the request. */
typedef void (*H2Data)(const char *data, size_t size, void *userdata);

/* The value of a header of the answer or behind it; NULL: not sent. Valid until H2Done returns. */
const char *h2_answer_field(const H2Answer *answer, const char *name);

int h2_client_new(sd_event *event, const H2ClientOptions *options, H2Client **ret);
/* Cancels what is under way. */
void h2_client_free(H2Client *client);
DEFINE_POINTER_CLEANUP(H2Client, h2_client_free)

/* Starts a request. on_done is called exactly once, unless the request is cancelled, and never from
 * inside this call. on_data may be NULL. *ret (may be NULL) is valid until on_done is called. What
 * was sent is never sent again: when a connection breaks under it, that is -ECONNRESET. A dead peer
 * ends a stream in about 15 s. */
int h2_client_start(H2Client *client, const H2Call *call, H2Data on_data, H2Done on_done,
                    void *userdata, H2Request **ret);
/* Requests that are started from now on use new connections, as those there are may be dead without
 * a word; what is under way goes on. A request that has no answer in time does this, too. */
void h2_client_reconnect(H2Client *client);
/* No callback comes any more, and the peer is told. NULL is fine. Also allowed from inside its own
 * callbacks. */
void h2_request_cancel(H2Request *request);
