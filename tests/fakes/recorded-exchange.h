/* A request to the API without a socket, and what came back. */
#pragma once

#include "fleetd/api/api-exchange.h"
#include "fleetd/base/map.h"

typedef struct RecordedExchange {
    ApiExchange exchange;
    char *method, *path, *query, *content_type, *request;

    bool is_ended; /* answered, or the stream is finished, or it was aborted */
    bool is_streaming;
    unsigned status; /* 0: none yet */
    char *answer_type;
    char *text;   /* body of the answer, or what was streamed since the last take */
    Map *headers; /* of the answer */

    size_t room; /* bytes that the stream still takes */
    void (*on_abort)(void *userdata);
    void *abort_userdata;
    void (*on_drain)(void *userdata);
    void *drain_userdata;
} RecordedExchange;

/* target is a path with an optional query, whose values are not decoded; content_type and body may
 * be NULL. NULL when out of memory. */
RecordedExchange *recorded_exchange_new(const char *method, const char *target,
                                        const char *content_type, const char *body);
void recorded_exchange_free(RecordedExchange *recorded); /* aborts it if it has not ended */
DEFINE_POINTER_CLEANUP(RecordedExchange, recorded_exchange_free)

/* The client goes away. */
void recorded_exchange_abort(RecordedExchange *recorded);
/* The client has taken everything: calls back whoever waits for that. */
void recorded_exchange_drain(RecordedExchange *recorded);
/* What was streamed since the last call; the caller frees. */
char *recorded_exchange_take(RecordedExchange *recorded);
