#include "tests/unit/http-server-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

static void on_abort(void *userdata) {
    Fixture *fixture = userdata;
    fixture->n_aborts++;
    fixture->kept = NULL;
}

static void on_drain(void *userdata) {
    ((Fixture *) userdata)->n_drains++;
}

static void see(Fixture *fixture, const char *text) {
    size_t n = strlen(fixture->seen);
    snprintf(fixture->seen + n, sizeof(fixture->seen) - n, "%s|", text ? text : "(none)");
}

static void on_value(const char *value, void *userdata) {
    see(userdata, value);
}

/* /echo answers at once, /stream streams, anything else is kept. */
static void handle(HttpExchange *exchange, void *userdata) {
    Fixture *fixture = userdata;
    const char *body = http_exchange_body(exchange, &fixture->body_size);
    fixture->n_requests++;
    if (streq(http_exchange_path(exchange), "/echo")) {
        http_exchange_add_header(exchange, "X-One", "1");
        http_exchange_add_header(exchange, "X-Two", "2");
        http_exchange_reply(exchange, 200, "text/plain", body, fixture->body_size);
        return;
    }
    see(fixture, http_exchange_method(exchange));
    see(fixture, http_exchange_path(exchange));
    see(fixture, http_exchange_query(exchange, "a"));
    see(fixture, http_exchange_query(exchange, "flag"));
    http_exchange_query_each(exchange, "a", on_value, fixture);
    see(fixture, http_exchange_header(exchange, "x-custom"));
    see(fixture, body);
    http_exchange_on_abort(exchange, on_abort, fixture);
    fixture->kept = exchange;
    if (streq(http_exchange_path(exchange), "/stream")) {
        http_exchange_stream(exchange, "application/json");
        http_exchange_on_drain(exchange, on_drain, fixture);
    }
}

static int socket_listen(int family, struct sockaddr *address, socklen_t size) {
    int fd = socket(family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    getsockname(fd, address, &size);
    return fd;
}

int server_setup_with(void **state, const HttpServerOptions *options) {
    static unsigned counter;
    Fixture *fixture = calloc(1, sizeof(Fixture));
    *state = fixture;
    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(http_server_new(fixture->event, options, handle, fixture, &fixture->server),
                     0);
    fixture->unix_address.sun_family = AF_UNIX;
    snprintf(fixture->unix_address.sun_path + 1, 100, "test-http-%d-%u", getpid(), counter++);
    int fd = socket_listen(AF_UNIX, (struct sockaddr *) &fixture->unix_address,
                           sizeof(fixture->unix_address));
    assert_int_equal(http_server_listen_take(fixture->server, fd, NULL), 0);
    fixture->tcp_address = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    fd = socket_listen(AF_INET, (struct sockaddr *) &fixture->tcp_address,
                       sizeof(fixture->tcp_address));
    assert_int_equal(http_server_listen_take(fixture->server, fd, NULL), 0);
    return 0;
}

int server_setup(void **state) {
    return server_setup_with(state, &(HttpServerOptions){.body_max = BODY_MAX,
                                                         .header_max = 16 * 1024,
                                                         .connections_max = 64,
                                                         .idle_timeout_usec = 60 * USEC_PER_SEC,
                                                         .stream_max = 256 * 1024});
}

int server_teardown(void **state) {
    Fixture *fixture = *state;
    http_server_free(fixture->server);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    Client *client = userdata;
    char buffer[65536];
    ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n > 0) {
        byte_buffer_append(&client->received, buffer, (size_t) n);
    } else if (n == 0 || errno != EAGAIN) {
        client->is_closed = true;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    }
    return 0;
}

void client_read(Client *client, bool is_on) {
    sd_event_source_set_enabled(client->source, is_on ? SD_EVENT_ON : SD_EVENT_OFF);
}

Client *client_connect(Fixture *fixture, int family) {
    Client *client = calloc(1, sizeof(Client));
    client->fixture = fixture;
    client->fd = socket(family, SOCK_STREAM, 0);
    int r = family == AF_UNIX ? connect(client->fd, (struct sockaddr *) &fixture->unix_address,
                                        sizeof(fixture->unix_address))
                              : connect(client->fd, (struct sockaddr *) &fixture->tcp_address,
                                        sizeof(fixture->tcp_address));
    assert_int_equal(r, 0);
    sd_event_add_io(fixture->event, &client->source, client->fd, EPOLLIN, on_readable, client);
    return client;
}

void client_free(Client *client) {
    sd_event_source_disable_unref(client->source);
    close(client->fd);
    byte_buffer_done(&client->received);
    free(client);
}
void client_send_bytes(Client *client, const char *text, size_t size) {
    assert_int_equal(send(client->fd, text, size, MSG_NOSIGNAL), size);
}

void client_send(Client *client, const char *text) {
    client_send_bytes(client, text, strlen(text));
}

void client_get(Client *client, const char *target) {
    char request[1024];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: fleet\r\nX-Custom: yes\r\n\r\n",
             target);
    client_send(client, request);
}

usec_t monotonic_now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

bool client_has(const Client *client, const char *text) {
    const ByteBuffer *received = &client->received;
    return received->data && memmem(received->data, received->size, text, strlen(text)) != NULL;
}

void client_expect(Client *client, const char *text) {
    AWAIT(client->fixture, client_has(client, text) || client->is_closed);
    if (!client_has(client, text))
        fail_msg("'%s' is not in '%s'", text, client->received.data ? client->received.data : "");
}

void client_forget(Client *client) {
    byte_buffer_done(&client->received);
}

void settle(Fixture *fixture) {
    for (int i = 0; i < 10; i++)
        sd_event_run(fixture->event, USEC_PER_MSEC);
}
