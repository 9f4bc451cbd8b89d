#include "fleetctl/api/api-maintenance.h"

#include "fleetd/base/json.h"
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

/* machine_id NULL: the resource itself. */
static ApiCall *call_new(const char *method, const char *resource, const char *machine_id) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call)
        return NULL;
    *call = (ApiCall){
        .method = method,
        .path = str_printf("/%s%s%s", resource, machine_id ? "/" : "", str_or(machine_id, ""))};
    if (call->path)
        return call;
    free(call);
    return NULL;
}

/* 1: done; 0: status otherwise, which changes nothing and is no error. */
static int call_judge(const ApiCall *call, unsigned otherwise, int64_t *ret_revision,
                      Error *reterr) {
    if (call->status != 204 && call->status != otherwise)
        return api_answer_error(call->status, call->answer, call->answer_size, reterr);
    if (call->status == 204)
        *ret_revision = call->revision;
    return call->status == 204;
}

static int call_run(ApiClient *client, ApiCall *call, unsigned otherwise, int64_t *ret_revision,
                    Error *reterr) {
    int r = api_client_run(client, call, 1, reterr);
    return r < 0 ? r : call_judge(call, otherwise, ret_revision, reterr);
}

static int put_take(ApiClient *client, const char *resource, const char *machine_id,
                    char *body_take, unsigned otherwise, int64_t *ret_revision, Error *reterr) {
    _cleanup_free_ char *body = body_take;
    ApiCall *call = body ? call_new("PUT", resource, machine_id) : NULL;
    if (!call)
        return -ENOMEM;
    call->body = TAKE_PTR(body);
    int r = call_run(client, call, otherwise, ret_revision, reterr);
    api_calls_free(call, 1);
    return r;
}

/* 1: done; 0: there was nothing to do. */
static int do_if_any(ApiClient *client, const char *method, const char *resource,
                     const char *machine_id, Error *reterr) {
    int64_t revision;
    ApiCall *call = call_new(method, resource, machine_id);
    if (!call)
        return -ENOMEM;
    int r = call_run(client, call, 404, &revision, reterr);
    api_calls_free(call, 1);
    return r;
}

int api_put_maintenance(ApiClient *client, const char *machine_id,
                        const MaintenanceRequest *request, int64_t *ret_revision, Error *reterr) {
    int r = put_take(client, "maintenance", machine_id, request_format(request), 0, ret_revision,
                     reterr);
    return MIN(r, 0);
}

int api_delete_maintenance(ApiClient *client, const char *machine_id, Error *reterr) {
    return do_if_any(client, "DELETE", "maintenance", machine_id, reterr);
}

int api_put_reboots(ApiClient *client, char *const *machine_ids, const RebootRequest *request,
                    ApiCall **ret_calls, Error *reterr) {
    size_t n = strv_length(machine_ids);
    ApiCall *calls = calloc(n + 1, sizeof(ApiCall));
    int r = calls ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < n; i++) {
        calls[i] = (ApiCall){.method = "PUT",
                             .path = str_printf("/reboots/%s", machine_ids[i]),
                             .body = reboot_format_request(request)};
        r = calls[i].path && calls[i].body ? 0 : -ENOMEM;
    }
    if (r >= 0)
        r = api_client_run(client, calls, n, reterr);
    *ret_calls = calls;
    return r;
}

int api_judge_reboot(const ApiCall *call, int64_t *ret_revision, Error *reterr) {
    return call_judge(call, 409, ret_revision, reterr);
}

int api_delete_reboot(ApiClient *client, const char *machine_id, Error *reterr) {
    return do_if_any(client, "DELETE", "reboots", machine_id, reterr);
}

int api_release_failover(ApiClient *client, Error *reterr) {
    return do_if_any(client, "POST", "failover", NULL, reterr);
}
