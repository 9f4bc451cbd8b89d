#include "fleetd/api/rollout-request.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/maintenance.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

static const char *const words[_ROLLOUT_WORD_MAX] = {
    [ROLLOUT_PAUSE] = "pause",
    [ROLLOUT_RESUME] = "resume",
    [ROLLOUT_PROMOTE] = "promote",
    [ROLLOUT_UNDO] = "undo",
};

const char *rollout_word_to_string(RolloutWord word) {
    return words[word];
}

/* 0: it is not there. */
static int number_read(json_object *body, const char *name, int64_t min, int64_t max, uint64_t *ret,
                       Error *reterr) {
    int64_t number = 0;
    int r = json_get_int(body, name, &number, reterr);
    if (r > 0 && (number < min || number > max))
        return error_set(reterr, -EINVAL, "%s is not between %lld and %lld", name, (long long) min,
                         (long long) max);
    if (r > 0)
        *ret = (uint64_t) number;
    return MIN(r, 0);
}

static int seconds_read(json_object *body, const char *name, usec_t *ret, Error *reterr) {
    uint64_t seconds = UINT64_MAX;
    int r = number_read(body, name, 0, (int64_t) (UPDATE_TIME_MAX_USEC / USEC_PER_SEC), &seconds,
                        reterr);
    if (r >= 0 && seconds != UINT64_MAX)
        *ret = seconds * USEC_PER_SEC;
    return r;
}

typedef int (*PolicySet)(UpdatePolicy *policy, const char *word, Error *reterr);

static int word_read(json_object *body, const char *name, PolicySet set, UpdatePolicy *policy,
                     Error *reterr) {
    const char *word;
    int r = json_get_string(body, name, &word, reterr);
    if (r <= 0)
        return r;
    r = set(policy, word, reterr);
    return r < 0 ? error_prefix(reterr, r, "%s", name) : 0;
}

int rollout_policy_read(json_object *body, UpdatePolicy *policy, Error *reterr) {
    int r = number_read(body, "parallel", 1, UPDATE_COUNT_MAX, &policy->parallel, reterr);
    if (r >= 0)
        r = number_read(body, "canaries", 0, UPDATE_COUNT_MAX, &policy->canaries, reterr);
    if (r >= 0)
        r = seconds_read(body, "healthySeconds", &policy->healthy_usec, reterr);
    if (r >= 0)
        r = seconds_read(body, "deadlineSeconds", &policy->deadline_usec, reterr);
    if (r >= 0)
        r = word_read(body, "onFailure", update_policy_set_on_failure, policy, reterr);
    if (r >= 0)
        r = word_read(body, "order", update_policy_set_order, policy, reterr);
    return r < 0 ? r : update_policy_check(policy, reterr);
}

int rollout_message_read(json_object *body, char **ret, Error *reterr) {
    const char *message = NULL;
    int r = json_get_string(body, "message", &message, reterr);
    if (r <= 0 || !*message)
        return MIN(r, 0);
    r = maintenance_message_check(message, reterr);
    return r < 0 ? r : str_replace(ret, message);
}

/* ret_bar: the option by which it cannot be started first; NULL: none. */
static int take_file(RolloutRequest *request, const char **ret_bar, Error *reterr) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    const UnitRequest *unit = &request->unit;
    if (!unit->file)
        return error_set(reterr, -EINVAL, "there is no text of a unit file");
    int r = requirements_parse(unit->file, unit->name, &requirements, reterr);
    if (r < 0)
        return r;
    if (requirements->is_global && unit_name_is_template(unit->name))
        return error_set(reterr, -EINVAL,
                         "its instances are global units, which are deployed one by one");
    request->is_global = requirements->is_global;
    request->deployment->policy = requirements->update;
    *ret_bar = requirements_bar_beside(requirements);
    return str_replace(&request->deployment->hash, unit_file_hash(unit->file));
}

static int request_read(const char *body, size_t size, RolloutRequest *request, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    uint64_t revision = 0;
    const char *bar = NULL;
    int r = take_file(request, &bar, reterr);
    if (r >= 0)
        r = json_parse(body, size, &object, reterr);
    if (r >= 0)
        r = rollout_policy_read(object, &request->deployment->policy, reterr);
    if (r >= 0 && bar && request->deployment->policy.order == UPDATE_START_FIRST)
        r = error_set(reterr, -EINVAL, "it cannot be started first, as it has %s", bar);
    if (r >= 0)
        r = rollout_message_read(object, &request->deployment->message, reterr);
    if (r >= 0)
        r = number_read(object, "checkRevision", 1, INT64_MAX, &revision, reterr);
    request->check_revision = (int64_t) revision;
    return r;
}

int rollout_request_parse(const char *name, const char *body, size_t size, RolloutRequest *ret,
                          Error *reterr) {
    RolloutRequest request = {};
    int r = unit_request_parse(name, body, size, &request.unit, reterr);
    if (r < 0)
        return r;
    request.deployment = calloc(1, sizeof(Deployment));
    r = request.deployment ? str_replace(&request.deployment->name, name) : -ENOMEM;
    if (r >= 0)
        r = request_read(body, size, &request, reterr);
    if (r < 0) {
        rollout_request_done(&request);
        return r == -ENOMEM ? r : error_prefix(reterr, -EINVAL, "unit '%s'", name);
    }
    *ret = request;
    return 0;
}

void rollout_request_done(RolloutRequest *request) {
    unit_request_done(&request->unit);
    deployment_free(request->deployment);
    *request = (RolloutRequest){};
}

int rollout_word_parse(const char *body, size_t size, RolloutWord *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    const char *text;
    int r = json_parse(body, size, &object, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "the body of the request");
    if (!json_object_is_type(object, json_type_object))
        return error_set(reterr, -EINVAL, "the body of the request is not a JSON object");
    r = json_need_string(object, "action", &text, reterr);
    for (RolloutWord word = 0; r >= 0 && word < _ROLLOUT_WORD_MAX; word++)
        if (streq(words[word], text)) {
            *ret = word;
            return 0;
        }
    return r < 0 ? r
                 : error_set(reterr, -EINVAL,
                             "action '%.*s' is none of pause, resume, promote and undo",
                             TEXT_SHORT(text));
}
