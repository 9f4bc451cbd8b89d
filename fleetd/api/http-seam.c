/* ApiExchange over the HTTP server. */
#include "config.h"
#include "fleetd/api/api.h"

typedef struct HttpSeam {
    ApiExchange exchange;
    HttpExchange *http;
    void (*on_abort)(void *userdata);
    void *userdata;
} HttpSeam;

static HttpExchange *http_of(ApiExchange *exchange) {
    return ((HttpSeam *) exchange)->http;
}

static void seam_query_each(ApiExchange *exchange, const char *name,
                            void (*each)(const char *value, void *userdata), void *userdata) {
    http_exchange_query_each(http_of(exchange), name, each, userdata);
}

static void on_abort(void *userdata) {
    HttpSeam *seam = userdata;
    if (seam->on_abort)
        seam->on_abort(seam->userdata);
    free(seam);
}

static void seam_on_abort(ApiExchange *exchange, void (*callback)(void *userdata), void *userdata) {
    HttpSeam *seam = (HttpSeam *) exchange;
    seam->on_abort = callback;
    seam->userdata = userdata;
}

static int seam_add_header(ApiExchange *exchange, const char *name, const char *value) {
    return http_exchange_add_header(http_of(exchange), name, value);
}

static void seam_reply(ApiExchange *exchange, unsigned status, const char *content_type,
                       const void *body, size_t size) {
    http_exchange_reply(http_of(exchange), status, content_type, body, size);
    free(exchange);
}

static void seam_stream(ApiExchange *exchange, const char *content_type) {
    http_exchange_stream(http_of(exchange), content_type);
}

static int seam_write(ApiExchange *exchange, const void *data, size_t size) {
    return http_exchange_write(http_of(exchange), data, size);
}

static int seam_on_drain(ApiExchange *exchange, void (*on_drain)(void *userdata), void *userdata) {
    return http_exchange_on_drain(http_of(exchange), on_drain, userdata);
}

static void seam_finish(ApiExchange *exchange) {
    http_exchange_finish(http_of(exchange));
    free(exchange);
}

static const ApiExchangeVTable vtable = {
    .query_each = seam_query_each,
    .on_abort = seam_on_abort,
    .add_header = seam_add_header,
    .reply = seam_reply,
    .stream = seam_stream,
    .write = seam_write,
    .on_drain = seam_on_drain,
    .finish = seam_finish,
};

void api_handle(HttpExchange *http, void *api) {
    static const char text[] = "{\"error\":{\"code\":500,\"message\":\"out of memory\"}}\n";
    HttpSeam *seam = calloc(1, sizeof(HttpSeam));
    if (!seam) {
        http_exchange_reply(http, 500, "application/json", text, sizeof(text) - 1);
        return;
    }
    seam->http = http;
    seam->exchange = (ApiExchange){
        .vtable = &vtable,
        .method = http_exchange_method(http),
        .path = http_exchange_path(http),
        .content_type = http_exchange_header(http, "Content-Type"),
    };
    seam->exchange.body = http_exchange_body(http, &seam->exchange.body_size);
    http_exchange_add_header(http, "Server", "fleetd/" PACKAGE_VERSION); /* or not */
    http_exchange_on_abort(http, on_abort, seam);
    api_serve(api, &seam->exchange);
}
