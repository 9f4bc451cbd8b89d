#include "tests/fakes/grpc-peer.h"

#include "fleetd/store/grpc.h"

#include <arpa/inet.h>
#include <assert.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELDS_MAX 32

typedef struct Connection Connection;

struct PeerCall {
    Connection *connection;
    LIST_ENTRY(PeerCall) link;
    int32_t stream;
    char *names[FIELDS_MAX], *values[FIELDS_MAX];
    size_t n_fields;
    ByteBuffer request;
    ByteBuffer answer; /* not sent */
    bool has_begun, has_ended, has_status;
    unsigned status;
    char message[200];
};

struct Connection {
    GrpcPeer *peer;
    LIST_ENTRY(Connection) link;
    sd_event_source *source;
    int fd;
    nghttp2_session *session;
    ByteBuffer out;
    LIST_HEAD(, PeerCall) calls;
    bool is_busy;   /* in nghttp2 */
    bool is_closed; /* meanwhile */
};

struct GrpcPeer {
    sd_event *event;
    sd_event_source *source;
    int fd;
    unsigned port, n_accepted, n_requests, n_open, n_cancelled;
    PeerCallHandler handler;
    void *userdata;
    LIST_HEAD(, Connection) connections;
};

static void call_free(PeerCall *call) {
    LIST_REMOVE(call, link);
    for (size_t i = 0; i < call->n_fields; i++) {
        free(call->names[i]);
        free(call->values[i]);
    }
    byte_buffer_done(&call->request);
    byte_buffer_done(&call->answer);
    free(call);
}

/* --- connections --- */

static void connection_close(Connection *connection) {
    connection->is_closed = true;
    if (connection->is_busy)
        return;
    LIST_REMOVE(connection, link);
    connection->peer->n_open--;
    sd_event_source_disable_unref(connection->source);
    nghttp2_session_del(connection->session);
    while (LIST_FIRST(&connection->calls))
        call_free(LIST_FIRST(&connection->calls));
    close(connection->fd);
    byte_buffer_done(&connection->out);
    free(connection);
}

static void connection_flush(Connection *connection) {
    const uint8_t *data;
    ssize_t n;
    if (connection->is_busy)
        return; /* when that is through */
    connection->is_busy = true;
    while ((n = nghttp2_session_mem_send(connection->session, &data)) > 0)
        assert(byte_buffer_append(&connection->out, data, (size_t) n) >= 0);
    assert(n == 0);
    n = send(connection->fd, connection->out.data, connection->out.size,
             MSG_NOSIGNAL | MSG_DONTWAIT);
    byte_buffer_consume(&connection->out, n > 0 ? (size_t) n : 0);
    sd_event_source_set_io_events(connection->source,
                                  connection->out.size > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    connection->is_busy = false;
    if (connection->is_closed)
        connection_close(connection);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    Connection *connection = userdata;
    uint8_t buffer[16 * 1024];
    ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && (revents & EPOLLIN))) {
        connection_close(connection);
        return 0;
    }
    connection->is_busy = true;
    if (n > 0 && nghttp2_session_mem_recv(connection->session, buffer, (size_t) n) < 0)
        connection->is_closed = true;
    connection->is_busy = false;
    if (connection->is_closed)
        connection_close(connection);
    else
        connection_flush(connection);
    return 0;
}

/* --- streams --- */

static PeerCall *stream_call(nghttp2_session *session, int32_t stream) {
    return nghttp2_session_get_stream_user_data(session, stream);
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
    PeerCall *call = calloc(1, sizeof(*call));
    assert(call);
    call->connection = userdata;
    LIST_INSERT_HEAD(&call->connection->calls, call, link);
    call->stream = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(session, call->stream, call);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *userdata) {
    PeerCall *call = stream_call(session, frame->hd.stream_id);
    assert(call && call->n_fields < FIELDS_MAX);
    call->names[call->n_fields] = strndup((const char *) name, name_size);
    call->values[call->n_fields++] = strndup((const char *) value, value_size);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
                   size_t size, void *userdata) {
    PeerCall *call = stream_call(session, stream);
    assert(call && byte_buffer_append(&call->request, data, size) >= 0);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
    PeerCall *call = stream_call(session, frame->hd.stream_id);
    if (call && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        GrpcPeer *peer = call->connection->peer;
        peer->n_requests++;
        peer->handler(call, peer->userdata);
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *userdata) {
    PeerCall *call = stream_call(session, stream);
    if (!call)
        return 0;
    call->connection->peer->n_cancelled += code == NGHTTP2_CANCEL;
    call_free(call);
    return 0;
}

static nghttp2_nv field_nv(const char *name, const char *value) {
    return (nghttp2_nv){(uint8_t *) name, (uint8_t *) value, strlen(name), strlen(value), 0};
}

static void call_submit_trailer(PeerCall *call) {
    char status[16];
    snprintf(status, sizeof(status), "%u", call->status);
    nghttp2_nv fields[] = {field_nv("grpc-status", status),
                           field_nv("grpc-message", call->message)};
    nghttp2_submit_trailer(call->connection->session, call->stream, fields, ELEMENTSOF(fields));
}

static ssize_t on_body_wanted(nghttp2_session *session, int32_t stream, uint8_t *buffer,
                              size_t size, uint32_t *flags, nghttp2_data_source *source,
                              void *userdata) {
    PeerCall *call = source->ptr;
    size_t n = MIN(size, call->answer.size);
    if (n == 0 && !call->has_ended)
        return NGHTTP2_ERR_DEFERRED;
    if (n > 0)
        memcpy(buffer, call->answer.data, n);
    byte_buffer_consume(&call->answer, n);
    if (call->answer.size == 0 && call->has_ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (call->has_status) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            call_submit_trailer(call);
        }
    }
    return (ssize_t) n;
}

static void connection_open(GrpcPeer *peer, int fd) {
    Connection *connection = calloc(1, sizeof(*connection));
    nghttp2_session_callbacks *callbacks;
    assert(connection && nghttp2_session_callbacks_new(&callbacks) == 0);
    connection->peer = peer;
    connection->fd = fd;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    assert(nghttp2_session_server_new(&connection->session, callbacks, connection) == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, NULL, 0);
    assert(sd_event_add_io(peer->event, &connection->source, fd, EPOLLIN, on_io, connection) >= 0);
    LIST_INSERT_HEAD(&peer->connections, connection, link);
    peer->n_accepted++;
    peer->n_open++;
}

/* --- the peer --- */

static int on_listen(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert(accepted >= 0);
    connection_open(userdata, accepted);
    return 0;
}

static int listen_tcp(unsigned *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, size) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *) &address, &size) < 0)
        return -1;
    *ret_port = ntohs(address.sin_port);
    return fd;
}

GrpcPeer *grpc_peer_new(sd_event *event, PeerCallHandler handler, void *userdata) {
    GrpcPeer *peer = calloc(1, sizeof(*peer));
    if (!peer)
        return NULL;
    *peer = (GrpcPeer){.event = event, .handler = handler, .userdata = userdata};
    peer->fd = listen_tcp(&peer->port);
    if (peer->fd < 0 ||
        sd_event_add_io(event, &peer->source, peer->fd, EPOLLIN, on_listen, peer) < 0) {
        grpc_peer_free(peer);
        return NULL;
    }
    return peer;
}

void grpc_peer_free(GrpcPeer *peer) {
    Connection *connection;
    if (!peer)
        return;
    while ((connection = LIST_FIRST(&peer->connections)))
        connection_close(connection);
    sd_event_source_disable_unref(peer->source);
    if (peer->fd >= 0)
        close(peer->fd);
    free(peer);
}

unsigned grpc_peer_port(const GrpcPeer *peer) {
    return peer->port;
}

unsigned grpc_peer_n_accepted(const GrpcPeer *peer) {
    return peer->n_accepted;
}

unsigned grpc_peer_n_requests(const GrpcPeer *peer) {
    return peer->n_requests;
}

unsigned grpc_peer_n_open(const GrpcPeer *peer) {
    return peer->n_open;
}

size_t grpc_peer_n_unread(const GrpcPeer *peer) {
    const Connection *connection;
    size_t n = 0;
    LIST_FOREACH (connection, &peer->connections, link) {
        int n_here = 0;
        assert(ioctl(connection->fd, FIONREAD, &n_here) >= 0);
        n += (size_t) n_here;
    }
    return n;
}

unsigned grpc_peer_n_cancelled(const GrpcPeer *peer) {
    return peer->n_cancelled;
}

/* --- calls --- */

const char *peer_call_field(const PeerCall *call, const char *name) {
    for (size_t i = 0; i < call->n_fields; i++)
        if (streq(call->names[i], name))
            return call->values[i];
    return NULL;
}

const char *peer_call_path(const PeerCall *call) {
    return peer_call_field(call, ":path");
}

bool peer_call_is(const PeerCall *call, const char *method) {
    return streq(strrchr(peer_call_path(call), '/') + 1, method);
}

const char *peer_call_body(const PeerCall *call, size_t *ret_size) {
    *ret_size = call->request.size;
    return call->request.data;
}

static void call_respond(PeerCall *call, unsigned status, const char *type) {
    char text[16];
    if (call->has_begun)
        return;
    call->has_begun = true;
    snprintf(text, sizeof(text), "%u", status);
    nghttp2_nv fields[] = {field_nv(":status", text), field_nv("content-type", type)};
    nghttp2_data_provider body = {.source.ptr = call, .read_callback = on_body_wanted};
    nghttp2_submit_response(call->connection->session, call->stream, fields, ELEMENTSOF(fields),
                            &body);
}

static void call_go_on(PeerCall *call) {
    nghttp2_session_resume_data(call->connection->session, call->stream);
    connection_flush(call->connection);
}

void peer_call_begin(PeerCall *call) {
    call_respond(call, 200, "application/grpc");
    call_go_on(call);
}

void peer_call_send(PeerCall *call, const void *data, size_t size) {
    call_respond(call, 200, "application/grpc");
    assert(byte_buffer_append(&call->answer, data, size) >= 0);
    call_go_on(call);
}

void peer_call_send_message(PeerCall *call, ProtobufWriter *message_take) {
    _cleanup_protobuf_ ProtobufWriter framed = {};
    _cleanup_(byte_buffer_done) ByteBuffer body = {};
    grpc_message_open(&framed);
    protobuf_add_raw(&framed, message_take->buffer.data, message_take->buffer.size);
    assert(grpc_message_close(&framed, &body) >= 0);
    protobuf_writer_done(message_take);
    peer_call_send(call, body.data, body.size);
}

/* A status alone stands in the headers. */
static void call_respond_status(PeerCall *call) {
    char status[16];
    snprintf(status, sizeof(status), "%u", call->status);
    nghttp2_nv fields[] = {field_nv(":status", "200"), field_nv("content-type", "application/grpc"),
                           field_nv("grpc-status", status),
                           field_nv("grpc-message", call->message)};
    call->has_begun = true;
    nghttp2_submit_response(call->connection->session, call->stream, fields, ELEMENTSOF(fields),
                            NULL);
}

void peer_call_end(PeerCall *call, unsigned status, const char *message) {
    call->has_ended = call->has_status = true;
    call->status = status;
    snprintf(call->message, sizeof(call->message), "%s", message);
    if (!call->has_begun)
        call_respond_status(call);
    call_go_on(call);
}

void peer_call_answer(PeerCall *call, ProtobufWriter *message_take) {
    call->has_ended = call->has_status = true;
    peer_call_send_message(call, message_take);
}

void peer_call_answer_http(PeerCall *call, unsigned status, const char *body) {
    call->has_ended = true;
    assert(byte_buffer_append(&call->answer, body, strlen(body)) >= 0);
    call_respond(call, status, "text/html");
    call_go_on(call);
}

void peer_call_reset(PeerCall *call, uint32_t code) {
    nghttp2_submit_rst_stream(call->connection->session, NGHTTP2_FLAG_NONE, call->stream, code);
    connection_flush(call->connection);
}

void peer_call_hang_up(PeerCall *call) {
    connection_close(call->connection);
}

void peer_call_go_away(PeerCall *call) {
    nghttp2_submit_goaway(call->connection->session, NGHTTP2_FLAG_NONE, call->stream,
                          NGHTTP2_NO_ERROR, NULL, 0);
    connection_flush(call->connection);
}
