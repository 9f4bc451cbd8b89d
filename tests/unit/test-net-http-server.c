/* A real server and raw clients in one event loop: what goes over the wire is what is checked. */
#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/http-server.h"
#include "tests/unit/cmocka-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_USEC (10 * USEC_PER_SEC)
#define BODY_MAX 1000

typedef struct Fixture {
    sd_event *event;
    HttpServer *server;
    struct sockaddr_un unix_address;
    struct sockaddr_in tcp_address;
    HttpExchange *kept; /* the last one that a handler did not answer */
    int n_requests, n_aborts, n_drains;
    size_t body_size;
    char seen[512]; /* what the handler saw */
} Fixture;

typedef struct Client {
    Fixture *fixture;
    int fd;
    sd_event_source *source;
    ByteBuffer received;
    bool is_closed;
} Client;

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

static int setup_with(void **state, const HttpServerOptions *options) {
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

static int setup(void **state) {
    return setup_with(state, &(HttpServerOptions){.body_max = BODY_MAX,
                                                  .header_max = 16 * 1024,
                                                  .connections_max = 64,
                                                  .idle_timeout_usec = 60 * USEC_PER_SEC,
                                                  .stream_max = 256 * 1024});
}

static int setup_one_connection(void **state) {
    return setup_with(state, &(HttpServerOptions){.body_max = BODY_MAX,
                                                  .header_max = 16 * 1024,
                                                  .connections_max = 1,
                                                  .idle_timeout_usec = 60 * USEC_PER_SEC});
}

static int setup_short_idle(void **state) {
    return setup_with(state, &(HttpServerOptions){.body_max = BODY_MAX,
                                                  .header_max = 16 * 1024,
                                                  .connections_max = 64,
                                                  .idle_timeout_usec = USEC_PER_SEC});
}

static int teardown(void **state) {
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

static void client_read(Client *client, bool is_on) {
    sd_event_source_set_enabled(client->source, is_on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static Client *client_connect(Fixture *fixture, int family) {
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

static void client_free(Client *client) {
    sd_event_source_disable_unref(client->source);
    close(client->fd);
    byte_buffer_done(&client->received);
    free(client);
}
DEFINE_POINTER_CLEANUP(Client, client_free)
#define _cleanup_client_ _cleanup_(client_freep)

static void client_send_bytes(Client *client, const char *text, size_t size) {
    assert_int_equal(send(client->fd, text, size, MSG_NOSIGNAL), size);
}

static void client_send(Client *client, const char *text) {
    client_send_bytes(client, text, strlen(text));
}

static void client_get(Client *client, const char *target) {
    char request[1024];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: fleet\r\nX-Custom: yes\r\n\r\n",
             target);
    client_send(client, request);
}

static usec_t now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

#define AWAIT(fixture, condition) \
    do { \
        usec_t _deadline = now() + PATIENCE_USEC; \
        while (!(condition)) { \
            if (now() > _deadline) \
                fail_msg("waited in vain for %s", #condition); \
            sd_event_run((fixture)->event, 100 * USEC_PER_MSEC); \
        } \
    } while (0)

static bool client_has(const Client *client, const char *text) {
    const ByteBuffer *received = &client->received;
    return received->data && memmem(received->data, received->size, text, strlen(text)) != NULL;
}

static void client_expect(Client *client, const char *text) {
    AWAIT(client->fixture, client_has(client, text) || client->is_closed);
    if (!client_has(client, text))
        fail_msg("'%s' is not in '%s'", text, client->received.data ? client->received.data : "");
}

static void client_forget(Client *client) {
    byte_buffer_done(&client->received);
}

/* A turn of the loop or two in which nothing is awaited. */
static void settle(Fixture *fixture) {
    for (int i = 0; i < 10; i++)
        sd_event_run(fixture->event, USEC_PER_MSEC);
}

static void request_is_answered_at_once_and_the_connection_is_kept(void **state) {
    Fixture *fixture = *state;
    static const int families[] = {AF_UNIX, AF_INET};
    for (size_t i = 0; i < ELEMENTSOF(families); i++) {
        _cleanup_client_ Client *client = client_connect(fixture, families[i]);
        for (int round = 0; round < 3; round++) {
            client_send(client, "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
            client_expect(client, "\r\n\r\nhello");
            client_expect(client, "HTTP/1.1 200 OK\r\n");
            client_expect(client, "Content-Type: text/plain\r\n");
            client_expect(client, "X-One: 1\r\n");
            client_expect(client, "X-Two: 2\r\n");
            client_forget(client);
        }
        assert_false(client->is_closed);
    }
    assert_int_equal(fixture->n_requests, 6);
}

static void request_parts_are_decoded(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_get(client, "/web%40%31?a=x%20y&b=0&a=&a=%2A.service&flag");
    AWAIT(fixture, fixture->kept);
    assert_string_equal(fixture->seen, "GET|/web@1|x y||x y||*.service|yes||");
    http_exchange_reply(fixture->kept, 204, NULL, NULL, 0);
    client_expect(client, "HTTP/1.1 204 No Content\r\n");
    assert_false(client_has(client, "Content-Type"));
}

static void encoded_nul_does_not_cut_a_path_short(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_get(client, "/hello%00x?a=1%002");
    AWAIT(fixture, fixture->kept);
    assert_string_equal(fixture->seen, "GET|/hello%00x|1%002|(none)|1%002|yes||");
    http_exchange_reply(fixture->kept, 404, NULL, NULL, 0);
    client_expect(client, "404");
}

static void late_answer_arrives_while_others_are_served(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *slow = client_connect(fixture, AF_INET);
    _cleanup_client_ Client *half = client_connect(fixture, AF_INET);
    _cleanup_client_ Client *quick = client_connect(fixture, AF_INET);
    client_get(slow, "/later");
    client_send(half, "PUT /echo HTTP/1.1\r\nHost: x\r\nConte");
    AWAIT(fixture, fixture->kept);
    client_get(quick, "/echo");
    client_expect(quick, "200 OK");
    assert_null(slow->received.data);

    http_exchange_reply(fixture->kept, 503, "text/plain", "sorry", 5);
    client_expect(slow, "\r\n\r\nsorry");
    client_send(half, "nt-Length: 3\r\n\r\nab");
    client_send(half, "c");
    client_expect(half, "\r\n\r\nabc");
    assert_int_equal(fixture->n_aborts, 0);
}

static void client_that_goes_away_before_the_answer_aborts_it(void **state) {
    Fixture *fixture = *state;
    static const int families[] = {AF_UNIX, AF_INET};
    for (size_t i = 0; i < ELEMENTSOF(families); i++) {
        Client *client = client_connect(fixture, families[i]);
        client_get(client, "/later");
        AWAIT(fixture, fixture->kept);
        client_free(client);
        AWAIT(fixture, fixture->n_aborts == (int) i + 1);
    }
    settle(fixture);
    assert_int_equal(fixture->n_aborts, 2);
}

static void client_that_goes_away_in_its_request_never_reaches_the_handler(void **state) {
    Fixture *fixture = *state;
    Client *client = client_connect(fixture, AF_UNIX);
    client_send(client, "PUT /later HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    settle(fixture);
    client_free(client);
    settle(fixture);
    assert_int_equal(fixture->n_requests, 0);
    assert_int_equal(fixture->n_aborts, 0);
}

static void body_at_the_limit_is_taken_and_a_larger_one_answered_413(void **state) {
    Fixture *fixture = *state;
    char body[BODY_MAX + 1];
    memset(body, 'x', sizeof(body));
    for (size_t size = BODY_MAX; size <= BODY_MAX + 1; size++) {
        _cleanup_client_ Client *client = client_connect(fixture, AF_INET);
        char head[128];
        snprintf(head, sizeof(head), "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                 size);
        client_send(client, head);
        client_send_bytes(client, body, size);
        client_expect(client, size > BODY_MAX ? "HTTP/1.1 413 " : "HTTP/1.1 200 ");
    }
    assert_int_equal(fixture->n_requests, 1);
    assert_int_equal(fixture->body_size, BODY_MAX);
}

static void client_that_asks_first_is_refused_before_it_sends(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_INET);
    client_send(client, "PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                        "Content-Length: 5000000\r\n\r\n");
    client_expect(client, "HTTP/1.1 413 ");
    client_expect(client, "{\"error\":{\"code\":413,");

    _cleanup_client_ Client *small = client_connect(fixture, AF_INET);
    client_send(small, "PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                       "Content-Length: 3\r\n\r\n");
    client_expect(small, "HTTP/1.1 100 Continue");
    client_send(small, "abc");
    client_expect(small, "\r\n\r\nabc");
}

static void endless_chunked_body_is_cut_off(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_send(client, "PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    char chunk[1 + 5 + 1000 + 2];
    size_t n = (size_t) snprintf(chunk, sizeof(chunk), "3e8\r\n%01000d\r\n", 0);
    usec_t deadline = now() + PATIENCE_USEC;
    while (!client->is_closed && now() < deadline) {
        send(client->fd, chunk, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        sd_event_run(fixture->event, USEC_PER_MSEC);
    }
    assert_true(client->is_closed);
    assert_int_equal(fixture->n_requests, 0);
}

static void headers_over_the_limit_are_refused(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    char filler[20001];
    memset(filler, 'y', sizeof(filler));
    filler[20000] = 0;
    client_send(client, "GET /echo HTTP/1.1\r\nHost: x\r\nX-Filler: ");
    client_send(client, filler);
    client_expect(client, "HTTP/1.1 431 ");
    assert_int_equal(fixture->n_requests, 0);
}

static void stream_sends_what_is_written_when_it_is_written(void **state) {
    Fixture *fixture = *state;
    static const int families[] = {AF_UNIX, AF_INET};
    for (size_t i = 0; i < ELEMENTSOF(families); i++) {
        _cleanup_client_ Client *client = client_connect(fixture, families[i]);
        client_get(client, "/stream");
        client_expect(client, "\r\n\r\n");
        client_expect(client, "Transfer-Encoding: chunked\r\n");
        client_expect(client, "Content-Type: application/json\r\n");
        assert_int_equal(http_exchange_write(fixture->kept, "one\n", 4), 0);
        assert_int_equal(http_exchange_write(fixture->kept, "two\n", 4), 0);
        client_expect(client, "\r\none\ntwo\n\r\n");
        http_exchange_write(fixture->kept, "three\n", 6);
        client_expect(client, "\r\nthree\n\r\n");
        http_exchange_write(fixture->kept, "four\n", 5);
        http_exchange_finish(fixture->kept);
        client_expect(client, "\r\nfour\n\r\n0\r\n\r\n");

        client_forget(client); /* and the connection goes on */
        client_get(client, "/echo");
        client_expect(client, "200 OK");
    }
    assert_int_equal(fixture->n_aborts, 0);
}

static void stream_keeps_up_without_delay_over_tcp(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_INET);
    client_get(client, "/stream");
    client_expect(client, "\r\n\r\n");
    usec_t start = now();
    for (int i = 0; i < 100; i++) {
        char line[32];
        snprintf(line, sizeof(line), "line-%d;", i);
        http_exchange_write(fixture->kept, line, strlen(line));
        client_expect(client, line);
    }
    assert_true(now() - start < 2 * USEC_PER_SEC); /* 40 ms each if the kernel held them back */
    http_exchange_finish(fixture->kept);
}

static void stream_is_aborted_when_its_client_goes_away(void **state) {
    Fixture *fixture = *state;
    static const int families[] = {AF_UNIX, AF_INET};
    for (size_t i = 0; i < ELEMENTSOF(families); i++) {
        Client *client = client_connect(fixture, families[i]);
        client_get(client, "/stream");
        AWAIT(fixture, fixture->kept);
        http_exchange_write(fixture->kept, "one\n", 4);
        client_expect(client, "one\n");
        settle(fixture);
        client_free(client);
        AWAIT(fixture, fixture->n_aborts == (int) i + 1);
    }
}

static void large_stream_passes_by_waiting_for_drains(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_INET);
    client_get(client, "/stream");
    client_expect(client, "\r\n\r\n");
    AWAIT(fixture, fixture->n_drains == 1);
    _cleanup_free_ char *block = malloc(200 * 1024);
    memset(block, 'z', 200 * 1024);
    for (int i = 0; i < 10; i++) {
        int before = fixture->n_drains;
        assert_int_equal(http_exchange_write(fixture->kept, block, 200 * 1024), 0);
        AWAIT(fixture, fixture->n_drains == before + 1);
    }
    http_exchange_finish(fixture->kept);
    client_expect(client, "\r\n0\r\n\r\n");
    assert_true(client->received.size > 2000 * 1024);
}

static void client_that_does_not_read_is_dropped(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_get(client, "/stream");
    client_expect(client, "\r\n\r\n");
    client_read(client, false);
    char block[4096];
    memset(block, 'z', sizeof(block));
    int r = 0, n = 0;
    for (; r == 0 && n < 10000; n++) {
        r = http_exchange_write(fixture->kept, block, sizeof(block));
        sd_event_run(fixture->event, 0);
    }
    assert_int_equal(r, -ENOBUFS);
    http_exchange_finish(fixture->kept);
    settle(fixture);
    client_read(client, true);
    AWAIT(fixture, client->is_closed);
    assert_false(client_has(client, "\r\n0\r\n\r\n"));
    assert_int_equal(fixture->n_aborts, 0);
}

static void write_over_the_limit_queues_nothing(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_get(client, "/stream");
    client_expect(client, "\r\n\r\n");
    settle(fixture);
    _cleanup_free_ char *block = calloc(1, 300 * 1024);
    assert_int_equal(http_exchange_write(fixture->kept, block, 300 * 1024), -ENOBUFS);
    http_exchange_finish(fixture->kept);
    AWAIT(fixture, client->is_closed);
}

static void old_client_gets_a_stream_that_ends_with_the_connection(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_send(client, "GET /stream HTTP/1.0\r\n\r\n");
    client_expect(client, "\r\n\r\n");
    http_exchange_write(fixture->kept, "one\n", 4);
    client_expect(client, "\r\n\r\none\n");
    http_exchange_finish(fixture->kept);
    AWAIT(fixture, client->is_closed);
    assert_false(client_has(client, "chunked"));
}

static void connection_over_the_limit_waits_for_its_turn(void **state) {
    Fixture *fixture = *state;
    Client *first = client_connect(fixture, AF_UNIX);
    _cleanup_client_ Client *second = client_connect(fixture, AF_UNIX);
    client_get(first, "/echo");
    client_expect(first, "200 OK");
    client_get(second, "/echo");
    settle(fixture);
    assert_null(second->received.data);
    client_free(first);
    client_expect(second, "200 OK");
}

static void idle_connection_is_closed_but_a_stream_and_a_wait_are_not(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *waiting = client_connect(fixture, AF_UNIX);
    client_get(waiting, "/later");
    AWAIT(fixture, fixture->kept);
    HttpExchange *later = fixture->kept;
    _cleanup_client_ Client *stream = client_connect(fixture, AF_UNIX);
    client_get(stream, "/stream");
    client_expect(stream, "\r\n\r\n");
    _cleanup_client_ Client *idle = client_connect(fixture, AF_UNIX);
    client_send(idle, "GET /ec");
    AWAIT(fixture, idle->is_closed);
    assert_false(stream->is_closed);
    assert_false(waiting->is_closed);
    http_exchange_reply(later, 200, NULL, NULL, 0);
    client_expect(waiting, "200 OK");
    http_exchange_finish(fixture->kept);
    AWAIT(fixture, stream->is_closed); /* idle from now on */
}

static void end_of_the_server_aborts_what_is_open(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *waiting = client_connect(fixture, AF_UNIX);
    _cleanup_client_ Client *stream = client_connect(fixture, AF_INET);
    _cleanup_client_ Client *half = client_connect(fixture, AF_INET);
    client_get(waiting, "/later");
    client_get(stream, "/stream");
    client_send(half, "GET /x");
    client_expect(stream, "\r\n\r\n");
    AWAIT(fixture, fixture->n_requests == 2);
    http_server_free(fixture->server);
    fixture->server = NULL;
    assert_int_equal(fixture->n_aborts, 2);
    AWAIT(fixture, waiting->is_closed && stream->is_closed && half->is_closed);
}

static void descriptor_that_does_not_listen_is_refused(void **state) {
    Fixture *fixture = *state;
    _cleanup_error_ Error error = {};
    assert_int_equal(http_server_listen_take(fixture->server, 9999, &error), -EBADF);
    assert_string_equal(error.message, "cannot serve HTTP on descriptor 9999: Bad file descriptor");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(request_is_answered_at_once_and_the_connection_is_kept),
        TEST(request_parts_are_decoded),
        TEST(encoded_nul_does_not_cut_a_path_short),
        TEST(late_answer_arrives_while_others_are_served),
        TEST(client_that_goes_away_before_the_answer_aborts_it),
        TEST(client_that_goes_away_in_its_request_never_reaches_the_handler),
        TEST(body_at_the_limit_is_taken_and_a_larger_one_answered_413),
        TEST(client_that_asks_first_is_refused_before_it_sends),
        TEST(endless_chunked_body_is_cut_off),
        TEST(headers_over_the_limit_are_refused),
        TEST(stream_sends_what_is_written_when_it_is_written),
        TEST(stream_keeps_up_without_delay_over_tcp),
        TEST(stream_is_aborted_when_its_client_goes_away),
        TEST(large_stream_passes_by_waiting_for_drains),
        TEST(client_that_does_not_read_is_dropped),
        TEST(write_over_the_limit_queues_nothing),
        TEST(old_client_gets_a_stream_that_ends_with_the_connection),
        cmocka_unit_test_setup_teardown(connection_over_the_limit_waits_for_its_turn,
                                        setup_one_connection, teardown),
        cmocka_unit_test_setup_teardown(idle_connection_is_closed_but_a_stream_and_a_wait_are_not,
                                        setup_short_idle, teardown),
        TEST(end_of_the_server_aborts_what_is_open),
        TEST(descriptor_that_does_not_listen_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
