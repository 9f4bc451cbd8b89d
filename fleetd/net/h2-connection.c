#include "fleetd/net/h2-connection-internal.h"

#include "fleetd/base/strv.h"

#include <errno.h>

/* In one step: others in the loop have their turn, too. */
#define RECEIVE_MAX ((size_t) 4 * 1024 * 1024)

/* Frames are sent together up to this. */
#define SEND_SIZE ((size_t) 64 * 1024)

/* --- requests --- */

void h2_connection_detach(H2Request *request) {
    H2Connection *connection = TAKE_PTR(request->connection);
    H2RequestList *list = request->stream > 0 ? &connection->open : &connection->waiting;
    TAILQ_REMOVE(list, request, connection_link);
    connection->n_open -= request->stream > 0;
}

/* The stream may still be there; it is nobody's then. */
void h2_connection_end(H2Request *request, int r, const char *message) {
    h2_connection_detach(request);
    h2_request_end(request, r, message);
}

static void connection_go_on(H2Connection *connection) {
    (void) sd_event_source_set_enabled(connection->step, SD_EVENT_ONESHOT);
}

void h2_connection_add(H2Connection *connection, H2Request *request) {
    request->connection = connection;
    TAILQ_INSERT_TAIL(&connection->waiting, request, connection_link);
    connection_go_on(connection);
}

void h2_connection_remove(H2Request *request) {
    H2Connection *connection = request->connection;
    if (!connection)
        return;
    h2_session_drop(connection, request);
    h2_connection_detach(request);
    connection_go_on(connection);
}

bool h2_connection_is_usable(const H2Connection *connection) {
    return !connection->is_broken &&
           (!connection->session || nghttp2_session_check_request_allowed(connection->session));
}

bool h2_connection_is_idle(const H2Connection *connection) {
    return TAILQ_EMPTY(&connection->waiting) && TAILQ_EMPTY(&connection->open);
}

/* --- sending --- */

static void connection_submit(H2Connection *connection) {
    H2Request *request;
    while ((request = TAILQ_FIRST(&connection->waiting)) &&
           (connection->max_requests == 0 || connection->n_open < connection->max_requests)) {
        int r = h2_session_submit(connection, request);
        if (r < 0)
            h2_connection_end(request, r, "it takes no more requests");
    }
}

/* 1: there is something to send, up to a certain size; 0: nothing. */
static int connection_fill_out(H2Connection *connection) {
    const uint8_t *data;
    while (connection->out.size < SEND_SIZE) {
        ssize_t n = nghttp2_session_mem_send(connection->session, &data);
        if (n < 0)
            return n == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EPROTO;
        if (n == 0)
            break;
        int r = byte_buffer_append(&connection->out, data, (size_t) n);
        if (r < 0)
            return r;
    }
    return connection->out.size > 0;
}

static int connection_send(H2Connection *connection) {
    int r;
    while ((r = connection_fill_out(connection)) > 0) {
        ssize_t n = curl_link_send(connection->link, connection->out.data, connection->out.size);
        if (n == -EAGAIN)
            break;
        if (n < 0)
            return (int) n;
        byte_buffer_consume(&connection->out, (size_t) n);
    }
    return r < 0 ? r : curl_link_wait_for_room(connection->link, r > 0);
}

/* What fails does so again in the next step, which tells of it. */
void h2_connection_flush(H2Connection *connection) {
    if (!connection->session || connection->is_broken)
        return;
    connection_submit(connection);
    (void) connection_send(connection);
}

/* --- receiving --- */

static int connection_receive(H2Connection *connection) {
    uint8_t buffer[64 * 1024];
    for (size_t total = 0; total < RECEIVE_MAX;) {
        ssize_t n = curl_link_receive(connection->link, buffer, sizeof(buffer));
        if (n == -EAGAIN)
            return 0;
        if (n < 0)
            return (int) n;
        if (nghttp2_session_mem_recv(connection->session, buffer, (size_t) n) < 0)
            return -EPROTO;
        total += (size_t) n;
    }
    connection_go_on(connection); /* what TLS has read already, the descriptor does not show */
    return 0;
}

/* --- its life --- */

static const char *break_message(const H2Connection *connection, int r) {
    const char *message = curl_link_message(connection->link);
    if (!connection->has_spoken && r == -EPROTO)
        return "it does not speak HTTP/2, and so not gRPC";
    if (r == -EPROTO)
        return "it breaks the rules of HTTP/2";
    return *message ? message : "the connection broke before the answer";
}

static void connection_break(H2Connection *connection, int r, const char *message) {
    H2Request *request;
    connection->is_broken = true;
    while ((request = TAILQ_FIRST(&connection->open)) ||
           (request = TAILQ_FIRST(&connection->waiting)))
        h2_connection_end(request, r, message);
    (void) sd_event_source_set_enabled(connection->step, SD_EVENT_OFF);
}

static int connection_work(H2Connection *connection) {
    int r = connection_receive(connection);
    connection_submit(connection);
    int q = connection_send(connection); /* also why it is given up, for the peer */
    if (r < 0 || q < 0)
        return r < 0 ? r : q;
    bool is_over = !nghttp2_session_want_read(connection->session) &&
                   !nghttp2_session_want_write(connection->session);
    return is_over ? (connection->has_spoken ? -ECONNRESET : -EPROTO) : 0;
}

static void connection_step(H2Connection *connection) {
    int r = connection->session && !connection->is_broken ? connection_work(connection) : 0;
    if (r < 0)
        connection_break(connection, r, break_message(connection, r));
    connection->on_change(connection, connection->userdata); /* may free us */
}

static int on_step(sd_event_source *source, void *userdata) {
    connection_step(userdata);
    return 0;
}

static void on_ready(void *userdata) {
    connection_step(userdata);
}

static void on_open(int r, const char *message, void *userdata) {
    H2Connection *connection = userdata;
    if (r >= 0)
        r = h2_session_new(connection);
    if (r < 0)
        connection_break(connection, r, message);
    connection_step(connection);
}

int h2_connection_new(sd_event *event, const H2ConnectionOptions *options,
                      void (*on_change)(H2Connection *connection, void *userdata), void *userdata,
                      H2Connection **ret) {
    static const CurlLinkCallbacks callbacks = {on_open, on_ready};
    const char *url = options->link.url, *host = strstr(url, "://");
    H2Connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return -ENOMEM;
    TAILQ_INIT(&connection->waiting);
    TAILQ_INIT(&connection->open);
    connection->is_tls = strncmp(url, "https:", 6) == 0;
    connection->max_requests = options->max_requests;
    connection->on_change = on_change;
    connection->userdata = userdata;
    connection->authority = strdup(host ? host + 3 : url);
    int r = connection->authority
                ? sd_event_add_defer(event, &connection->step, on_step, connection)
                : -ENOMEM;
    if (r >= 0)
        r = sd_event_source_set_enabled(connection->step, SD_EVENT_OFF);
    if (r >= 0)
        r = curl_link_new(event, &options->link, &callbacks, connection, &connection->link);
    if (r < 0) {
        h2_connection_free(connection);
        return r;
    }
    *ret = connection;
    return 0;
}

void h2_connection_free(H2Connection *connection) {
    if (!connection)
        return;
    sd_event_source_disable_unref(connection->step);
    nghttp2_session_del(connection->session);
    curl_link_free(connection->link);
    byte_buffer_done(&connection->out);
    free(connection->authority);
    free(connection);
}
