#include "fleetctl/api/api-versions.h"

#include "fleetctl/api/api-requests.h"
#include "fleetd/base/strv.h"

#include <errno.h>

int api_list_versions(ApiClient *client, const char *unit, bool with_text, json_object **ret_array,
                      Error *reterr) {
    _cleanup_free_ char *escaped = api_escape(unit);
    _cleanup_json_ json_object *document = NULL;
    json_object *array = NULL;
    char *path =
        escaped ? str_printf("/versions/%s%s", escaped, with_text ? "?text=true" : "") : NULL;
    int r = api_get_document_take(client, path, &document, reterr);
    if (r >= 0)
        r = json_get_array(document, "versions", &array, reterr);
    if (r == 0)
        r = error_set(reterr, -EBADMSG, "field 'versions' is missing");
    if (r < 0)
        return error_prefix(reterr, r, "Failed to look up the versions of unit '%s'", unit);
    *ret_array = json_object_get(array);
    return 0;
}

static int items_read(json_object *array, ApiVersions *versions, Error *reterr) {
    size_t n = json_object_array_length(array);
    versions->items = calloc(n + 1, sizeof(ApiVersion));
    if (!versions->items)
        return -ENOMEM;
    for (; versions->n < n; versions->n++) {
        int r = api_version_read(json_object_array_get_idx(array, versions->n),
                                 &versions->items[versions->n], reterr);
        if (r < 0)
            return error_prefix(reterr, r, "Bad version in the answer");
    }
    return 0;
}

int api_get_versions(ApiClient *client, const char *unit, ApiVersions *ret, Error *reterr) {
    _cleanup_api_versions_ ApiVersions versions = {};
    int r = api_list_versions(client, unit, true, &versions.array, reterr);
    if (r >= 0)
        r = items_read(versions.array, &versions, reterr);
    if (r < 0)
        return r;
    *ret = versions;
    versions = (ApiVersions){};
    return 0;
}

const ApiVersion *api_versions_find(const ApiVersions *versions, int64_t number) {
    for (size_t i = 0; i < versions->n; i++)
        if (versions->items[i].number == number)
            return &versions->items[i];
    return NULL;
}

void api_versions_done(ApiVersions *versions) {
    json_object_put(versions->array);
    free(versions->items);
    *versions = (ApiVersions){};
}
