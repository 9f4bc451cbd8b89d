#include "tests/unit/http-client-test.h"

#include <time.h>

void client_test_on_request(PeerConnection *connection, const char *text, void *userdata) {
    Fixture *f = userdata;
    f->connection = connection;
    assert_int_equal(str_replace(&f->request, text), 0);
    if (f->answer)
        f->answer(f);
}

int client_test_setup(void **state) {
    Fixture *f = calloc(1, sizeof(*f));
    assert_true(sd_event_new(&f->event) >= 0);
    f->peer = scripted_peer_new(f->event, NULL, client_test_on_request, f);
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

int client_test_teardown(void **state) {
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

void client_test_on_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
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

int client_test_on_data(const char *data, size_t size, void *userdata) {
    Outcome *outcome = userdata;
    assert_true(size > 0);
    outcome->n_data++;
    assert_int_equal(byte_buffer_append(&outcome->data, data, size), 0);
    int r = outcome->data_result;
    if (outcome->in_data)
        outcome->in_data(outcome);
    return r;
}

void client_test_start(Outcome *outcome, HttpCall call, HttpData data) {
    call.method = str_or(call.method, "GET");
    call.url = str_or(call.url, outcome->fixture->url);
    assert_int_equal(http_client_start(outcome->fixture->client, &call, data, client_test_on_done,
                                       outcome, &outcome->request),
                     0);
    assert_int_equal(outcome->n_done, 0);
}

usec_t client_test_now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

void client_test_run_out(Fixture *f) {
    while (sd_event_run(f->event, 20 * USEC_PER_MSEC) > 0)
        ;
}

unsigned client_test_unused_port(void) {
    ScriptedPeer *peer = NULL;
    _cleanup_(sd_event_unrefp) sd_event *event = NULL;
    assert_true(sd_event_new(&event) >= 0);
    peer = scripted_peer_new(event, NULL, client_test_on_request, NULL);
    unsigned port = scripted_peer_port(peer);
    scripted_peer_free(peer);
    return port;
}

void answer_hello(Fixture *f) {
    peer_connection_answer(f->connection, 200, "{\"hello\":1}");
}

void answer_not_found(Fixture *f) {
    peer_connection_answer(f->connection, 404, "gone");
}

void answer_stream_head(Fixture *f) {
    peer_connection_send(f->connection, PEER_CHUNKED_HEADERS, strlen(PEER_CHUNKED_HEADERS));
}
