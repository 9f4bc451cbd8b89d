#include "tests/unit/http-client-test.h"

#include <errno.h>

static void get_delivers_status_type_and_body(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    client_test_start(&f->a, (HttpCall){}, NULL);
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
    client_test_start(
        &f->a,
        (HttpCall){
            .method = "PUT", .body = body, .body_size = sizeof(body), .content_type = "text/plain"},
        NULL);
    memset(body, 'y', sizeof(body)); /* it was copied */
    RUN_UNTIL(f, f->a.n_done);
    assert_true(strncmp(f->request, "PUT /path HTTP/1.1\r\n", 20) == 0);
    assert_non_null(strstr(f->request, "\r\nContent-Length: 3000\r\n"));
    assert_non_null(strstr(f->request, "\r\nContent-Type: text/plain\r\n"));
    assert_null(strstr(f->request, "Expect"));
    const char *sent = strstr(f->request, "\r\n\r\n") + 4;
    assert_int_equal(strspn(sent, "x"), 3000);
}

static void post_without_body_has_length_zero(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    client_test_start(&f->a, (HttpCall){.method = "POST"}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_true(strncmp(f->request, "POST ", 5) == 0);
    assert_non_null(strstr(f->request, "\r\nContent-Length: 0\r\n"));
}

static void delete_is_sent_as_such(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    client_test_start(&f->a, (HttpCall){.method = "DELETE"}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_true(strncmp(f->request, "DELETE /path ", 13) == 0);
}

static void error_status_is_an_answer(void **state) {
    Fixture *f = *state;
    f->answer = answer_not_found;
    client_test_start(&f->a, (HttpCall){}, NULL);
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
    client_test_start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.status, 302);
}

static void proxy_of_the_environment_is_ignored(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    client_test_start(&f->a, (HttpCall){}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    unsetenv("http_proxy");
    assert_int_equal(f->a.r, 0);
}

static void bad_calls_do_not_begin(void **state) {
    Fixture *f = *state;
    const HttpCall calls[] = {
        {.method = "GET", .url = f->url, .content_type = "a\r\nInjected: b"},
        {.method = "GET /\r\nx", .url = f->url},
        {.method = "GET", .url = "file:///etc/hostname"},
    };
    for (size_t i = 0; i < ELEMENTSOF(calls); i++)
        assert_int_equal(
            http_client_start(f->client, &calls[i], NULL, client_test_on_done, &f->a, NULL),
            -EINVAL);
}

static void silent_peer_times_out(void **state) {
    Fixture *f = *state;
    usec_t begin = client_test_now();
    client_test_start(&f->a, (HttpCall){.timeout_usec = 50 * USEC_PER_MSEC}, NULL);
    RUN_UNTIL(f, f->a.n_done);
    assert_int_equal(f->a.r, -ETIMEDOUT);
    assert_true(client_test_now() - begin >= 50 * USEC_PER_MSEC);
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
        client_test_start(&f->a, (HttpCall){}, NULL);
        RUN_UNTIL(f, f->a.n_done);
        assert_int_equal(f->a.r, cases[i].r);
        free(TAKE_PTR(f->a.message));
    }
}

static void answer_within_limit_is_delivered_and_longer_refused(void **state) {
    Fixture *f = *state;
    f->answer = answer_hello; /* 11 bytes */
    client_test_start(&f->a, (HttpCall){.answer_max = 11}, NULL);
    client_test_start(&f->b, (HttpCall){.answer_max = 10}, NULL);
    RUN_UNTIL(f, f->a.n_done && f->b.n_done);
    assert_int_equal(f->a.r, 0);
    assert_int_equal(f->b.r, -EMSGSIZE);
    assert_non_null(strstr(f->b.message, "10 bytes"));
}

static void answer_with_revision(Fixture *f) {
    static const char text[] = "HTTP/1.1 204 No Content\r\nX-Fleet-Revision: 17\r\n\r\n";
    peer_connection_send(f->connection, text, strlen(text));
}

static void headers_of_an_answer_are_found_whatever_their_case(void **state) {
    Fixture *f = *state;
    f->answer = answer_with_revision;
    client_test_start(&f->a, (HttpCall){.method = "PUT", .body = "{}", .body_size = 2}, NULL);
    RUN_UNTIL(f, f->a.n_done == 1);
    assert_int_equal(f->a.status, 204);
    assert_string_equal(f->a.revision, "17");

    f->answer = answer_hello;
    client_test_start(&f->b, (HttpCall){}, NULL);
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
        TEST(bad_calls_do_not_begin),
        TEST(silent_peer_times_out),
        TEST(broken_answers_have_their_errors),
        TEST(answer_within_limit_is_delivered_and_longer_refused),
        TEST(headers_of_an_answer_are_found_whatever_their_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
