/* libmicrohttpd keeps a record of each parameter in the memory of its connection, where the request
 * itself is. When that does not suffice, 0.9.75 goes on with the request after it has answered it,
 * and so neither answers nor closes the connection. So what would not fit is never parsed. */
#include "fleetd/net/http-query-limit.h"

#include "fleetd/net/http-exchange.h"

#define RECORD_SIZE ((size_t) 64) /* at least: it is 48 now */

static size_t parameters_count(const char *query) {
    size_t n = 1;
    while ((query = strchr(query, '&'))) {
        query++;
        n++;
    }
    return n;
}

/* The buffer for the request is half of the memory at first, and grows by an eighth of what is
 * left, so that this much of what follows the target can be in it already. */
static bool query_fits(const char *uri, const char *query, size_t memory) {
    size_t request = MAX(memory / 2, strlen(uri) + memory / 16);
    return request + parameters_count(query) * RECORD_SIZE <= memory;
}

void *query_limit_on_uri(void *cls, const char *uri, struct MHD_Connection *handle) {
    const Listener *listener = cls;
    Connection *connection = connection_of(handle);
    char *query = uri ? strchr(uri, '?') : NULL;
    bool is_too_long = query && !query_fits(uri, query, listener->server->options.header_max);
    if (is_too_long)
        query[1] = 0; /* in the connection's own buffer, where it would be cut up next */
    if (connection)
        connection->has_long_query = is_too_long;
    return NULL; /* there is no exchange yet */
}
