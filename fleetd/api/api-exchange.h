/* The seam between the resources and whoever carries requests to them: one request and its answer.
 * Over HTTP it is a net/HttpExchange (http-seam.c); a simulation or a test brings its own. */
#pragma once

#include "fleetd/base/time-units.h"

typedef struct ApiExchange ApiExchange;
typedef struct Route Route;

/* The contracts are those of net/http-server.h. */
typedef struct ApiExchangeVTable {
    void (*query_each)(ApiExchange *, const char *name,
                       void (*each)(const char *value, void *userdata), void *userdata);
    void (*on_abort)(ApiExchange *, void (*on_abort)(void *userdata), void *userdata);
    int (*add_header)(ApiExchange *, const char *name, const char *value);
    void (*reply)(ApiExchange *, unsigned status, const char *content_type, const void *body,
                  size_t size);
    void (*stream)(ApiExchange *, const char *content_type);
    int (*write)(ApiExchange *, const void *data, size_t size);
    int (*on_drain)(ApiExchange *, void (*on_drain)(void *userdata), void *userdata);
    void (*finish)(ApiExchange *);
} ApiExchangeVTable;

/* Implementations embed this as their first member. What it points to stays until the answer. */
struct ApiExchange {
    const ApiExchangeVTable *vtable;
    const char *method;
    const char *path;         /* decoded, without the query */
    const char *content_type; /* NULL: none */
    const char *body;         /* NUL-terminated; "" if none */
    size_t body_size;

    /* Set by api_serve(), for those who count. */
    struct Api *api;
    const Route *route; /* NULL: there is none for it */
    usec_t begun_usec;
};
