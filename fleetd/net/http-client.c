/* curl's callbacks only collect. What they collected is handed out here, after each step of curl
 * and outside of it: so every callback of the client may start, cancel and free what it likes. */
#include "fleetd/net/http-client.h"

#include "fleetd/base/strv.h"
#include "fleetd/net/curl-event.h"
#include "fleetd/net/http-queue.h"
#include "fleetd/net/http-request.h"

#include <errno.h>
#include <time.h>

/* Idle connections that are kept for reuse, in all; curl's default grows with the busiest time. */
#define IDLE_CONNECTIONS_MAX 32L

struct HttpClient {
    sd_event *event;
    CurlEvent *curl;
    HttpTarget target;
    HttpQueue queue;
    HttpRequestList waiting; /* nothing to hand out */
    HttpRequestList ready;   /* streams with data for on_data */
    HttpRequest *current;    /* its on_data is being called; NULL once that cancelled it */
    bool is_handing_out;     /* a function of ours that still needs this struct is on the stack */
    bool is_freed;           /* meanwhile */
};

static int client_send(HttpClient *client, HttpRequest *request) {
    CURLMcode code = curl_multi_add_handle(curl_event_multi(client->curl), request->easy);
    return code == CURLM_OK ? 0 : -ENOMEM;
}

/* Its turn goes to the next one. */
static void client_leave_queue(HttpClient *client, HttpRequest *request) {
    HttpRequest *next = http_queue_leave(&client->queue, request);
    if (next && !client->is_freed)
        (void) client_send(client, next); /* without memory for it, its timeout ends it */
}

/* Takes it out of the client, so that whatever its callback does leaves it alone. */
static void client_remove(HttpRequest *request) {
    HttpClient *client = TAKE_PTR(request->client);
    LIST_REMOVE(request, link);
    curl_multi_remove_handle(curl_event_multi(client->curl), request->easy);
    if (client->current == request)
        client->current = NULL;
    client_leave_queue(client, request);
}

static void request_finish(HttpRequest *request, int r) {
    client_remove(request);
    HttpAnswer answer = http_request_answer(request);
    request->on_done(r, r < 0 ? NULL : &answer, r < 0 ? request->message : NULL, request->userdata);
    http_request_free(request);
}

static void client_hand_out_data(HttpClient *client, HttpRequest *request) {
    _cleanup_(byte_buffer_done) ByteBuffer data = request->received;
    request->received = (ByteBuffer){};
    request->is_ready = false;
    LIST_REMOVE(request, link);
    LIST_INSERT_HEAD(&client->waiting, request, link);

    client->current = request;
    int r = request->on_data(data.data, data.size, request->userdata);
    bool is_alive = client->current == request;
    client->current = NULL;
    if (is_alive && r < 0) {
        snprintf(request->message, sizeof(request->message), "%s", strerror(-r));
        request_finish(request, r);
    }
}

static bool client_hand_out_end(HttpClient *client) {
    int n_left;
    CURLMsg *message = curl_multi_info_read(curl_event_multi(client->curl), &n_left);
    if (!message)
        return false;
    HttpRequest *request;
    if (message->msg != CURLMSG_DONE ||
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request) != CURLE_OK)
        return true;
    request_finish(request, http_request_result(request, message->data.result));
    return true;
}

/* Data first: a stream's last bytes come before its end. */
static bool client_hand_out_one(HttpClient *client) {
    HttpRequest *request = LIST_FIRST(&client->ready);
    if (!request)
        return client_hand_out_end(client);
    client_hand_out_data(client, request);
    return true;
}

static void on_curl_progress(void *userdata) {
    HttpClient *client = userdata;
    client->is_handing_out = true;
    while (!client->is_freed && client_hand_out_one(client))
        ;
    client->is_handing_out = false;
    if (client->is_freed)
        free(client);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
    HttpRequest *request = userdata;
    if (request->message[0] == '\0')
        snprintf(request->message, sizeof(request->message), "no answer in time");
    request_finish(request, -ETIMEDOUT);
    return 0;
}

static int target_init(HttpTarget *target, const HttpClientOptions *options) {
    target->connect_timeout_usec = options->connect_timeout_usec;
    target->is_unchecked = options->tls.is_unchecked;
    int r = str_replace(&target->unix_socket, options->unix_socket);
    if (r >= 0)
        r = str_replace(&target->ca_file, options->tls.ca_file);
    if (r >= 0)
        r = str_replace(&target->cert_file, options->tls.cert_file);
    if (r >= 0)
        r = str_replace(&target->key_file, options->tls.key_file);
    return r;
}

static void target_done(HttpTarget *target) {
    free(target->unix_socket);
    free(target->ca_file);
    free(target->cert_file);
    free(target->key_file);
}

int http_client_new(sd_event *event, const HttpClientOptions *options, HttpClient **ret) {
    HttpClient *new_client = calloc(1, sizeof(*new_client));
    if (!new_client)
        return -ENOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(new_client);
        return -ENOMEM;
    }
    _cleanup_(http_client_freep) HttpClient *client = new_client;
    client->event = sd_event_ref(event);
    int r = target_init(&client->target, options);
    if (r >= 0)
        r = http_queue_init(&client->queue, options->max_connections);
    if (r >= 0)
        r = curl_event_new(event, on_curl_progress, client, &client->curl);
    if (r < 0)
        return r;
    CURLM *multi = curl_event_multi(client->curl);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAX);
    *ret = TAKE_PTR(client);
    return 0;
}

static void list_cancel_all(HttpRequestList *list) {
    HttpRequest *request;
    while ((request = LIST_FIRST(list)))
        http_request_cancel(request);
}

void http_client_free(HttpClient *client) {
    if (!client)
        return;
    client->is_freed = true;
    list_cancel_all(&client->ready);
    list_cancel_all(&client->waiting);
    curl_event_free(client->curl);
    http_queue_done(&client->queue);
    target_done(&client->target);
    sd_event_unref(client->event);
    curl_global_cleanup();
    if (!client->is_handing_out)
        free(client);
}

static int request_arm_timeout(HttpRequest *request, sd_event *event, usec_t timeout_usec) {
    if (timeout_usec == 0)
        return 0;
    return sd_event_add_time_relative(event, &request->timeout, CLOCK_MONOTONIC, timeout_usec,
                                      USEC_PER_MSEC, on_timeout, request);
}

int http_client_start(HttpClient *client, const HttpCall *call, HttpData on_data, HttpDone on_done,
                      void *userdata, HttpRequest **ret) {
    _cleanup_(http_request_freep) HttpRequest *request = NULL;
    int r = http_request_new(&client->target, call, &request);
    if (r >= 0)
        r = request_arm_timeout(request, client->event, call->timeout_usec);
    if (r < 0)
        return r;
    request->on_data = on_data;
    request->on_done = on_done;
    request->userdata = userdata;
    r = http_queue_enter(&client->queue, request, call->url);
    if (r > 0)
        r = client_send(client, request);
    if (r < 0) {
        client_leave_queue(client, request);
        return r;
    }
    request->client = client;
    request->ready = &client->ready;
    LIST_INSERT_HEAD(&client->waiting, request, link);
    if (ret)
        *ret = request;
    request = NULL; /* the client's now */
    return 0;
}

void http_request_cancel(HttpRequest *request) {
    if (!request || !request->client)
        return; /* the latter: from inside its own on_done */
    client_remove(request);
    http_request_free(request);
}
