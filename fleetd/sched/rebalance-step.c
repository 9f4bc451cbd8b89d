#include "fleetd/sched/rebalance-step.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/move-wish.h"
#include "fleetd/sched/proposal.h"

#include <errno.h>

#define HELD_BACK "too many machines have vanished at once; nothing is moved before that is over"
#define ON_THE_WAY "units are leaving for other machines; moves are proposed when they have left"

/* --- one move --- */

typedef struct Outcome {
    MovePhase phase;
    bool is_stuck; /* it is dropped, unless others that are still on their way change that */
    char *why;     /* NULL: nothing to be said */
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

static char *obstacle_text(const char *to_id, const Misfit *misfit, MoveProspect prospect) {
    _cleanup_free_ char *text = misfit->kind == MISFIT_NONE ? NULL : misfit_text(misfit);
    if (misfit->kind != MISFIT_NONE)
        return text ? str_printf("%s: %s", to_id, text) : NULL;
    return strdup(prospect == MOVE_IS_OFF ? "it would not help any more, or the unit is not up"
                                          : "its machine has yet to say that it is up");
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
    if (r < 0)
        return r;
    *ret = (Outcome){.phase = MOVE_WAITING, .is_stuck = prospect == MOVE_IS_OFF};
    if (prospect == MOVE_CAN_BEGIN && unit_may_go_down(from->unit))
        return 0;
    ret->why = prospect == MOVE_CAN_BEGIN
                   ? strdup("too many of its group are down (MaxUnavailable)")
                   : obstacle_text(to_id, &misfit, prospect);
    return ret->why ? 0 : -ENOMEM;
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

/* What has ended stays as it is. */
static int outcome_find(Cluster *cluster, const RebalanceMove *before, Outcome *ret) {
    if (before->phase == MOVE_WAITING) {
        int r = judge(cluster, before, ret);
        return r < 0 || ret->phase != MOVE_DROPPED || ret->why ? r : -ENOMEM;
    }
    *ret = (Outcome){.phase = before->phase, .why = before->why ? strdup(before->why) : NULL};
    return before->why && !ret->why ? -ENOMEM : 0;
}

/* --- all of it --- */

typedef struct Outcomes {
    Outcome *items; /* of each move */
    size_t n;
} Outcomes;

static void outcomes_done(Outcomes *outcomes) {
    for (size_t i = 0; i < outcomes->n; i++)
        free(outcomes->items[i].why);
    free(outcomes->items);
}

static int outcomes_find(Cluster *cluster, const Rebalance *before, Outcomes *ret) {
    ret->items = calloc(before->n_moves + 1, sizeof(Outcome));
    if (!ret->items)
        return -ENOMEM;
    for (size_t i = 0; i < before->n_moves; i++) {
        ret->n = i + 1;
        int r = outcome_find(cluster, &before->moves[i], &ret->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* One move may need that another one is made before it. */
static void drop_stuck(Outcomes *outcomes) {
    for (size_t i = 0; i < outcomes->n; i++)
        if (outcomes->items[i].phase == MOVE_WAITING && !outcomes->items[i].is_stuck)
            return;
    for (size_t i = 0; i < outcomes->n; i++)
        if (outcomes->items[i].is_stuck)
            outcomes->items[i].phase = MOVE_DROPPED;
}

static int step_moves(Cluster *cluster, const Rebalance *before, Rebalance *next) {
    _cleanup_(outcomes_done) Outcomes outcomes = {};
    int r = outcomes_find(cluster, before, &outcomes);
    drop_stuck(&outcomes);
    for (size_t i = 0; r >= 0 && i < before->n_moves; i++) {
        const RebalanceMove *move = &before->moves[i];
        r = rebalance_add_move(next, move->unit, move->from, move->to, outcomes.items[i].phase,
                               outcomes.items[i].why);
    }
    if (r < 0)
        return r;
    if (before->phase == REBALANCE_MOVING && rebalance_count(next, MOVE_WAITING) == 0)
        next->phase = REBALANCE_DONE;
    return 0;
}

/* --- the beginning --- */

/* An order that nobody carries out just now ends when somebody says so: nobody waits for that. */
static bool unit_is_moving(const ClusterUnit *unit) {
    bool is_leaving = false, is_coming = false;
    for (const Placement *p = unit->placements; p; p = p->next) {
        bool is_carried_out = p->order.exists && p->machine->presence == MACHINE_PRESENCE_HERE;
        is_coming |= is_carried_out && placement_is_active(p);
        is_leaving |= is_carried_out && !placement_is_active(p);
    }
    return is_leaving && is_coming && !unit_is_global(unit);
}

/* As a machine is drained, or for the rebalance whose place is taken. What such a unit reserves is
 * counted on both machines, so that one would seem more loaded than it is. */
static bool somebody_moves(const Cluster *cluster) {
    _unused_ const char *name;
    const ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->units)
        if (unit_is_moving(unit))
            return true;
    return false;
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
    bool may_propose = before->is_dry_run || !is_held_back,
         is_wanted = before->phase == REBALANCE_WANTED,
         is_early = is_wanted && may_propose && somebody_moves(cluster);
    if (is_wanted && may_propose && !is_early)
        return propose(cluster, before, ret);
    if (!rebalance_is_under_way(before))
        return rebalance_copy(before, ret);
    int r = rebalance_begin(before, before->n_moves, &next);
    if (r >= 0)
        r = step_moves(cluster, before, next);
    if (r < 0)
        return r;
    const char *why = is_early ? ON_THE_WAY : is_held_back ? HELD_BACK : NULL;
    if (why && rebalance_is_under_way(next) && !(next->why = strdup(why)))
        return -ENOMEM;
    *ret = TAKE_PTR(next);
    return 0;
}
