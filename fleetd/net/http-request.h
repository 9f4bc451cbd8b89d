/* One transfer of an HttpClient: how it is put to curl, and what came of it. For http-client.c. */
#pragma once

#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/http-client.h"

#include <curl/curl.h>
#include <sys/queue.h>

typedef LIST_HEAD(HttpRequestList, HttpRequest) HttpRequestList;

typedef struct HttpTarget { /* what all requests of a client share; owned by the client */
    char *unix_socket;
    char *ca_file, *cert_file, *key_file;
    bool is_unchecked;
    usec_t connect_timeout_usec;
} HttpTarget;

typedef struct HttpHost HttpHost;

struct HttpRequest {
    HttpClient *client;           /* NULL once it has been removed from there */
    LIST_ENTRY(HttpRequest) link; /* in one of the client's lists */
    HttpRequestList *ready;       /* the client's list of streams that have data for on_data */
    bool is_ready;                /* is in that list */
    HttpHost *host;               /* where it queues; NULL: nowhere */
    bool is_in_turn;
    TAILQ_ENTRY(HttpRequest) queue_link; /* while it is not */

    CURL *easy;
    struct curl_slist *headers;
    sd_event_source *timeout;
    ByteBuffer body; /* what is sent */
    bool is_sent;    /* or is being sent */

    bool is_streaming;   /* the headers of a 200 answer came, and there is an on_data */
    ByteBuffer received; /* the answer's body, or what on_data has not seen yet */
    size_t answer_max;
    int result; /* negative: why it was ended from this side */

    HttpData on_data;
    HttpDone on_done;
    void *userdata;
    char message[CURL_ERROR_SIZE];
};

/* A request that is ready to be added to a curl multi handle. -EINVAL: a method, URL or
 * header that is none; -ENOMEM. */
int http_request_new(const HttpTarget *target, const HttpCall *call, HttpRequest **ret);
/* Not in a curl multi handle any more, and in no list. */
void http_request_free(HttpRequest *request);
DEFINE_POINTER_CLEANUP(HttpRequest, http_request_free)

/* The result of a transfer that curl has ended, with a message in request->message. */
int http_request_result(HttpRequest *request, CURLcode code);

/* The answer; borrows from the request. */
HttpAnswer http_request_answer(const HttpRequest *request);
