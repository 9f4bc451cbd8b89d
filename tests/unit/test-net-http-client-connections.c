#include "tests/unit/http-client-test.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void refused_connection_is_told(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", client_test_unused_port());
    client_test_start(&f->a, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ECONNREFUSED);
    assert_true(strlen(f->a.message) > 0);
}

/* A label of more than 63 characters is no name, which is known without asking a name server. */
static void unknown_host_is_unreachable(void **state) {
    Fixture *f = *state;
    char url[100];
    snprintf(url, sizeof(url), "http://%064d.invalid/", 1);
    client_test_start(&f->a, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -EHOSTUNREACH);
}

static void connection_is_used_again(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    for (int i = 0; i < 5; i++) {
        f->a.n_done = 0;
        client_test_start(&f->a, (HttpCall){.method = "POST", .body = "{}", .body_size = 2}, NULL);
        RUN_UNTIL(f, f->a.n_done);
        free(TAKE_PTR(f->a.body));
        free(TAKE_PTR(f->a.content_type));
    }
    assert_int_equal(scripted_peer_n_requests(f->peer), 5);
    assert_int_equal(scripted_peer_n_accepted(f->peer), 1);
}

static void count_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    assert_int_equal(r, 0);
    ++*(unsigned *) userdata;
}

static void requests_over_the_limit_wait_their_turn(void **state) {
    Fixture *f = *state;
    unsigned n_done = 0;
    f->answer = answer_hello;
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.max_connections = 2}, &f->client), 0);
    for (int i = 0; i < 50; i++)
        assert_int_equal(http_client_start(f->client, &(HttpCall){.method = "GET", .url = f->url},
                                           NULL, count_done, &n_done, NULL),
                         0);
    RUN_UNTIL(f, n_done == 50);
    assert_in_range(scripted_peer_n_accepted(f->peer), 1, 2);
}

typedef struct Chain { /* each request that ends begins another */
    Fixture *fixture;
    unsigned n_started, n_done, n_wanted;
} Chain;

static void chain_start(Chain *chain);

static void on_chain_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    Chain *chain = userdata;
    assert_int_equal(r, 0);
    chain->n_done++;
    if (chain->n_started < chain->n_wanted)
        chain_start(chain);
}

static void chain_start(Chain *chain) {
    _cleanup_free_ char *body = str_printf("%04u", chain->n_started++);
    HttpCall call = {.method = "POST", .url = chain->fixture->url, .body = body, .body_size = 4};
    assert_int_equal(
        http_client_start(chain->fixture->client, &call, NULL, on_chain_done, chain, NULL), 0);
}

static void answer_in_order(Fixture *f) {
    char expected[8];
    snprintf(expected, sizeof(expected), "%04u", scripted_peer_n_requests(f->peer) - 1);
    assert_string_equal(strstr(f->request, "\r\n\r\n") + 4, expected);
    answer_hello(f);
}

static void late_requests_do_not_overtake_waiting_ones(void **state) {
    Fixture *f = *state;
    Chain chain = {.fixture = f, .n_wanted = 300};
    f->answer = answer_in_order;
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.max_connections = 1}, &f->client), 0);
    for (int i = 0; i < 20; i++)
        chain_start(&chain);
    RUN_UNTIL(f, chain.n_done == chain.n_wanted);
    assert_int_equal(scripted_peer_n_accepted(f->peer), 1);
}

static void cancelled_requests_leave_the_queue(void **state) {
    Fixture *f = *state;
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.max_connections = 1}, &f->client), 0);
    HttpRequest *requests[3];
    for (size_t i = 0; i < ELEMENTSOF(requests); i++)
        assert_int_equal(http_client_start(f->client, &(HttpCall){.method = "GET", .url = f->url},
                                           NULL, count_done, NULL, &requests[i]),
                         0);
    RUN_UNTIL(f, scripted_peer_n_requests(f->peer) == 1);
    http_request_cancel(requests[1]); /* waits */
    f->answer = answer_hello;
    client_test_start(&f->a, (HttpCall){}, NULL);
    http_request_cancel(requests[0]); /* in turn */
    http_request_cancel(requests[2]); /* was given the turn just now */
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, 0);
}

static void request_that_waits_too_long_times_out(void **state) {
    Fixture *f = *state;
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.max_connections = 1}, &f->client), 0);
    client_test_start(&f->a, (HttpCall){}, NULL);
    client_test_start(&f->b, (HttpCall){.timeout_usec = 50 * USEC_PER_MSEC}, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.r, -ETIMEDOUT);
    assert_int_equal(f->a.n_done, 0);
}

static void each_host_has_its_own_queue(void **state) {
    Fixture *f = *state;
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.max_connections = 1}, &f->client), 0);
    _cleanup_free_ char *other = str_printf("http://localhost:%u/", scripted_peer_port(f->peer));
    client_test_start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->connection);
    f->answer = answer_hello;
    client_test_start(&f->b, (HttpCall){.url = other}, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(f->a.n_done, 0);
}

/* The kernel answers no more connections than fit into the backlog, as a host that is off. */
static void connection_that_is_not_made_in_time_is_unreachable(void **state) {
    Fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fds[8];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (i > 0 ? SOCK_NONBLOCK : 0), 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *) &address, size), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *) &address, &size), 0);
    for (size_t i = 1; i < ELEMENTSOF(fds); i++)
        (void) connect(fds[i], (struct sockaddr *) &address, size);

    http_client_free(f->client);
    HttpClientOptions options = {.connect_timeout_usec = 100 * USEC_PER_MSEC};
    assert_int_equal(http_client_new(f->event, &options, &f->client), 0);
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", ntohs(address.sin_port));
    client_test_start(&f->a, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -EHOSTUNREACH);
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        close(fds[i]);
}

/* The second request finds that the kept connection is closed as soon as it was read: with a body,
 * the peer may have acted on it, so it must not be sent again behind the caller's back. */
static void answer_first_only(Fixture *f) {
    if (scripted_peer_n_requests(f->peer) == 1)
        answer_hello(f);
    else
        peer_connection_close(f->connection);
}

static void request_with_body_is_never_sent_twice(void **state) {
    Fixture *f = *state;
    const HttpCall call = {.method = "POST", .body = "{}", .body_size = 2};
    f->answer = answer_first_only;
    client_test_start(&f->a, call, NULL);
    RUN_UNTIL(f, f->a.n_done);
    client_test_start(&f->b, call, NULL);
    RUN_UNTIL(f, f->b.n_done);
    client_test_run_out(f);
    assert_int_equal(f->b.r, -ECONNRESET);
    assert_int_equal(scripted_peer_n_requests(f->peer), 2);
}

static void answer_then_close(Fixture *f) {
    answer_hello(f);
    peer_connection_close(f->connection);
}

static void kept_connection_that_was_closed_meanwhile_is_replaced(void **state) {
    Fixture *f = *state;
    const HttpCall call = {.method = "POST", .body = "{}", .body_size = 2};
    f->answer = answer_then_close;
    client_test_start(&f->a, call, NULL);
    RUN_UNTIL(f, f->a.n_done);
    client_test_run_out(f);
    client_test_start(&f->b, call, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(scripted_peer_n_accepted(f->peer), 2);
}

static void unix_socket_is_used_whatever_the_host(void **state) {
    Fixture *f = *state;
    char directory[] = "/tmp/fleet-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    _cleanup_free_ char *path = str_printf("%s/socket", directory);
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.unix_socket = path}, &f->client), 0);

    client_test_start(&f->a, (HttpCall){.url = "http://fleet/x"}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ENOENT);

    scripted_peer_free(f->peer);
    f->peer = scripted_peer_new(f->event, path, client_test_on_request, f);
    f->answer = answer_hello;
    client_test_start(&f->b, (HttpCall){.url = "http://fleet/x"}, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_non_null(strstr(f->request, "\r\nHost: fleet\r\n"));
    unlink(path);
    rmdir(directory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(refused_connection_is_told),
        TEST(unknown_host_is_unreachable),
        TEST(connection_is_used_again),
        TEST(requests_over_the_limit_wait_their_turn),
        TEST(late_requests_do_not_overtake_waiting_ones),
        TEST(cancelled_requests_leave_the_queue),
        TEST(request_that_waits_too_long_times_out),
        TEST(each_host_has_its_own_queue),
        TEST(connection_that_is_not_made_in_time_is_unreachable),
        TEST(request_with_body_is_never_sent_twice),
        TEST(kept_connection_that_was_closed_meanwhile_is_replaced),
        TEST(unix_socket_is_used_whatever_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
