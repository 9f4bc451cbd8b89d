#include "tests/unit/http-client-test.h"

#include <errno.h>

static void stream_is_delivered_as_it_comes_and_has_no_timeout(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    client_test_start(&f->a, (HttpCall){.timeout_usec = 200 * USEC_PER_MSEC}, client_test_on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "one", 3);
    RUN_UNTIL(f, f->a.n_data == 1);
    assert_string_equal(f->a.data.data, "one");
    usec_t begin = client_test_now();
    while (client_test_now() - begin < 250 * USEC_PER_MSEC)
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
    client_test_start(&f->a, (HttpCall){.timeout_usec = 50 * USEC_PER_MSEC}, client_test_on_data);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ETIMEDOUT);
}

static void broken_stream_ends_with_an_error_after_its_data(void **state) {
    Fixture *f = *state;
    f->answer = answer_stream_head;
    client_test_start(&f->a, (HttpCall){}, client_test_on_data);
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
    client_test_start(&f->a, (HttpCall){}, client_test_on_data);
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
    client_test_start(&f->a, (HttpCall){.answer_max = 10}, client_test_on_data);
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
    client_test_start(&f->a, (HttpCall){}, client_test_on_data);
    RUN_UNTIL(f, f->connection);
    peer_connection_send_chunk(f->connection, "x", 1);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -EBADMSG);
    RUN_UNTIL(f, scripted_peer_n_open(f->peer) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stream_is_delivered_as_it_comes_and_has_no_timeout),
        TEST(stream_without_headers_times_out),
        TEST(broken_stream_ends_with_an_error_after_its_data),
        TEST(refused_stream_delivers_its_body),
        TEST(stream_larger_than_the_answer_limit_goes_on),
        TEST(negative_result_of_on_data_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
