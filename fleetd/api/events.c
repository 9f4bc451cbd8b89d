#include "fleetd/api/events.h"

#include "fleetd/api/api-json.h"
#include "fleetd/api/client-stream.h"
#include "fleetd/api/reads.h"
#include "fleetd/api/request-metrics.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static const MetricFamily open_streams = {
    "fleet_api_event_streams",
    METRIC_GAUGE,
    "Streams of events that are open.",
    {},
};

struct Events {
    Api *api;
    Subscriptions *subscriptions;
    Timer *keep_alive;
    MetricSource *source;
    LIST_HEAD(, Stream) streams;
};

/* The exchange has been ended. */
static void stream_end(Stream *stream) {
    LIST_REMOVE(stream, siblings);
    reads_release_view(stream->events->api->reads);
    stream_free(stream);
}

static void stream_drop(Stream *stream) {
    ApiExchange *exchange = stream->exchange;
    stream_end(stream);
    exchange->vtable->finish(exchange);
}

static void on_abort(void *userdata) {
    stream_end(userdata);
}

/* Who does not read is only marked here, as somebody may be walking the streams. */
static void streams_reap(Events *events) {
    for (Stream *next, *stream = LIST_FIRST(&events->streams); stream; stream = next) {
        next = LIST_NEXT(stream, siblings);
        if (stream->is_broken)
            stream_drop(stream);
    }
}

static void on_subscriber(void *owner, void *userdata) {
    stream_write(owner, userdata);
}

static void send_to_subscribers(char *line_take, const UnitView *unit, void *userdata) {
    _cleanup_free_ char *line = line_take;
    Events *events = userdata;
    subscriptions_each(events->subscriptions, unit->name, on_subscriber, line);
}

static void on_interest(void *owner, void *userdata) {
    *(bool *) userdata = true;
}

void events_on_unit(Events *events, const UnitView *unit) {
    bool is_wanted = false;
    subscriptions_each(events->subscriptions, unit->name, on_interest, &is_wanted);
    if (is_wanted)
        unit_lines_each(reads_view(events->api->reads), unit, false, send_to_subscribers, events);
}

static bool somebody_wants_all(const Events *events) {
    const Stream *stream;
    LIST_FOREACH (stream, &events->streams, siblings)
        if (subscription_wants_all(stream->subscription))
            return true;
    return false;
}

static void send_to_all(Events *events, char *line_take) {
    _cleanup_free_ char *line = line_take;
    Stream *stream;
    LIST_FOREACH (stream, &events->streams, siblings)
        if (subscription_wants_all(stream->subscription))
            stream_write(stream, line);
}

void events_on_brake(Events *events, const BrakeRecord *brake) {
    if (somebody_wants_all(events))
        send_to_all(events, line_format_take(failover_event_to_json(brake)));
}

void events_on_rebalance(Events *events, const Rebalance *rebalance) {
    send_to_all(events, line_format_take(rebalance_event_to_json(rebalance)));
}

void events_on_machine(Events *events, const MachineView *machine) {
    const View *view = reads_view(events->api->reads);
    if (somebody_wants_all(events))
        send_to_all(events, line_format_take(machine_event_to_json(view, machine)));
}

static void on_drain(void *userdata) {
    Stream *stream = userdata;
    stream->n_queued = 0;
    stream_tell(stream, reads_view(stream->events->api->reads));
    if (stream->is_broken)
        stream_drop(stream);
}

void events_on_synced(Events *events) {
    Stream *stream;
    LIST_FOREACH (stream, &events->streams, siblings)
        stream_tell(stream, reads_view(events->api->reads));
    streams_reap(events);
}

static void on_keep_alive(void *userdata) {
    Events *events = userdata;
    Stream *stream;
    LIST_FOREACH (stream, &events->streams, siblings)
        stream_write(stream, "\n");
    streams_reap(events);
    if (!LIST_EMPTY(&events->streams))
        timer_start(events->keep_alive, EVENTS_KEEP_ALIVE_USEC);
}

typedef struct Patterns {
    char **list;
    int r;
} Patterns;

static void on_pattern(const char *value, void *userdata) {
    Patterns *patterns = userdata;
    if (patterns->r >= 0)
        patterns->r = *value ? strv_push(&patterns->list, value) : -EINVAL;
}

/* What ?unit= asks for. -EINVAL: one of them is empty. */
static int stream_create(Events *events, ApiExchange *exchange, Stream **ret) {
    Patterns patterns = {};
    exchange->vtable->query_each(exchange, "unit", on_pattern, &patterns);
    _cleanup_(strv_freep) char **list = patterns.list;
    return patterns.r < 0 ? patterns.r
                          : stream_new(events, events->subscriptions, exchange, list, ret);
}

void events_stream(Api *api, ApiExchange *exchange, const char *name, View *view) {
    Stream *stream;
    int r = stream_create(api->events, exchange, &stream);
    if (r == -EINVAL)
        answer_error(exchange, 400, "unit= names no unit");
    else if (r < 0)
        answer_no_memory(exchange);
    if (r < 0)
        return;
    LIST_INSERT_HEAD(&api->events->streams, stream, siblings);
    reads_hold_view(api->reads);
    timer_start_if_idle(api->events->keep_alive, EVENTS_KEEP_ALIVE_USEC);
    exchange->vtable->on_abort(exchange, on_abort, stream);
    request_answered(exchange, 200);
    exchange->vtable->stream(exchange, ANSWER_JSON);
    stream->is_broken = exchange->vtable->on_drain(exchange, on_drain, stream) < 0;
    stream_tell(stream, view);
    if (stream->is_broken)
        stream_drop(stream);
}

static void collect(Metrics *metrics, void *userdata) {
    const Events *events = userdata;
    const Stream *stream;
    metrics_set(metrics, &open_streams, NULL, 0);
    LIST_FOREACH (stream, &events->streams, siblings)
        metrics_add(metrics, &open_streams, NULL, 1);
}

int events_new(Api *api, Events **ret) {
    Events *events = calloc(1, sizeof(Events));
    if (!events)
        return -ENOMEM;
    events->api = api;
    events->subscriptions = subscriptions_new();
    int r = events->subscriptions
                ? timer_new(api->options.loop, on_keep_alive, events, &events->keep_alive)
                : -ENOMEM;
    if (r < 0) {
        subscriptions_free(events->subscriptions);
        free(events);
        return r;
    }
    metrics_declare(api->options.metrics, &open_streams);
    events->source = metrics_add_source(api->options.metrics, collect, events);
    *ret = events;
    return 0;
}

void events_free(Events *events) {
    if (!events)
        return;
    while (!LIST_EMPTY(&events->streams))
        stream_drop(LIST_FIRST(&events->streams));
    metric_source_free(events->source);
    timer_free(events->keep_alive);
    subscriptions_free(events->subscriptions);
    free(events);
}
