/* libcurl's multi interface in sd-event: its sockets and its one timer become event sources. */
#pragma once

#include "fleetd/base/macros.h"

#include <curl/curl.h>
#include <systemd/sd-event.h>

typedef struct CurlEvent CurlEvent;

/* on_progress is called after each step that curl has made, outside of curl, so that it may add and
 * remove transfers, and free the CurlEvent. */
int curl_event_new(sd_event *event, void (*on_progress)(void *userdata), void *userdata,
                   CurlEvent **ret);
/* All transfers must have been removed. */
void curl_event_free(CurlEvent *curl);
DEFINE_POINTER_CLEANUP(CurlEvent, curl_event_free)

CURLM *curl_event_multi(CurlEvent *curl);
