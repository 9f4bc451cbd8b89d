/* The whole way over HTTP: a real server on a unix socket, a real client, a real loop. */
#include "fleetd/api/api.h"
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/net/http-client.h"
#include "fleetd/store/memory-store.h"
#include "tests/unit/cmocka-test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Fixture {
    char directory[32];
    struct sockaddr_un address;
    sd_event *event;
    Loop *loop;
    Store *store;
    Api *api;
    HttpServer *server;
    HttpClient *client;
} Fixture;

typedef struct Call {
    bool is_done;
    int r;
    unsigned status;
    char *body, *streamed;
} Call;

static void call_done(Call *call) {
    free(call->body);
    free(call->streamed);
}
#define _cleanup_call_ _cleanup_(call_done)

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(Fixture));
    *state = fixture;
    strcpy(fixture->directory, "/tmp/test-api-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->address.sun_family = AF_UNIX;
    snprintf(fixture->address.sun_path, sizeof(fixture->address.sun_path), "%s/s",
             fixture->directory);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &fixture->address, sizeof(fixture->address)), 0);
    assert_int_equal(listen(fd, 8), 0);

    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(event_loop_new(fixture->event, &fixture->loop), 0);
    assert_int_equal(memory_store_new(fixture->loop, &fixture->store), 0);
    ApiOptions api_options = {.store = fixture->store, .loop = fixture->loop};
    assert_int_equal(api_new(&api_options, &fixture->api), 0);
    HttpServerOptions server_options = {
        .body_max = 1024 * 1024, .header_max = 32 * 1024, .connections_max = 16};
    assert_int_equal(http_server_new(fixture->event, &server_options, api_handle, fixture->api,
                                     &fixture->server),
                     0);
    assert_int_equal(http_server_listen_take(fixture->server, fd, NULL), 0);
    HttpClientOptions client_options = {.unix_socket = fixture->address.sun_path};
    assert_int_equal(http_client_new(fixture->event, &client_options, &fixture->client), 0);
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    http_client_free(fixture->client);
    http_server_free(fixture->server);
    api_free(fixture->api);
    store_free(fixture->store);
    event_loop_free(fixture->loop);
    sd_event_unref(fixture->event);
    unlink(fixture->address.sun_path);
    rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static void on_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    Call *call = userdata;
    call->is_done = true;
    call->r = r;
    call->status = answer ? answer->status : 0;
    call->body = strdup(answer ? answer->body : "");
}

static int on_data(const char *data, size_t size, void *userdata) {
    Call *call = userdata;
    char *longer = str_printf("%s%.*s", str_or(call->streamed, ""), (int) size, data);
    free(call->streamed);
    call->streamed = longer;
    return 0;
}

static HttpRequest *call_start(Fixture *fixture, Call *call, const char *method, const char *path,
                               const char *body, HttpData data) {
    _cleanup_free_ char *url = str_printf("http://fleet/fleet/v1%s", path);
    HttpRequest *request = NULL;
    const HttpCall http_call = {
        .method = method, .url = url, .body = body, .body_size = body ? strlen(body) : 0};
    assert_int_equal(http_client_start(fixture->client, &http_call, data, on_done, call, &request),
                     0);
    return request;
}

static void call_run(Fixture *fixture, Call *call, const char *method, const char *path,
                     const char *body) {
    call_start(fixture, call, method, path, body, NULL);
    usec_t deadline = loop_now(fixture->loop) + PATIENCE_USEC;
    while (!call->is_done && loop_now(fixture->loop) < deadline)
        sd_event_run(fixture->event, USEC_PER_SEC);
    assert_true(call->is_done);
    assert_int_equal(call->r, 0);
}

static void await_streamed(Fixture *fixture, const Call *call, const char *text) {
    usec_t deadline = loop_now(fixture->loop) + PATIENCE_USEC;
    while (!strstr(str_or(call->streamed, ""), text) && loop_now(fixture->loop) < deadline)
        sd_event_run(fixture->event, USEC_PER_SEC);
    assert_non_null(strstr(str_or(call->streamed, ""), text));
}

static void unit_goes_in_and_comes_out_over_http(void **state) {
    Fixture *fixture = *state;
    _cleanup_call_ Call put = {}, get = {}, missing = {}, wrong = {}, gone = {};
    call_run(fixture, &put, "PUT", "/units/web%401.service",
             "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\",\"desiredState\":\"launched\"}");
    assert_int_equal(put.status, 201);
    call_run(fixture, &get, "GET", "/units/web%401.service", NULL);
    assert_int_equal(get.status, 200);
    assert_non_null(strstr(get.body, "\"name\":\"web@1.service\""));
    call_run(fixture, &missing, "GET", "/units/web%2F1.service", NULL);
    assert_int_equal(missing.status, 404);
    call_run(fixture, &wrong, "PUT", "/units/web%401.service%00", "{}");
    assert_int_equal(wrong.status, 400);
    call_run(fixture, &gone, "DELETE", "/units/web@1.service", NULL);
    assert_int_equal(gone.status, 204);
}

static void stream_follows_what_happens(void **state) {
    Fixture *fixture = *state;
    _cleanup_call_ Call stream = {}, put = {};
    HttpRequest *request =
        call_start(fixture, &stream, "GET", "/events?unit=a.service", NULL, on_data);
    await_streamed(fixture, &stream, "\"deleted\":true");
    await_streamed(fixture, &stream, "{\"type\":\"synced\"");
    call_run(fixture, &put, "PUT", "/units/a.service",
             "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\"}");
    await_streamed(fixture, &stream, "\"deleted\":false");
    assert_false(stream.is_done);
    http_request_cancel(request);
    _cleanup_call_ Call after = {};
    call_run(fixture, &after, "GET", "/machines", NULL);
    assert_int_equal(after.status, 200);
}

static void server_and_api_end_under_open_requests(void **state) {
    Fixture *fixture = *state;
    _cleanup_call_ Call stream = {};
    call_start(fixture, &stream, "GET", "/events", NULL, on_data);
    await_streamed(fixture, &stream, "synced");
    http_server_free(TAKE_PTR(fixture->server));
    api_free(TAKE_PTR(fixture->api));
    usec_t deadline = loop_now(fixture->loop) + PATIENCE_USEC;
    while (!stream.is_done && loop_now(fixture->loop) < deadline)
        sd_event_run(fixture->event, USEC_PER_SEC);
    assert_true(stream.is_done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unit_goes_in_and_comes_out_over_http, setup, teardown),
        cmocka_unit_test_setup_teardown(stream_follows_what_happens, setup, teardown),
        cmocka_unit_test_setup_teardown(server_and_api_end_under_open_requests, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
