/* HTTP requests on sd-event, through libcurl's multi interface; connections are kept and shared
 * within one client. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#include <systemd/sd-event.h>

typedef struct HttpClient HttpClient;
typedef struct HttpRequest HttpRequest;

typedef struct HttpTls { /* PEM files; NULL: none */
    const char *ca_file, *cert_file, *key_file;
    bool is_unchecked; /* whoever answers is taken for the right one */
} HttpTls;

typedef struct HttpClientOptions {
    const char *unix_socket; /* connect there whatever the URL's host; NULL: TCP */
    HttpTls tls;
    unsigned max_connections;    /* to one host; 0: no limit. Requests over it queue */
    usec_t connect_timeout_usec; /* not made by then: -EHOSTUNREACH, nothing was sent. 0: long */
} HttpClientOptions;

typedef struct HttpCall {
    const char *method; /* "GET", "PUT", ... */
    const char *url;
    const char *content_type;  /* of body; NULL: application/json */
    const char *authorization; /* value of that header; NULL: none */
    const char *header;        /* one more, "Name: value"; NULL: none */
    const void *body;          /* copied; NULL: none */
    size_t body_size;
    usec_t timeout_usec; /* for the whole request, 0: none. With on_data: for the headers of the
                            answer only */
    bool is_alone;       /* on a connection that it shares with no other request */
    size_t answer_max;   /* bytes; a longer answer is -EMSGSIZE. 0: 64 MiB */
} HttpCall;

typedef struct HttpAnswer {
    unsigned status;          /* 200, 404, ... */
    const char *content_type; /* "" if none */
    const char *body;         /* NUL-terminated; of a 200 answer with on_data: "" */
    size_t body_size;
    const HttpRequest *request; /* for http_answer_header() */
} HttpAnswer;

/* r is 0 when an answer came, of whatever status; else answer is NULL and r says why:
 * -ECONNREFUSED, -ETIMEDOUT, -ECONNRESET, -EHOSTUNREACH, -ENOENT (no such unix socket), -EACCES,
 * -EPROTO, -EMSGSIZE; message is curl's account of it. */
typedef void (*HttpDone)(int r, const HttpAnswer *answer, const char *message, void *userdata);

/* The value of a header of the answer, whatever the case of its name; NULL: not sent. Borrowed, and
 * valid until the next call or until HttpDone returns. */
const char *http_answer_header(const HttpAnswer *answer, const char *name);

/* Called with the bytes of a 200 answer as they come. Return 0, or negative to end the request:
 * HttpDone then gets it. */
typedef int (*HttpData)(const char *data, size_t size, void *userdata);

int http_client_new(sd_event *event, const HttpClientOptions *options, HttpClient **ret);
/* Cancels what is under way. */
void http_client_free(HttpClient *client);
DEFINE_POINTER_CLEANUP(HttpClient, http_client_free)

/* Starts a request. on_done is called exactly once, unless the request is cancelled, and never from
 * inside this call. on_data may be NULL. *ret (may be NULL) is valid until on_done is called.
 * -EINVAL: a method, URL or header that is none; then no callback comes. TCP keep-alive is on, so
 * that a dead peer ends a stream in about 15 s; TCP_NODELAY is on. What has a body is never sent
 * twice: when a kept connection breaks under it, that is -ECONNRESET. */
int http_client_start(HttpClient *client, const HttpCall *call, HttpData on_data, HttpDone on_done,
                      void *userdata, HttpRequest **ret);
/* No callback comes any more. NULL is fine. Also allowed from inside its own callbacks. */
void http_request_cancel(HttpRequest *request);
