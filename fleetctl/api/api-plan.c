#include "fleetctl/api/api-plan.h"

#include "fleetctl/api/api-call.h"

#include <errno.h>

json_object *plan_request_new(void) {
    _cleanup_json_ json_object *request = json_object_new_object();
    if (!request || json_add_take(request, "units", json_object_new_array()) < 0 ||
        json_add_take(request, "destroy", json_object_new_array()) < 0 ||
        json_add_take(request, "drain", json_object_new_array()) < 0)
        return NULL;
    return TAKE_PTR(request);
}

static json_object *unit_new(const char *name) {
    _cleanup_json_ json_object *unit = json_object_new_object();
    return unit && json_add_string(unit, "name", name) >= 0 ? TAKE_PTR(unit) : NULL;
}

static int add_take(json_object *request, const char *list, json_object *item) {
    return json_array_add_take(json_object_object_get(request, list), item);
}

int plan_request_add_file(json_object *request, const char *unit, const char *text, size_t size) {
    _cleanup_json_ json_object *object = unit_new(unit);
    if (!object || json_add_take(object, "text", json_object_new_string_len(text, (int) size)) < 0)
        return -ENOMEM;
    return add_take(request, "units", TAKE_PTR(object));
}

int plan_request_add_state(json_object *request, const char *unit, LaunchState desired) {
    _cleanup_json_ json_object *object = unit_new(unit);
    if (!object || json_add_string(object, "desiredState", launch_state_to_string(desired)) < 0)
        return -ENOMEM;
    return add_take(request, "units", TAKE_PTR(object));
}

int plan_request_add_removal(json_object *request, const char *unit) {
    return add_take(request, "destroy", json_object_new_string(unit));
}

int plan_request_add_drain(json_object *request, const char *machine_id) {
    return add_take(request, "drain", json_object_new_string(machine_id));
}

int api_post_plan(ApiClient *client, json_object *request, json_object **ret, Error *reterr) {
    return api_ask_take(client, "POST", api_path("plan", NULL), json_format(request), ret, reterr);
}

int api_plan_read(json_object *answer, ApiPlan *ret, Error *reterr) {
    ApiPlan plan = {};
    int r = json_get_int(answer, "revision", &plan.revision, reterr);
    if (r >= 0)
        r = json_get_bool(answer, "hasChanges", &plan.has_changes, reterr);
    if (r >= 0)
        r = json_get_array(answer, "changes", &plan.changes, reterr);
    if (r >= 0 && !plan.changes)
        r = error_set(reterr, -EBADMSG, "changes: it is missing");
    if (r < 0)
        return error_prefix(reterr, r, "Bad plan in the answer");
    *ret = plan;
    return 0;
}

int api_plan_change_read(json_object *json, ApiPlanChange *ret, Error *reterr) {
    ApiPlanChange change = {.from = "", .to = "", .reason = ""};
    int r = json_need_string(json, "unit", &change.unit, reterr);
    if (r >= 0)
        r = json_need_string(json, "change", &change.change, reterr);
    if (r >= 0)
        r = json_get_string(json, "fromMachineID", &change.from, reterr);
    if (r >= 0)
        r = json_get_string(json, "machineID", &change.to, reterr);
    if (r >= 0)
        r = json_get_string(json, "reason", &change.reason, reterr);
    if (r < 0)
        return r;
    *ret = change;
    return 0;
}
