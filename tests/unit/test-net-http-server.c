/* Requests, answers and streams. */
#include "tests/unit/http-server-test.h"

#include <errno.h>
#include <unistd.h>

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
    usec_t start = monotonic_now();
    for (int i = 0; i < 100; i++) {
        char line[32];
        snprintf(line, sizeof(line), "line-%d;", i);
        http_exchange_write(fixture->kept, line, strlen(line));
        client_expect(client, line);
    }
    assert_true(monotonic_now() - start <
                2 * USEC_PER_SEC); /* 40 ms each if the kernel held them back */
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)
    const struct CMUnitTest tests[] = {
        TEST(request_is_answered_at_once_and_the_connection_is_kept),
        TEST(request_parts_are_decoded),
        TEST(encoded_nul_does_not_cut_a_path_short),
        TEST(late_answer_arrives_while_others_are_served),
        TEST(client_that_goes_away_before_the_answer_aborts_it),
        TEST(client_that_goes_away_in_its_request_never_reaches_the_handler),
        TEST(stream_sends_what_is_written_when_it_is_written),
        TEST(stream_keeps_up_without_delay_over_tcp),
        TEST(stream_is_aborted_when_its_client_goes_away),
        TEST(large_stream_passes_by_waiting_for_drains),
        TEST(client_that_does_not_read_is_dropped),
        TEST(write_over_the_limit_queues_nothing),
        TEST(old_client_gets_a_stream_that_ends_with_the_connection),
        TEST(end_of_the_server_aborts_what_is_open),
        TEST(descriptor_that_does_not_listen_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
