#include "fleetctl/api/api-maintenance.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static char *request_format(const MaintenanceRequest *request) {
    _cleanup_json_ json_object *object = json_object_new_object();
    int64_t seconds = (int64_t) ((request->deadline_usec + USEC_PER_SEC - 1) / USEC_PER_SEC);
    if (!object || json_add_bool(object, "drain", request->is_drain) < 0 ||
        (request->ignores_global && json_add_bool(object, "ignoreGlobal", true) < 0) ||
        (seconds > 0 && json_add_int(object, "deadlineSeconds", seconds) < 0) ||
        json_add_string(object, "message", request->message) < 0)
        return NULL;
    return json_format(object);
}

static ApiCall *call_new(const char *method, const char *machine_id) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call)
        return NULL;
    *call = (ApiCall){.method = method, .path = str_printf("/maintenance/%s", machine_id)};
    if (call->path)
        return call;
    free(call);
    return NULL;
}

int api_put_maintenance(ApiClient *client, const char *machine_id,
                        const MaintenanceRequest *request, int64_t *ret_revision, Error *reterr) {
    ApiCall *call = call_new("PUT", machine_id);
    if (!call)
        return -ENOMEM;
    call->body = request_format(request);
    int r = call->body ? api_client_run(client, call, 1, reterr) : -ENOMEM;
    if (r >= 0 && call->status != 204)
        r = api_answer_error(call->status, call->answer, call->answer_size, reterr);
    if (r >= 0)
        *ret_revision = call->revision;
    api_calls_free(call, 1);
    return MIN(r, 0);
}

int api_delete_maintenance(ApiClient *client, const char *machine_id, Error *reterr) {
    ApiCall *call = call_new("DELETE", machine_id);
    if (!call)
        return -ENOMEM;
    int r = api_client_run(client, call, 1, reterr);
    if (r >= 0)
        r = call->status == 204 ? 1
            : call->status == 404
                ? 0
                : api_answer_error(call->status, call->answer, call->answer_size, reterr);
    api_calls_free(call, 1);
    return r;
}
