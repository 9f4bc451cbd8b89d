#include "fleetd/api/unit-request.h"

#include "fleetd/base/json.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static int name_read(json_object *body, const char *name, Error *reterr) {
    const char *given = name;
    int r = json_get_string(body, "name", &given, reterr);
    if (r >= 0 && !streq(given, name))
        return error_set(reterr, -EINVAL, "the body names another unit: '%.*s'", TEXT_SHORT(given));
    return r;
}

static int desired_read(json_object *body, UnitRequest *request, Error *reterr) {
    const char *text;
    int r = json_get_string(body, "desiredState", &text, reterr);
    if (r <= 0)
        return r;
    request->desired = launch_state_from_string(text);
    if (request->desired < 0)
        return error_set(reterr, -EINVAL,
                         "desiredState '%.*s' is none of inactive, loaded and launched",
                         TEXT_SHORT(text));
    return 0;
}

static int option_read(json_object *object, UnitOption *ret, Error *reterr) {
    int r = json_need_string(object, "section", &ret->section, reterr);
    if (r >= 0)
        r = json_need_string(object, "name", &ret->name, reterr);
    if (r >= 0)
        r = json_need_string(object, "value", &ret->value, reterr);
    return r;
}

static int options_read(json_object *array, UnitRequest *request, Error *reterr) {
    size_t n = json_object_array_length(array);
    if (n == 0)
        return 0; /* as good as not given */
    _cleanup_free_ UnitOption *options = calloc(n, sizeof(UnitOption));
    if (!options)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int r = option_read(json_object_array_get_idx(array, i), &options[i], reterr);
        if (r < 0)
            return error_prefix(reterr, r, "option %zu", i + 1);
    }
    return unit_file_from_options(options, n, &request->file, reterr);
}

/* Text comes first: it is the file as the user wrote it, options are what is left of it. */
static int file_read(json_object *body, UnitRequest *request, Error *reterr) {
    json_object *options;
    const char *text;
    int r = json_get_string(body, "text", &text, reterr);
    if (r > 0 && !*text)
        return error_set(reterr, -EINVAL, "the unit file is empty");
    if (r > 0)
        return unit_file_parse(text, strlen(text), &request->file, reterr);
    if (r == 0)
        r = json_get_array(body, "options", &options, reterr);
    return r > 0 ? options_read(options, request, reterr) : r;
}

static int request_check(const UnitRequest *request, Error *reterr) {
    if (unit_name_is_template(request->name) && request->desired > LAUNCH_STATE_INACTIVE)
        return error_set(reterr, -EINVAL,
                         "a template can only be inactive, not %s: it is its instances that run",
                         launch_state_to_string(request->desired));
    if (!request->file)
        return 0;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    return requirements_parse(request->file, request->name, &requirements, reterr);
}

static int request_read(UnitRequest *request, json_object *object, Error *reterr) {
    int r = name_read(object, request->name, reterr);
    if (r >= 0)
        r = desired_read(object, request, reterr);
    if (r >= 0)
        r = file_read(object, request, reterr);
    return r < 0 ? r : request_check(request, reterr);
}

int unit_request_read(const char *name, json_object *object, UnitRequest *ret, Error *reterr) {
    int r = unit_name_check(name, reterr);
    if (r < 0)
        return r;
    _cleanup_(unit_request_done) UnitRequest request = {
        .name = strdup(name),
        .desired = _LAUNCH_STATE_INVALID,
    };
    if (!request.name)
        return -ENOMEM;
    r = request_read(&request, object, reterr);
    if (r < 0)
        return error_prefix(reterr, r == -ENOMEM ? r : -EINVAL, "unit '%s'", name);
    *ret = request;
    request = (UnitRequest){};
    return 0;
}

static int body_parse(const char *body, size_t size, json_object **ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(body, size, &object, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "the body of the request");
    if (!json_object_is_type(object, json_type_object))
        return error_set(reterr, -EINVAL, "the body of the request is not a JSON object");
    *ret = TAKE_PTR(object);
    return 0;
}

int unit_request_parse(const char *name, const char *body, size_t size, UnitRequest *ret,
                       Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = unit_name_check(name, reterr);
    if (r < 0)
        return r;
    r = body_parse(body, size, &object, reterr);
    if (r < 0)
        return error_prefix(reterr, r == -ENOMEM ? r : -EINVAL, "unit '%s'", name);
    return unit_request_read(name, object, ret, reterr);
}

void unit_request_done(UnitRequest *request) {
    unit_file_unref(request->file);
    free(request->name);
    *request = (UnitRequest){};
}

static UnitDecision refuse(void) {
    return (UnitDecision){.status = 409};
}

UnitDecision unit_request_decide(const UnitRequest *request, bool is_known, const Unit *known,
                                 Error *reterr) {
    if (!known && !request->file) {
        error_set(reterr, 0, "unit '%s' does not exist, and neither text nor options are given",
                  request->name);
        return refuse();
    }
    if (is_known && request->is_creation) {
        error_set(reterr, 0, "unit '%s' exists", request->name);
        return refuse();
    }
    if (is_known && request->desired < 0) {
        error_set(reterr, 0, "unit '%s' exists: to change it, desiredState must be given",
                  request->name);
        return refuse();
    }
    UnitDecision decision = {
        .status = is_known ? 204 : 201,
        .unit = {.name = request->name,
                 .desired = MAX(request->desired, LAUNCH_STATE_INACTIVE),
                 .version = known ? known->version : 0,
                 .restart = known ? known->restart : 0,
                 .rest = known ? known->rest : NULL},
    };
    const char *hash = request->file ? unit_file_hash(request->file) : known->hash;
    decision.unit.hash = (char *) hash;
    decision.has_new_file = !known || !streq(hash, known->hash);
    decision.writes_file = decision.has_new_file;
    decision.writes_unit = decision.has_new_file || decision.unit.desired != known->desired;
    return decision;
}
