/* The connections of clients: how many there may be, and how long one may take for what it is at.
 * Who is slow holds up nobody else, but holds memory and a place; so each step has its limit:
 * waiting for a request, sending it, taking the answer. While an answer is awaited or streamed
 * there is none: the first is the handler's matter, and of a stream that nobody reads only so much
 * is kept. */
#pragma once

#include "fleetd/net/http-server.h"

#include <microhttpd.h>
#include <sys/queue.h>

typedef struct Connection {
    struct Listener *listener;
    struct MHD_Connection *handle;
    bool is_busy;         /* a request has come as far as its headers, and has not been answered */
    bool is_refused;      /* one too many: to be told so */
    bool has_long_query;  /* its request has more parameters than are parsed */
    bool is_closing;      /* its socket has been shut down */
    usec_t deadline_usec; /* USEC_INFINITY: none */
    TAILQ_ENTRY(Connection) siblings;
} Connection;

typedef TAILQ_HEAD(ConnectionList, Connection) ConnectionList; /* the longest idle first */

typedef enum ConnectionStep {
    CONNECTION_IDLE,      /* between requests */
    CONNECTION_SENDING,   /* the client sends a request's body */
    CONNECTION_WAITING,   /* for an answer, or for more of a stream */
    CONNECTION_RECEIVING, /* the client takes an answer */
} ConnectionStep;

/* libmicrohttpd's callback. */
void connection_on_notify(void *cls, struct MHD_Connection *handle, void **context,
                          enum MHD_ConnectionNotificationCode code);
Connection *connection_of(struct MHD_Connection *handle); /* NULL: there was no memory for it */

/* From here on it is at that step; NULL is fine. */
void connection_step(Connection *connection, ConnectionStep step);

int connections_init(HttpServer *server);
void connections_done(HttpServer *server); /* all of them must be closed */
