/* One table of what can be asked for; unknown paths and methods fall out of it. */
#include "fleetd/api/reads.h"

#include "fleetd/base/strv.h"

#include <strings.h>

#define PREFIX "/fleet/v1/"
#define BODY_MAX (1024 * 1024)

typedef struct Route {
    const char *collection;
    bool has_name; /* .../NAME, an item of the collection */
    const char *method;
    ReadHandler read; /* one of the two */
    WriteHandler write;
    const char *body_type; /* Content-Type that it must have; NULL: there is no body */
} Route;

static const Route routes[] = {
    {"units", false, "GET", .read = units_list},
    {"units", true, "GET", .read = units_get},
    {"units", true, "PUT", .write = units_put, .body_type = "application/json"},
    {"units", true, "DELETE", .write = units_delete},
    {"state", false, "GET", .read = states_list},
    {"state", true, "GET", .read = states_get},
    {"machines", false, "GET", .read = machines_list},
    {"machines", false, "PATCH", .read = machines_patch, .body_type = "application/json"},
    {"events", false, "GET", .read = events_stream},
};

/* The name in the path, "" for the collection itself (with or without a slash at its end); NULL:
 * the route is for another path. */
static const char *route_match(const Route *route, const char *path) {
    size_t n = strlen(route->collection);
    if (strncmp(path, PREFIX, strlen(PREFIX)) != 0)
        return NULL;
    path += strlen(PREFIX);
    if (strncmp(path, route->collection, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    const char *name = path[n] ? path + n + 1 : path + n;
    return strchr(name, '/') || route->has_name != (*name != 0) ? NULL : name;
}

static bool type_is(const char *content_type, const char *wanted) {
    size_t n = content_type ? strcspn(content_type, "; \t") : 0;
    return n == strlen(wanted) && strncasecmp(content_type, wanted, n) == 0;
}

static void route_take(const Route *route, Api *api, ApiExchange *exchange, const char *name) {
    if (exchange->body_size > BODY_MAX)
        answer_error(exchange, 413, "the body of the request is over %d bytes", BODY_MAX);
    else if (route->body_type && !type_is(exchange->content_type, route->body_type))
        answer_error(exchange, 415, "the Content-Type of the request is %.100s, not %s",
                     str_or(exchange->content_type, "missing"), route->body_type);
    else if (route->read)
        reads_start(api->reads, exchange, name, route->read);
    else
        route->write(api, exchange, name);
}

static int allowed_add(char **allowed, const char *method) {
    char *longer = str_printf("%s%s%s", str_or(*allowed, ""), *allowed ? ", " : "", method);
    if (!longer)
        return -1;
    free(*allowed);
    *allowed = longer;
    return 0;
}

void api_serve(Api *api, ApiExchange *exchange) {
    _cleanup_free_ char *allowed = NULL;
    for (size_t i = 0; i < ELEMENTSOF(routes); i++) {
        const char *name = route_match(&routes[i], exchange->path);
        if (!name)
            continue;
        if (streq(routes[i].method, exchange->method)) {
            route_take(&routes[i], api, exchange, name);
            return;
        }
        allowed_add(&allowed, routes[i].method);
    }
    if (!allowed) {
        answer_error(exchange, 404, "there is nothing at %.200s", exchange->path);
        return;
    }
    exchange->vtable->add_header(exchange, "Allow", allowed);
    answer_error(exchange, 405, "%.20s is not possible here, only %s", exchange->method, allowed);
}
