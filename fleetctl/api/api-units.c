#include "fleetctl/api/api-units.h"

#include "fleetctl/api/api-call.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static int unit_take_answer(const ApiCall *call, ApiUnits *units, Error *reterr) {
    json_object *object = NULL;
    int r = call->status == 404 ? 0 : api_call_document(call, &object, reterr);
    if (r >= 0 && object) {
        r = json_array_add_take(units->array, object);
        if (r >= 0)
            r = api_unit_read(object, &units->items[units->n], reterr);
    }
    units->n += r >= 0;
    return r;
}

static int units_take_answers(const ApiCall *calls, char *const *names, ApiUnits *ret,
                              Error *reterr) {
    size_t n = strv_length(names);
    _cleanup_api_units_ ApiUnits units = {.array = json_object_new_array(),
                                          .items = calloc(n + 1, sizeof(ApiUnit))};
    int r = units.array && units.items ? 0 : -ENOMEM;
    for (size_t i = 0; i < n && r >= 0; i++) {
        r = unit_take_answer(&calls[i], &units, reterr);
        if (r < 0)
            error_prefix(reterr, r, "Failed to look up unit '%s'", names[i]);
    }
    if (r < 0)
        return r;
    *ret = units;
    units = (ApiUnits){};
    return 0;
}

int api_get_units(ApiClient *client, char *const *names, ApiUnits *ret, Error *reterr) {
    size_t n = strv_length(names);
    ApiCall *calls = calloc(n + 1, sizeof(ApiCall));
    int r = calls ? 0 : -ENOMEM;
    for (size_t i = 0; i < n && r >= 0; i++) {
        calls[i] = (ApiCall){.method = "GET", .path = api_path("units", names[i])};
        r = calls[i].path ? 0 : -ENOMEM;
    }
    if (r >= 0)
        r = api_client_run(client, calls, n, reterr);
    if (r >= 0)
        r = units_take_answers(calls, names, ret, reterr);
    if (calls)
        api_calls_free(calls, n);
    return r;
}
