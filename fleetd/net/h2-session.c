/* nghttp2's callbacks only collect, as the client's may start, cancel and free what they like. */
#include "fleetd/net/h2-connection-internal.h"

#include "config.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>

/* How much a peer may send ahead. All is taken at once and each answer has a limit of its own, so
 * it costs nothing. */
#define WINDOW_SIZE (16 * 1024 * 1024)

void h2_session_drop(H2Connection *connection, const H2Request *request) {
    if (!connection->session || request->stream <= 0)
        return;
    nghttp2_session_set_stream_user_data(connection->session, request->stream, NULL);
    nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, request->stream,
                              NGHTTP2_CANCEL);
}

/* --- what nghttp2 tells --- */

static H2Request *stream_request(nghttp2_session *session, int32_t stream) {
    return nghttp2_session_get_stream_user_data(session, stream);
}

static void request_refuse(nghttp2_session *session, H2Request *request, int r) {
    h2_session_drop(request->connection, request);
    h2_connection_end(request, r, NULL);
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
    h2_connection_end(request, stream_result(request, code), message);
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
        h2_connection_end(request, -EHOSTUNREACH, "it takes no more requests");
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

int h2_session_submit(H2Connection *connection, H2Request *request) {
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

/* --- making --- */

int h2_session_new(H2Connection *connection) {
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
