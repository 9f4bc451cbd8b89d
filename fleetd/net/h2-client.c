#include "fleetd/base/strv.h"
#include "fleetd/net/h2-connection.h"

#include <errno.h>
#include <time.h>

typedef struct Host { /* and a connection to it; a host may have several, of which one is used */
    LIST_ENTRY(Host) link;
    H2Client *client;
    char *name;
    H2Connection *connection;
    bool is_left; /* new requests go elsewhere */
} Host;

struct H2Client {
    sd_event *event;
    char *ca_file, *cert_file, *key_file;
    unsigned max_requests;
    usec_t connect_timeout_usec;
    LIST_HEAD(, Host) hosts;
    H2RequestList quiet; /* nothing to hand out */
    H2RequestList ready; /* streams with data for on_data */
    H2RequestList ended; /* for on_done */
    unsigned n_on_stack; /* functions of ours that still need this struct */
    bool is_freed;       /* meanwhile */
};

/* --- hosts --- */

static void host_free(Host *host) {
    LIST_REMOVE(host, link);
    h2_connection_free(host->connection);
    free(host->name);
    free(host);
}

/* Those that no new request uses go with their last one. */
static void client_tidy(H2Client *client) {
    Host *host = LIST_FIRST(&client->hosts);
    while (host) {
        Host *next = LIST_NEXT(host, link);
        bool is_used = !host->is_left && h2_connection_is_usable(host->connection);
        if (!is_used && h2_connection_is_idle(host->connection))
            host_free(host);
        host = next;
    }
}

static void client_hand_out(H2Client *client);

static void on_change(H2Connection *connection, void *userdata) {
    client_hand_out(((Host *) userdata)->client);
}

static int host_new(H2Client *client, const char *name, Host **ret) {
    H2ConnectionOptions options = {
        .link = {.url = name,
                 .tls = {client->ca_file, client->cert_file, client->key_file},
                 .connect_timeout_usec = client->connect_timeout_usec},
        .max_requests = client->max_requests,
    };
    Host *host = calloc(1, sizeof(*host));
    if (!host)
        return -ENOMEM;
    LIST_INSERT_HEAD(&client->hosts, host, link);
    host->client = client;
    host->name = strdup(name);
    int r = host->name
                ? h2_connection_new(client->event, &options, on_change, host, &host->connection)
                : -ENOMEM;
    if (r < 0) {
        host_free(host);
        return r;
    }
    *ret = host;
    return 0;
}

static int client_get_host(H2Client *client, const char *name, Host **ret) {
    Host *host;
    LIST_FOREACH (host, &client->hosts, link)
        if (!host->is_left && streq(host->name, name) &&
            h2_connection_is_usable(host->connection)) {
            *ret = host;
            return 0;
        }
    return host_new(client, name, ret);
}

void h2_client_reconnect(H2Client *client) {
    Host *host;
    LIST_FOREACH (host, &client->hosts, link)
        host->is_left = true;
    if (client->n_on_stack == 0)
        client_tidy(client);
}

/* --- requests --- */

/* Takes it out of the client, so that whatever its callback does leaves it alone. */
static void client_remove(H2Request *request) {
    request->client = NULL;
    h2_connection_remove(request);
    h2_request_move(request, NULL);
}

static H2Answer request_answer(const H2Request *request) {
    bool has_body = request->received.data && !request->is_streaming;
    return (H2Answer){
        .status = request->status,
        .body = has_body ? request->received.data : (char *) "",
        .body_size = has_body ? request->received.size : 0,
        .request = request,
    };
}

static void request_finish(H2Request *request) {
    client_remove(request);
    H2Answer answer = request_answer(request);
    int r = request->result;
    request->on_done(r, r < 0 ? NULL : &answer, r < 0 ? request->message : NULL, request->userdata);
    h2_request_free(request);
}

static void client_hand_out_data(H2Client *client, H2Request *request) {
    _cleanup_(byte_buffer_done) ByteBuffer data = request->received;
    request->received = (ByteBuffer){};
    h2_request_move(request, request->connection ? &client->quiet : &client->ended);
    request->on_data(data.data, data.size, request->userdata);
}

/* Data first: a stream's last bytes come before its end. */
static bool client_hand_out_one(H2Client *client) {
    H2Request *request = TAILQ_FIRST(&client->ready);
    if (request) {
        client_hand_out_data(client, request);
        return true;
    }
    request = TAILQ_FIRST(&client->ended);
    if (request && request->is_streaming && request->received.size > 0)
        client_hand_out_data(client, request);
    else if (request)
        request_finish(request);
    return request;
}

static void client_leave_stack(H2Client *client) {
    if (--client->n_on_stack > 0)
        return;
    if (client->is_freed)
        free(client);
    else
        client_tidy(client);
}

static void client_hand_out(H2Client *client) {
    client->n_on_stack++;
    while (!client->is_freed && client_hand_out_one(client))
        ;
    client_leave_stack(client);
}

/* Others are not to wait behind it for a peer that is not there any more. */
static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
    H2Request *request = userdata;
    H2Client *client = request->client;
    Host *host;
    LIST_FOREACH (host, &client->hosts, link)
        host->is_left |= host->connection == request->connection;
    h2_connection_remove(request);
    h2_request_end(request, -ETIMEDOUT, "no answer in time");
    client->n_on_stack++;
    request_finish(request);
    client_leave_stack(client);
    return 0;
}

static int request_arm_timeout(H2Request *request, sd_event *event, usec_t timeout_usec) {
    if (timeout_usec == 0)
        return 0;
    return sd_event_add_time_relative(event, &request->timeout, CLOCK_MONOTONIC, timeout_usec,
                                      USEC_PER_MSEC, on_timeout, request);
}

int h2_client_start(H2Client *client, const H2Call *call, H2Data on_data, H2Done on_done,
                    void *userdata, H2Request **ret) {
    _cleanup_(h2_request_freep) H2Request *request = NULL;
    Host *host;
    int r = h2_request_new(call, &request);
    if (r >= 0)
        r = request_arm_timeout(request, client->event, call->timeout_usec);
    if (r >= 0)
        r = client_get_host(client, call->host, &host);
    if (r < 0)
        return r;
    request->on_data = on_data;
    request->on_done = on_done;
    request->userdata = userdata;
    request->client = client;
    request->ready = &client->ready;
    request->ended = &client->ended;
    h2_request_move(request, &client->quiet);
    h2_connection_add(host->connection, request);
    if (call->is_at_once)
        h2_connection_flush(host->connection);
    if (ret)
        *ret = request;
    request = NULL; /* the client's now */
    return 0;
}

void h2_request_cancel(H2Request *request) {
    if (!request || !request->client)
        return; /* the latter: from inside its own on_done */
    H2Client *client = request->client;
    client_remove(request);
    h2_request_free(request);
    if (client->n_on_stack == 0)
        client_tidy(client);
}

/* --- making --- */

int h2_client_new(sd_event *event, const H2ClientOptions *options, H2Client **ret) {
    _cleanup_(h2_client_freep) H2Client *client = calloc(1, sizeof(*client));
    if (!client)
        return -ENOMEM;
    TAILQ_INIT(&client->quiet);
    TAILQ_INIT(&client->ready);
    TAILQ_INIT(&client->ended);
    client->event = sd_event_ref(event);
    client->max_requests = options->max_requests;
    client->connect_timeout_usec = options->connect_timeout_usec;
    int r = str_replace(&client->ca_file, options->tls.ca_file);
    if (r >= 0)
        r = str_replace(&client->cert_file, options->tls.cert_file);
    if (r >= 0)
        r = str_replace(&client->key_file, options->tls.key_file);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(client);
    return 0;
}

static void list_cancel_all(H2RequestList *list) {
    H2Request *request;
    while ((request = TAILQ_FIRST(list)))
        h2_request_cancel(request);
}

void h2_client_free(H2Client *client) {
    if (!client)
        return;
    client->is_freed = true;
    client->n_on_stack++;
    list_cancel_all(&client->ready);
    list_cancel_all(&client->ended);
    list_cancel_all(&client->quiet);
    while (LIST_FIRST(&client->hosts))
        host_free(LIST_FIRST(&client->hosts));
    free(client->ca_file);
    free(client->cert_file);
    free(client->key_file);
    sd_event_unref(client->event);
    client_leave_stack(client);
}
