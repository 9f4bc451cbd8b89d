/* nghttp2's callbacks only collect, as the client's may start, cancel and free what they like. */
#include "fleetd/net/h2-connection.h"

#include "config.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>

/* How much a peer may send ahead. All is taken at once and each answer has a limit of its own, so
 * it costs nothing. */
#define WINDOW_SIZE (16 * 1024 * 1024)

/* In one step: others in the loop have their turn, too. */
#define RECEIVE_MAX ((size_t) 4 * 1024 * 1024)

/* Frames are sent together up to this. */
#define SEND_SIZE ((size_t) 64 * 1024)

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

/* --- requests --- */

static void connection_detach(H2Request *request) {
    H2Connection *connection = TAKE_PTR(request->connection);
    H2RequestList *list = request->stream > 0 ? &connection->open : &connection->waiting;
    TAILQ_REMOVE(list, request, connection_link);
    connection->n_open -= request->stream > 0;
}

/* The stream may still be there; it is nobody's then. */
static void connection_end_request(H2Request *request, int r, const char *message) {
    connection_detach(request);
    h2_request_end(request, r, message);
}

static void connection_drop_stream(H2Connection *connection, const H2Request *request) {
    if (!connection->session || request->stream <= 0)
        return;
    nghttp2_session_set_stream_user_data(connection->session, request->stream, NULL);
    nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, request->stream,
                              NGHTTP2_CANCEL);
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
    connection_drop_stream(connection, request);
    connection_detach(request);
    connection_go_on(connection);
}

bool h2_connection_is_usable(const H2Connection *connection) {
    return !connection->is_broken &&
           (!connection->session || nghttp2_session_check_request_allowed(connection->session));
}

bool h2_connection_is_idle(const H2Connection *connection) {
    return TAILQ_EMPTY(&connection->waiting) && TAILQ_EMPTY(&connection->open);
}

/* --- what nghttp2 tells --- */

static H2Request *stream_request(nghttp2_session *session, int32_t stream) {
    return nghttp2_session_get_stream_user_data(session, stream);
}

static void request_refuse(nghttp2_session *session, H2Request *request, int r) {
    connection_drop_stream(request->connection, request);
    connection_end_request(request, r, NULL);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *userdata) {
    H2Request *request = stream_request(session, frame->hd.stream_id);
    int r = request ? h2_request_take_field(request, name, name_size, value, value_size) : 0;
    if (r < 0)
        request_refuse(session, request, r);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
                   size_t size, void *userdata) {
    H2Request *request = stream_request(session, stream);
    int r = request ? h2_request_take_data(request, data, size) : 0;
    if (r < 0)
        request_refuse(session, request, r);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
    H2Connection *connection = userdata;
    H2Request *request = stream_request(session, frame->hd.stream_id);
    connection->has_spoken = true;
    if (!request)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS)
        h2_request_take_head(request);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        request->is_whole = true;
    return 0;
}

/* A peer that goes away says which streams it has not looked at: nghttp2 closes them as refused. */
static int stream_result(const H2Request *request, uint32_t code) {
    if (request->is_whole)
        return 0;
    return code == NGHTTP2_REFUSED_STREAM ? -EHOSTUNREACH : -ECONNRESET;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code,
                           void *userdata) {
    H2Request *request = stream_request(session, stream);
    char message[100];
    if (!request)
        return 0;
    snprintf(message, sizeof(message), "it ended a request without an answer (%s)",
             nghttp2_http2_strerror(code));
    connection_end_request(request, stream_result(request, code), message);
    return 0;
}

/* What nghttp2 could not send after all, as the peer is going away: perhaps it has no stream yet.
 */
static int on_frame_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int code,
                             void *userdata) {
    H2Connection *connection = userdata;
    H2Request *request;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    TAILQ_FOREACH(request, &connection->open, connection_link)
    if (request->stream == frame->hd.stream_id) {
        nghttp2_session_set_stream_user_data(session, request->stream, NULL);
        connection_end_request(request, -EHOSTUNREACH, "it takes no more requests");
        break;
    }
    return 0;
}

static ssize_t on_body_wanted(nghttp2_session *session, int32_t stream, uint8_t *buffer,
                              size_t size, uint32_t *flags, nghttp2_data_source *source,
                              void *userdata) {
    H2Request *request = stream_request(session, stream);
    if (!request)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t n = MIN(size, request->body.size - request->n_sent);
    memcpy(buffer, request->body.data + request->n_sent, n);
    request->n_sent += n;
    if (request->n_sent == request->body.size)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t) n;
}

/* --- sending --- */

static nghttp2_nv field_nv(const char *name, const char *value) {
    return (nghttp2_nv){
        .name = (uint8_t *) name,
        .namelen = strlen(name),
        .value = (uint8_t *) value,
        .valuelen = strlen(value),
    };
}

#define FIELDS_MAX 16

static int connection_submit_one(H2Connection *connection, H2Request *request) {
    nghttp2_nv fields[FIELDS_MAX] = {
        field_nv(":method", "POST"),
        field_nv(":scheme", connection->is_tls ? "https" : "http"),
        field_nv(":path", request->path),
        field_nv(":authority", connection->authority),
        field_nv("user-agent", "fleet/" PACKAGE_VERSION),
    };
    size_t n = 5;
    H2Field field = {};
    while (n < FIELDS_MAX && h2_texts_next(&request->fields, &field))
        fields[n++] = field_nv(field.name, field.value);
    nghttp2_data_provider body = {.read_callback = on_body_wanted};
    int stream = nghttp2_submit_request(connection->session, NULL, fields, n, &body, request);
    if (stream < 0)
        return stream == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EHOSTUNREACH;
    TAILQ_REMOVE(&connection->waiting, request, connection_link);
    request->stream = stream;
    TAILQ_INSERT_TAIL(&connection->open, request, connection_link);
    connection->n_open++;
    return 0;
}

static void connection_submit(H2Connection *connection) {
    H2Request *request;
    while ((request = TAILQ_FIRST(&connection->waiting)) &&
           (connection->max_requests == 0 || connection->n_open < connection->max_requests)) {
        int r = connection_submit_one(connection, request);
        if (r < 0)
            connection_end_request(request, r, "it takes no more requests");
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
        connection_end_request(request, r, message);
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

static int session_new(H2Connection *connection) {
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_SIZE},
    };
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return -ENOMEM;
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_sent);
    int r = nghttp2_session_client_new(&connection->session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    if (r == 0)
        r = nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings,
                                    ELEMENTSOF(settings));
    if (r == 0)
        r = nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0,
                                                  WINDOW_SIZE);
    return r == 0 ? 0 : -ENOMEM;
}

static void on_open(int r, const char *message, void *userdata) {
    H2Connection *connection = userdata;
    if (r >= 0)
        r = session_new(connection);
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
