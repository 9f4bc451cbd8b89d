#include "fleetd/api/request-metrics.h"

#include "fleetd/api/routes.h"

#include <stdio.h>

static const MetricFamily requests = {
    "fleet_api_requests_total",
    METRIC_COUNTER,
    "Requests to the API that were answered.",
    {"method", "route", "code"},
};
static const MetricFamily duration = {
    "fleet_api_request_duration_seconds",
    METRIC_HISTOGRAM,
    "Time from a request to the API until its answer, or until its stream begins.",
    {"method", "route"},
};

void request_metrics_declare(Metrics *metrics) {
    metrics_declare(metrics, &requests);
    metrics_declare(metrics, &duration);
}

void request_begin(Api *api, ApiExchange *exchange) {
    exchange->api = api;
    exchange->route = NULL;
    exchange->begun_usec = loop_now(api->options.loop);
}

/* Neither paths nor methods that do not exist are told apart: their number has no end. */
void request_answered(const ApiExchange *exchange, unsigned status) {
    const ApiOptions *options = &exchange->api->options;
    const Route *route = exchange->route;
    const char *method = route ? route->method : "other", *path = route ? route->path : "other";
    char code[16];
    snprintf(code, sizeof(code), "%u", status);
    metrics_add(options->metrics, &requests, LABELS(method, path, code), 1);
    metrics_observe(options->metrics, &duration, LABELS(method, path),
                    loop_now(options->loop) - exchange->begun_usec);
}
