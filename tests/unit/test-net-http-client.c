#include "fleetd/base/strv.h"
#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/http-client.h"
#include "tests/fakes/scripted-peer.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct Fixture Fixture;

/* What a request's callbacks saw. */
typedef struct Outcome {
    Fixture *fixture;
    HttpRequest *request;
    unsigned n_done, n_data;
    int r;
    unsigned status;
    char *body, *content_type, *message;
    char *revision; /* of a header */
    ByteBuffer data;
    void (*in_data)(struct Outcome *); /* done from inside on_data, on_done */
    void (*in_done)(struct Outcome *);
    int data_result;
} Outcome;

struct Fixture {
    sd_event *event;
    ScriptedPeer *peer;
    HttpClient *client;
    char *url;
    PeerConnection *connection; /* of the last request */
    char *request;              /* its text */
    void (*answer)(Fixture *);
    Outcome a, b;
};

static void on_request(PeerConnection *connection, const char *text, void *userdata) {
    Fixture *f = userdata;
    f->connection = connection;
    assert_int_equal(str_replace(&f->request, text), 0);
    if (f->answer)
        f->answer(f);
}

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(*f));
    assert_true(sd_event_new(&f->event) >= 0);
    f->peer = scripted_peer_new(f->event, NULL, on_request, f);
    assert_non_null(f->peer);
    assert_int_equal(http_client_new(f->event, &(HttpClientOptions){}, &f->client), 0);
    f->url = str_printf("http://127.0.0.1:%u/path", scripted_peer_port(f->peer));
    f->a.fixture = f->b.fixture = f;
    *state = f;
    return 0;
}

static void outcome_done(Outcome *outcome) {
    free(outcome->body);
    free(outcome->content_type);
    free(outcome->message);
    free(outcome->revision);
    byte_buffer_done(&outcome->data);
}

static int teardown(void **state) {
    Fixture *f = *state;
    http_client_free(f->client);
    scripted_peer_free(f->peer);
    sd_event_unref(f->event);
    outcome_done(&f->a);
    outcome_done(&f->b);
    free(f->url);
    free(f->request);
    free(f);
    return 0;
}

static void on_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    Outcome *outcome = userdata;
    assert_int_equal(outcome->n_done++, 0);
    assert_true((r == 0) == (answer != NULL));
    assert_true((r < 0) == (message != NULL));
    outcome->r = r;
    if (answer) {
        assert_int_equal(strlen(answer->body), answer->body_size);
        outcome->status = answer->status;
        outcome->body = strdup(answer->body);
        outcome->content_type = strdup(answer->content_type);
        assert_int_equal(
            str_replace(&outcome->revision, http_answer_header(answer, "x-fleet-revision")), 0);
    } else
        outcome->message = strdup(message);
    if (outcome->in_done)
        outcome->in_done(outcome);
}

static int on_data(const char *data, size_t size, void *userdata) {
    Outcome *outcome = userdata;
    assert_true(size > 0);
    outcome->n_data++;
    assert_int_equal(byte_buffer_append(&outcome->data, data, size), 0);
    int r = outcome->data_result;
    if (outcome->in_data)
        outcome->in_data(outcome);
    return r;
}

static void start(Outcome *outcome, HttpCall call, HttpData data) {
    call.method = str_or(call.method, "GET");
    call.url = str_or(call.url, outcome->fixture->url);
    assert_int_equal(http_client_start(outcome->fixture->client, &call, data, on_done, outcome,
                                       &outcome->request),
                     0);
    assert_int_equal(outcome->n_done, 0);
}

static usec_t now_usec(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* Runs the loop until the condition holds; fails after 10 s. */
#define RUN_UNTIL(f, condition) \
    do { \
        usec_t _deadline = now_usec() + 10 * USEC_PER_SEC; \
        while (!(condition) && now_usec() < _deadline) \
            assert_true(sd_event_run((f)->event, 100 * USEC_PER_MSEC) >= 0); \
        assert_true(condition); \
    } while (false)

/* Whatever is still to come, comes. */
static void run_out(Fixture *f) {
    while (sd_event_run(f->event, 20 * USEC_PER_MSEC) > 0)
        ;
}

static void answer_hello(Fixture *f) {
    peer_connection_answer(f->connection, 200, "{\"hello\":1}");
}

static void get_delivers_status_type_and_body(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_int_equal(f->a.status, 200);
    assert_string_equal(f->a.body, "{\"hello\":1}");
    assert_string_equal(f->a.content_type, "application/json");
    assert_true(strncmp(f->request, "GET /path HTTP/1.1\r\n", 20) == 0);
    assert_non_null(strstr(f->request, "\r\nUser-Agent: fleet/"));
    assert_null(strstr(f->request, "Expect"));
    assert_null(strstr(f->request, "Authorization"));
    assert_null(strstr(f->request, "Content-Type"));
}

static void body_and_headers_are_sent(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    char body[3000];
    memset(body, 'x', sizeof(body));
    start(&f->a,
          (HttpCall){.method = "PUT",
                     .body = body,
                     .body_size = sizeof(body),
                     .content_type = "text/plain",
                     .authorization = "secret",
                     .header = "X-More: 1"},
          NULL);
    memset(body, 'y', sizeof(body)); /* it was copied */
    RUN_UNTIL(f, f->a.n_done);
    assert_true(strncmp(f->request, "PUT /path HTTP/1.1\r\n", 20) == 0);
    assert_non_null(strstr(f->request, "\r\nContent-Length: 3000\r\n"));
    assert_non_null(strstr(f->request, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(f->request, "\r\nAuthorization: secret\r\n"));
    assert_non_null(strstr(f->request, "\r\nX-More: 1\r\n"));
    assert_null(strstr(f->request, "Expect"));
    const char *sent = strstr(f->request, "\r\n\r\n") + 4;
    assert_int_equal(strspn(sent, "x"), 3000);
}

static void post_without_body_has_length_zero(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    start(&f->a, (HttpCall){.method = "POST"}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_true(strncmp(f->request, "POST ", 5) == 0);
    assert_non_null(strstr(f->request, "\r\nContent-Length: 0\r\n"));
}

static void delete_is_sent_as_such(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    start(&f->a, (HttpCall){.method = "DELETE"}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_true(strncmp(f->request, "DELETE /path ", 13) == 0);
}

static void answer_not_found(Fixture *f) {
    peer_connection_answer(f->connection, 404, "gone");
}

static void error_status_is_an_answer(void **state) {
    Fixture *f = *state;
    f->answer = answer_not_found;
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_int_equal(f->a.status, 404);
    assert_string_equal(f->a.body, "gone");
}

static void answer_redirect(Fixture *f) {
    static const char text[] =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    peer_connection_send(f->connection, text, sizeof(text) - 1);
}

static void redirect_is_not_followed(void **state) {
    Fixture *f = *state;
    f->answer = answer_redirect;
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.status, 302);
}

static void proxy_of_the_environment_is_ignored(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    unsetenv("http_proxy");
    assert_int_equal(f->a.r, 0);
}

static unsigned unused_port(void) {
    ScriptedPeer *peer = NULL;
    _cleanup_(sd_event_unrefp) sd_event *event = NULL;
    assert_true(sd_event_new(&event) >= 0);
    peer = scripted_peer_new(event, NULL, on_request, NULL);
    unsigned port = scripted_peer_port(peer);
    scripted_peer_free(peer);
    return port;
}

static void refused_connection_is_told(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", unused_port());
    start(&f->a, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ECONNREFUSED);
    assert_true(strlen(f->a.message) > 0);
}

/* A label of more than 63 characters is no name, which is known without asking a name server. */
static void unknown_host_is_unreachable(void **state) {
    Fixture *f = *state;
    char url[100];
    snprintf(url, sizeof(url), "http://%064d.invalid/", 1);
    start(&f->a, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -EHOSTUNREACH);
}

static void bad_calls_do_not_begin(void **state) {
    Fixture *f = *state;
    const HttpCall calls[] = {
        {.method = "GET", .url = f->url, .authorization = "a\r\nInjected: b"},
        {.method = "GET /\r\nx", .url = f->url},
        {.method = "GET", .url = "file:///etc/hostname"},
    };
    for (size_t i = 0; i < ELEMENTSOF(calls); i++)
        assert_int_equal(http_client_start(f->client, &calls[i], NULL, on_done, &f->a, NULL),
                         -EINVAL);
}

static void silent_peer_times_out(void **state) {
    Fixture *f = *state;
    usec_t begin = now_usec();
    start(&f->a, (HttpCall){.timeout_usec = 50 * USEC_PER_MSEC}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ETIMEDOUT);
    assert_true(now_usec() - begin >= 50 * USEC_PER_MSEC);
    assert_non_null(strstr(f->a.message, "in time"));
    RUN_UNTIL(f, scripted_peer_n_open(f->peer) == 0); /* the broken connection is not kept */
}

static void answer_half(Fixture *f) {
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    peer_connection_send(f->connection, text, sizeof(text) - 1);
    peer_connection_close(f->connection);
}

static void answer_nothing(Fixture *f) {
    peer_connection_close(f->connection);
}

static void answer_garbage(Fixture *f) {
    peer_connection_send(f->connection, "SSH-2.0-OpenSSH\r\n", 17);
    peer_connection_close(f->connection);
}

static void broken_answers_have_their_errors(void **state) {
    Fixture *f = *state;
    static const struct {
        void (*answer)(Fixture *);
        int r;
    } cases[] = {
        {answer_half, -ECONNRESET},
        {answer_nothing, -ECONNRESET},
        {answer_garbage, -EPROTO},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        f->answer = cases[i].answer;
        f->a.n_done = 0;
        start(&f->a, (HttpCall){}, NULL);
        RUN_UNTIL(f, f->a.n_done);
        assert_int_equal(f->a.r, cases[i].r);
        free(TAKE_PTR(f->a.message));
    }
}

static void answer_within_limit_is_delivered_and_longer_refused(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello; /* 11 bytes */
    start(&f->a, (HttpCall){.answer_max = 11}, NULL);
    start(&f->b, (HttpCall){.answer_max = 10}, NULL);
    RUN_UNTIL(f, f->a.n_done && f->b.n_done);
    assert_int_equal(f->a.r, 0);
    assert_int_equal(f->b.r, -EMSGSIZE);
    assert_non_null(strstr(f->b.message, "10 bytes"));
}

static void connection_is_used_again(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    for (int i = 0; i < 5; i++) {
        f->a.n_done = 0;
        start(&f->a, (HttpCall){.method = "POST", .body = "{}", .body_size = 2}, NULL);
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
    start(&f->a, (HttpCall){}, NULL);
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
    start(&f->a, (HttpCall){}, NULL);
    start(&f->b, (HttpCall){.timeout_usec = 50 * USEC_PER_MSEC}, NULL);
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
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->connection);
    f->answer = answer_hello;
    start(&f->b, (HttpCall){.url = other}, NULL);
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
    start(&f->a, (HttpCall){.url = url}, NULL);
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
    start(&f->a, call, NULL);
    RUN_UNTIL(f, f->a.n_done);
    start(&f->b, call, NULL);
    RUN_UNTIL(f, f->b.n_done);
    run_out(f);
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
    start(&f->a, call, NULL);
    RUN_UNTIL(f, f->a.n_done);
    run_out(f);
    start(&f->b, call, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(scripted_peer_n_accepted(f->peer), 2);
}

static void answer_stream_head(Fixture *f) {
    peer_connection_send(f->connection, PEER_CHUNKED_HEADERS, strlen(PEER_CHUNKED_HEADERS));
}

static void stream_is_delivered_as_it_comes_and_has_no_timeout(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    start(&f->a, (HttpCall){.timeout_usec = 200 * USEC_PER_MSEC}, on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "one", 3);
    RUN_UNTIL(f, f->a.n_data == 1);
    assert_string_equal(f->a.data.data, "one");
    usec_t begin = now_usec();
    while (now_usec() - begin < 250 * USEC_PER_MSEC)
        sd_event_run(f->event, 50 * USEC_PER_MSEC);
    assert_int_equal(f->a.n_done, 0);
    peer_connection_send_chunk(f->connection, "two", 3);
    RUN_UNTIL(f, f->a.n_data == 2);
    peer_connection_send_chunk(f->connection, "last", 4);
    peer_connection_send_chunk(f->connection, "", 0);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_string_equal(f->a.data.data, "onetwolast");
    assert_string_equal(f->a.body, "");
}

static void stream_without_headers_times_out(void **state) {
    Fixture *f = *state;
    start(&f->a, (HttpCall){.timeout_usec = 50 * USEC_PER_MSEC}, on_data);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ETIMEDOUT);
}

static void broken_stream_ends_with_an_error_after_its_data(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    start(&f->a, (HttpCall){}, on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "data", 4);
    peer_connection_close(f->connection);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ECONNRESET);
    assert_string_equal(f->a.data.data, "data");
}

static void refused_stream_delivers_its_body(void **state) {
    Fixture *f = *state;
    f->answer = answer_not_found;
    start(&f->a, (HttpCall){}, on_data);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.n_data, 0);
    assert_int_equal(f->a.status, 404);
    assert_string_equal(f->a.body, "gone");
}

static void stream_larger_than_the_answer_limit_goes_on(void **state) {
    Fixture *f = *state;
    char block[1000];
    memset(block, 'b', sizeof(block));
    f->answer = answer_stream_head;
    start(&f->a, (HttpCall){.answer_max = 10}, on_data);
    RUN_UNTIL(f, f->connection);
    for (int i = 0; i < 100; i++)
        peer_connection_send_chunk(f->connection, block, sizeof(block));
    RUN_UNTIL(f, f->a.data.size == 100 * sizeof(block));
    assert_int_equal(f->a.n_done, 0);
}

static void negative_result_of_on_data_ends_the_stream(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    f->a.data_result = -EBADMSG;
    start(&f->a, (HttpCall){}, on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "x", 1);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -EBADMSG);
    RUN_UNTIL(f, scripted_peer_n_open(f->peer) == 0);
}

static void cancelled_request_is_silent(void **state) {
    Fixture *f = *state;
    start(&f->a, (HttpCall){}, NULL);
    http_request_cancel(f->a.request); /* before anything was sent */
    start(&f->b, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->connection);
    http_request_cancel(f->b.request); /* while waiting for the answer */
    http_request_cancel(NULL);
    RUN_UNTIL(f, scripted_peer_n_open(f->peer) == 0);
    assert_int_equal(f->a.n_done + f->b.n_done, 0);
}

static void cancel_own(Outcome *outcome) {
    http_request_cancel(outcome->request);
}

static void stream_may_be_cancelled_in_on_data(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    f->a.in_data = cancel_own;
    f->a.data_result = -EBADMSG; /* too late to matter */
    start(&f->a, (HttpCall){}, on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "x", 1);
    peer_connection_send_chunk(f->connection, "", 0);
    RUN_UNTIL(f, f->a.n_data);
    run_out(f);
    assert_int_equal(f->a.n_data, 1);
    assert_int_equal(f->a.n_done, 0);
}

static void request_may_be_cancelled_in_its_on_done(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    f->a.in_done = cancel_own;
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
}

static void cancel_other(Outcome *outcome) {
    Fixture *f = outcome->fixture;
    http_request_cancel((outcome == &f->a ? &f->b : &f->a)->request);
}

/* Both end in the same step of the loop; the one that is told first cancels the other. */
static void request_may_be_cancelled_in_on_done_of_another(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", unused_port());
    f->a.in_done = f->b.in_done = cancel_other;
    start(&f->a, (HttpCall){.url = url}, NULL);
    start(&f->b, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done + f->b.n_done > 0);
    run_out(f);
    assert_int_equal(f->a.n_done + f->b.n_done, 1);
}

static void start_next(Outcome *outcome) {
    start(&outcome->fixture->b, (HttpCall){}, NULL);
}

static void request_may_be_started_in_on_done(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    f->a.in_done = start_next;
    start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.status, 200);
    assert_int_equal(scripted_peer_n_accepted(f->peer), 1);
}

static void free_client(Outcome *outcome) {
    http_client_free(outcome->fixture->client);
    outcome->fixture->client = NULL;
}

static void client_may_be_freed_in_on_done(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", unused_port());
    f->a.in_done = f->b.in_done = free_client;
    start(&f->a, (HttpCall){.url = url}, NULL);
    start(&f->b, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done + f->b.n_done > 0);
    run_out(f);
    assert_int_equal(f->a.n_done + f->b.n_done, 1);
}

static void client_may_be_freed_in_on_data(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    f->a.in_data = free_client;
    start(&f->a, (HttpCall){}, on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "x", 1);
    RUN_UNTIL(f, f->a.n_data);
    run_out(f);
    assert_int_equal(f->a.n_done, 0);
}

static void client_may_be_freed_when_a_request_times_out(void **state) {
    Fixture *f = *state;
    f->a.in_done = free_client;
    start(&f->a, (HttpCall){.timeout_usec = 20 * USEC_PER_MSEC}, NULL);
    start(&f->b, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    run_out(f);
    assert_int_equal(f->b.n_done, 0);
}

static void client_is_freed_with_requests_under_way(void **state) {
    Fixture *f = *state;
    start(&f->a, (HttpCall){}, NULL);
    start(&f->b, (HttpCall){}, on_data);
    RUN_UNTIL(f, scripted_peer_n_requests(f->peer) == 2);
    free_client(&f->a);
    RUN_UNTIL(f, scripted_peer_n_open(f->peer) == 0);
    assert_int_equal(f->a.n_done + f->b.n_done, 0);
}

static void unix_socket_is_used_whatever_the_host(void **state) {
    Fixture *f = *state;
    char directory[] = "/tmp/fleet-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    _cleanup_free_ char *path = str_printf("%s/socket", directory);
    http_client_free(f->client);
    assert_int_equal(
        http_client_new(f->event, &(HttpClientOptions){.unix_socket = path}, &f->client), 0);

    start(&f->a, (HttpCall){.url = "http://fleet/x"}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ENOENT);

    scripted_peer_free(f->peer);
    f->peer = scripted_peer_new(f->event, path, on_request, f);
    f->answer = answer_hello;
    start(&f->b, (HttpCall){.url = "http://fleet/x"}, NULL);
    RUN_UNTIL(f, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_non_null(strstr(f->request, "\r\nHost: fleet\r\n"));
    unlink(path);
    rmdir(directory);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void answer_with_revision(Fixture *f) {
    static const char text[] = "HTTP/1.1 204 No Content\r\nX-Fleet-Revision: 17\r\n\r\n";
    peer_connection_send(f->connection, text, strlen(text));
}

static void headers_of_an_answer_are_found_whatever_their_case(void **state) {
    Fixture *f = *state;
    f->answer = answer_with_revision;
    start(&f->a, (HttpCall){.method = "PUT", .body = "{}", .body_size = 2}, NULL);
    RUN_UNTIL(f, f->a.n_done == 1);
    assert_int_equal(f->a.status, 204);
    assert_string_equal(f->a.revision, "17");

    f->answer = answer_hello;
    start(&f->b, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->b.n_done == 1);
    assert_null(f->b.revision);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(get_delivers_status_type_and_body),
        TEST(body_and_headers_are_sent),
        TEST(post_without_body_has_length_zero),
        TEST(delete_is_sent_as_such),
        TEST(error_status_is_an_answer),
        TEST(redirect_is_not_followed),
        TEST(proxy_of_the_environment_is_ignored),
        TEST(refused_connection_is_told),
        TEST(unknown_host_is_unreachable),
        TEST(bad_calls_do_not_begin),
        TEST(silent_peer_times_out),
        TEST(broken_answers_have_their_errors),
        TEST(answer_within_limit_is_delivered_and_longer_refused),
        TEST(connection_is_used_again),
        TEST(requests_over_the_limit_wait_their_turn),
        TEST(late_requests_do_not_overtake_waiting_ones),
        TEST(cancelled_requests_leave_the_queue),
        TEST(request_that_waits_too_long_times_out),
        TEST(each_host_has_its_own_queue),
        TEST(connection_that_is_not_made_in_time_is_unreachable),
        TEST(request_with_body_is_never_sent_twice),
        TEST(kept_connection_that_was_closed_meanwhile_is_replaced),
        TEST(stream_is_delivered_as_it_comes_and_has_no_timeout),
        TEST(stream_without_headers_times_out),
        TEST(broken_stream_ends_with_an_error_after_its_data),
        TEST(refused_stream_delivers_its_body),
        TEST(stream_larger_than_the_answer_limit_goes_on),
        TEST(negative_result_of_on_data_ends_the_stream),
        TEST(cancelled_request_is_silent),
        TEST(stream_may_be_cancelled_in_on_data),
        TEST(request_may_be_cancelled_in_its_on_done),
        TEST(request_may_be_cancelled_in_on_done_of_another),
        TEST(request_may_be_started_in_on_done),
        TEST(client_may_be_freed_in_on_done),
        TEST(client_may_be_freed_in_on_data),
        TEST(client_may_be_freed_when_a_request_times_out),
        TEST(client_is_freed_with_requests_under_way),
        TEST(headers_of_an_answer_are_found_whatever_their_case),
        TEST(unix_socket_is_used_whatever_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
