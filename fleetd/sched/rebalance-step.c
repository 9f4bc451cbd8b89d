#include "fleetd/sched/rebalance-step.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/move-wish.h"
#include "fleetd/sched/proposal.h"

#include <errno.h>

#define HELD_BACK "too many machines have vanished at once; nothing is moved before that is over"

/* --- one move --- */

typedef struct Outcome {
    MovePhase phase;
    char *why; /* the caller frees; of a dropped one: NULL means out of memory */
} Outcome;

static Outcome drop_take(char *why) {
    return (Outcome){.phase = MOVE_DROPPED, .why = why};
}

static char *elsewhere_text(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_is_active(p))
            return str_printf("it is on %s by now", p->machine->id);
    return strdup("it has left for another reason");
}

/* It is where it was, and nothing has been begun. */
static int judge_beginning(Cluster *cluster, const Placement *from, const char *to_id,
                           Outcome *ret) {
    const ClusterMachine *to = cluster_find_machine(cluster, to_id);
    MoveProspect prospect;
    Misfit misfit;
    if (!to || to->presence != MACHINE_PRESENCE_HERE) {
        *ret = drop_take(str_printf("machine %s is not there any more", to_id));
        return 0;
    }
    int r = placement_can_move(cluster, from, to, &prospect, &misfit);
    if (r < 0 || prospect != MOVE_IS_OFF) {
        *ret = (Outcome){.phase = MOVE_WAITING};
        return r;
    }
    _cleanup_free_ char *text = misfit.kind == MISFIT_NONE ? NULL : misfit_text(&misfit);
    *ret = drop_take(text ? str_printf("%s: %s", to_id, text)
                          : strdup("it would not help any more, or the unit is not up"));
    return 0;
}

static int judge_unit(Cluster *cluster, const ClusterUnit *unit, const RebalanceMove *move,
                      Outcome *ret) {
    const Placement *from = NULL, *to = NULL;
    for (const Placement *p = unit->placements; p; p = p->next) {
        if (p->order.exists && streq(p->machine->id, move->from))
            from = p;
        if (placement_is_active(p) && streq(p->machine->id, move->to))
            to = p;
    }
    *ret = (Outcome){.phase = MOVE_WAITING};
    if (from && placement_is_active(from) && !to)
        return judge_beginning(cluster, from, move->to, ret);
    if (from)
        return 0; /* it is leaving */
    *ret = to ? (Outcome){.phase = MOVE_MADE} : drop_take(elsewhere_text(unit));
    return 0;
}

static int judge(Cluster *cluster, const RebalanceMove *move, Outcome *ret) {
    const ClusterUnit *unit = cluster_find_unit(cluster, move->unit);
    *ret = (Outcome){.phase = MOVE_WAITING};
    if (unit && unit->is_held)
        return 0; /* nobody can tell */
    if (unit && unit_is_wanted(unit) && unit->desired == LAUNCH_STATE_LAUNCHED)
        return judge_unit(cluster, unit, move, ret);
    *ret = drop_take(strdup("it is not to run any more"));
    return 0;
}

static int step_move(Cluster *cluster, const RebalanceMove *before, Rebalance *next) {
    Outcome outcome = {.phase = before->phase};
    int r = before->phase == MOVE_WAITING ? judge(cluster, before, &outcome) : 0;
    _cleanup_free_ char *why = outcome.why;
    bool is_new = outcome.phase != before->phase;
    if (r < 0 || (is_new && outcome.phase == MOVE_DROPPED && !why))
        return r < 0 ? r : -ENOMEM;
    return rebalance_add_move(next, before->unit, before->from, before->to, outcome.phase,
                              is_new ? why : before->why);
}

/* --- all of it --- */

static int step_moves(Cluster *cluster, const Rebalance *before, Rebalance *next) {
    for (size_t i = 0; i < before->n_moves; i++) {
        int r = step_move(cluster, &before->moves[i], next);
        if (r < 0)
            return r;
    }
    if (before->phase == REBALANCE_MOVING && rebalance_count(next, MOVE_WAITING) == 0)
        next->phase = REBALANCE_DONE;
    return 0;
}

static size_t moves_allowed(const Rebalance *wanted) {
    bool is_limited = wanted->max_moves > 0 && wanted->max_moves < REBALANCE_MOVES_MAX;
    return is_limited ? (size_t) wanted->max_moves : REBALANCE_MOVES_MAX;
}

static int propose(Cluster *cluster, const Rebalance *wanted, Rebalance **ret) {
    _cleanup_(rebalance_freep) Rebalance *next = NULL;
    _cleanup_free_ ProposedMove *moves = NULL;
    size_t n = 0;
    int r = cluster_propose_moves(cluster, moves_allowed(wanted), &moves, &n);
    if (r >= 0)
        r = rebalance_begin(wanted, n, &next);
    for (size_t i = 0; r >= 0 && i < n; i++)
        r = rebalance_add_move(next, moves[i].unit, moves[i].from, moves[i].to, MOVE_WAITING, NULL);
    if (r < 0)
        return r;
    next->phase = wanted->is_dry_run ? REBALANCE_PROPOSED
                  : n == 0           ? REBALANCE_DONE
                                     : REBALANCE_MOVING;
    *ret = TAKE_PTR(next);
    return 0;
}

int rebalance_step(Cluster *cluster, const Rebalance *before, bool is_held_back, Rebalance **ret) {
    _cleanup_(rebalance_freep) Rebalance *next = NULL;
    bool may_propose = before->is_dry_run || !is_held_back;
    if (before->phase == REBALANCE_WANTED && may_propose)
        return propose(cluster, before, ret);
    if (!rebalance_is_under_way(before))
        return rebalance_copy(before, ret);
    int r = rebalance_begin(before, before->n_moves, &next);
    if (r >= 0)
        r = step_moves(cluster, before, next);
    if (r < 0)
        return r;
    if (is_held_back && rebalance_is_under_way(next) && !(next->why = strdup(HELD_BACK)))
        return -ENOMEM;
    *ret = TAKE_PTR(next);
    return 0;
}
