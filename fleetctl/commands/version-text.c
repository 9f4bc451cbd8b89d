#include "fleetctl/commands/version-text.h"

#include <errno.h>

static int complain_unknown(const ApiVersions *versions, const char *unit, int64_t number,
                            Error *reterr) {
    if (versions->n == 0)
        return error_set(reterr, -ENOENT, "unit '%s' has no versions yet", unit);
    return error_set(reterr, -ENOENT, "unit '%s' has no version %lld; there are %lld to %lld", unit,
                     (long long) number, (long long) versions->items[0].number,
                     (long long) versions->items[versions->n - 1].number);
}

int version_text(const ApiVersions *versions, const char *unit, int64_t number, const char **ret,
                 Error *reterr) {
    const ApiVersion *version = api_versions_find(versions, number);
    if (!version)
        return complain_unknown(versions, unit, number, reterr);
    if (!version->text)
        return error_set(reterr, -EBADMSG, "the file of version %lld of unit '%s' is lost",
                         (long long) number, unit);
    *ret = version->text;
    return 0;
}
