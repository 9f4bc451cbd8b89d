#include "fleetctl/api/api-rebalance.h"

#include "fleetctl/api/api-call.h"
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
    return api_get_take(client, api_path("rebalance", NULL), ret, reterr);
}

static char *request_format(int64_t max_moves, bool is_dry_run) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || (max_moves > 0 && json_add_int(object, "maxMoves", max_moves) < 0) ||
        (is_dry_run && json_add_bool(object, "dryRun", true) < 0))
        return NULL;
    return json_format(object);
}

int api_put_rebalance(ApiClient *client, int64_t max_moves, bool is_dry_run, int64_t *ret_revision,
                      Error *reterr) {
    return api_send_take(client, "PUT", api_path("rebalance", NULL),
                         request_format(max_moves, is_dry_run), 409, ret_revision, reterr);
}

int api_delete_rebalance(ApiClient *client, Error *reterr) {
    return api_do_take(client, "DELETE", api_path("rebalance", NULL), 404, reterr);
}
