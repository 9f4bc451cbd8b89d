/* A request that changes the store, or asks it for what no view has, from its arrival to its
 * answer: it reads what its decision depends on, decides, writes on the condition that all is still
 * so, and starts over where it is not. Only what is committed is acknowledged (promise 5 of
 * docs/architecture.md). */
#pragma once

#include "fleetd/api/context.h"

typedef struct ApiWriteKind {
    /* Reads and decides, from the beginning; leads to one of the calls below. */
    void (*start)(ApiWrite *write);
    /* With what is being read, but for what is in ApiWrite. */
    void (*free)(ApiWrite *write);
} ApiWriteKind;

/* Kinds embed this as their first member. */
struct ApiWrite {
    const ApiWriteKind *kind;
    Api *api;
    ApiExchange *exchange;
    char *subject;       /* "unit 'a.service'": what is changed, for people */
    const char *deed;    /* "destroyed" */
    unsigned n_attempts; /* that were lost to another client, which was quicker */
    unsigned status;     /* of the answer when the transaction is done */
    bool is_writing;     /* the transaction is under way: its outcome is open */
    StoreOp *op;         /* that, or what the kind reads */
    Timer *timeout;
    LIST_ENTRY(ApiWrite) siblings;
};

/* The write, with kind and subject in place, is taken over, also on failure, which is answered. */
void api_write_begin_take(Api *api, ApiExchange *exchange, ApiWrite *write);
void api_write_free(ApiWrite *write); /* one that was not begun */

/* Sends the transaction; status is the answer's when it comes to pass. */
void api_write_commit(ApiWrite *write, Store *store, const StoreTxn *txn, unsigned status);

/* These answer, and free it. */
void api_write_acknowledge(ApiWrite *write, unsigned status, int64_t revision);
void api_write_refuse(ApiWrite *write, unsigned status, const char *format, ...) _printf_(3, 4);
/* 200; NULL says that memory ran out. */
void api_write_tell_take(ApiWrite *write, json_object *object, int64_t revision);
void api_write_fail(ApiWrite *write, int r); /* the store did not answer, or memory ran out */
