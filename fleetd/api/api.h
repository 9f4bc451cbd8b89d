/* The HTTP API v1 (docs/api.md): resources over the store and over a copy of the cluster that is
 * held only while somebody asks for it. */
#pragma once

#include "fleetd/api/api-exchange.h"
#include "fleetd/base/metrics.h"
#include "fleetd/model/forecast.h"
#include "fleetd/net/http-server.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Api Api;

/* Who says what would come of a request (fleetd/engine/forecasting.h): begin calls back once, from
 * the loop, unless it was ended before; the request lives until it is ended. */
typedef struct ApiForecaster {
    int (*begin)(const ForecastRequest *request, ForecastDone done, void *done_userdata,
                 void *userdata, void **ret);
    void (*end)(void *forecasting);
    void *userdata;
} ApiForecaster;

typedef struct ApiOptions {
    Store *store;
    Loop *loop;
    usec_t store_timeout_usec;  /* for everything that a request waits for; 0: 5 s */
    size_t page_size;           /* entries of a page of a list; 0: 5000 (token_limit) */
    char *const *store_servers; /* of the etcd, as configured; NULL: the store is embedded */
    ApiForecaster forecaster;   /* begin NULL: there is none */
    Metrics *metrics;           /* to be told at /metrics; NULL: there is nothing */
} ApiOptions;

/* Store, loop, servers and metrics must outlive it. -ENOMEM. */
int api_new(const ApiOptions *options, Api **ret);
/* Answers what is under way with 503 and ends the streams. Never from inside one of its callbacks.
 */
void api_free(Api *api);
DEFINE_POINTER_CLEANUP(Api, api_free)

/* The store has become another one: what is held of it is loaded once more. */
void api_start_over(Api *api);

/* An HttpHandler; userdata is the Api. */
void api_handle(HttpExchange *exchange, void *api);

/* Answers a request that came some other way; takes the exchange until its answer ends or it is
 * aborted. */
void api_serve(Api *api, ApiExchange *exchange);
