/* What http-server.c (sockets and the event loop), http-exchange.c (the life of a request),
 * http-connection.c, http-exchange-request.c and http-exchange-answer.c share; private to them. */
#pragma once

#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/http-connection.h"
#include "fleetd/net/http-server.h"

#include <microhttpd.h>
#include <sys/queue.h>

typedef LIST_HEAD(ExchangeList, HttpExchange) ExchangeList;

typedef struct Listener { /* one listening socket */
    HttpServer *server;
    struct MHD_Daemon *daemon;
    sd_event_source *io;   /* the daemon's epoll descriptor */
    sd_event_source *soon; /* runs the daemon in the next turn of the loop */
    sd_event_source *timer;
    ExchangeList exchanges;
    LIST_ENTRY(Listener) siblings;
} Listener;

struct HttpServer {
    sd_event *event;
    HttpServerOptions options;
    HttpHandler handler;
    void *userdata;
    LIST_HEAD(, Listener) listeners;
    ConnectionList connections;
    unsigned n_connections;
    sd_event_source *deadline; /* the next of any connection */
    usec_t next_deadline_usec;
    size_t n_bytes; /* that exchanges have reserved */
    MetricSource *metric_source;
};

typedef enum Phase {
    PHASE_READING,   /* the body comes in */
    PHASE_WAITING,   /* the handler has it; no answer yet */
    PHASE_ANSWERED,  /* a whole answer is on its way */
    PHASE_STREAMING, /* the owner may write */
    PHASE_FINISHED,  /* what is queued is still sent */
    PHASE_BROKEN,    /* nobody is interested any more: the connection is to be closed */
} Phase;

struct HttpExchange {
    Listener *listener;
    struct MHD_Connection *connection;
    Connection *client;
    const char *method, *path;
    Phase phase;
    bool is_suspended;
    bool is_stalled; /* too much would have waited unsent */
    ByteBuffer body;
    size_t n_discarded; /* bytes of the body beyond the limit */
    size_t n_reserved;  /* bytes of memory_max */
    bool is_crowded;    /* its body found no more place there */
    char **headers;     /* of the answer: name, value, name, value, ... */
    unsigned status;
    struct MHD_Response *response;
    ByteBuffer unsent;
    size_t n_taken; /* of unsent, by libmicrohttpd */
    void (*on_abort)(void *userdata);
    void *abort_userdata;
    void (*on_drain)(void *userdata);
    void *drain_userdata;
    sd_event_source *hangup;  /* there while suspended */
    sd_event_source *drained; /* calls on_drain */
    LIST_ENTRY(HttpExchange) siblings;
};

/* Has the daemon run soon: needed after each resumed connection. */
void listener_run_soon(Listener *listener);

/* libmicrohttpd's callbacks; cls is the Listener. */
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *size, void **context);
void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode reason);

/* Tells the owner that the exchange is gone, if it still waits for something, and has the
 * connection closed. */
void exchange_abort(HttpExchange *exchange);

/* Takes the connection out of libmicrohttpd's hands until exchange_resume(); only from inside its
 * callbacks. */
void exchange_suspend(HttpExchange *exchange);
void exchange_resume(HttpExchange *exchange); /* fine also if it is not suspended */

/* Bytes of the server's memory_max; false: it has no more. What is not given back is when the
 * exchange ends. */
bool exchange_reserve(HttpExchange *exchange, size_t size);
void exchange_release(HttpExchange *exchange, size_t size);
int exchange_fd(const HttpExchange *exchange);
