#include "fleetd/api/write.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdarg.h>

#define ATTEMPTS_MAX 5

void api_write_free(ApiWrite *write) {
    if (!write)
        return;
    store_op_cancel(write->op);
    timer_free(write->timeout);
    free(write->subject);
    write->kind->free(write);
}

static void write_end(ApiWrite *write) {
    LIST_REMOVE(write, siblings);
    api_write_free(write);
}

/* What is known of a request that the store did not answer. */
void api_write_fail(ApiWrite *write, int r) {
    const char *cause = r == -ETIMEDOUT ? "it does not answer" : strerror(-r);
    if (write->is_writing)
        api_write_refuse(write, 503,
                         "the store cannot be reached: %s; it is unknown whether %s was %s", cause,
                         write->subject, write->deed);
    else
        api_write_refuse(write, 503, "the store cannot be reached: %s; nothing was changed", cause);
}

void api_write_refuse(ApiWrite *write, unsigned status, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    answer_error_va(write->exchange, status, format, ap);
    va_end(ap);
    write_end(write);
}

void api_write_acknowledge(ApiWrite *write, unsigned status, int64_t revision) {
    Api *api = write->api;
    api->acknowledged = MAX(api->acknowledged, revision);
    answer_done(write->exchange, status, revision);
    write_end(write);
}

void api_write_tell_take(ApiWrite *write, json_object *object, int64_t revision) {
    answer_object_take(write->exchange, object, revision);
    write_end(write);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    ApiWrite *write = userdata;
    write->op = NULL;
    if (r < 0) {
        api_write_fail(write, r);
        return;
    }
    write->is_writing = false;
    if (result->succeeded)
        api_write_acknowledge(write, write->status, result->revision);
    else if (++write->n_attempts < ATTEMPTS_MAX)
        write->kind->start(write);
    else
        api_write_refuse(write, 503,
                         "%s is being changed by others all the time; nothing was changed",
                         write->subject);
}

void api_write_commit(ApiWrite *write, Store *store, const StoreTxn *txn, unsigned status) {
    int r = store_txn(store, txn, on_txn, write, &write->op);
    if (r < 0) {
        api_write_fail(write, r);
        return;
    }
    write->status = status;
    write->is_writing = true;
}

static void on_timeout(void *userdata) {
    api_write_fail(userdata, -ETIMEDOUT);
}

static void on_abort(void *userdata) {
    write_end(userdata);
}

void api_write_begin_take(Api *api, ApiExchange *exchange, ApiWrite *write) {
    write->api = api;
    write->exchange = exchange;
    if (timer_new(api->options.loop, on_timeout, write, &write->timeout) < 0) {
        api_write_free(write);
        answer_no_memory(exchange);
        return;
    }
    LIST_INSERT_HEAD(&api->writes, write, siblings);
    timer_start(write->timeout, api->options.store_timeout_usec);
    exchange->vtable->on_abort(exchange, on_abort, write);
    write->kind->start(write);
}

void api_writes_end(Api *api) {
    while (!LIST_EMPTY(&api->writes))
        api_write_fail(LIST_FIRST(&api->writes), -ESHUTDOWN);
}
