#include "tests/fakes/scripted-peer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX ((size_t) 1024 * 1024)

struct PeerConnection {
    ScriptedPeer *peer;
    LIST_ENTRY(PeerConnection) link;
    sd_event_source *source;
    int fd;
    char *request;
    size_t size;
};

struct ScriptedPeer {
    sd_event *event;
    sd_event_source *source;
    int fd;
    unsigned port, n_accepted, n_requests, n_open;
    PeerHandler handler;
    void *userdata;
    LIST_HEAD(, PeerConnection) connections;
};

void peer_connection_close(PeerConnection *connection) {
    LIST_REMOVE(connection, link);
    connection->peer->n_open--;
    sd_event_source_disable_unref(connection->source);
    close(connection->fd);
    free(connection->request);
    free(connection);
}

pid_t peer_connection_pid(const PeerConnection *connection) {
    struct ucred ucred = {};
    socklen_t size = sizeof(ucred);
    assert(getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) == 0);
    return ucred.pid;
}

/* The size of the request at the front of the buffer, 0 while it is not whole. */
static size_t request_size(const PeerConnection *connection) {
    const char *end = strstr(connection->request, "\r\n\r\n");
    if (!end)
        return 0;
    const char *length = strcasestr(connection->request, "\r\nContent-Length:");
    size_t body = length && length < end ? strtoul(strchr(length, ':') + 1, NULL, 10) : 0;
    size_t size = (size_t) (end + 4 - connection->request) + body;
    return size <= connection->size ? size : 0;
}

static void connection_handle(PeerConnection *connection) {
    size_t size = request_size(connection);
    if (size == 0)
        return;
    char *text = strndup(connection->request, size);
    assert(text);
    connection->size -= size;
    memmove(connection->request, connection->request + size, connection->size + 1);
    connection->peer->n_requests++;
    connection->peer->handler(connection, text, connection->peer->userdata); /* may close it */
    free(text);
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    PeerConnection *connection = userdata;
    ssize_t n = recv(fd, connection->request + connection->size, REQUEST_MAX - connection->size, 0);
    if (n <= 0) {
        peer_connection_close(connection);
        return 0;
    }
    connection->size += (size_t) n;
    connection->request[connection->size] = '\0';
    connection_handle(connection);
    return 0;
}

static int on_listen(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    ScriptedPeer *peer = userdata;
    PeerConnection *connection = calloc(1, sizeof(*connection));
    assert(connection);
    connection->peer = peer;
    connection->request = calloc(1, REQUEST_MAX + 1);
    connection->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert(connection->request && connection->fd >= 0);
    /* Answers are sent in pieces, which must not wait for one another. */
    (void) setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    assert(sd_event_add_io(peer->event, &connection->source, connection->fd, EPOLLIN, on_connection,
                           connection) >= 0);
    LIST_INSERT_HEAD(&peer->connections, connection, link);
    peer->n_accepted++;
    peer->n_open++;
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

static int listen_unix(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 64) < 0)
        return -1;
    return fd;
}

ScriptedPeer *scripted_peer_new(sd_event *event, const char *unix_path, PeerHandler handler,
                                void *userdata) {
    ScriptedPeer *peer = calloc(1, sizeof(*peer));
    if (!peer)
        return NULL;
    *peer = (ScriptedPeer){.event = event, .handler = handler, .userdata = userdata};
    peer->fd = unix_path ? listen_unix(unix_path) : listen_tcp(&peer->port);
    if (peer->fd < 0 ||
        sd_event_add_io(event, &peer->source, peer->fd, EPOLLIN, on_listen, peer) < 0) {
        scripted_peer_free(peer);
        return NULL;
    }
    return peer;
}

void scripted_peer_free(ScriptedPeer *peer) {
    PeerConnection *connection;
    if (!peer)
        return;
    while ((connection = LIST_FIRST(&peer->connections)))
        peer_connection_close(connection);
    sd_event_source_disable_unref(peer->source);
    if (peer->fd >= 0)
        close(peer->fd);
    free(peer);
}

unsigned scripted_peer_port(const ScriptedPeer *peer) {
    return peer->port;
}

unsigned scripted_peer_n_accepted(const ScriptedPeer *peer) {
    return peer->n_accepted;
}

unsigned scripted_peer_n_requests(const ScriptedPeer *peer) {
    return peer->n_requests;
}

unsigned scripted_peer_n_open(const ScriptedPeer *peer) {
    return peer->n_open;
}

void peer_connection_send(PeerConnection *connection, const void *data, size_t size) {
    for (const char *p = data; size > 0;) {
        ssize_t n = send(connection->fd, p, size, MSG_NOSIGNAL);
        if (n < 0)
            return; /* the other side is gone, as some tests want it */
        p += n;
        size -= (size_t) n;
    }
}

void peer_connection_answer(PeerConnection *connection, unsigned status, const char *body) {
    char head[160];
    int n =
        snprintf(head, sizeof(head),
                 "HTTP/1.1 %u X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                 status, strlen(body));
    peer_connection_send(connection, head, (size_t) n);
    peer_connection_send(connection, body, strlen(body));
}

void peer_connection_send_chunk(PeerConnection *connection, const char *data, size_t size) {
    char head[32];
    int n = snprintf(head, sizeof(head), "%zx\r\n", size);
    peer_connection_send(connection, head, (size_t) n);
    peer_connection_send(connection, data, size);
    peer_connection_send(connection, "\r\n", 2);
}
