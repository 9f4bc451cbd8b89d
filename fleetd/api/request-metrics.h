/* What is counted of each request; and GET /metrics, which tells all that fleetd counts. */
#pragma once

#include "fleetd/api/context.h"

void request_metrics_declare(Metrics *metrics);

void request_begin(Api *api, ApiExchange *exchange);
/* Its answer is about to be given, or its stream to begin. */
void request_answered(const ApiExchange *exchange, unsigned status);
