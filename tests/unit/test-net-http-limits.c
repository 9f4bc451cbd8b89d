/* What one client may cost the others: size, number, time and memory. */
#include "fleetd/base/strv.h"
#include "tests/unit/http-server-test.h"

#include <errno.h>

static const HttpServerOptions wide = {
    .body_max = BODY_MAX,
    .header_max = 16 * 1024,
    .connections_max = 64,
};

static int setup_two_connections(void **state) {
    HttpServerOptions options = wide;
    options.connections_max = 2;
    return server_setup_with(state, &options);
}

static int setup_short_idle(void **state) {
    HttpServerOptions options = wide;
    options.idle_timeout_usec = USEC_PER_SEC;
    return server_setup_with(state, &options);
}

static int setup_short_transfer(void **state) {
    HttpServerOptions options = wide;
    options.transfer_timeout_usec = USEC_PER_SEC;
    return server_setup_with(state, &options);
}

static int setup_memory_for_one_body(void **state) {
    HttpServerOptions options = wide;
    options.memory_max = 3 * BODY_MAX / 2;
    return server_setup_with(state, &options);
}

static int setup_little_memory(void **state) {
    HttpServerOptions options = wide;
    options.memory_max = 64 * 1024;
    return server_setup_with(state, &options);
}

/* --- size --- */

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
    usec_t deadline = monotonic_now() + PATIENCE_USEC;
    while (!client->is_closed && monotonic_now() < deadline) {
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

/* GET with that many parameters, and that much more in the target. */
static void client_get_query(Client *client, size_t n_parameters, size_t more) {
    _cleanup_free_ char *query = calloc(n_parameters + 1, 2);
    for (size_t i = 0; i < n_parameters; i++)
        memcpy(query + 2 * i, "a&", 2);
    _cleanup_free_ char *request =
        str_printf("GET /echo?%sb=%0*d HTTP/1.1\r\nHost: x\r\n\r\n", query, (int) more, 0);
    client_send(client, request);
}

static void query_of_too_many_parameters_is_answered_414(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_get_query(client, 100, 0);
    client_expect(client, "HTTP/1.1 200 ");
    client_forget(client);
    client_get_query(client, 5000, 0);
    client_expect(client, "HTTP/1.1 414 ");
    client_expect(client, "{\"error\":{\"code\":414,\"message\":");
    client_forget(client);
    client_get_query(client, 100, 0);
    client_expect(client, "HTTP/1.1 200 ");
    assert_int_equal(fixture->n_requests, 2);
}

static void query_is_answered_however_it_fills_the_memory(void **state) {
    for (size_t n_parameters = 0; n_parameters < 500; n_parameters += 20)
        for (size_t more = 0; more < 15 * 1024; more += 1500) {
            _cleanup_client_ Client *client = client_connect(*state, AF_UNIX);
            client_get_query(client, n_parameters, more);
            client_expect(client, "HTTP/1.1 ");
        }
}

/* --- number --- */

static void connection_over_the_limit_takes_the_place_of_an_idle_one(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *busy = client_connect(fixture, AF_UNIX);
    client_get(busy, "/later");
    AWAIT(fixture, fixture->kept);
    _cleanup_client_ Client *idle = client_connect(fixture, AF_INET);
    client_send(idle, "GET /ec");
    settle(fixture);
    _cleanup_client_ Client *newcomer = client_connect(fixture, AF_UNIX);
    client_get(newcomer, "/echo");
    client_expect(newcomer, "200 OK");
    AWAIT(fixture, idle->is_closed);
    http_exchange_reply(fixture->kept, 204, NULL, NULL, 0);
    client_expect(busy, "204");
}

static void connection_over_the_limit_is_told_so_when_all_are_busy(void **state) {
    Fixture *fixture = *state;
    Client *first = client_connect(fixture, AF_UNIX);
    _cleanup_client_ Client *second = client_connect(fixture, AF_INET);
    client_get(first, "/stream");
    client_get(second, "/stream");
    AWAIT(fixture, fixture->n_requests == 2);
    _cleanup_client_ Client *third = client_connect(fixture, AF_UNIX);
    client_get(third, "/echo");
    client_expect(third, "HTTP/1.1 503 ");
    client_expect(third, "{\"error\":{\"code\":503,\"message\":\"too many connections\"}}");
    AWAIT(fixture, third->is_closed);

    client_free(first);
    AWAIT(fixture, fixture->n_aborts == 1);
    settle(fixture);
    _cleanup_client_ Client *fourth = client_connect(fixture, AF_UNIX);
    client_get(fourth, "/echo");
    client_expect(fourth, "200 OK");
}

/* --- time --- */

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
    AWAIT(fixture, stream->is_closed && waiting->is_closed); /* idle from now on */
}

/* Sends a byte now and then until the server has enough. */
static usec_t trickle(Client *client) {
    usec_t begun = monotonic_now(), next = begun;
    while (!client->is_closed && monotonic_now() < begun + PATIENCE_USEC) {
        if (monotonic_now() >= next) {
            next += 50 * USEC_PER_MSEC;
            (void) send(client->fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        sd_event_run(client->fixture->event, 10 * USEC_PER_MSEC);
    }
    assert_true(client->is_closed);
    return monotonic_now() - begun;
}

static void headers_that_trickle_in_are_cut_off(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *slow = client_connect(fixture, AF_INET);
    client_send(slow, "GET /echo HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    assert_true(trickle(slow) >= 900 * USEC_PER_MSEC);
    assert_int_equal(fixture->n_requests, 0);
}

static void body_that_trickles_in_is_cut_off(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *slow = client_connect(fixture, AF_INET);
    client_send(slow, "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
    assert_true(trickle(slow) >= 900 * USEC_PER_MSEC);
    assert_int_equal(fixture->n_requests, 0);
}

static void answer_that_is_not_taken_is_cut_off(void **state) {
    Fixture *fixture = *state;
    size_t size = 16 * 1024 * 1024;
    _cleanup_free_ char *body = calloc(1, size);
    Client *slow = client_connect(fixture, AF_INET);
    client_get(slow, "/later");
    AWAIT(fixture, fixture->kept);
    client_read(slow, false);
    http_exchange_reply(fixture->kept, 200, NULL, body, size);

    _cleanup_client_ Client *quick = client_connect(fixture, AF_INET);
    client_get(quick, "/echo");
    client_expect(quick, "200 OK");
    usec_t end = monotonic_now() + 1500 * USEC_PER_MSEC;
    while (monotonic_now() < end)
        sd_event_run(fixture->event, 50 * USEC_PER_MSEC);
    client_read(slow, true);
    AWAIT(fixture, slow->is_closed);
    assert_true(slow->received.size < size);
    client_free(slow);
}

static void waiting_for_an_answer_has_no_limit_here(void **state) {
    Fixture *fixture = *state;
    _cleanup_client_ Client *waiting = client_connect(fixture, AF_UNIX);
    client_get(waiting, "/later");
    AWAIT(fixture, fixture->kept);
    usec_t end = monotonic_now() + 1500 * USEC_PER_MSEC;
    while (monotonic_now() < end)
        sd_event_run(fixture->event, 50 * USEC_PER_MSEC);
    http_exchange_reply(fixture->kept, 204, NULL, NULL, 0);
    client_expect(waiting, "204");
}

#define N_SLOW 20

static void slow_clients_of_every_kind_hold_up_nobody(void **state) {
    Fixture *fixture = *state;
    static const char *const texts[] = {
        "GET /ec",
        "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nab",
        "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    Client *slow[N_SLOW];
    for (size_t i = 0; i < N_SLOW; i++) {
        slow[i] = client_connect(fixture, i % 2 ? AF_UNIX : AF_INET);
        client_send(slow[i], texts[i % ELEMENTSOF(texts)]);
        client_read(slow[i], false);
    }
    settle(fixture);
    for (int i = 0; i < 100; i++) {
        _cleanup_client_ Client *quick = client_connect(fixture, AF_UNIX);
        usec_t begun = monotonic_now();
        client_get(quick, "/echo");
        client_expect(quick, "200 OK");
        assert_true(monotonic_now() - begun < USEC_PER_SEC);
    }
    for (size_t i = 0; i < N_SLOW; i++)
        client_free(slow[i]);
}

/* --- memory --- */

static void answers_beyond_the_memory_are_refused(void **state) {
    Fixture *fixture = *state;
    size_t size = 40 * 1024;
    _cleanup_free_ char *body = calloc(1, size);
    _cleanup_client_ Client *first = client_connect(fixture, AF_INET);
    _cleanup_client_ Client *second = client_connect(fixture, AF_INET);
    client_get(first, "/later");
    AWAIT(fixture, fixture->kept);
    HttpExchange *of_first = fixture->kept;
    fixture->kept = NULL;
    client_get(second, "/later");
    AWAIT(fixture, fixture->kept);
    http_exchange_reply(of_first, 200, NULL, body, size);
    http_exchange_reply(fixture->kept, 200, NULL, body, size);
    client_expect(first, "200 OK");
    client_expect(second, "HTTP/1.1 503 ");
    client_expect(second, "too many answers at once");

    AWAIT(fixture, first->received.size > size);
    settle(fixture);
    client_forget(second);
    fixture->kept = NULL;
    client_get(second, "/later"); /* what was taken is free again */
    AWAIT(fixture, fixture->kept);
    http_exchange_reply(fixture->kept, 200, NULL, body, size);
    client_expect(second, "HTTP/1.1 200 ");
}

static void body_beyond_the_memory_is_refused(void **state) {
    Fixture *fixture = *state;
    char body[BODY_MAX] = "";
    static const char head[] = "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    _cleanup_client_ Client *first = client_connect(fixture, AF_UNIX);
    _cleanup_client_ Client *second = client_connect(fixture, AF_UNIX);
    client_send(first, head);
    client_send_bytes(first, body, 900); /* and not the rest yet */
    settle(fixture);
    client_send(second, head);
    client_send_bytes(second, body, BODY_MAX);
    client_expect(second, "HTTP/1.1 503 ");
    client_expect(second, "too many requests at once");
}

static void stream_beyond_the_memory_is_dropped(void **state) {
    Fixture *fixture = *state;
    char piece[16 * 1024] = "";
    _cleanup_client_ Client *client = client_connect(fixture, AF_UNIX);
    client_get(client, "/stream");
    client_expect(client, "\r\n\r\n");
    int r = 0;
    for (int i = 0; i < 5 && r == 0; i++)
        r = http_exchange_write(fixture->kept, piece, sizeof(piece));
    assert_int_equal(r, -ENOBUFS);
    http_exchange_finish(fixture->kept);
    AWAIT(fixture, client->is_closed);
}

int main(void) {
#define LIMIT_TEST(setup, name) cmocka_unit_test_setup_teardown(name, setup, server_teardown)
    const struct CMUnitTest tests[] = {
        LIMIT_TEST(server_setup, body_at_the_limit_is_taken_and_a_larger_one_answered_413),
        LIMIT_TEST(server_setup, client_that_asks_first_is_refused_before_it_sends),
        LIMIT_TEST(server_setup, endless_chunked_body_is_cut_off),
        LIMIT_TEST(server_setup, headers_over_the_limit_are_refused),
        LIMIT_TEST(server_setup, query_of_too_many_parameters_is_answered_414),
        LIMIT_TEST(server_setup, query_is_answered_however_it_fills_the_memory),
        LIMIT_TEST(setup_two_connections, connection_over_the_limit_takes_the_place_of_an_idle_one),
        LIMIT_TEST(setup_two_connections, connection_over_the_limit_is_told_so_when_all_are_busy),
        LIMIT_TEST(setup_short_idle, idle_connection_is_closed_but_a_stream_and_a_wait_are_not),
        LIMIT_TEST(setup_short_idle, headers_that_trickle_in_are_cut_off),
        LIMIT_TEST(setup_short_transfer, body_that_trickles_in_is_cut_off),
        LIMIT_TEST(setup_short_transfer, answer_that_is_not_taken_is_cut_off),
        LIMIT_TEST(setup_short_transfer, waiting_for_an_answer_has_no_limit_here),
        LIMIT_TEST(server_setup, slow_clients_of_every_kind_hold_up_nobody),
        LIMIT_TEST(setup_little_memory, answers_beyond_the_memory_are_refused),
        LIMIT_TEST(setup_memory_for_one_body, body_beyond_the_memory_is_refused),
        LIMIT_TEST(setup_little_memory, stream_beyond_the_memory_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
