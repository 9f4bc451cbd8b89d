#include "fleetctl/api/api-versions.h"

#include "fleetctl/api/api-call.h"
#include "fleetd/base/strv.h"

#include <errno.h>

int api_list_versions(ApiClient *client, const char *unit, bool with_text, json_object **ret_array,
                      Error *reterr) {
    _cleanup_free_ char *path = api_path("versions", unit);
    _cleanup_json_ json_object *document = NULL;
    json_object *array = NULL;
    int r =
        api_get_take(client, path ? str_printf("%s%s", path, with_text ? "?text=true" : "") : NULL,
                     &document, reterr);
    if (r >= 0)
        r = json_get_array(document, "versions", &array, reterr);
    if (r == 0)
        r = error_set(reterr, -EBADMSG, "field 'versions' is missing");
    if (r < 0)
        return error_prefix(reterr, r, "Failed to look up the versions of unit '%s'", unit);
    *ret_array = json_object_get(array);
    return 0;
}

int api_get_versions(ApiClient *client, const char *unit, ApiVersions *ret, Error *reterr) {
    _cleanup_json_ json_object *array = NULL;
    int r = api_list_versions(client, unit, true, &array, reterr);
    return r < 0 ? r : api_versions_read(array, ret, reterr);
}

const ApiVersion *api_versions_find(const ApiVersions *versions, int64_t number) {
    for (size_t i = 0; i < versions->n; i++)
        if (versions->items[i].number == number)
            return &versions->items[i];
    return NULL;
}
