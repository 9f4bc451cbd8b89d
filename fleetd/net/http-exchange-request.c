/* What a handler may ask of a request; libmicrohttpd keeps the parsed headers until the answer is
 * sent. */
#include "fleetd/net/http-exchange.h"

const char *http_exchange_method(const HttpExchange *exchange) {
    return exchange->method;
}

const char *http_exchange_path(const HttpExchange *exchange) {
    return exchange->path;
}

const char *http_exchange_query(const HttpExchange *exchange, const char *name) {
    const char *value = NULL;
    if (MHD_lookup_connection_value_n(exchange->connection, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &value, NULL) != MHD_YES)
        return NULL;
    return str_or(value, ""); /* `?name` without '=' is given, and empty */
}

typedef struct QueryWalk {
    const char *name;
    void (*each)(const char *value, void *userdata);
    void *userdata;
} QueryWalk;

static enum MHD_Result on_argument(void *cls, enum MHD_ValueKind kind, const char *key,
                                   const char *value) {
    QueryWalk *walk = cls;
    if (!walk->name || streq(key, walk->name))
        walk->each(str_or(value, ""), walk->userdata);
    return MHD_YES;
}

void http_exchange_query_each(const HttpExchange *exchange, const char *name,
                              void (*each)(const char *value, void *userdata), void *userdata) {
    QueryWalk walk = {name, each, userdata};
    MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, on_argument, &walk);
}

const char *http_exchange_header(const HttpExchange *exchange, const char *name) {
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *http_exchange_body(const HttpExchange *exchange, size_t *ret_size) {
    *ret_size = exchange->body.size;
    return str_or(exchange->body.data, "");
}
