#include "fleetctl/api/api-changes.h"

#include "fleetctl/api/api-call.h"
#include "fleetctl/api/change-account.h"
#include "fleetd/base/strv.h"

#include <errno.h>

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
    call->path = api_path("units", change->name);
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
