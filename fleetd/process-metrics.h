/* Numbers about the process, under the names that Prometheus' own clients use, and the build. */
#pragma once

#include "fleetd/base/metrics.h"

/* NULL when out of memory; to be freed before metrics. */
MetricSource *process_metrics_open(Metrics *metrics);
