/* The HTTP/2 client against a peer that the test plays: what it tells of answers, what it does when
 * connections break, and who waits for whom. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/net/h2-client.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/grpc-peer.h"
#include "tests/fakes/scripted-peer.h"
#include "tests/unit/cmocka-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHORT_TIMEOUT (200 * USEC_PER_MSEC)

typedef struct Outcome {
    struct Fixture *fixture;
    H2Request *request;
    unsigned n_done;
    int r;
    unsigned status;
    char *body, *message, *grpc_status, *grpc_message;
    ByteBuffer data;
    void (*in_data)(struct Outcome *); /* done from inside on_data, on_done */
    void (*in_done)(struct Outcome *);
} Outcome;

typedef struct Fixture {
    sd_event *event;
    Loop *loop;
    GrpcPeer *peer;
    H2Client *client;
    char *host;
    PeerCall *call; /* the last one */
    void (*answer)(PeerCall *call);
    Outcome a, b;
} Fixture;

static void on_request(PeerCall *call, void *userdata) {
    Fixture *f = userdata;
    f->call = call;
    if (f->answer)
        f->answer(call);
}

static void client_open(Fixture *f, const H2ClientOptions *options) {
    h2_client_free(TAKE_PTR(f->client));
    assert_int_equal(h2_client_new(f->event, options, &f->client), 0);
}

static int setup(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    assert_true(sd_event_default(&f->event) >= 0);
    assert_int_equal(event_loop_new(f->event, &f->loop), 0);
    f->peer = grpc_peer_new(f->event, on_request, f);
    assert_non_null(f->peer);
    f->host = str_printf("http://127.0.0.1:%u", grpc_peer_port(f->peer));
    f->a.fixture = f->b.fixture = f;
    client_open(f, &(H2ClientOptions){});
    return 0;
}

static void outcome_done(Outcome *outcome) {
    free(outcome->body);
    free(outcome->message);
    free(outcome->grpc_status);
    free(outcome->grpc_message);
    byte_buffer_done(&outcome->data);
    *outcome = (Outcome){.fixture = outcome->fixture};
}

static int teardown(void **state) {
    Fixture *f = *state;
    h2_client_free(f->client);
    grpc_peer_free(f->peer);
    event_loop_free(f->loop);
    sd_event_unref(f->event);
    outcome_done(&f->a);
    outcome_done(&f->b);
    free(f->host);
    free(f);
    return 0;
}

static void on_done(int r, const H2Answer *answer, const char *message, void *userdata) {
    Outcome *outcome = userdata;
    assert_int_equal(outcome->n_done++, 0);
    assert_true((r == 0) == (answer != NULL));
    assert_true((r < 0) == (message != NULL));
    outcome->r = r;
    if (answer) {
        outcome->status = answer->status;
        outcome->body = strdup(answer->body);
        assert_int_equal(str_replace(&outcome->grpc_status, h2_answer_field(answer, "grpc-status")),
                         0);
        assert_int_equal(
            str_replace(&outcome->grpc_message, h2_answer_field(answer, "grpc-message")), 0);
    } else
        outcome->message = strdup(message);
    if (outcome->in_done)
        outcome->in_done(outcome);
}

static void on_data(const char *data, size_t size, void *userdata) {
    Outcome *outcome = userdata;
    assert_true(size > 0);
    assert_int_equal(byte_buffer_append(&outcome->data, data, size), 0);
    if (outcome->in_data)
        outcome->in_data(outcome);
}

static const H2Field fields[] = {{"content-type", "application/grpc"}, {"te", "trailers"}, {}};

static void start(Outcome *outcome, H2Call call, H2Data data) {
    call.host = call.host ? call.host : outcome->fixture->host;
    call.path = call.path ? call.path : "/test/Test";
    call.fields = call.fields ? call.fields : fields;
    call.body = call.body ? call.body : "hello";
    call.body_size = call.body_size ? call.body_size : 5;
    call.answer_max = call.answer_max ? call.answer_max : 1024 * 1024;
    assert_int_equal(
        h2_client_start(outcome->fixture->client, &call, data, on_done, outcome, &outcome->request),
        0);
    assert_int_equal(outcome->n_done, 0);
}

static void say_hello(PeerCall *call) {
    peer_call_send(call, "hello", 5);
    peer_call_end(call, 7, "no%20way");
}

static void request_and_answer_have_all_their_parts(void **state) {
    Fixture *f = *state;
    const H2Field more[] = {{"te", "trailers"}, {"token", "secret"}, {}};
    size_t size;
    start(&f->a, (H2Call){.path = "/a.b/C", .fields = more}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->call);
    assert_string_equal(peer_call_path(f->call), "/a.b/C");
    assert_string_equal(peer_call_field(f->call, ":method"), "POST");
    assert_string_equal(peer_call_field(f->call, ":scheme"), "http");
    assert_string_equal(peer_call_field(f->call, ":authority"), f->host + 7);
    assert_string_equal(peer_call_field(f->call, "te"), "trailers");
    assert_string_equal(peer_call_field(f->call, "token"), "secret");
    assert_memory_equal(peer_call_body(f->call, &size), "hello", 5);
    assert_int_equal(size, 5);
    say_hello(f->call);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_int_equal(f->a.status, 200);
    assert_string_equal(f->a.body, "hello");
    assert_string_equal(f->a.grpc_status, "7");
    assert_string_equal(f->a.grpc_message, "no%20way");
}

static void say_status_only(PeerCall *call) {
    peer_call_end(call, 5, "gone");
}

static void status_may_stand_in_the_headers(void **state) {
    Fixture *f = *state;
    f->answer = say_status_only;
    start(&f->a, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_string_equal(f->a.body, "");
    assert_string_equal(f->a.grpc_status, "5");
}

static void all_requests_go_over_one_connection(void **state) {
    Fixture *f = *state;
    Outcome outcomes[200] = {};
    f->answer = say_hello;
    for (size_t i = 0; i < ELEMENTSOF(outcomes); i++) {
        outcomes[i].fixture = f;
        start(&outcomes[i], (H2Call){}, NULL);
    }
    for (size_t i = 0; i < ELEMENTSOF(outcomes); i++) {
        EVENT_RUN_UNTIL(f->loop, outcomes[i].n_done);
        assert_string_equal(outcomes[i].body, "hello");
        outcome_done(&outcomes[i]);
    }
    start(&f->a, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(grpc_peer_n_accepted(f->peer), 1);
}

static void requests_over_the_limit_wait_their_turn(void **state) {
    Fixture *f = *state;
    client_open(f, &(H2ClientOptions){.max_requests = 1});
    start(&f->a, (H2Call){}, NULL);
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->call);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(grpc_peer_n_requests(f->peer), 1);
    f->answer = say_hello;
    say_hello(f->call);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done && f->b.n_done);
    assert_int_equal(f->b.r, 0);
}

static void urgent_request_is_written_before_the_loop_goes_on(void **state) {
    Fixture *f = *state;
    f->answer = say_hello;
    start(&f->a, (H2Call){.is_at_once = true}, NULL); /* nor is the connection made */
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    outcome_done(&f->a);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_unread(f->peer) == 0);
    start(&f->a, (H2Call){}, NULL);
    assert_int_equal(grpc_peer_n_unread(f->peer), 0);
    start(&f->b, (H2Call){.is_at_once = true}, NULL);
    assert_true(grpc_peer_n_unread(f->peer) > 0);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done && f->b.n_done);
    assert_string_equal(f->a.body, "hello");
    assert_string_equal(f->b.body, "hello");
}

/* More than the peer takes at once. */
static void large_bodies_go_both_ways(void **state) {
    Fixture *f = *state;
    const size_t size = 3 * 1024 * 1024;
    _cleanup_free_ char *body = malloc(size);
    size_t received;
    memset(body, 'x', size);
    start(&f->a, (H2Call){.body = body, .body_size = size, .answer_max = size}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->call);
    assert_memory_equal(peer_call_body(f->call, &received), body, size);
    assert_int_equal(received, size);
    peer_call_send(f->call, body, size);
    peer_call_end(f->call, 0, "");
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_int_equal(strlen(f->a.body), size);
}

static void answer_over_its_limit_is_refused_and_the_next_one_is_fine(void **state) {
    Fixture *f = *state;
    f->answer = say_hello;
    start(&f->a, (H2Call){.answer_max = 4}, NULL);
    start(&f->b, (H2Call){.answer_max = 5}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done && f->b.n_done);
    assert_int_equal(f->a.r, -EMSGSIZE);
    assert_string_equal(f->a.message, "the answer is longer than 4 bytes");
    assert_int_equal(f->b.r, 0);
}

static void stream_is_told_as_it_comes_and_has_no_timeout(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){.timeout_usec = SHORT_TIMEOUT}, on_data);
    EVENT_RUN_UNTIL(f->loop, f->call);
    peer_call_send(f->call, "one", 3);
    EVENT_RUN_UNTIL(f->loop, f->a.data.size == 3);
    event_run_for(f->loop, 2 * SHORT_TIMEOUT);
    peer_call_send(f->call, "two", 3);
    peer_call_end(f->call, 0, "");
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    assert_string_equal(f->a.data.data, "onetwo");
    assert_string_equal(f->a.body, "");
}

static void cancelled_request_is_silent_and_the_peer_is_told(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){}, NULL);
    h2_request_cancel(f->a.request); /* before anything was sent */
    start(&f->a, (H2Call){}, NULL);
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_requests(f->peer) == 2);
    h2_request_cancel(f->a.request);
    h2_request_cancel(NULL);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_cancelled(f->peer) == 1);
    say_hello(f->call); /* the other one goes on, over the same connection */
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(f->a.n_done, 0);
    assert_int_equal(grpc_peer_n_accepted(f->peer), 1);
}

static void cancel_own(Outcome *outcome) {
    h2_request_cancel(outcome->request);
}

static void stream_may_be_cancelled_in_on_data(void **state) {
    Fixture *f = *state;
    f->a.in_data = cancel_own;
    start(&f->a, (H2Call){}, on_data);
    EVENT_RUN_UNTIL(f->loop, f->call);
    say_hello(f->call);
    EVENT_RUN_UNTIL(f->loop, f->a.data.size > 0);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(f->a.n_done, 0);
}

static void cancel_other(Outcome *outcome) {
    Fixture *f = outcome->fixture;
    h2_request_cancel((outcome == &f->a ? &f->b : &f->a)->request);
}

/* Both end together; the one that is told first cancels the other. */
static void request_may_be_cancelled_in_on_done_of_another(void **state) {
    Fixture *f = *state;
    f->a.in_done = f->b.in_done = cancel_other;
    start(&f->a, (H2Call){}, NULL);
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_requests(f->peer) == 2);
    peer_call_hang_up(f->call);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done + f->b.n_done > 0);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(f->a.n_done + f->b.n_done, 1);
}

static void free_client(Outcome *outcome) {
    h2_client_free(TAKE_PTR(outcome->fixture->client));
}

static void client_may_be_freed_in_any_callback(void **state) {
    Fixture *f = *state;
    for (int round = 0; round < 3; round++) {
        outcome_done(&f->a);
        outcome_done(&f->b);
        client_open(f, &(H2ClientOptions){});
        f->call = NULL;
        f->a.in_data = f->a.in_done = free_client;
        start(&f->b, (H2Call){}, NULL);
        start(&f->a, (H2Call){.timeout_usec = round == 2 ? SHORT_TIMEOUT : 0},
              round == 0 ? on_data : NULL);
        EVENT_RUN_UNTIL(f->loop, f->call && peer_call_is(f->call, "Test"));
        EVENT_RUN_UNTIL(f->loop, grpc_peer_n_requests(f->peer) == 2 * (unsigned) (round + 1));
        if (round < 2)
            say_hello(f->call);
        EVENT_RUN_UNTIL(f->loop, !f->client);
        assert_int_equal(f->b.n_done, 0);
    }
}

static void broken_connection_is_told_and_replaced(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->call);
    peer_call_hang_up(f->call);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, -ECONNRESET);
    assert_int_equal(grpc_peer_n_requests(f->peer), 1); /* it was not sent again */
    f->answer = say_hello;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(f->b.r, 0);
}

/* Noticed at once, so that the next request does not run into it. */
static void connection_that_is_closed_at_rest_is_replaced(void **state) {
    Fixture *f = *state;
    f->answer = say_hello;
    start(&f->a, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    f->answer = NULL;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_requests(f->peer) == 2);
    h2_request_cancel(f->b.request);
    PeerCall *call = f->call;
    peer_call_hang_up(call);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    f->answer = say_hello;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(grpc_peer_n_accepted(f->peer), 2);
}

/* A connection may be dead without a word: it is not to hold up those who come later. */
static void request_without_an_answer_times_out_and_leaves_its_connection(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){.timeout_usec = SHORT_TIMEOUT}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, -ETIMEDOUT);
    f->answer = say_hello;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(grpc_peer_n_accepted(f->peer), 2);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_open(f->peer) == 1);
}

static void stream_stays_on_a_connection_that_is_left(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){}, on_data);
    EVENT_RUN_UNTIL(f->loop, f->call);
    PeerCall *stream = f->call;
    h2_client_reconnect(f->client);
    f->answer = say_hello;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(grpc_peer_n_accepted(f->peer), 2);
    say_hello(stream);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_string_equal(f->a.data.data, "hello");
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_open(f->peer) == 1);
}

/* What it has begun it ends; what it has not looked at was not done. */
static void peer_that_goes_away_is_left(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->call);
    PeerCall *first = f->call;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, grpc_peer_n_requests(f->peer) == 2);
    peer_call_go_away(first);
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(f->b.r, -EHOSTUNREACH);
    say_hello(first);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, 0);
    outcome_done(&f->b);
    f->answer = say_hello;
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->b.n_done);
    assert_int_equal(f->b.r, 0);
    assert_int_equal(grpc_peer_n_accepted(f->peer), 2);
}

static void refused_connection_is_told_to_all_who_waited(void **state) {
    Fixture *f = *state;
    grpc_peer_free(TAKE_PTR(f->peer));
    start(&f->a, (H2Call){}, NULL);
    start(&f->b, (H2Call){}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done && f->b.n_done);
    assert_int_equal(f->a.r, -ECONNREFUSED);
    assert_int_equal(f->b.r, -ECONNREFUSED);
    assert_non_null(strstr(f->a.message, "Failed to connect"));
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
    client_open(f, &(H2ClientOptions){.connect_timeout_usec = SHORT_TIMEOUT});
    _cleanup_free_ char *host = str_printf("http://127.0.0.1:%u", ntohs(address.sin_port));
    start(&f->a, (H2Call){.host = host}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, -EHOSTUNREACH);
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        close(fds[i]);
}

static void say_bad_request(PeerConnection *connection, const char *text, void *userdata) {
    peer_connection_answer(connection, 400, "Bad Request");
}

static void peer_without_http2_is_told_as_such(void **state) {
    Fixture *f = *state;
    ScriptedPeer *old = scripted_peer_new(f->event, NULL, say_bad_request, NULL);
    _cleanup_free_ char *host = str_printf("http://127.0.0.1:%u", scripted_peer_port(old));
    start(&f->a, (H2Call){.host = host}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_int_equal(f->a.r, -EPROTO);
    assert_non_null(strstr(f->a.message, "does not speak HTTP/2"));
    scripted_peer_free(old);
}

static void host_that_is_none_is_told(void **state) {
    Fixture *f = *state;
    start(&f->a, (H2Call){.host = "http://127.0.0.1:99999"}, NULL);
    EVENT_RUN_UNTIL(f->loop, f->a.n_done);
    assert_true(f->a.r < 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(request_and_answer_have_all_their_parts),
        TEST(status_may_stand_in_the_headers),
        TEST(all_requests_go_over_one_connection),
        TEST(requests_over_the_limit_wait_their_turn),
        TEST(urgent_request_is_written_before_the_loop_goes_on),
        TEST(large_bodies_go_both_ways),
        TEST(answer_over_its_limit_is_refused_and_the_next_one_is_fine),
        TEST(stream_is_told_as_it_comes_and_has_no_timeout),
        TEST(cancelled_request_is_silent_and_the_peer_is_told),
        TEST(stream_may_be_cancelled_in_on_data),
        TEST(request_may_be_cancelled_in_on_done_of_another),
        TEST(client_may_be_freed_in_any_callback),
        TEST(broken_connection_is_told_and_replaced),
        TEST(connection_that_is_closed_at_rest_is_replaced),
        TEST(request_without_an_answer_times_out_and_leaves_its_connection),
        TEST(stream_stays_on_a_connection_that_is_left),
        TEST(peer_that_goes_away_is_left),
        TEST(refused_connection_is_told_to_all_who_waited),
        TEST(connection_that_is_not_made_in_time_is_unreachable),
        TEST(peer_without_http2_is_told_as_such),
        TEST(host_that_is_none_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
