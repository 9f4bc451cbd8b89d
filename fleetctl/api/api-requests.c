#include "fleetctl/api/api-requests.h"

#include "fleetctl/api/change-account.h"
#include "fleetd/base/strv.h"

#include <errno.h>

int api_call_document(const ApiCall *call, json_object **ret, Error *reterr) {
    if (call->status != 200)
        return api_answer_error(call->status, call->answer, call->answer_size, reterr);
    return json_parse(call->answer, call->answer_size, ret, reterr);
}

int api_get_document_take(ApiClient *client, char *path_take, json_object **ret, Error *reterr) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call || !path_take) {
        free(call);
        free(path_take);
        return -ENOMEM;
    }
    *call = (ApiCall){.method = "GET", .path = path_take};
    int r = api_client_run(client, call, 1, reterr);
    if (r >= 0)
        r = api_call_document(call, ret, reterr);
    api_calls_free(call, 1);
    return r;
}

/* may_be_missing: null stands for a unit that the cluster does not know. */
static int units_read(json_object *array, bool may_be_missing, ApiUnits *ret, Error *reterr) {
    size_t n = json_object_array_length(array);
    _cleanup_free_ ApiUnit *items = calloc(n + 1, sizeof(ApiUnit));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        json_object *object = json_object_array_get_idx(array, i);
        int r = 0;
        if (object)
            r = api_unit_read(object, &items[i], reterr);
        else if (!may_be_missing)
            r = error_set(reterr, -EBADMSG, "it is null");
        if (r < 0)
            return error_prefix(reterr, r, "Bad unit in the answer");
    }
    *ret = (ApiUnits){.array = json_object_get(array), .items = TAKE_PTR(items), .n = n};
    return 0;
}

int api_list_units(ApiClient *client, ApiUnits *ret, Error *reterr) {
    _cleanup_json_ json_object *array = NULL;
    int r = api_list(client, API_UNITS, &array, reterr);
    return r < 0 ? r : units_read(array, false, ret, reterr);
}

static char *unit_path(const char *name) {
    _cleanup_free_ char *escaped = api_escape(name);
    return escaped ? str_printf("/units/%s", escaped) : NULL;
}

/* The unit's object, or null for one that the cluster does not know. */
static int unit_answer_add(json_object *array, const ApiCall *call, Error *reterr) {
    json_object *object = NULL;
    int r = call->status == 404 ? 0 : api_call_document(call, &object, reterr);
    if (r < 0)
        return r;
    if (json_object_array_add(array, object) < 0) {
        json_object_put(object);
        return -ENOMEM;
    }
    return 0;
}

int api_get_units(ApiClient *client, char *const *names, ApiUnits *ret, Error *reterr) {
    size_t n = strv_length(names);
    _cleanup_json_ json_object *array = json_object_new_array();
    ApiCall *calls = calloc(n + 1, sizeof(ApiCall));
    int r = array && calls ? 0 : -ENOMEM;
    for (size_t i = 0; i < n && r >= 0; i++) {
        calls[i] = (ApiCall){.method = "GET", .path = unit_path(names[i])};
        r = calls[i].path ? 0 : -ENOMEM;
    }
    if (r >= 0)
        r = api_client_run(client, calls, n, reterr);
    for (size_t i = 0; i < n && r >= 0; i++) {
        r = unit_answer_add(array, &calls[i], reterr);
        if (r < 0)
            error_prefix(reterr, r, "Failed to look up unit '%s'", names[i]);
    }
    if (calls)
        api_calls_free(calls, n);
    return r < 0 ? r : units_read(array, true, ret, reterr);
}

void api_units_done(ApiUnits *units) {
    json_object_put(units->array);
    free(units->items);
    *units = (ApiUnits){};
}

/* The body of a PUT or POST. */
static char *change_format(const ApiChange *change) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "name", change->name) < 0 ||
        json_add_string(object, "desiredState", launch_state_to_string(change->desired)) < 0)
        return NULL;
    if (change->text &&
        json_add_take(object, "text",
                      json_object_new_string_len(change->text, (int) change->text_size)) < 0)
        return NULL;
    return json_format(object);
}

static const char *change_method(const ApiChange *change) {
    return change->is_removal ? "DELETE" : change->is_creation ? "POST" : "PUT";
}

static int change_to_call(const ApiChange *change, ApiCall *call) {
    call->method = change_method(change);
    call->path = unit_path(change->name);
    call->body = change->is_removal ? NULL : change_format(change);
    return call->path && (call->body || change->is_removal) ? 0 : -ENOMEM;
}

static int change_take_answer(ApiChange *change, const ApiCall *call) {
    static const struct {
        unsigned status;
        bool is_removal;
        ApiOutcome outcome;
    } outcomes[] = {
        {201, false, API_OUTCOME_CREATED},
        {204, false, API_OUTCOME_DONE},
        {204, true, API_OUTCOME_DONE},
        {404, true, API_OUTCOME_GONE},
    };
    change->revision = call->revision;
    for (size_t i = 0; i < ELEMENTSOF(outcomes); i++)
        if (outcomes[i].status == call->status && outcomes[i].is_removal == change->is_removal) {
            change->outcome = outcomes[i].outcome;
            return 0;
        }
    _cleanup_error_ Error error = {};
    int r = api_answer_error(call->status, call->answer, call->answer_size, &error);
    change->outcome = API_OUTCOME_REFUSED;
    change->refusal = strdup(error_text(&error, r));
    return change->refusal ? 0 : -ENOMEM;
}

/* What became of those that were sent is known also when others had no answer. */
static int changes_take_answers(ApiChange *changes, const ApiCall *calls, size_t n) {
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++)
        if (calls[i].status != 0)
            r = change_take_answer(&changes[i], &calls[i]);
        else
            changes[i].outcome = calls[i].is_open ? API_OUTCOME_OPEN : API_OUTCOME_NOT_SENT;
    return r;
}

int api_patch_machines(ApiClient *client, json_object *operations, Error *reterr) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call)
        return -ENOMEM;
    *call =
        (ApiCall){.method = "PATCH", .path = strdup("/machines"), .body = json_format(operations)};
    int r = call->path && call->body ? api_client_run(client, call, 1, reterr) : -ENOMEM;
    if (r >= 0 && call->status != 204)
        r = api_answer_error(call->status, call->answer, call->answer_size, reterr);
    api_calls_free(call, 1);
    return r;
}

static int changes_run(ApiClient *client, ApiChange *changes, ApiCall *calls, size_t n,
                       Error *reterr) {
    int r = api_client_run(client, calls, n, reterr);
    int taken = changes_take_answers(changes, calls, n);
    if (taken < 0)
        return taken;
    return r < 0 ? changes_account(changes, n, r, reterr) : 0;
}

int api_send_changes(ApiClient *client, ApiChange *changes, size_t n, Error *reterr) {
    ApiCall *calls = calloc(n + 1, sizeof(ApiCall));
    int r = calls ? 0 : -ENOMEM;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = change_to_call(&changes[i], &calls[i]);
    if (r >= 0)
        r = changes_run(client, changes, calls, n, reterr);
    if (calls)
        api_calls_free(calls, n);
    return r;
}

void api_changes_done(ApiChange *changes, size_t n) {
    for (size_t i = 0; i < n; i++)
        free(TAKE_PTR(changes[i].refusal));
}
