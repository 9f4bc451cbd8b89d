#include "tests/fakes/recorded-exchange.h"

#include "fleetd/base/strv.h"

#include <assert.h>
#include <errno.h>

static RecordedExchange *recorded_of(ApiExchange *exchange) {
    RecordedExchange *recorded = (RecordedExchange *) exchange;
    assert(!recorded->is_ended); /* whoever has ended it has nothing more to say */
    return recorded;
}

static void recorded_query_each(ApiExchange *exchange, const char *name,
                                void (*each)(const char *value, void *userdata), void *userdata) {
    RecordedExchange *recorded = recorded_of(exchange);
    _cleanup_(strv_freep) char **arguments = NULL;
    if (strv_split(recorded->query, "&", &arguments) < 0)
        return;
    STRV_FOREACH (argument, arguments) {
        size_t n = strcspn(*argument, "=");
        bool is_asked_for = !name || (strlen(name) == n && strncmp(*argument, name, n) == 0);
        if (is_asked_for && (*argument)[n] == '=')
            each(*argument + n + 1, userdata);
    }
}

static void recorded_on_abort(ApiExchange *exchange, void (*on_abort)(void *userdata),
                              void *userdata) {
    RecordedExchange *recorded = recorded_of(exchange);
    recorded->on_abort = on_abort;
    recorded->abort_userdata = userdata;
}

static int recorded_add_header(ApiExchange *exchange, const char *name, const char *value) {
    char *copy = strdup(value);
    return copy && map_put(recorded_of(exchange)->headers, name, copy) >= 0 ? 0 : -ENOMEM;
}

static void text_append(RecordedExchange *recorded, const void *data, size_t size) {
    char *longer = str_printf("%s%.*s", str_or(recorded->text, ""), (int) size,
                              data ? (const char *) data : "");
    free(recorded->text);
    recorded->text = longer;
}

static void recorded_reply(ApiExchange *exchange, unsigned status, const char *content_type,
                           const void *body, size_t size) {
    RecordedExchange *recorded = recorded_of(exchange);
    assert(!recorded->is_streaming);
    recorded->status = status;
    recorded->answer_type = content_type ? strdup(content_type) : NULL;
    text_append(recorded, body, size);
    recorded->is_ended = true;
}

static void recorded_stream(ApiExchange *exchange, const char *content_type) {
    RecordedExchange *recorded = recorded_of(exchange);
    recorded->status = 200;
    recorded->answer_type = strdup(content_type);
    recorded->is_streaming = true;
}

static int recorded_write(ApiExchange *exchange, const void *data, size_t size) {
    RecordedExchange *recorded = recorded_of(exchange);
    assert(recorded->is_streaming);
    if (size > recorded->room)
        return -ENOBUFS;
    recorded->room -= size;
    text_append(recorded, data, size);
    return 0;
}

static int recorded_on_drain(ApiExchange *exchange, void (*on_drain)(void *userdata),
                             void *userdata) {
    RecordedExchange *recorded = recorded_of(exchange);
    recorded->on_drain = on_drain;
    recorded->drain_userdata = userdata;
    return 0;
}

static void recorded_finish(ApiExchange *exchange) {
    recorded_of(exchange)->is_ended = true;
}

static const ApiExchangeVTable vtable = {
    .query_each = recorded_query_each,
    .on_abort = recorded_on_abort,
    .add_header = recorded_add_header,
    .reply = recorded_reply,
    .stream = recorded_stream,
    .write = recorded_write,
    .on_drain = recorded_on_drain,
    .finish = recorded_finish,
};

RecordedExchange *recorded_exchange_new(const char *method, const char *target,
                                        const char *content_type, const char *body) {
    _cleanup_(recorded_exchange_freep) RecordedExchange *recorded =
        calloc(1, sizeof(RecordedExchange));
    size_t n = strcspn(target, "?");
    if (!recorded)
        return NULL;
    recorded->method = strdup(method);
    recorded->path = strndup(target, n);
    recorded->query = strdup(target[n] ? target + n + 1 : "");
    recorded->content_type = content_type ? strdup(content_type) : NULL;
    recorded->request = strdup(str_or(body, ""));
    recorded->headers = map_new(free);
    if (!recorded->method || !recorded->path || !recorded->query || !recorded->request ||
        !recorded->headers)
        return NULL;
    recorded->room = SIZE_MAX;
    recorded->exchange = (ApiExchange){
        .vtable = &vtable,
        .method = recorded->method,
        .path = recorded->path,
        .content_type = recorded->content_type,
        .body = recorded->request,
        .body_size = strlen(recorded->request),
    };
    return TAKE_PTR(recorded);
}

void recorded_exchange_free(RecordedExchange *recorded) {
    if (!recorded)
        return;
    if (!recorded->is_ended)
        recorded_exchange_abort(recorded);
    free(recorded->method);
    free(recorded->path);
    free(recorded->query);
    free(recorded->content_type);
    free(recorded->request);
    free(recorded->answer_type);
    free(recorded->text);
    map_free(recorded->headers);
    free(recorded);
}

void recorded_exchange_abort(RecordedExchange *recorded) {
    assert(!recorded->is_ended);
    recorded->is_ended = true;
    if (recorded->on_abort)
        recorded->on_abort(recorded->abort_userdata);
}

void recorded_exchange_drain(RecordedExchange *recorded) {
    if (!recorded->is_ended && recorded->on_drain)
        recorded->on_drain(recorded->drain_userdata);
}

char *recorded_exchange_take(RecordedExchange *recorded) {
    char *text = TAKE_PTR(recorded->text);
    return text ? text : strdup("");
}
