#include "fleetctl/remote/unit-machines.h"

#include "fleetctl/api/api-units.h"
#include "fleetctl/api/event-snapshot.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* A global unit has no machine of its own; the events tell all. */
static int global_unit_machines(const Context *context, const char *name, char ***ids,
                                Error *reterr) {
    _cleanup_json_ json_object *events = NULL;
    int r = event_snapshot(context->api, &name, 1, context->options->request_timeout_usec, &events,
                           reterr);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(events); i++) {
        ApiEvent event;
        r = api_event_read(json_object_array_get_idx(events, i), &event, reterr);
        if (r >= 0 && streq(event.unit, name) && *event.machine_id &&
            !strv_contains(*ids, event.machine_id))
            r = strv_push(ids, event.machine_id);
    }
    return r;
}

static int unit_read(const Context *context, const char *name, char ***ids, Error *reterr) {
    _cleanup_api_units_ ApiUnits units = {};
    char *const names[] = {(char *) name, NULL};
    int r = api_get_units(context->api, names, &units, reterr);
    if (r < 0 || !units.items[0].name)
        return MIN(r, 0);
    if (units.items[0].is_global)
        r = global_unit_machines(context, name, ids, reterr);
    else if (*units.items[0].machine_id)
        r = strv_push(ids, units.items[0].machine_id);
    return r < 0 ? r : 1;
}

int unit_machines(const Context *context, const char *typed, char **ret_name, char ***ret_ids,
                  Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    _cleanup_free_ char *name = NULL;
    int r = unit_name_complete(typed, &name);
    if (r < 0 || unit_name_check(name, NULL) < 0)
        return MIN(r, 0);
    r = unit_read(context, name, &ids, reterr);
    if (r > 0) {
        *ret_name = TAKE_PTR(name);
        *ret_ids = TAKE_PTR(ids);
    }
    return r;
}
