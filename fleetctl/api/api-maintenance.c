#include "fleetctl/api/api-maintenance.h"

#include "fleetctl/api/api-call.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static int64_t seconds_of(usec_t usec) {
    return (int64_t) ((usec + USEC_PER_SEC - 1) / USEC_PER_SEC);
}

static char *request_format(const MaintenanceRequest *request) {
    _cleanup_json_ json_object *object = json_object_new_object();
    int64_t seconds = seconds_of(request->deadline_usec);
    if (!object || json_add_bool(object, "drain", request->is_drain) < 0 ||
        (request->ignores_global && json_add_bool(object, "ignoreGlobal", true) < 0) ||
        (seconds > 0 && json_add_int(object, "deadlineSeconds", seconds) < 0) ||
        json_add_string(object, "message", request->message) < 0)
        return NULL;
    return json_format(object);
}

static char *reboot_format_request(const RebootRequest *request) {
    _cleanup_json_ json_object *object = json_object_new_object();
    int64_t deadline = seconds_of(request->deadline_usec),
            timeout = seconds_of(request->timeout_usec);
    if (!object ||
        (request->max_parallel > 0 &&
         json_add_int(object, "maxParallel", request->max_parallel) < 0) ||
        (deadline > 0 && json_add_int(object, "deadlineSeconds", deadline) < 0) ||
        (timeout > 0 && json_add_int(object, "timeoutSeconds", timeout) < 0) ||
        json_add_string(object, "message", request->message) < 0)
        return NULL;
    return json_format(object);
}

int api_put_maintenance(ApiClient *client, const char *machine_id,
                        const MaintenanceRequest *request, int64_t *ret_revision, Error *reterr) {
    int r = api_send_take(client, "PUT", api_path("maintenance", machine_id),
                          request_format(request), 0, ret_revision, reterr);
    return MIN(r, 0);
}

int api_delete_maintenance(ApiClient *client, const char *machine_id, Error *reterr) {
    return api_do_take(client, "DELETE", api_path("maintenance", machine_id), 404, reterr);
}

int api_put_reboots(ApiClient *client, char *const *machine_ids, const RebootRequest *request,
                    ApiCall **ret_calls, Error *reterr) {
    size_t n = strv_length(machine_ids);
    ApiCall *calls = calloc(n + 1, sizeof(ApiCall));
    int r = calls ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < n; i++) {
        calls[i] = (ApiCall){.method = "PUT",
                             .path = api_path("reboots", machine_ids[i]),
                             .body = reboot_format_request(request)};
        r = calls[i].path && calls[i].body ? 0 : -ENOMEM;
    }
    if (r >= 0)
        r = api_client_run(client, calls, n, reterr);
    *ret_calls = calls;
    return r;
}

int api_judge_reboot(const ApiCall *call, int64_t *ret_revision, Error *reterr) {
    return api_call_judge(call, 409, ret_revision, reterr);
}

int api_delete_reboot(ApiClient *client, const char *machine_id, Error *reterr) {
    return api_do_take(client, "DELETE", api_path("reboots", machine_id), 404, reterr);
}

int api_patch_machines(ApiClient *client, json_object *operations, Error *reterr) {
    int64_t revision;
    int r = api_send_take(client, "PATCH", api_path("machines", NULL), json_format(operations), 0,
                          &revision, reterr);
    return MIN(r, 0);
}

int api_release_failover(ApiClient *client, Error *reterr) {
    return api_do_take(client, "POST", api_path("failover", NULL), 404, reterr);
}
