#include "tests/fakes/fed-h2-client.h"

#include "fleetd/net/h2-request.h"

#include <assert.h>
#include <errno.h>

struct H2Client {
    H2RequestList requests;
    bool is_feeding; /* what is cancelled meanwhile is freed then */
    H2RequestList over;
};

/* A test has one world at a time, with a client for each lane. */
#define CLIENTS_MAX 8
static H2Client *clients[CLIENTS_MAX];

int h2_client_new(sd_event *event, const H2ClientOptions *options, H2Client **ret) {
    H2Client *client = calloc(1, sizeof(*client));
    size_t i = 0;
    if (!client)
        return -ENOMEM;
    TAILQ_INIT(&client->requests);
    TAILQ_INIT(&client->over);
    while (clients[i])
        i++;
    assert(i < CLIENTS_MAX);
    *ret = clients[i] = client;
    return 0;
}

void h2_client_free(H2Client *client) {
    H2Request *request;
    if (!client)
        return;
    while ((request = TAILQ_FIRST(&client->requests)))
        h2_request_cancel(request);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (clients[i] == client)
            clients[i] = NULL;
    free(client);
}

void h2_client_reconnect(H2Client *client) {
}

int h2_client_start(H2Client *client, const H2Call *call, H2Data on_data, H2Done on_done,
                    void *userdata, H2Request **ret) {
    H2Request *request;
    int r = h2_request_new(call, &request);
    if (r < 0)
        return r;
    request->client = client;
    request->on_data = on_data;
    request->on_done = on_done;
    request->userdata = userdata;
    request->status = 200;
    h2_request_move(request, &client->requests);
    if (ret)
        *ret = request;
    return 0;
}

void h2_request_cancel(H2Request *request) {
    if (!request || !request->client)
        return;
    H2Client *client = TAKE_PTR(request->client);
    h2_request_move(request, client->is_feeding ? &client->over : NULL);
    if (!client->is_feeding)
        h2_request_free(request);
}

H2Request *fed_call_find(const char *method) {
    H2Request *request;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (clients[i])
            TAILQ_FOREACH(request, &clients[i]->requests, link) {
                const char *end = strrchr(request->path, '/');
                if (end && streq(end + 1, method))
                    return request;
            }
    return NULL;
}

static bool feed_piece(H2Request *request, const char *data, size_t size) {
    H2Client *client = request->client;
    H2Request *over;
    client->is_feeding = true;
    request->on_data(data, size, request->userdata);
    client->is_feeding = false;
    bool is_alive = request->client;
    while ((over = TAILQ_FIRST(&client->over))) {
        h2_request_move(over, NULL);
        h2_request_free(over);
    }
    return is_alive;
}

bool fed_call_feed(H2Request *request, const char *data, size_t size, const uint8_t *sizes,
                   size_t n_sizes) {
    bool goes_on = true;
    for (size_t i = 0; goes_on && size > 0; i++) {
        size_t n = n_sizes > 0 ? MAX(sizes[i % n_sizes], 1) : size;
        n = MIN(n, size);
        goes_on = feed_piece(request, data, n);
        data += n;
        size -= n;
    }
    return goes_on;
}

void fed_call_end(H2Request *request, const char *body, size_t size, const char *status,
                  const char *message) {
    assert(byte_buffer_append(&request->received, body, size) >= 0);
    assert(h2_request_take_field(request, "grpc-status", 11, status, strlen(status)) >= 0);
    assert(h2_request_take_field(request, "grpc-message", 12, message, strlen(message)) >= 0);
    H2Answer answer = {.status = 200,
                       .body = request->received.data,
                       .body_size = request->received.size,
                       .request = request};
    h2_request_move(request, NULL);
    request->client = NULL;
    request->on_done(0, &answer, NULL, request->userdata);
    h2_request_free(request);
}
