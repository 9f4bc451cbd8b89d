#include "fleetd/base/metrics.h"

#include "fleetd/base/map.h"
#include "fleetd/base/text-stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/queue.h>

/* Values of labels come from states and results, of which systemd and the store have few. Should
 * one turn out to have no end, it costs no more memory than this. */
#define SERIES_MAX 512
#define LABELS_SIZE_MAX 512

/* From an embedded store's answer to a request that is given up. */
static const double bounds[] = {.0005, .001, .0025, .005, .01, .025, .05, .1,
                                .25,   .5,   1,     2.5,  5,   10,   30};

typedef struct Series { /* one set of values of the labels; the map's key is their text */
    double value;       /* of a histogram: the sum */
    uint64_t n_observed;
    uint64_t counts[ELEMENTSOF(bounds)]; /* each bucket by itself */
} Series;

typedef struct Family {
    const MetricFamily *family;
    Map *series;
} Family;

struct MetricSource {
    Metrics *metrics;
    void (*collect)(Metrics *, void *userdata);
    void *userdata;
    LIST_ENTRY(MetricSource) siblings;
};

struct Metrics {
    Map *families; /* Family by name */
    LIST_HEAD(, MetricSource) sources;
};

static const char *const kind_names[_METRIC_KIND_MAX] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

static void family_free(void *value) {
    Family *family = value;
    if (!family)
        return;
    map_free(family->series);
    free(family);
}

Metrics *metrics_new(void) {
    Metrics *metrics = calloc(1, sizeof(Metrics));
    if (!metrics)
        return NULL;
    metrics->families = map_new(family_free);
    if (!metrics->families) {
        free(metrics);
        return NULL;
    }
    return metrics;
}

void metrics_free(Metrics *metrics) {
    if (!metrics)
        return;
    map_free(metrics->families);
    free(metrics);
}

/* --- counting --- */

static Family *family_get(Metrics *metrics, const MetricFamily *description) {
    Family *family = map_get(metrics->families, description->name);
    if (family)
        return family;
    family = calloc(1, sizeof(Family));
    if (!family)
        return NULL;
    family->family = description;
    family->series = map_new(free);
    if (!family->series || map_put(metrics->families, description->name, family) < 0) {
        family_free(family);
        return NULL;
    }
    return family;
}

/* Backslash, line feed and, in values of labels, the quote are written with a backslash. */
static void write_escaped(FILE *file, const char *text, const char *special) {
    for (; *text; text++)
        if (!strchr(special, *text))
            fputc(*text, file);
        else
            fprintf(file, "\\%c", *text == '\n' ? 'n' : *text);
}

/* `a="b",c="d"`; false: it does not fit. */
static bool labels_format(const MetricFamily *family, const char *const *values, char *ret,
                          size_t size) {
    FILE *file = fmemopen(ret, size, "w");
    if (!file)
        return false;
    for (size_t i = 0; family->labels[i]; i++) {
        fprintf(file, "%s%s=\"", i > 0 ? "," : "", family->labels[i]);
        write_escaped(file, str_or(values ? values[i] : NULL, ""), "\\\"\n");
        fputc('"', file);
    }
    bool is_whole = ftell(file) < (long) size - 1 && !ferror(file);
    return fclose(file) == 0 && is_whole;
}

static Series *series_get(Metrics *metrics, const MetricFamily *description,
                          const char *const *labels) {
    char key[LABELS_SIZE_MAX] = "";
    Family *family = metrics ? family_get(metrics, description) : NULL;
    if (!family ||
        (description->labels[0] && !labels_format(description, labels, key, sizeof(key))))
        return NULL;
    Series *series = map_get(family->series, key);
    if (series || map_size(family->series) >= SERIES_MAX)
        return series;
    series = calloc(1, sizeof(Series));
    if (series && map_put(family->series, key, series) < 0) {
        free(series);
        series = NULL;
    }
    return series;
}

void metrics_declare(Metrics *metrics, const MetricFamily *family) {
    if (metrics && family->labels[0])
        (void) family_get(metrics, family);
    else
        (void) series_get(metrics, family, NULL);
}

void metrics_add(Metrics *metrics, const MetricFamily *family, const char *const *labels,
                 double value) {
    Series *series = series_get(metrics, family, labels);
    if (series)
        series->value += value;
}

void metrics_set(Metrics *metrics, const MetricFamily *family, const char *const *labels,
                 double value) {
    Series *series = series_get(metrics, family, labels);
    if (series)
        series->value = value;
}

void metrics_observe(Metrics *metrics, const MetricFamily *family, const char *const *labels,
                     usec_t usec) {
    Series *series = series_get(metrics, family, labels);
    if (!series)
        return;
    double seconds = (double) usec / USEC_PER_SEC;
    size_t i = 0;
    while (i < ELEMENTSOF(bounds) && seconds > bounds[i])
        i++;
    if (i < ELEMENTSOF(bounds))
        series->counts[i]++;
    series->n_observed++;
    series->value += seconds;
}

void metrics_clear(Metrics *metrics, const MetricFamily *family) {
    Family *known = metrics ? map_get(metrics->families, family->name) : NULL;
    if (known)
        map_clear(known->series);
}

/* --- sources --- */

MetricSource *metrics_add_source(Metrics *metrics, void (*collect)(Metrics *, void *userdata),
                                 void *userdata) {
    MetricSource *source = metrics ? calloc(1, sizeof(MetricSource)) : NULL;
    if (!source)
        return NULL;
    *source = (MetricSource){.metrics = metrics, .collect = collect, .userdata = userdata};
    LIST_INSERT_HEAD(&metrics->sources, source, siblings);
    return source;
}

void metric_source_free(MetricSource *source) {
    if (!source)
        return;
    LIST_REMOVE(source, siblings);
    free(source);
}

/* --- the text --- */

static void write_sample(FILE *file, const char *name, const char *suffix, const char *labels,
                         double value) {
    fprintf(file, *labels ? "%s%s{%s} %.16g\n" : "%s%s%s %.16g\n", name, suffix, labels, value);
}

static void write_histogram(FILE *file, const char *name, const char *labels,
                            const Series *series) {
    const char *comma = *labels ? "," : "";
    uint64_t n = 0;
    for (size_t i = 0; i < ELEMENTSOF(bounds); i++) {
        n += series->counts[i];
        fprintf(file, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma, bounds[i], n);
    }
    fprintf(file, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma,
            series->n_observed);
    write_sample(file, name, "_sum", labels, series->value);
    write_sample(file, name, "_count", labels, (double) series->n_observed);
}

static void write_family(FILE *file, const Family *family) {
    const MetricFamily *description = family->family;
    const char *labels;
    const Series *series;
    fprintf(file, "# HELP %s ", description->name);
    write_escaped(file, description->help, "\\\n");
    fprintf(file, "\n# TYPE %s %s\n", description->name, kind_names[description->kind]);
    MAP_FOREACH (labels, series, family->series)
        if (description->kind == METRIC_HISTOGRAM)
            write_histogram(file, description->name, labels, series);
        else
            write_sample(file, description->name, "", labels, series->value);
}

char *metrics_format(Metrics *metrics) {
    char *text = NULL;
    MetricSource *source;
    LIST_FOREACH (source, &metrics->sources, siblings)
        source->collect(metrics, source->userdata);

    _cleanup_text_stream_ TextStream stream;
    if (text_stream_open(&stream) < 0)
        return NULL;
    _unused_ const char *name;
    const Family *family;
    MAP_FOREACH (name, family, metrics->families)
        write_family(stream.file, family);
    return text_stream_close(&stream, &text, NULL) < 0 ? NULL : text;
}
