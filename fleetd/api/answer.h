/* The forms of an answer. Each ends the exchange. */
#pragma once

#include "fleetd/api/api-exchange.h"

#include <json-c/json.h>
#include <stdarg.h>

/* {"error":{"code":...,"message":...}} */
void answer_error(ApiExchange *exchange, unsigned status, const char *format, ...) _printf_(3, 4);
void answer_error_va(ApiExchange *exchange, unsigned status, const char *format, va_list ap)
    _printf_(3, 0);
void answer_no_memory(ApiExchange *exchange);

/* 200 with that object; NULL says that memory ran out. revision: of the store, that the answer
 * speaks of. */
void answer_object_take(ApiExchange *exchange, json_object *object, int64_t revision);

#define ANSWER_JSON "application/json"

/* 200 with that text; NULL says that memory ran out. */
void answer_text(ApiExchange *exchange, const char *content_type, const char *text);

/* Without a body. */
void answer_done(ApiExchange *exchange, unsigned status, int64_t revision);

size_t query_count(ApiExchange *exchange, const char *name); /* its values */
/* The first value of a query argument, NULL when it is not given; the caller frees. -ENOMEM. */
int query_get(ApiExchange *exchange, const char *name, char **ret);
int query_is_true(ApiExchange *exchange, const char *name, bool *ret); /* NAME=true; -ENOMEM */
