/* From a request to its row in the table of routes; unknown paths and methods fall out of it. */
#include "fleetd/api/reads.h"
#include "fleetd/api/request-metrics.h"
#include "fleetd/api/routes.h"
#include "fleetd/base/strv.h"

#include <strings.h>

#define BODY_MAX (1024 * 1024)

/* CoreOS fleet answered under its old name as well. */
static const char *const prefixes[] = {API_PREFIX, "/v1-alpha/"};

/* What follows the prefix that this route is under; NULL: it is under none. */
static const char *path_below(const Route *route, const char *path) {
    if (route->is_top)
        return path[0] == '/' ? path + 1 : NULL;
    for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
        if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
            return path + strlen(prefixes[i]);
    return NULL;
}

/* The name in the path, "" for the collection itself (with or without a slash at its end); NULL:
 * the route is for another path. */
static const char *route_match(const Route *route, const char *whole_path) {
    size_t n = route_collection_length(route);
    const char *path = path_below(route, whole_path);
    if (!path || strncmp(path, route->path, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    bool has_name = route->path[n] != 0;
    const char *name = path[n] ? path + n + 1 : path + n;
    return strchr(name, '/') || has_name != (*name != 0) ? NULL : name;
}

static bool type_is(const char *content_type, const char *wanted) {
    size_t n = content_type ? strcspn(content_type, "; \t") : 0;
    return n == strlen(wanted) && strncasecmp(content_type, wanted, n) == 0;
}

static bool type_is_fine(const Route *route, const char *content_type) {
    const char *const *type = route->body_types;
    while (*type && !type_is(content_type, *type))
        type++;
    return *type || !route->body_types[0];
}

static void route_take(const Route *route, Api *api, ApiExchange *exchange, const char *name) {
    if (exchange->body_size > BODY_MAX)
        answer_error(exchange, 413, "the body of the request is over %d bytes", BODY_MAX);
    else if (!type_is_fine(route, exchange->content_type))
        answer_error(exchange, 415, "the Content-Type of the request is %.100s, not %s",
                     str_or(exchange->content_type, "missing"), route->body_types[0]);
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
    request_begin(api, exchange);
    for (size_t i = 0; i < api_n_routes; i++) {
        const Route *route = &api_routes[i];
        const char *name = route_match(route, exchange->path);
        if (!name)
            continue;
        if (streq(route->method, exchange->method)) {
            exchange->route = route;
            route_take(route, api, exchange, name);
            return;
        }
        allowed_add(&allowed, route->method);
    }
    if (!allowed) {
        answer_error(exchange, 404, "there is nothing at %.200s", exchange->path);
        return;
    }
    exchange->vtable->add_header(exchange, "Allow", allowed);
    answer_error(exchange, 405, "%.20s is not possible here, only %s", exchange->method, allowed);
}
