#include "fleetctl/api/api-scales.h"

#include "fleetctl/api/api-call.h"
#include "fleetctl/api/api-list.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/template-scale.h"

int api_put_scale(ApiClient *client, const char *template, uint64_t count, int64_t *ret_revision,
                  Error *reterr) {
    char *body = str_printf("{\"count\":%llu}", (unsigned long long) count);
    int r =
        api_send_take(client, "PUT", api_path("scales", template), body, 0, ret_revision, reterr);
    return MIN(r, 0);
}

int api_delete_scale(ApiClient *client, const char *template, Error *reterr) {
    int r = api_do_take(client, "DELETE", api_path("scales", template), 0, reterr);
    return MIN(r, 0);
}

json_object *api_scales_learn(ApiClient *client) {
    json_object *scales = NULL;
    _cleanup_error_ Error error = {};
    int r = api_list(client, API_SCALES, &scales, &error);
    if (r < 0)
        log_debug("What numbers of instances are kept is not known: %s", error_text(&error, r));
    return scales;
}

uint64_t api_scales_find(json_object *scales, const char *unit, ApiScale *ret) {
    for (size_t i = 0; scales && i < json_object_array_length(scales); i++) {
        ApiScale scale;
        if (api_scale_read(json_object_array_get_idx(scales, i), &scale, NULL) < 0)
            continue;
        uint64_t number = template_instance_number(scale.name, unit);
        if (number == 0)
            continue;
        *ret = scale;
        return number;
    }
    return 0;
}
