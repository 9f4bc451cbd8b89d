#include "fleetd/api/answer.h"

#include "fleetd/api/request-metrics.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define REVISION_HEADER "X-Fleet-Revision"

static void reply(ApiExchange *exchange, unsigned status, const char *content_type,
                  const char *text) {
    request_answered(exchange, status);
    exchange->vtable->reply(exchange, status, content_type, text, text ? strlen(text) : 0);
}

static void reply_json(ApiExchange *exchange, unsigned status, const char *text) {
    reply(exchange, status, ANSWER_JSON, text);
}

void answer_no_memory(ApiExchange *exchange) {
    reply_json(exchange, 500, "{\"error\":{\"code\":500,\"message\":\"out of memory\"}}\n");
}

static char *error_format(unsigned status, const char *message) {
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *error = NULL;
    if (!object || json_add_take(object, "error", error = json_object_new_object()) < 0 ||
        json_add_int(error, "code", status) < 0 || json_add_string(error, "message", message) < 0)
        return NULL;
    return json_format(object);
}

void answer_error(ApiExchange *exchange, unsigned status, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    answer_error_va(exchange, status, format, ap);
    va_end(ap);
}

void answer_error_va(ApiExchange *exchange, unsigned status, const char *format, va_list ap) {
    _cleanup_free_ char *message = str_vprintf(format, ap);
    _cleanup_free_ char *body = message ? error_format(status, message) : NULL;
    _cleanup_free_ char *line = body ? str_printf("%s\n", body) : NULL;
    if (line)
        reply_json(exchange, status, line);
    else
        answer_no_memory(exchange);
}

static int revision_add(ApiExchange *exchange, int64_t revision) {
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, revision);
    return exchange->vtable->add_header(exchange, REVISION_HEADER, text);
}

void answer_object_take(ApiExchange *exchange, json_object *object, int64_t revision) {
    _cleanup_json_ json_object *taken = object;
    _cleanup_free_ char *body = taken ? json_format(taken) : NULL;
    if (body && revision_add(exchange, revision) >= 0)
        reply_json(exchange, 200, body);
    else
        answer_no_memory(exchange);
}

void answer_text(ApiExchange *exchange, const char *content_type, const char *text) {
    if (text)
        reply(exchange, 200, content_type, text);
    else
        answer_no_memory(exchange);
}

void answer_done(ApiExchange *exchange, unsigned status, int64_t revision) {
    if (revision_add(exchange, revision) >= 0)
        reply(exchange, status, NULL, NULL);
    else
        answer_no_memory(exchange);
}

typedef struct FirstValue {
    char *value;
    int r;
} FirstValue;

static void on_value(const char *value, void *userdata) {
    FirstValue *first = userdata;
    if (first->value || first->r < 0)
        return;
    first->value = strdup(value);
    first->r = first->value ? 0 : -ENOMEM;
}

int query_get(ApiExchange *exchange, const char *name, char **ret) {
    FirstValue first = {};
    exchange->vtable->query_each(exchange, name, on_value, &first);
    if (first.r < 0)
        return first.r;
    *ret = first.value;
    return 0;
}

static void on_count(const char *value, void *userdata) {
    (*(size_t *) userdata)++;
}

size_t query_count(ApiExchange *exchange, const char *name) {
    size_t n = 0;
    exchange->vtable->query_each(exchange, name, on_count, &n);
    return n;
}

int query_is_true(ApiExchange *exchange, const char *name, bool *ret) {
    _cleanup_free_ char *text = NULL;
    int r = query_get(exchange, name, &text);
    if (r >= 0)
        *ret = text && streq(text, "true");
    return r;
}
