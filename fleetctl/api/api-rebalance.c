#include "fleetctl/api/api-rebalance.h"

#include "fleetctl/api/api-requests.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* --- reading --- */

int api_rebalance_read(json_object *json, ApiRebalance *ret, Error *reterr) {
    ApiRebalance rebalance = {};
    const char *phase = NULL;
    int r = json_get_bool(json, "underWay", &rebalance.is_under_way, reterr);
    if (r >= 0)
        r = json_get_int(json, "id", &rebalance.id, reterr);
    if (r >= 0)
        r = json_get_string(json, "phase", &phase, reterr);
    if (r >= 0)
        r = json_get_string(json, "why", &rebalance.why, reterr);
    if (r >= 0)
        r = json_get_array(json, "moves", &rebalance.moves, reterr);
    if (r < 0)
        return r;
    rebalance.phase = rebalance_phase_from_string(str_or(phase, ""));
    *ret = rebalance;
    return 0;
}

size_t api_rebalance_count(const ApiRebalance *rebalance) {
    return rebalance->moves ? json_object_array_length(rebalance->moves) : 0;
}

int api_rebalance_get_move(const ApiRebalance *rebalance, size_t i, ApiMove *ret, Error *reterr) {
    json_object *json = json_object_array_get_idx(rebalance->moves, i);
    ApiMove move = {};
    const char *phase = NULL;
    int r = json_get_string(json, "unit", &move.unit, reterr);
    if (r >= 0)
        r = json_get_string(json, "from", &move.from, reterr);
    if (r >= 0)
        r = json_get_string(json, "to", &move.to, reterr);
    if (r >= 0)
        r = json_get_string(json, "phase", &phase, reterr);
    if (r >= 0)
        r = json_get_string(json, "why", &move.why, reterr);
    if (r < 0)
        return r;
    if (!move.unit || !move.from || !move.to)
        return error_set(reterr, -EBADMSG, "a move without a unit or a machine");
    move.phase = move_phase_from_string(str_or(phase, ""));
    *ret = move;
    return 0;
}

/* --- asking --- */

int api_get_rebalance(ApiClient *client, json_object **ret, Error *reterr) {
    return api_get_document_take(client, strdup("/rebalance"), ret, reterr);
}

static char *request_format(int64_t max_moves, bool is_dry_run) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || (max_moves > 0 && json_add_int(object, "maxMoves", max_moves) < 0) ||
        (is_dry_run && json_add_bool(object, "dryRun", true) < 0))
        return NULL;
    return json_format(object);
}

/* 1: done; 0: status otherwise. */
static int run_take(ApiClient *client, const char *method, char *body_take, unsigned otherwise,
                    int64_t *ret_revision, Error *reterr) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call) {
        free(body_take);
        return -ENOMEM;
    }
    *call = (ApiCall){.method = method, .path = strdup("/rebalance"), .body = body_take};
    int r = call->path ? api_client_run(client, call, 1, reterr) : -ENOMEM;
    if (r >= 0)
        r = call->status == 204 ? 1
            : call->status == otherwise
                ? 0
                : api_answer_error(call->status, call->answer, call->answer_size, reterr);
    if (r > 0)
        *ret_revision = call->revision;
    api_calls_free(call, 1);
    return r;
}

int api_put_rebalance(ApiClient *client, int64_t max_moves, bool is_dry_run, int64_t *ret_revision,
                      Error *reterr) {
    char *body = request_format(max_moves, is_dry_run);
    return body ? run_take(client, "PUT", body, 409, ret_revision, reterr) : -ENOMEM;
}

int api_delete_rebalance(ApiClient *client, Error *reterr) {
    int64_t revision;
    return run_take(client, "DELETE", NULL, 404, &revision, reterr);
}
