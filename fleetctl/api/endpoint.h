/* Where fleetd answers, as --endpoint says it. Pure. */
#pragma once

#include "fleetd/base/error.h"

typedef struct Endpoint {
    char *
        base_url; /* without a slash at the end; of a socket: with a host that stands for nothing */
    char *unix_socket; /* NULL: TCP */
} Endpoint;

/* unix:///PATH, http://HOST[:PORT][/PATH], https://HOST[:PORT][/PATH]. -EINVAL for anything else.
 */
int endpoint_parse(const char *text, Endpoint *ret, Error *reterr);
void endpoint_done(Endpoint *endpoint);
#define _cleanup_endpoint_ _cleanup_(endpoint_done)
