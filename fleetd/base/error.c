#include "fleetd/base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(Error *reterr, int r, const char *format, ...) {
    if (!reterr || reterr->message)
        return r;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&reterr->message, format, ap) < 0)
        reterr->message = NULL; /* the errno still tells */
    va_end(ap);
    return r;
}

int error_prefix(Error *reterr, int r, const char *format, ...) {
    if (!reterr)
        return r;
    _cleanup_free_ char *context = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&context, format, ap);
    va_end(ap);
    if (n < 0)
        return r;

    char *joined = NULL;
    if (asprintf(&joined, "%s: %s", context, error_text(reterr, r)) < 0)
        return r;
    free(reterr->message);
    reterr->message = joined;
    return r;
}

const char *error_text(const Error *error, int r) {
    return error && error->message ? error->message : strerror(r < 0 ? -r : r);
}

void error_done(Error *error) {
    free(error->message);
    error->message = NULL;
}
