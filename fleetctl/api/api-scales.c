#include "fleetctl/api/api-scales.h"

#include "fleetctl/api/api-requests.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/template-scale.h"

#include <errno.h>

static char *path_of(const char *template) {
    _cleanup_free_ char *escaped = api_escape(template);
    return escaped ? str_printf("/scales/%s", escaped) : NULL;
}

static int run(ApiClient *client, ApiCall *call, int64_t *ret_revision, Error *reterr) {
    int r = api_client_run(client, call, 1, reterr);
    if (r >= 0 && call->status != 204)
        r = api_answer_error(call->status, call->answer, call->answer_size, reterr);
    if (r >= 0)
        *ret_revision = call->revision;
    return r;
}

static ApiCall *call_new(const char *method, const char *template) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call)
        return NULL;
    *call = (ApiCall){.method = method, .path = path_of(template)};
    if (call->path)
        return call;
    api_calls_free(call, 1);
    return NULL;
}

int api_put_scale(ApiClient *client, const char *template, uint64_t count, int64_t *ret_revision,
                  Error *reterr) {
    ApiCall *call = call_new("PUT", template);
    if (!call)
        return -ENOMEM;
    call->body = str_printf("{\"count\":%llu}", (unsigned long long) count);
    int r = call->body ? run(client, call, ret_revision, reterr) : -ENOMEM;
    api_calls_free(call, 1);
    return r;
}

int api_delete_scale(ApiClient *client, const char *template, Error *reterr) {
    int64_t revision;
    ApiCall *call = call_new("DELETE", template);
    if (!call)
        return -ENOMEM;
    int r = run(client, call, &revision, reterr);
    api_calls_free(call, 1);
    return r;
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
