#include "fleetd/net/http-connection.h"

#include "fleetd/base/log.h"
#include "fleetd/net/http-exchange.h"

#include <errno.h>
#include <sys/socket.h>

#define ACCURACY_USEC (100 * USEC_PER_MSEC)

static const MetricFamily open_connections = {
    "fleet_http_connections",
    METRIC_GAUGE,
    "Connections of clients to the API.",
    {},
};
static const MetricFamily closed = {
    "fleet_http_connections_closed_total",
    METRIC_COUNTER,
    "Connections that fleetd ended: idle, slow, or crowded out; refused: answered 503.",
    {"reason"},
};

static usec_t server_now(const HttpServer *server) {
    usec_t now = 0;
    (void) sd_event_now(server->event, CLOCK_MONOTONIC, &now);
    return now;
}

/* libmicrohttpd sees that the client can be neither read from nor written to, and forgets it. */
static void connection_close(Connection *connection, const char *reason) {
    int fd =
        MHD_get_connection_info(connection->handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->is_closing = true;
    connection->deadline_usec = USEC_INFINITY;
    log_debug("HTTP server: closing a connection: %s", reason);
    metrics_add(connection->listener->server->options.metrics, &closed, LABELS(reason), 1);
    shutdown(fd, SHUT_RDWR);
    listener_run_soon(connection->listener);
}

/* --- time --- */

static void timer_arm(HttpServer *server, usec_t at_usec) {
    if (at_usec >= server->next_deadline_usec)
        return;
    server->next_deadline_usec = at_usec;
    sd_event_source_set_time(server->deadline, at_usec);
    sd_event_source_set_enabled(server->deadline, SD_EVENT_ONESHOT);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
    HttpServer *server = userdata;
    Connection *connection;
    usec_t now = server_now(server);
    server->next_deadline_usec = USEC_INFINITY;
    TAILQ_FOREACH(connection, &server->connections, siblings)
    if (connection->deadline_usec <= now)
        connection_close(connection, connection->is_busy ? "slow" : "idle");
    TAILQ_FOREACH(connection, &server->connections, siblings)
    timer_arm(server, connection->deadline_usec);
    return 0;
}

void connection_step(Connection *connection, ConnectionStep step) {
    if (!connection || connection->is_closing)
        return;
    HttpServer *server = connection->listener->server;
    usec_t limit_usec = step == CONNECTION_IDLE      ? server->options.idle_timeout_usec
                        : step == CONNECTION_WAITING ? 0
                                                     : server->options.transfer_timeout_usec;
    connection->is_busy = step != CONNECTION_IDLE;
    connection->deadline_usec = limit_usec > 0 ? server_now(server) + limit_usec : USEC_INFINITY;
    timer_arm(server, connection->deadline_usec);
    TAILQ_REMOVE(&server->connections, connection, siblings);
    TAILQ_INSERT_TAIL(&server->connections, connection, siblings);
}

/* --- number --- */

/* Makes place by closing the one that has been without a request for longest; it may be in the
 * middle of slow headers. If all are busy the new one is told so. */
static void connections_make_room(HttpServer *server, Connection *newcomer) {
    Connection *connection;
    TAILQ_FOREACH(connection, &server->connections, siblings)
    if (!connection->is_busy && !connection->is_closing && connection != newcomer)
        break;
    if (connection)
        connection_close(connection, "crowded");
    else
        newcomer->is_refused = true;
    if (newcomer->is_refused)
        metrics_add(server->options.metrics, &closed, LABELS("refused"), 1);
}

static Connection *connection_new(Listener *listener, struct MHD_Connection *handle) {
    HttpServer *server = listener->server;
    Connection *connection = calloc(1, sizeof(Connection));
    if (!connection)
        return NULL;
    connection->listener = listener;
    connection->handle = handle;
    TAILQ_INSERT_TAIL(&server->connections, connection, siblings);
    connection_step(connection, CONNECTION_IDLE);
    if (++server->n_connections > server->options.connections_max)
        connections_make_room(server, connection);
    return connection;
}

static void connection_free(Connection *connection) {
    HttpServer *server = connection->listener->server;
    TAILQ_REMOVE(&server->connections, connection, siblings);
    server->n_connections--;
    free(connection);
}

void connection_on_notify(void *cls, struct MHD_Connection *handle, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = connection_new(cls, handle);
    else if (*context)
        connection_free(TAKE_PTR(*(Connection **) context));
}

Connection *connection_of(struct MHD_Connection *handle) {
    return MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* --- the server's part --- */

static void collect(Metrics *metrics, void *userdata) {
    const HttpServer *server = userdata;
    metrics_set(metrics, &open_connections, NULL, server->n_connections);
}

int connections_init(HttpServer *server) {
    TAILQ_INIT(&server->connections);
    server->next_deadline_usec = USEC_INFINITY;
    metrics_declare(server->options.metrics, &open_connections);
    metrics_declare(server->options.metrics, &closed);
    server->metric_source = metrics_add_source(server->options.metrics, collect, server);
    int r = sd_event_add_time(server->event, &server->deadline, CLOCK_MONOTONIC, UINT64_MAX,
                              ACCURACY_USEC, on_deadline, server);
    return r < 0 ? r : sd_event_source_set_enabled(server->deadline, SD_EVENT_OFF);
}

void connections_done(HttpServer *server) {
    metric_source_free(server->metric_source);
    sd_event_source_disable_unref(server->deadline);
}
