#include "fleetctl/wait/rebalance-tracker.h"

#include "fleetd/base/strv.h"

#include <errno.h>

void tracked_move_done(TrackedMove *move) {
    free(move->unit);
    free(move->from);
    free(move->to);
    free(move->why);
    *move = (TrackedMove){};
}

static void moves_free(TrackedMove *moves, size_t n) {
    for (size_t i = 0; i < n; i++)
        tracked_move_done(&moves[i]);
    free(moves);
}

int tracked_move_copy(const TrackedMove *move, TrackedMove *ret) {
    *ret = (TrackedMove){.unit = strdup(move->unit),
                         .from = strdup(move->from),
                         .to = strdup(move->to),
                         .phase = move->phase,
                         .why = move->why ? strdup(move->why) : NULL,
                         .is_told = move->is_told};
    if (ret->unit && ret->from && ret->to && (ret->why || !move->why))
        return 0;
    tracked_move_done(ret);
    return -ENOMEM;
}

void rebalance_tracker_done(RebalanceTracker *tracker) {
    moves_free(tracker->moves, tracker->n_moves);
    free(tracker->why);
    *tracker = (RebalanceTracker){};
}

void rebalance_tracker_begin(RebalanceTracker *tracker) {
    tracker->is_synced = tracker->is_mentioned = false;
}

/* --- moves --- */

static const TrackedMove *find_move(const RebalanceTracker *tracker, const char *unit) {
    for (size_t i = 0; i < tracker->n_moves; i++)
        if (streq(tracker->moves[i].unit, unit))
            return &tracker->moves[i];
    return NULL;
}

/* What was told of a move stays told until it has ended in another way. */
static int move_take(const RebalanceTracker *tracker, const ApiMove *told, TrackedMove *ret) {
    const TrackedMove *before = find_move(tracker, told->unit);
    bool is_same = before && before->phase == told->phase;
    ret->phase = told->phase;
    ret->is_told = is_same ? before->is_told : told->phase == MOVE_WAITING || told->phase < 0;
    ret->unit = strdup(told->unit);
    ret->from = strdup(told->from);
    ret->to = strdup(told->to);
    ret->why = told->why ? strdup(told->why) : NULL;
    return ret->unit && ret->from && ret->to && (ret->why || !told->why) ? 0 : -ENOMEM;
}

static int moves_take(RebalanceTracker *tracker, const ApiRebalance *told, Error *reterr) {
    size_t n = api_rebalance_count(told), n_taken = 0;
    TrackedMove *moves = calloc(n + 1, sizeof(TrackedMove));
    int r = moves ? 0 : -ENOMEM;
    while (r >= 0 && n_taken < n) {
        ApiMove move;
        r = api_rebalance_get_move(told, n_taken, &move, reterr);
        if (r >= 0)
            r = move_take(tracker, &move, &moves[n_taken++]);
    }
    if (r < 0) {
        moves_free(moves, n_taken);
        return r;
    }
    moves_free(tracker->moves, tracker->n_moves);
    tracker->moves = moves;
    tracker->n_moves = n;
    return 0;
}

/* --- the whole --- */

static int why_take(RebalanceTracker *tracker, const char *why) {
    if (streq_ptr(tracker->why, why))
        return 0;
    tracker->is_why_told = false;
    return str_replace(&tracker->why, why);
}

int rebalance_tracker_take(RebalanceTracker *tracker, json_object *json, Error *reterr) {
    ApiRebalance told;
    int r = api_rebalance_read(json, &told, reterr);
    if (r < 0 || tracker->end > REBALANCE_END_REACHED)
        return r;
    tracker->is_mentioned = told.id != 0;
    if (tracker->id != 0 && told.id != tracker->id) {
        tracker->end = told.id == 0 ? REBALANCE_END_CANCELLED : REBALANCE_END_REPLACED;
        return 0;
    }
    tracker->id = told.id;
    tracker->phase = told.phase;
    r = why_take(tracker, told.why);
    if (r >= 0)
        r = moves_take(tracker, &told, reterr);
    if (r >= 0 && told.id != 0 && !told.is_under_way)
        tracker->end = REBALANCE_END_REACHED;
    return r;
}

/* One of which nothing is told is there no more. */
static void take_synced(RebalanceTracker *tracker) {
    if (!tracker->is_synced && !tracker->is_mentioned && tracker->end == REBALANCE_END_NONE)
        tracker->end = REBALANCE_END_CANCELLED;
    tracker->is_synced = true;
}

int rebalance_tracker_feed(RebalanceTracker *tracker, const char *line, size_t size,
                           Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    const char *type = NULL;
    int r = json_parse(line, size, &json, reterr);
    if (r >= 0)
        r = json_get_string(json, "type", &type, reterr);
    if (r >= 0 && streq_ptr(type, "synced"))
        take_synced(tracker);
    if (r >= 0 && streq_ptr(type, "rebalance"))
        r = rebalance_tracker_take(tracker, json, reterr);
    return r == -EBADMSG ? error_prefix(reterr, r, "Bad event from fleetd") : MIN(r, 0);
}

bool rebalance_tracker_has_moves(const RebalanceTracker *tracker) {
    return tracker->id != 0 && tracker->phase != REBALANCE_WANTED;
}

size_t rebalance_tracker_count(const RebalanceTracker *tracker, MovePhase phase) {
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_moves; i++)
        n += tracker->moves[i].phase == phase;
    return n;
}
