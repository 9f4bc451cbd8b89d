/* A request from its headers to the end of its answer. libmicrohttpd asks for the answer where it
 * stands; while there is none, or a stream has nothing to send, the connection is suspended, and
 * resumed when that changes. A suspended connection is not watched by libmicrohttpd, so a client
 * that goes away meanwhile is noticed here. */
#include "fleetd/net/http-exchange.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>

/* A body over the limit is read to its end and dropped, so that the client gets to see the answer;
 * but not for ever. */
#define DISCARD_FACTOR 16

int exchange_fd(const HttpExchange *exchange) {
    return MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
        ->connect_fd;
}

bool exchange_reserve(HttpExchange *exchange, size_t size) {
    HttpServer *server = exchange->listener->server;
    if (size > server->options.memory_max - server->n_bytes)
        return false;
    server->n_bytes += size;
    exchange->n_reserved += size;
    return true;
}

void exchange_release(HttpExchange *exchange, size_t size) {
    exchange->listener->server->n_bytes -= size;
    exchange->n_reserved -= size;
}

static void exchange_free(HttpExchange *exchange) {
    exchange_release(exchange, exchange->n_reserved);
    LIST_REMOVE(exchange, siblings);
    sd_event_source_disable_unref(exchange->hangup);
    sd_event_source_disable_unref(exchange->drained);
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    byte_buffer_done(&exchange->body);
    byte_buffer_done(&exchange->unsent);
    strv_free(exchange->headers);
    free(exchange);
}

static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    exchange_abort(userdata);
    return 0;
}

/* Only from libmicrohttpd's callbacks. Without a watch for the hang-up the exchange still works: a
 * client that goes away is then noticed when something is sent to it. */
void exchange_suspend(HttpExchange *exchange) {
    MHD_suspend_connection(exchange->connection);
    exchange->is_suspended = true;
    if (exchange->hangup)
        sd_event_source_set_enabled(exchange->hangup, SD_EVENT_ON);
    else
        sd_event_add_io(exchange->listener->server->event, &exchange->hangup, exchange_fd(exchange),
                        EPOLLRDHUP, on_hangup, exchange);
}

void exchange_resume(HttpExchange *exchange) {
    if (!exchange->is_suspended)
        return;
    exchange->is_suspended = false;
    /* Not just disabled: libmicrohttpd may now close the descriptor at any time. */
    exchange->hangup = sd_event_source_disable_unref(exchange->hangup);
    MHD_resume_connection(exchange->connection);
    listener_run_soon(exchange->listener);
}

void exchange_abort(HttpExchange *exchange) {
    void (*on_abort)(void *) = exchange->on_abort;
    bool is_owned = exchange->phase == PHASE_WAITING || exchange->phase == PHASE_STREAMING;
    exchange->phase = PHASE_BROKEN;
    exchange_resume(exchange);
    if (is_owned && on_abort)
        on_abort(exchange->abort_userdata);
}

void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode reason) {
    HttpExchange *exchange = *context;
    if (!exchange)
        return;
    *context = NULL;
    connection_step(exchange->client, CONNECTION_IDLE);
    exchange_abort(exchange);
    exchange_free(exchange);
}

static const char *header_find(HttpExchange *exchange, const char *name) {
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void refuse(HttpExchange *exchange, unsigned status, const char *message) {
    char text[200];
    snprintf(text, sizeof(text), "{\"error\":{\"code\":%u,\"message\":\"%s\"}}\n", status, message);
    http_exchange_reply(exchange, status, "application/json", text, strlen(text));
}

static void refuse_body(HttpExchange *exchange) {
    if (exchange->is_crowded)
        refuse(exchange, 503, "too many requests at once");
    else
        refuse(exchange, 413, "the body of the request is too large");
}

/* Hands the answer to libmicrohttpd, or waits for it. */
static enum MHD_Result exchange_answer(HttpExchange *exchange) {
    if (exchange->phase == PHASE_WAITING) {
        exchange_suspend(exchange);
        return MHD_YES;
    }
    if (!exchange->response)
        return MHD_NO;
    return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

/* The headers are there. A client that asks first whether it may send its body is told at once. */
static enum MHD_Result exchange_begin(Listener *listener, struct MHD_Connection *connection,
                                      const char *method, const char *url, void **context) {
    HttpExchange *exchange = calloc(1, sizeof(HttpExchange));
    if (!exchange)
        return MHD_NO;
    exchange->listener = listener;
    exchange->connection = connection;
    exchange->method = method;
    exchange->path = url;
    LIST_INSERT_HEAD(&listener->exchanges, exchange, siblings);
    *context = exchange;

    exchange->client = connection_of(connection);
    connection_step(exchange->client, CONNECTION_SENDING);
    if (!exchange->client || exchange->client->is_refused) {
        http_exchange_add_header(exchange, MHD_HTTP_HEADER_CONNECTION, "close");
        refuse(exchange, 503, "too many connections");
        return exchange_answer(exchange);
    }
    const char *length = header_find(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length && header_find(exchange, MHD_HTTP_HEADER_EXPECT) &&
        strtoull(length, NULL, 10) > listener->server->options.body_max) {
        refuse_body(exchange);
        return exchange_answer(exchange);
    }
    return MHD_YES;
}

static enum MHD_Result exchange_take_body(HttpExchange *exchange, const char *data, size_t size) {
    size_t max = exchange->listener->server->options.body_max;
    bool is_small = exchange->n_discarded == 0 && exchange->body.size + size <= max;
    if (is_small && exchange_reserve(exchange, size))
        return byte_buffer_append(&exchange->body, data, size) < 0 ? MHD_NO : MHD_YES;
    exchange->is_crowded |= is_small;
    exchange->n_discarded += size;
    return exchange->n_discarded / DISCARD_FACTOR > max ? MHD_NO : MHD_YES;
}

static void exchange_handle(HttpExchange *exchange) {
    HttpServer *server = exchange->listener->server;
    if (exchange->n_discarded > 0) {
        refuse_body(exchange);
        return;
    }
    if (exchange->client->has_long_query) {
        refuse(exchange, 414, "the request has too many parameters");
        return;
    }
    exchange->phase = PHASE_WAITING;
    connection_step(exchange->client, CONNECTION_WAITING);
    server->handler(exchange, server->userdata);
}

enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *size, void **context) {
    HttpExchange *exchange = *context;
    if (!exchange)
        return exchange_begin(cls, connection, method, url, context);
    if (*size > 0) {
        size_t n = *size;
        *size = 0;
        return exchange_take_body(exchange, data, n);
    }
    if (exchange->phase == PHASE_READING)
        exchange_handle(exchange);
    return exchange_answer(exchange);
}
