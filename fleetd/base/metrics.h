/* Numbers about the running daemon, in the text format that Prometheus reads. A family is a
 * constant of the room that counts; the registry is the daemon's, who hands it to the rooms. A NULL
 * registry is fine everywhere and counts nothing. Nothing here fails: without memory a number is
 * lost, not the work that it is about. */
#pragma once

#include "fleetd/base/time-units.h"

#define METRIC_LABELS_MAX 3

typedef struct Metrics Metrics;
typedef struct MetricSource MetricSource;

typedef enum MetricKind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM, /* of seconds */
    _METRIC_KIND_MAX,
} MetricKind;

typedef struct MetricFamily {
    const char *name;
    MetricKind kind;
    const char *help;
    const char *labels[METRIC_LABELS_MAX + 1]; /* names, ending in NULL */
} MetricFamily;

/* The values of a family's labels, in their order; NULL where it has none. */
#define LABELS(...) ((const char *const[METRIC_LABELS_MAX]){__VA_ARGS__})

Metrics *metrics_new(void); /* NULL when out of memory */
void metrics_free(Metrics *metrics);
DEFINE_POINTER_CLEANUP(Metrics, metrics_free)

/* Has a family shown, also before anything of it was counted: with 0 if it has no labels. It must
 * outlive the registry. */
void metrics_declare(Metrics *metrics, const MetricFamily *family);

void metrics_add(Metrics *metrics, const MetricFamily *family, const char *const *labels,
                 double value);
void metrics_set(Metrics *metrics, const MetricFamily *family, const char *const *labels,
                 double value);
void metrics_observe(Metrics *metrics, const MetricFamily *family, const char *const *labels,
                     usec_t usec);
/* Forgets a family's values, for a source that is about to give them anew. */
void metrics_clear(Metrics *metrics, const MetricFamily *family);

/* Calls back before each answer, so that what can be looked up need not be counted on the way.
 * NULL: there is no registry, or no memory. */
MetricSource *metrics_add_source(Metrics *metrics, void (*collect)(Metrics *, void *userdata),
                                 void *userdata);
void metric_source_free(MetricSource *source); /* before the registry; NULL is fine */

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The whole text, in the order in which families were declared; the caller frees. NULL when out of
 * memory. */
char *metrics_format(Metrics *metrics);
