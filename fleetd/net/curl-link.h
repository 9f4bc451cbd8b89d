/* A connection that libcurl makes, over TLS or not: names, certificates and how long to try are its
 * matter, and its words are in the messages. What goes over the connection is not. */
#pragma once

#include "fleetd/net/http-client.h"

#include <sys/types.h>

typedef struct CurlLink CurlLink;

typedef struct CurlLinkOptions {
    const char *url; /* scheme, host and port */
    HttpTls tls;
    usec_t connect_timeout_usec;
} CurlLinkOptions;

typedef struct CurlLinkCallbacks { /* each may free the link */
    /* Once. r: as of HttpDone. */
    void (*on_open)(int r, const char *message, void *userdata);
    /* Then: there may be something to receive, or room to send if that was waited for. */
    void (*on_ready)(void *userdata);
} CurlLinkCallbacks;

/* Over TLS the peer is asked to speak HTTP/2. */
int curl_link_new(sd_event *event, const CurlLinkOptions *options,
                  const CurlLinkCallbacks *callbacks, void *userdata, CurlLink **ret);
void curl_link_free(CurlLink *link);
DEFINE_POINTER_CLEANUP(CurlLink, curl_link_free)

/* How many bytes, or -EAGAIN: none now; -ECONNRESET: it is broken or closed. */
ssize_t curl_link_send(CurlLink *link, const void *data, size_t size);
ssize_t curl_link_receive(CurlLink *link, void *ret, size_t size);
int curl_link_wait_for_room(CurlLink *link, bool is_wanted);

/* What curl said last; "" if nothing. */
const char *curl_link_message(const CurlLink *link);
