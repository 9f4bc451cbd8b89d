/* GET of rebalance: what was asked for last, and how far it has come. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/context.h"
#include "fleetd/base/json.h"

static json_object *move_to_json(const RebalanceMove *move) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "unit", move->unit) < 0 ||
        json_add_string(object, "from", move->from) < 0 ||
        json_add_string(object, "to", move->to) < 0 ||
        json_add_string(object, "phase", move_phase_to_string(move->phase)) < 0 ||
        json_add_nullable(object, "why", move->why) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *moves_to_json(const Rebalance *rebalance) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; array && i < rebalance->n_moves; i++)
        if (json_array_add_take(array, move_to_json(&rebalance->moves[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static int add_brief(json_object *object, const Rebalance *rebalance) {
    int64_t since = (int64_t) (rebalance->since_usec / USEC_PER_SEC);
    if (json_add_int(object, "id", (int64_t) rebalance->since_usec) < 0 ||
        json_add_int(object, "since", since) < 0 ||
        json_add_string(object, "phase", rebalance_phase_to_string(rebalance->phase)) < 0 ||
        json_add_bool(object, "dryRun", rebalance->is_dry_run) < 0 ||
        (rebalance->max_moves > 0 &&
         json_add_int(object, "maxMoves", (int64_t) rebalance->max_moves) < 0))
        return -1;
    return json_add_nullable(object, "why", rebalance->why);
}

json_object *rebalance_to_json(const Rebalance *rebalance) {
    _cleanup_json_ json_object *object = json_object_new_object();
    bool is_under_way = rebalance && rebalance_is_under_way(rebalance);
    if (!object || json_add_bool(object, "underWay", is_under_way) < 0)
        return NULL;
    if (rebalance && (add_brief(object, rebalance) < 0 ||
                      json_add_take(object, "moves", moves_to_json(rebalance)) < 0))
        return NULL;
    return TAKE_PTR(object);
}

json_object *rebalance_brief_to_json(const Rebalance *rebalance) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || add_brief(object, rebalance) < 0 ||
        json_add_int(object, "moved", (int64_t) rebalance_count(rebalance, MOVE_MADE)) < 0 ||
        json_add_int(object, "moves", (int64_t) rebalance->n_moves) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *rebalance_event_to_json(const Rebalance *rebalance) {
    _cleanup_json_ json_object *object = rebalance_to_json(rebalance);
    if (!object || json_add_string(object, "type", "rebalance") < 0)
        return NULL;
    return TAKE_PTR(object);
}

void rebalance_get(_unused_ Api *api, ApiExchange *exchange, _unused_ const char *name,
                   View *view) {
    answer_object_take(exchange, rebalance_to_json(view_rebalance(view)), view_revision(view));
}
