#include "fleetctl/api/api-placements.h"

#include "fleetctl/api/api-call.h"
#include "fleetd/base/strv.h"

#include <errno.h>

int api_get_placements(ApiClient *client, const char *unit, ApiPlacements *ret, Error *reterr) {
    _cleanup_json_ json_object *document = NULL;
    json_object *array = NULL;
    int r = api_get_take(client, api_path("placements", unit), &document, reterr);
    if (r == -EREMOTEIO) { /* without it the rest is worth knowing */
        error_done(reterr);
        *ret = (ApiPlacements){};
        return 0;
    }
    if (r >= 0)
        r = json_get_array(document, "placements", &array, reterr);
    return r < 0 ? r : api_placements_read(array, ret, reterr);
}

const ApiPlacement *api_placements_find(const ApiPlacements *placements, const char *machine_id) {
    for (size_t i = placements->n; i > 0; i--)
        if (placements->items[i - 1].until == 0 &&
            streq(placements->items[i - 1].machine_id, machine_id))
            return &placements->items[i - 1];
    return NULL;
}
