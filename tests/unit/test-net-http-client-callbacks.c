#include "tests/unit/http-client-test.h"

#include <errno.h>

static void cancelled_request_is_silent(void **state) {
    Fixture *f = *state;
    client_test_start(&f->a, (HttpCall){}, NULL);
    http_request_cancel(f->a.request); /* before anything was sent */
    client_test_start(&f->b, (HttpCall){}, NULL);
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
    client_test_start(&f->a, (HttpCall){}, client_test_on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "x", 1);
    peer_connection_send_chunk(f->connection, "", 0);
    RUN_UNTIL(f, f->a.n_data);
    client_test_run_out(f);
    assert_int_equal(f->a.n_data, 1);
    assert_int_equal(f->a.n_done, 0);
}

static void request_may_be_cancelled_in_its_on_done(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    f->a.in_done = cancel_own;
    client_test_start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
}

static void cancel_other(Outcome *outcome) {
    Fixture *f = outcome->fixture;
    http_request_cancel((outcome == &f->a ? &f->b : &f->a)->request);
}

/* Both end in the same step of the loop; the one that is told first cancels the other. */
static void request_may_be_cancelled_in_on_done_of_another(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", client_test_unused_port());
    f->a.in_done = f->b.in_done = cancel_other;
    client_test_start(&f->a, (HttpCall){.url = url}, NULL);
    client_test_start(&f->b, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done + f->b.n_done > 0);
    client_test_run_out(f);
    assert_int_equal(f->a.n_done + f->b.n_done, 1);
}

static void start_next(Outcome *outcome) {
    client_test_start(&outcome->fixture->b, (HttpCall){}, NULL);
}

static void request_may_be_started_in_on_done(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    f->a.in_done = start_next;
    client_test_start(&f->a, (HttpCall){}, NULL);
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
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u/", client_test_unused_port());
    f->a.in_done = f->b.in_done = free_client;
    client_test_start(&f->a, (HttpCall){.url = url}, NULL);
    client_test_start(&f->b, (HttpCall){.url = url}, NULL);
    RUN_UNTIL(f, f->a.n_done + f->b.n_done > 0);
    client_test_run_out(f);
    assert_int_equal(f->a.n_done + f->b.n_done, 1);
}

static void client_may_be_freed_in_on_data(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    f->a.in_data = free_client;
    client_test_start(&f->a, (HttpCall){}, client_test_on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "x", 1);
    RUN_UNTIL(f, f->a.n_data);
    client_test_run_out(f);
    assert_int_equal(f->a.n_done, 0);
}

static void client_may_be_freed_when_a_request_times_out(void **state) {
    Fixture *f = *state;
    f->a.in_done = free_client;
    client_test_start(&f->a, (HttpCall){.timeout_usec = 20 * USEC_PER_MSEC}, NULL);
    client_test_start(&f->b, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    client_test_run_out(f);
    assert_int_equal(f->b.n_done, 0);
}

static void client_is_freed_with_requests_under_way(void **state) {
    Fixture *f = *state;
    client_test_start(&f->a, (HttpCall){}, NULL);
    client_test_start(&f->b, (HttpCall){}, client_test_on_data);
    RUN_UNTIL(f, scripted_peer_n_requests(f->peer) == 2);
    free_client(&f->a);
    RUN_UNTIL(f, scripted_peer_n_open(f->peer) == 0);
    assert_int_equal(f->a.n_done + f->b.n_done, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(cancelled_request_is_silent),
        TEST(stream_may_be_cancelled_in_on_data),
        TEST(request_may_be_cancelled_in_its_on_done),
        TEST(request_may_be_cancelled_in_on_done_of_another),
        TEST(request_may_be_started_in_on_done),
        TEST(client_may_be_freed_in_on_done),
        TEST(client_may_be_freed_in_on_data),
        TEST(client_may_be_freed_when_a_request_times_out),
        TEST(client_is_freed_with_requests_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
