#include "tests/fakes/fed-http-client.h"

#include "fleetd/net/byte-buffer.h"

#include <errno.h>
#include <sys/queue.h>

struct HttpClient {
    int n_requests;
};

struct HttpRequest {
    HttpClient *client;
    char *url;
    HttpData on_data;
    HttpDone on_done;
    void *userdata;
    bool is_fed; /* on the stack: freed when that returns */
    bool is_over;
    ByteBuffer body;
    TAILQ_ENTRY(HttpRequest) link;
};

/* Of all clients, in the order in which they were started: a test has one world at a time. */
static TAILQ_HEAD(, HttpRequest) requests = TAILQ_HEAD_INITIALIZER(requests);

static void request_free(HttpRequest *request) {
    byte_buffer_done(&request->body);
    free(request->url);
    free(request);
}

static void request_leave(HttpRequest *request) {
    TAILQ_REMOVE(&requests, request, link);
    request->client->n_requests--;
    request->is_over = true;
}

int http_client_new(sd_event *event, const HttpClientOptions *options, HttpClient **ret) {
    *ret = calloc(1, sizeof(HttpClient));
    return *ret ? 0 : -ENOMEM;
}

void http_client_free(HttpClient *client) {
    HttpRequest *request, *next;
    if (!client)
        return;
    for (request = TAILQ_FIRST(&requests); request; request = next) {
        next = TAILQ_NEXT(request, link);
        if (request->client == client)
            http_request_cancel(request);
    }
    free(client);
}

int http_client_start(HttpClient *client, const HttpCall *call, HttpData on_data, HttpDone on_done,
                      void *userdata, HttpRequest **ret) {
    HttpRequest *request = calloc(1, sizeof(HttpRequest));
    if (!request || !(request->url = strdup(call->url))) {
        free(request);
        return -ENOMEM;
    }
    request->client = client;
    request->on_data = on_data;
    request->on_done = on_done;
    request->userdata = userdata;
    client->n_requests++;
    TAILQ_INSERT_TAIL(&requests, request, link);
    if (ret)
        *ret = request;
    return 0;
}

void http_request_cancel(HttpRequest *request) {
    if (!request)
        return;
    request_leave(request);
    if (!request->is_fed)
        request_free(request);
}

const char *http_answer_header(const HttpAnswer *answer, const char *name) {
    return NULL;
}

HttpRequest *fed_request_find(const char *url_part) {
    HttpRequest *request;
    TAILQ_FOREACH(request, &requests, link)
    if (strstr(request->url, url_part))
        return request;
    return NULL;
}

static void request_done(HttpRequest *request, int r, const HttpAnswer *answer,
                         const char *message) {
    request_leave(request);
    request->on_done(r, answer, message, request->userdata);
    request_free(request);
}

void fed_request_fail(HttpRequest *request, int r, const char *message) {
    request_done(request, r, NULL, message);
}

bool fed_request_feed(HttpRequest *request, const char *data, size_t size) {
    if (!request->on_data)
        return byte_buffer_append(&request->body, data, size) >= 0;
    request->is_fed = true;
    int r = request->on_data(data, size, request->userdata);
    request->is_fed = false;
    if (request->is_over)
        request_free(request);
    else if (r < 0)
        fed_request_fail(request, r, "the receiver ended it");
    else
        return true;
    return false;
}

bool fed_request_feed_pieces(HttpRequest *request, const char *data, size_t size,
                             const uint8_t *sizes, size_t n_sizes) {
    bool goes_on = true;
    for (size_t i = 0; goes_on && size > 0; i++) {
        size_t n = n_sizes > 0 ? MAX(sizes[i % n_sizes], 1) : size;
        n = MIN(n, size);
        goes_on = fed_request_feed(request, data, n);
        data += n;
        size -= n;
    }
    return goes_on;
}

void fed_request_end(HttpRequest *request, unsigned status, const char *body, size_t size) {
    if (size > 0 && byte_buffer_append(&request->body, body, size) < 0)
        return fed_request_fail(request, -ENOMEM, "no memory");
    HttpAnswer answer = {.status = status,
                         .content_type = "application/json",
                         .body = request->body.data ? request->body.data : "",
                         .body_size = request->body.size,
                         .request = request};
    request_done(request, 0, &answer, "");
}
