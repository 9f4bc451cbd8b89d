#include "fleetctl/api/api-rollouts.h"

#include "fleetctl/api/api-call.h"
#include "fleetctl/api/api-list.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static int add_seconds(json_object *object, const char *name, usec_t usec) {
    if (usec == USEC_INFINITY)
        return 0;
    return json_add_int(object, name, (int64_t) ((usec + USEC_PER_SEC - 1) / USEC_PER_SEC));
}

static int add_count(json_object *object, const char *name, int64_t count, int64_t min) {
    return count < min ? 0 : json_add_int(object, name, count);
}

static int add_subject(json_object *object, const DeployRequest *request) {
    if (!request->text)
        return json_add_bool(object, "restart", true);
    return json_add_take(object, "text",
                         json_object_new_string_len(request->text, (int) request->text_size));
}

static char *request_format(const DeployRequest *request) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || add_subject(object, request) < 0 ||
        add_count(object, "parallel", request->parallel, 1) < 0 ||
        add_count(object, "canaries", request->canaries, 0) < 0 ||
        add_seconds(object, "healthySeconds", request->healthy_usec) < 0 ||
        add_seconds(object, "deadlineSeconds", request->deadline_usec) < 0 ||
        json_add_string(object, "onFailure", request->on_failure) < 0 ||
        json_add_string(object, "order", request->order) < 0 ||
        add_count(object, "checkRevision", request->check_revision, 1) < 0 ||
        json_add_string(object, "message", request->message) < 0)
        return NULL;
    return json_format(object);
}

int api_put_rollout(ApiClient *client, const char *unit, const DeployRequest *request,
                    int64_t *ret_revision, Error *reterr) {
    int r = api_send_take(client, "PUT", api_path("rollouts", unit), request_format(request), 200,
                          ret_revision, reterr);
    return r < 0 ? r : r == 0;
}

int api_patch_rollout(ApiClient *client, const char *unit, const char *action,
                      int64_t *ret_revision, Error *reterr) {
    int r = api_send_take(client, "PATCH", api_path("rollouts", unit),
                          str_printf("{\"action\":\"%s\"}", action), 0, ret_revision, reterr);
    return MIN(r, 0);
}

int api_list_rollouts(ApiClient *client, json_object **ret_array, Error *reterr) {
    int r = api_list(client, API_ROLLOUTS, ret_array, reterr);
    if (r != -EREMOTEIO)
        return r;
    error_done(reterr);
    *ret_array = json_object_new_array();
    return *ret_array ? 0 : -ENOMEM;
}

void api_rollout_count(const ApiRollout *rollout, size_t *ret_n, size_t *ret_n_done) {
    ApiRolloutUnit unit;
    *ret_n = *ret_n_done = 0;
    for (size_t i = 0; api_rollout_unit_get(rollout, i); i++) {
        if (api_rollout_unit_read(api_rollout_unit_get(rollout, i), &unit, NULL) < 0 ||
            unit_name_is_template(unit.name))
            continue;
        (*ret_n)++;
        *ret_n_done += streq(unit.phase, "done");
    }
}

bool api_rollout_has_failed(const ApiRollout *rollout) {
    ApiRolloutUnit unit;
    for (size_t i = 0; api_rollout_unit_get(rollout, i); i++)
        if (api_rollout_unit_read(api_rollout_unit_get(rollout, i), &unit, NULL) >= 0 &&
            streq(unit.phase, "failed"))
            return true;
    return false;
}

bool api_rollout_find_unit(const ApiRollout *rollout, const char *name, ApiRolloutUnit *ret) {
    for (size_t i = 0; api_rollout_unit_get(rollout, i); i++)
        if (api_rollout_unit_read(api_rollout_unit_get(rollout, i), ret, NULL) >= 0 &&
            streq(ret->name, name))
            return true;
    return false;
}

int api_get_rollout(ApiClient *client, const char *unit, json_object **ret, Error *reterr) {
    return api_get_take(client, api_path("rollouts", unit), ret, reterr);
}
