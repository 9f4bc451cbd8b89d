#include "tests/sim/sim-rebalance.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/rebalance.h"
#include "tests/sim/sim-check-internal.h"

#define LEAVES "moves to "
#define MOVES_MAX 3

/* --- what users ask for --- */

/* Not through an API: what that makes of a request is judged elsewhere. */
static void on_written(_unused_ int r, _unused_ const StoreTxnResult *result,
                       _unused_ void *userdata) {
}

static void write_record(Sim *sim, const char *value) {
    const StoreWrite write = {
        .kind = value ? STORE_PUT : STORE_DELETE, .key = KEY_REBALANCE_TEXT, .value = value};
    const StoreTxn txn = {.writes = &write, .n_writes = 1};
    StoreOp *op;
    sim_must_be_zero(store_txn(sim->cluster->store, &txn, on_written, NULL, &op));
}

void sim_rebalance_ask(Sim *sim, uint64_t max_moves, bool is_dry_run) {
    const Rebalance wanted = {
        .since_usec = loop_realtime(sim->cluster->loop),
        .max_moves = max_moves,
        .is_dry_run = is_dry_run,
    };
    _cleanup_free_ char *value = sim_must(rebalance_format(&wanted));
    sim_trace(&sim->trace, "user: rebalance %s", value);
    write_record(sim, value);
}

void sim_rebalance(Sim *sim, SimAct *act) {
    if (sim_random_chance(&act->random, 15)) {
        sim_trace(&sim->trace, "user: no rebalance");
        write_record(sim, NULL);
        return;
    }
    bool is_limited = sim_random_chance(&act->random, 50);
    uint64_t max_moves = is_limited ? 1 + sim_random_below(&act->random, MOVES_MAX) : 0;
    sim_rebalance_ask(sim, max_moves, sim_random_chance(&act->random, 15));
}

/* --- what must hold of the record --- */

static bool is_same_move(const RebalanceMove *a, const RebalanceMove *b) {
    return streq(a->unit, b->unit) && streq(a->from, b->from) && streq(a->to, b->to);
}

/* What is proposed stays so, and what has ended has. */
static void judge_progress(SimCheck *check, const Rebalance *old, const Rebalance *next) {
    if (old->n_moves != next->n_moves) {
        sim_trace_fail(check->trace, "a rebalance of %zu moves has %zu", old->n_moves,
                       next->n_moves);
        return;
    }
    for (size_t i = 0; i < old->n_moves; i++)
        if (!is_same_move(&old->moves[i], &next->moves[i]) ||
            (old->moves[i].phase != MOVE_WAITING && next->moves[i].phase != old->moves[i].phase))
            sim_trace_fail(check->trace, "the move of %s has become another one",
                           old->moves[i].unit);
}

/* Each is good for as long as it is waited for (what has left may be sent back by something else,
 * and leave anew), and else for one time that the unit leaves, as an order may be under way. */
static void note_proposed(SimCheck *check, const Rebalance *rebalance) {
    for (size_t i = 0; i < rebalance->n_moves; i++) {
        _cleanup_free_ char *pair =
            sim_must(str_printf("%s/%s", rebalance->moves[i].from, rebalance->moves[i].unit));
        sim_must_be_zero(MIN(map_put(check->proposed, pair, NULL), 0));
    }
}

void sim_rebalance_judge_record(SimCheck *check, const Rebalance *old, const Rebalance *next) {
    if (!next)
        return;
    if (next->max_moves > 0 && next->n_moves > next->max_moves)
        sim_trace_fail(check->trace, "%zu units are to move, and not %" PRIu64, next->n_moves,
                       next->max_moves);
    if (next->is_dry_run && next->phase != REBALANCE_WANTED && next->phase != REBALANCE_PROPOSED)
        sim_trace_fail(check->trace, "a dry run is %s", rebalance_phase_to_string(next->phase));
    bool is_new = !old || old->since_usec != next->since_usec || old->phase == REBALANCE_WANTED;
    if (!is_new)
        judge_progress(check, old, next);
    else if (next->phase == REBALANCE_MOVING)
        note_proposed(check, next);
}

/* --- what must hold of what leaves --- */

bool sim_leaves_for_balance(const Order *order) {
    return strncmp(order->reason, LEAVES, strlen(LEAVES)) == 0;
}

static bool move_is_waited_for(const SimView *view, const Order *order) {
    const Rebalance *rebalance = map_get(sim_view_all(view, KEY_REBALANCE), KEY_REBALANCE_TEXT);
    bool is_moving = rebalance && rebalance->phase == REBALANCE_MOVING;
    for (size_t i = 0; is_moving && i < rebalance->n_moves; i++) {
        const RebalanceMove *move = &rebalance->moves[i];
        if (streq(move->unit, order->name) && streq(move->from, order->machine_id))
            return move->phase == MOVE_WAITING;
    }
    return false;
}

void sim_rebalance_judge_move(SimCheck *check, const Order *order) {
    if (sim_leaves_for_balance(order))
        sim_brake_judge_beginning(check, order->name, "leaves for balance");
    if (!sim_leaves_for_balance(order) || move_is_waited_for(check->cluster->view, order))
        return;
    _cleanup_free_ char *pair = sim_must(str_printf("%s/%s", order->machine_id, order->name));
    if (!map_remove(check->proposed, pair))
        sim_trace_fail(check->trace, "%s leaves %s, and nobody wants it moved", order->name,
                       order->machine_id);
}

/* --- in the end --- */

/* It is where it was: its budget may be used up by units that are down for good. */
static bool has_reason_to_wait(const SimCluster *cluster, const RebalanceMove *move) {
    const Order *order = sim_view_order(cluster->view, move->from, move->unit);
    return order && order->desired == LAUNCH_STATE_LAUNCHED;
}

void sim_rebalance_check_rest(SimCluster *cluster, SimTrace *trace) {
    const Rebalance *rebalance =
        map_get(sim_view_all(cluster->view, KEY_REBALANCE), KEY_REBALANCE_TEXT);
    if (rebalance && rebalance->phase == REBALANCE_WANTED)
        sim_trace_fail(trace, "a rebalance is wanted, and nobody proposes anything");
    for (size_t i = 0; rebalance && rebalance->phase == REBALANCE_MOVING && i < rebalance->n_moves;
         i++)
        if (rebalance->moves[i].phase == MOVE_WAITING &&
            !has_reason_to_wait(cluster, &rebalance->moves[i]))
            sim_trace_fail(trace, "the move of %s from %s has no end", rebalance->moves[i].unit,
                           rebalance->moves[i].from);
}
