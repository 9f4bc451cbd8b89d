/* What all connections of libcurl's have in common. */
#pragma once

#include "fleetd/net/http-client.h"

#include <curl/curl.h>

/* TCP keep-alive and TCP_NODELAY are on; no proxy whatever the environment says. Time 0: long. */
CURLcode curl_options_connect(CURL *easy, usec_t connect_timeout_usec);
CURLcode curl_options_tls(CURL *easy, const HttpTls *tls);
