/* Turns: at most so many requests to one host at a time, first come, first served. libcurl has a
 * limit of its own, but under load that one lets requests wait without end. For http-client.c. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/net/http-request.h"

typedef struct HttpQueue {
    unsigned max; /* 0: no limit, and nothing is kept */
    Map *hosts;   /* "http://host:port" -> HttpHost, while there are requests to it */
} HttpQueue;

int http_queue_init(HttpQueue *queue, unsigned max);
void http_queue_done(HttpQueue *queue); /* all requests have left */

/* 1: it is the request's turn; 0: it waits; -ENOMEM. */
int http_queue_enter(HttpQueue *queue, HttpRequest *request, const char *url);
/* The request, in turn or not, is no more. The one whose turn it is instead, or NULL. */
HttpRequest *http_queue_leave(HttpQueue *queue, HttpRequest *request);
