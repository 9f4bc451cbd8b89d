/* Requests to fleetd's HTTP API over one event loop: many at a time over few connections, and the
 * stream of events. What the answers mean is known in api-call.h. */
#pragma once

#include "fleetd/net/http-client.h"
#include "fleetd/net/loop.h"

#include <systemd/sd-event.h>

typedef struct ApiClient ApiClient;

typedef struct ApiClientOptions {
    const char *name; /* of the endpoint, as the user gave it; for messages */
    const char *base_url;
    const char *unix_socket;
    HttpTls tls;
    unsigned max_connections; /* 0: no limit */
    usec_t timeout_usec;      /* for the answer to one request */
} ApiClientOptions;

/* Connects nowhere yet. */
int api_client_new(sd_event *event, const ApiClientOptions *options, ApiClient **ret);
void api_client_free(ApiClient *client);
DEFINE_POINTER_CLEANUP(ApiClient, api_client_free)

sd_event *api_client_event(ApiClient *client);
Loop *api_client_loop(ApiClient *client);

/* One request and, once it has been run, its answer. */
typedef struct ApiCall {
    const char *method;
    char *path; /* below /fleet/v1, escaped, with the query */
    char *body; /* JSON; NULL: none */
    unsigned status;
    char *answer; /* NUL-terminated */
    size_t answer_size;
    int64_t revision; /* X-Fleet-Revision; 0 when the answer named none */
    char *next_page;  /* X-Fleet-Next-Page; NULL likewise */
    bool is_open;     /* it was sent and has no answer: perhaps it was carried out */
} ApiCall;

void api_calls_free(ApiCall *calls, size_t n);
void api_call_free(ApiCall *call); /* or NULL */
DEFINE_POINTER_CLEANUP(ApiCall, api_call_free)
#define _cleanup_api_call_ _cleanup_(api_call_freep)

/* Runs all of them, some at a time, until each has an answer of whatever status. Negative with a
 * message that names the endpoint when one got none: no more are sent then, and those that were are
 * waited for, so that as little as possible stays open; what was not sent has status 0. Not from
 * inside a callback of the loop. */
int api_client_run(ApiClient *client, ApiCall *calls, size_t n, Error *reterr);

/* The same in two steps, to do something else meanwhile: the first ones are sent, as far as that
 * needs no waiting; and all are waited for. calls and reterr are kept until then. A run that was
 * begun has to be ended or cancelled, which frees it. */
typedef struct ApiRun ApiRun;
int api_run_begin(ApiClient *client, ApiCall *calls, size_t n, ApiRun **ret, Error *reterr);
int api_run_end(ApiRun *run);
void api_run_cancel(
    ApiRun *run); /* likewise, or NULL, and nobody waits; what was sent may be carried out */

/* Starts to follow GET path, whose answer is a stream. The answer's headers must come within the
 * timeout. Callbacks as in http_client_start(). */
int api_client_stream(ApiClient *client, const char *path, HttpData on_data, HttpDone on_done,
                      void *userdata, HttpRequest **ret);

/* Sets the message for a request that got no answer (r and message are HttpDone's). Returns r. */
int api_client_unreachable(const ApiClient *client, int r, const char *message, Error *reterr);

/* Sets the message of an answer with an error status: the API's own words, or the status. Returns
 * -EREMOTEIO. */
int api_answer_error(unsigned status, const char *body, size_t size, Error *reterr);

/* text as one piece of a path or of a query; NULL when out of memory. */
char *api_escape(const char *text);
