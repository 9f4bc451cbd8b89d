#include "fleetctl/api/api-client.h"

#include "fleetd/base/json.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* What fleetd gets together it writes in one transaction, and machines get in one batch. More would
 * only queue there. The stream of events takes one more. */
#define CALLS_IN_FLIGHT_MAX 32

/* A kept connection may be closed by the server just when it is used again. All requests to the API
 * may be carried out twice; a creation then finds its unit there, which is looked up and as wanted.
 */
#define ATTEMPTS_MAX 2

struct ApiClient {
    sd_event *event;
    Loop *loop;
    HttpClient *http;
    char *name;
    char *base_url;
    bool is_unix_socket;
    usec_t timeout_usec;
};

int api_client_new(sd_event *event, const ApiClientOptions *options, ApiClient **ret) {
    _cleanup_(api_client_freep) ApiClient *client = calloc(1, sizeof(ApiClient));
    if (!client)
        return -ENOMEM;
    client->event = sd_event_ref(event);
    client->timeout_usec = options->timeout_usec;
    client->is_unix_socket = options->unix_socket != NULL;
    client->name = strdup(options->name);
    client->base_url = strdup(options->base_url);
    if (!client->name || !client->base_url)
        return -ENOMEM;
    HttpClientOptions http_options = {.unix_socket = options->unix_socket,
                                      .tls = options->tls,
                                      .max_connections = options->max_connections};
    int r = event_loop_new(event, &client->loop);
    if (r >= 0)
        r = http_client_new(event, &http_options, &client->http);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(client);
    return 0;
}

void api_client_free(ApiClient *client) {
    if (!client)
        return;
    http_client_free(client->http);
    if (client->loop)
        event_loop_free(client->loop);
    sd_event_unref(client->event);
    free(client->name);
    free(client->base_url);
    free(client);
}

sd_event *api_client_event(ApiClient *client) {
    return client->event;
}

Loop *api_client_loop(ApiClient *client) {
    return client->loop;
}

void api_calls_free(ApiCall *calls, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(calls[i].path);
        free(calls[i].body);
        free(calls[i].answer);
        free(calls[i].next_page);
    }
    free(calls);
}

void api_call_free(ApiCall *call) {
    if (call)
        api_calls_free(call, 1);
}

/* Nobody is there who could have taken the request. */
static bool is_absence(int r) {
    return r == -ENOENT || r == -ECONNREFUSED;
}

int api_client_unreachable(const ApiClient *client, int r, const char *message, Error *reterr) {
    const char *cause = str_is_empty(message) ? strerror(-r) : message;
    if (is_absence(r))
        return error_set(reterr, r, "Cannot reach fleetd at %s: %s. Is fleet.service running?",
                         client->name, strerror(-r));
    if (r == -EACCES && client->is_unix_socket)
        return error_set(reterr, r,
                         "Cannot reach fleetd at %s: %s. You must be root or in group fleet",
                         client->name, strerror(-r));
    return error_set(reterr, r, "Cannot reach fleetd at %s: %s", client->name, cause);
}

int api_answer_error(unsigned status, const char *body, size_t size, Error *reterr) {
    _cleanup_json_ json_object *document = NULL;
    json_object *error = NULL;
    const char *message = NULL;
    if (json_parse(body, size, &document, NULL) >= 0 &&
        json_get_object(document, "error", &error, NULL) > 0 &&
        json_get_string(error, "message", &message, NULL) > 0 && *message)
        return error_set(reterr, -EREMOTEIO, "%s", message);
    return error_set(reterr, -EREMOTEIO, "fleetd answered with status %u", status);
}

char *api_escape(const char *text) {
    char *escaped = malloc(3 * strlen(text) + 1), *end = escaped;
    if (!escaped)
        return NULL;
    for (; *text; text++)
        if (isalnum((unsigned char) *text) || strchr("-._~:@", *text))
            *end++ = *text;
        else
            end += sprintf(end, "%%%02X", (unsigned char) *text);
    *end = 0;
    return escaped;
}

/* Which call is next, and what came of those before. */
struct ApiRun {
    ApiClient *client;
    ApiCall *calls;
    size_t n_calls, n_started, n_done;
    struct Slot {
        ApiRun *run;
        ApiCall *call; /* NULL: free */
        HttpRequest *request;
        unsigned n_attempts;
    } slots[CALLS_IN_FLIGHT_MAX];
    int result;
    Error *reterr;
};

static int call_take_answer(ApiCall *call, const HttpAnswer *answer) {
    call->answer = malloc(answer->body_size + 1);
    if (!call->answer ||
        str_replace(&call->next_page, http_answer_header(answer, "X-Fleet-Next-Page")) < 0)
        return -ENOMEM;
    memcpy(call->answer, answer->body, answer->body_size + 1);
    call->answer_size = answer->body_size;
    call->status = answer->status;
    call->is_open = false;
    const char *revision = http_answer_header(answer, "X-Fleet-Revision");
    call->revision = revision ? strtoll(revision, NULL, 10) : 0;
    log_debug("%s %s: %u, revision %" PRId64, call->method, call->path, call->status,
              call->revision);
    return 0;
}

static int request_start(ApiClient *client, const ApiCall *call, HttpData on_data, HttpDone on_done,
                         void *userdata, HttpRequest **ret) {
    _cleanup_free_ char *url = str_printf("%s/fleet/v1%s", client->base_url, call->path);
    if (!url)
        return -ENOMEM;
    HttpCall http_call = {
        .method = call->method,
        .url = url,
        .body = call->body,
        .body_size = call->body ? strlen(call->body) : 0,
        .timeout_usec = client->timeout_usec,
    };
    log_debug("%s %s", call->method, url);
    return http_client_start(client->http, &http_call, on_data, on_done, userdata, ret);
}

static void on_call_done(int r, const HttpAnswer *answer, const char *message, void *userdata);

static int slot_request(struct Slot *slot) {
    slot->n_attempts++;
    return request_start(slot->run->client, slot->call, NULL, on_call_done, slot, &slot->request);
}

static void on_call_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    struct Slot *slot = userdata;
    ApiRun *run = slot->run;
    slot->request = NULL;
    if (r == -ECONNRESET && slot->n_attempts < ATTEMPTS_MAX && slot_request(slot) >= 0)
        return;
    if (slot->n_attempts == 1 && is_absence(r))
        slot->call->is_open = false;
    if (r < 0)
        r = api_client_unreachable(run->client, r, message, run->reterr);
    else
        r = call_take_answer(slot->call, answer);
    if (r < 0 && run->result >= 0)
        run->result = r;
    slot->call = NULL;
    run->n_done++;
}

static int run_fill(ApiRun *run) {
    for (size_t i = 0; i < ELEMENTSOF(run->slots) && run->n_started < run->n_calls; i++) {
        struct Slot *slot = &run->slots[i];
        if (slot->call)
            continue;
        slot->run = run;
        slot->call = &run->calls[run->n_started];
        slot->n_attempts = 0;
        int r = slot_request(slot);
        if (r < 0) {
            slot->call = NULL;
            return r;
        }
        slot->call->is_open = true;
        run->n_started++;
    }
    return 0;
}

void api_run_cancel(ApiRun *run) {
    if (!run)
        return;
    for (size_t i = 0; i < ELEMENTSOF(run->slots); i++)
        http_request_cancel(run->slots[i].request);
    free(run);
}

/* Whether something is left to wait for. */
static bool run_goes_on(ApiRun *run) {
    if (run->result >= 0)
        run->result = run_fill(run);
    return run->n_done < run->n_started;
}

static int run_step(ApiRun *run, uint64_t timeout_usec) {
    int r = sd_event_run(run->client->event, timeout_usec);
    if (r < 0)
        run->result = r;
    return r;
}

int api_run_begin(ApiClient *client, ApiCall *calls, size_t n, ApiRun **ret, Error *reterr) {
    ApiRun *run = calloc(1, sizeof(ApiRun));
    if (!run)
        return -ENOMEM;
    *run = (ApiRun){.client = client, .calls = calls, .n_calls = n, .reterr = reterr};
    while (run_goes_on(run) && run_step(run, 0) > 0)
        ;
    *ret = run;
    return 0;
}

int api_run_end(ApiRun *run) {
    while (run_goes_on(run) && run_step(run, UINT64_MAX) >= 0)
        ;
    int r = run->result < 0 ? run->result : 0;
    api_run_cancel(run);
    return r;
}

int api_client_run(ApiClient *client, ApiCall *calls, size_t n, Error *reterr) {
    ApiRun *run;
    int r = api_run_begin(client, calls, n, &run, reterr);
    return r < 0 ? r : api_run_end(run);
}

int api_client_stream(ApiClient *client, const char *path, HttpData on_data, HttpDone on_done,
                      void *userdata, HttpRequest **ret) {
    ApiCall call = {.method = "GET", .path = (char *) path};
    return request_start(client, &call, on_data, on_done, userdata, ret);
}
