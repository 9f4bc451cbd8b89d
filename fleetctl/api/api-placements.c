#include "fleetctl/api/api-placements.h"

#include "fleetctl/api/api-requests.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static int items_read(json_object *array, ApiPlacements *placements, Error *reterr) {
    size_t n = json_object_array_length(array);
    placements->items = calloc(n + 1, sizeof(ApiPlacement));
    if (!placements->items)
        return -ENOMEM;
    for (; placements->n < n; placements->n++) {
        int r = api_placement_read(json_object_array_get_idx(array, placements->n),
                                   &placements->items[placements->n], reterr);
        if (r < 0)
            return error_prefix(reterr, r, "Bad placement in the answer");
    }
    return 0;
}

int api_get_placements(ApiClient *client, const char *unit, ApiPlacements *ret, Error *reterr) {
    _cleanup_free_ char *escaped = api_escape(unit);
    _cleanup_json_ json_object *document = NULL;
    _cleanup_api_placements_ ApiPlacements placements = {};
    json_object *array = NULL;
    int r = api_get_document_take(client, escaped ? str_printf("/placements/%s", escaped) : NULL,
                                  &document, reterr);
    if (r == -EREMOTEIO) { /* without it the rest is worth knowing */
        error_done(reterr);
        *ret = (ApiPlacements){};
        return 0;
    }
    if (r >= 0)
        r = json_get_array(document, "placements", &array, reterr);
    if (r < 0)
        return r;
    placements.array = json_object_get(array);
    if (array && (r = items_read(array, &placements, reterr)) < 0)
        return r;
    *ret = placements;
    placements = (ApiPlacements){};
    return 0;
}

const ApiPlacement *api_placements_find(const ApiPlacements *placements, const char *machine_id) {
    for (size_t i = placements->n; i > 0; i--)
        if (placements->items[i - 1].until == 0 &&
            streq(placements->items[i - 1].machine_id, machine_id))
            return &placements->items[i - 1];
    return NULL;
}

void api_placements_done(ApiPlacements *placements) {
    json_object_put(placements->array);
    free(placements->items);
    *placements = (ApiPlacements){};
}
