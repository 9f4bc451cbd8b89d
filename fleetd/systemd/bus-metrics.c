#include "fleetd/systemd/bus-private.h"

#include <time.h>

static const MetricFamily duration = {
    "fleet_systemd_call_duration_seconds",
    METRIC_HISTOGRAM,
    "Time until systemd answered a call over D-Bus.",
    {"method"},
};
static const MetricFamily failures = {
    "fleet_systemd_call_failures_total",
    METRIC_COUNTER,
    "Calls over D-Bus that systemd refused or did not answer.",
    {"method"},
};

void bus_metrics_declare(BusUnitManager *um) {
    metrics_declare(um->metrics, &duration);
    metrics_declare(um->metrics, &failures);
}

usec_t bus_monotonic_now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

void bus_call_measure(BusUnitManager *um, const char *member, usec_t sent_usec,
                      const sd_bus_error *error) {
    metrics_observe(um->metrics, &duration, LABELS(member), bus_monotonic_now() - sent_usec);
    if (error)
        metrics_add(um->metrics, &failures, LABELS(member), 1);
}
