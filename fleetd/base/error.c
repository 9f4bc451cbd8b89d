#include "fleetd/base/error.h"

#include "fleetd/base/strv.h"

#include <stdarg.h>

int error_set(Error *reterr, int r, const char *format, ...) {
    if (!reterr || reterr->message)
        return r;
    va_list ap;
    va_start(ap, format);
    reterr->message = str_vprintf(format, ap); /* without memory the errno still tells */
    va_end(ap);
    return r;
}

int error_prefix(Error *reterr, int r, const char *format, ...) {
    if (!reterr)
        return r;
    va_list ap;
    va_start(ap, format);
    _cleanup_free_ char *context = str_vprintf(format, ap);
    va_end(ap);
    char *joined = context ? str_printf("%s: %s", context, error_text(reterr, r)) : NULL;
    if (!joined)
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
