#include "fleetd/api/restart-request.h"

#include "fleetd/api/rollout-request.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

bool restart_request_is(const char *body, size_t size) {
    _cleanup_json_ json_object *object = NULL;
    bool is_restart = false;
    return json_parse(body, size, &object, NULL) >= 0 &&
           json_object_is_type(object, json_type_object) &&
           json_get_bool(object, "restart", &is_restart, NULL) > 0 && is_restart;
}

/* A file's rollback is for its own deployment; who asks for it here expects what cannot be. */
static int policy_apply(json_object *body, UpdatePolicy *policy, Error *reterr) {
    if (policy->on_failure == UPDATE_ROLLBACK)
        policy->on_failure = UPDATE_PAUSE;
    int r = rollout_policy_read(body, policy, reterr);
    if (r >= 0 && policy->on_failure == UPDATE_ROLLBACK)
        r = error_set(reterr, -EINVAL, "a restart has nothing to be rolled back to");
    return r;
}

static int deployment_fill(const char *name, json_object *body, const Requirements *requirements,
                           Deployment *deployment, Error *reterr) {
    const char *bar = requirements_bar_beside(requirements);
    deployment->is_restart = true;
    deployment->policy = requirements->update;
    int r = str_replace(&deployment->name, name);
    if (r >= 0 && requirements->is_global)
        r = error_set(reterr, -EINVAL,
                      "it is a global unit, which cannot be restarted step by step");
    if (r >= 0)
        r = policy_apply(body, &deployment->policy, reterr);
    if (r >= 0 && bar && deployment->policy.order == UPDATE_START_FIRST)
        r = error_set(reterr, -EINVAL, "it cannot be started first, as it has %s", bar);
    return r < 0 ? r : rollout_message_read(body, &deployment->message, reterr);
}

int restart_request_apply(const char *name, json_object *body, const Requirements *requirements,
                          Deployment **ret, Error *reterr) {
    _cleanup_(deployment_freep) Deployment *deployment = calloc(1, sizeof(Deployment));
    int r = deployment ? deployment_fill(name, body, requirements, deployment, reterr) : -ENOMEM;
    if (r < 0)
        return r == -ENOMEM ? r : error_prefix(reterr, -EINVAL, "unit '%s'", name);
    *ret = TAKE_PTR(deployment);
    return 0;
}

static int body_check(const char *name, json_object *body, Error *reterr) {
    static const char *const foreign[] = {"text", "options", "checkRevision"};
    const Requirements plain = {.update = UPDATE_POLICY_DEFAULT};
    _cleanup_(deployment_freep) Deployment *deployment = NULL;
    for (size_t i = 0; i < ELEMENTSOF(foreign); i++)
        if (json_object_object_get_ex(body, foreign[i], NULL))
            return error_set(reterr, -EINVAL, "unit '%s': %s is for a file, and a restart has none",
                             name, foreign[i]);
    return restart_request_apply(name, body, &plain, &deployment, reterr);
}

int restart_request_parse(const char *name, const char *body, size_t size, json_object **ret_body,
                          Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = unit_name_check(name, reterr);
    if (r >= 0)
        r = json_parse(body, size, &object, reterr);
    if (r >= 0)
        r = body_check(name, object, reterr);
    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    *ret_body = TAKE_PTR(object);
    return 0;
}
