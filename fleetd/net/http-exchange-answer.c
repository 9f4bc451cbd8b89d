/* Answers: whole ones, and streams that libmicrohttpd draws from a queue of bytes. */
#include "fleetd/net/http-exchange.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <sys/socket.h>

#define STREAM_BLOCK_SIZE 4096 /* only used for clients of HTTP/1.0, which get no chunks */

void http_exchange_on_abort(HttpExchange *exchange, void (*on_abort)(void *userdata),
                            void *userdata) {
    exchange->on_abort = on_abort;
    exchange->abort_userdata = userdata;
}

int http_exchange_add_header(HttpExchange *exchange, const char *name, const char *value) {
    _cleanup_(strv_freep) char **headers = NULL;
    if (strv_copy(exchange->headers, &headers) < 0 || strv_push(&headers, name) < 0 ||
        strv_push(&headers, value) < 0)
        return -ENOMEM;
    strv_free(exchange->headers);
    exchange->headers = TAKE_PTR(headers);
    return 0;
}

/* Wakes the connection, which then fetches its answer or more of it. Without a response it is
 * closed. */
static void exchange_start(HttpExchange *exchange, Phase phase, unsigned status,
                           const char *content_type) {
    struct MHD_Response *response = exchange->response;
    if (response && content_type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    for (char **header = exchange->headers; response && header && *header; header += 2)
        MHD_add_response_header(response, header[0], header[1]);
    exchange->status = status;
    exchange->phase = phase;
    exchange_resume(exchange);
}

void http_exchange_reply(HttpExchange *exchange, unsigned status, const char *content_type,
                         const void *body, size_t size) {
    static const char crowded[] =
        "{\"error\":{\"code\":503,\"message\":\"too many answers at once\"}}\n";
    connection_step(exchange->client, CONNECTION_RECEIVING);
    if (!exchange_reserve(exchange, size)) {
        status = 503;
        content_type = "application/json";
        body = crowded;
        size = sizeof(crowded) - 1;
    }
    exchange->response =
        MHD_create_response_from_buffer(size, (void *) body, MHD_RESPMEM_MUST_COPY);
    exchange_start(exchange, PHASE_ANSWERED, status, content_type);
}

static size_t unsent_size(const HttpExchange *exchange) {
    return exchange->unsent.size - exchange->n_taken;
}

/* Closes the gap at the front only where that frees more than it moves, so that a long queue is not
 * moved for each piece of it. */
static int unsent_append(HttpExchange *exchange, const void *data, size_t size) {
    if (exchange->n_taken > unsent_size(exchange)) {
        byte_buffer_consume(&exchange->unsent, exchange->n_taken);
        exchange->n_taken = 0;
    }
    return byte_buffer_append(&exchange->unsent, data, size);
}

static size_t unsent_take(HttpExchange *exchange, char *ret, size_t max) {
    size_t n = MIN(unsent_size(exchange), max);
    if (n == 0)
        return 0;
    memcpy(ret, exchange->unsent.data + exchange->n_taken, n);
    exchange->n_taken += n;
    exchange_release(exchange, n);
    if (unsent_size(exchange) == 0) {
        byte_buffer_done(&exchange->unsent); /* an idle stream keeps no memory */
        exchange->n_taken = 0;
    }
    return n;
}

static int on_drained(sd_event_source *source, void *userdata) {
    HttpExchange *exchange = userdata;
    if (exchange->phase == PHASE_STREAMING && unsent_size(exchange) == 0)
        exchange->on_drain(exchange->drain_userdata);
    return 0;
}

static ssize_t on_read(void *cls, uint64_t position, char *ret, size_t max) {
    HttpExchange *exchange = cls;
    if (exchange->phase == PHASE_BROKEN)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = unsent_take(exchange, ret, max);
    if (n > 0)
        return (ssize_t) n;
    if (exchange->phase == PHASE_FINISHED)
        return MHD_CONTENT_READER_END_OF_STREAM;
    exchange_suspend(exchange);
    if (exchange->drained)
        sd_event_source_set_enabled(exchange->drained, SD_EVENT_ONESHOT);
    return 0;
}

void http_exchange_stream(HttpExchange *exchange, const char *content_type) {
    exchange->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE,
                                                           on_read, exchange, NULL);
    connection_step(exchange->client, CONNECTION_WAITING);
    exchange_start(exchange, PHASE_STREAMING, 200, content_type);
}

int http_exchange_write(HttpExchange *exchange, const void *data, size_t size) {
    size_t max = exchange->listener->server->options.stream_max;
    bool fits = unsent_size(exchange) + size <= max && exchange_reserve(exchange, size);
    int r = fits ? unsent_append(exchange, data, size) : -ENOBUFS;
    if (r < 0) {
        exchange->is_stalled = true;
        return r;
    }
    if (size > 0)
        exchange_resume(exchange);
    return 0;
}

int http_exchange_on_drain(HttpExchange *exchange, void (*on_drain)(void *userdata),
                           void *userdata) {
    exchange->on_drain = on_drain;
    exchange->drain_userdata = userdata;
    if (exchange->drained)
        return 0;
    return sd_event_add_defer(exchange->listener->server->event, &exchange->drained, on_drained,
                              exchange);
}

/* What a client does not take is never sent to its end: the connection is cut, which libmicrohttpd
 * notices by itself. */
void http_exchange_finish(HttpExchange *exchange) {
    exchange->phase = exchange->is_stalled ? PHASE_BROKEN : PHASE_FINISHED;
    if (exchange->is_stalled)
        shutdown(exchange_fd(exchange), SHUT_RDWR);
    connection_step(exchange->client, CONNECTION_RECEIVING);
    exchange_resume(exchange);
}
