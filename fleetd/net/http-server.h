/* An HTTP server on sd-event: libmicrohttpd with its epoll descriptor in the loop. It knows nothing
 * of fleet: it reads whole requests within limits, hands them to one handler, and sends answers
 * now, later, or as a stream. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/metrics.h"
#include "fleetd/base/time-units.h"

#include <systemd/sd-event.h>

typedef struct HttpServer HttpServer;
typedef struct HttpExchange HttpExchange; /* one request and its answer */

typedef struct HttpServerOptions {
    size_t body_max;          /* bytes; more is answered 413 */
    size_t header_max;        /* bytes of request line and headers */
    unsigned connections_max; /* of all sockets together; one more takes the place of the one that
                                 has been without a request for longest, or is answered 503 */
    usec_t idle_timeout_usec; /* from one request to the next one's headers; 0: none */
    usec_t
        transfer_timeout_usec; /* for a body to come in, and for an answer to be taken; 0: none */
    size_t stream_max;         /* bytes of a stream that may wait unsent; 0: 4 MiB */
    size_t memory_max; /* bytes of bodies and answers, of all clients together: what goes beyond is
                          answered 503, or dropped if it is a stream; 0: 256 MiB */
    Metrics *metrics;  /* NULL: nothing is counted */
} HttpServerOptions;

/* Called once per request that has come whole. It must end, at once or later, in exactly one
 * http_exchange_reply() or http_exchange_stream(), unless it is aborted. */
typedef void (*HttpHandler)(HttpExchange *exchange, void *userdata);

int http_server_new(sd_event *event, const HttpServerOptions *options, HttpHandler handler,
                    void *userdata, HttpServer **ret);
/* Serves a listening socket, and takes it over, also on failure. May be called for several. */
int http_server_listen_take(HttpServer *server, int fd, Error *reterr);
/* Closes everything. Exchanges that have no answer yet are aborted (on_abort is called). Not from
 * inside the server's own callbacks. */
void http_server_free(HttpServer *server);
DEFINE_POINTER_CLEANUP(HttpServer, http_server_free)

/* Of the request; all borrowed and valid until the reply. */
const char *http_exchange_method(const HttpExchange *exchange);
const char *http_exchange_path(
    const HttpExchange *exchange); /* without the query; percent-decoding is done */
const char *http_exchange_query(const HttpExchange *exchange,
                                const char *name); /* first value, decoded; NULL: not given */
/* Calls back for each value of that query argument, in order. */
void http_exchange_query_each(const HttpExchange *exchange, const char *name,
                              void (*each)(const char *value, void *userdata), void *userdata);
const char *http_exchange_header(const HttpExchange *exchange,
                                 const char *name); /* NULL: not sent */
const char *http_exchange_body(const HttpExchange *exchange,
                               size_t *ret_size); /* "" if none; NUL-terminated */

/* The client went away, or the server is freed, before reply or while streaming: called at most
 * once, after it the exchange is gone. After a reply it is never called. A handler that answers
 * later must set it. A client that shuts down its sending side counts as gone. */
void http_exchange_on_abort(HttpExchange *exchange, void (*on_abort)(void *userdata),
                            void *userdata);

/* Extra header of the answer, before reply or stream. */
int http_exchange_add_header(HttpExchange *exchange, const char *name, const char *value);

/* Answers and ends the exchange; body is copied. content_type NULL: none. Cannot fail: out of
 * memory closes the connection. */
void http_exchange_reply(HttpExchange *exchange, unsigned status, const char *content_type,
                         const void *body, size_t size);

/* Begins a stream (200, chunked). */
void http_exchange_stream(HttpExchange *exchange, const char *content_type);
/* Queues bytes; sends them as the client takes them. -ENOBUFS: too much would wait unsent, nothing
 * was queued; http_exchange_finish() then drops the client. */
int http_exchange_write(HttpExchange *exchange, const void *data, size_t size);
/* Calls back from the loop each time everything that was written has been taken: the way to send
 * much without queueing it. -ENOMEM. */
int http_exchange_on_drain(HttpExchange *exchange, void (*on_drain)(void *userdata),
                           void *userdata);
/* Ends a stream once what is queued has been sent; the exchange is gone. */
void http_exchange_finish(HttpExchange *exchange);
