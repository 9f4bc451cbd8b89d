#include "fleetd/sched/move-wish.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/desk.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/retry.h"

#include <errno.h>

void move_wish_free(MoveWish *wish) {
    if (!wish)
        return;
    free(wish->from);
    free(wish->to);
    free(wish);
}

bool placement_is_wished_away(const Placement *placement) {
    const MoveWish *wish = placement->unit->wish;
    return wish && streq(wish->from, placement->machine->id) && placement_is_active(placement) &&
           placement->machine->presence == MACHINE_PRESENCE_HERE &&
           placement->unit->desired == LAUNCH_STATE_LAUNCHED;
}

/* --- what may be begun --- */

/* As it is by now. Of units that move together any may be the last, and then its move may leave the
 * load as even as it is; it is made all the same, as it was told. */
static int move_helps(Cluster *cluster, const Placement *from, const ClusterMachine *to,
                      bool *ret) {
    _cleanup_scorer_ Scorer scorer = {};
    int r = load_index_refresh(&cluster->here, LOAD_UNITS);
    if (r >= 0)
        r = scorer_init(&scorer, cluster, from->unit);
    if (r < 0)
        return r;
    const Desk source = desk_of(from->machine), target = desk_of((ClusterMachine *) to);
    int order = 0;
    if (scorer.unit) {
        Score here = scorer_score(&scorer, from->machine), there = scorer_score(&scorer, to);
        order = score_compare(&there, &here);
    }
    *ret = order != 0 ? order < 0 : desk_gain(from->unit, &source, &target) >= 0;
    return 0;
}

int placement_can_move(Cluster *cluster, const Placement *from, const ClusterMachine *to,
                       MoveProspect *ret, Misfit *ret_misfit) {
    bool helps;
    *ret_misfit = (Misfit){};
    *ret = MOVE_IS_OFF;
    if (!placement_is_running(from)) {
        *ret = placement_answers_launch(from) ? MOVE_IS_OFF : MOVE_HAS_TO_WAIT;
        return 0;
    }
    if (!machine_can_take(cluster, from->unit, to, ret_misfit)) {
        bool passes = ret_misfit->kind == MISFIT_UNCLEARED || ret_misfit->kind == MISFIT_RESTARTING;
        *ret = passes ? MOVE_HAS_TO_WAIT : MOVE_IS_OFF;
        return 0;
    }
    int r = move_helps(cluster, from, to, &helps);
    if (r >= 0 && helps)
        *ret = MOVE_CAN_BEGIN;
    return r;
}

/* --- what is wished --- */

static bool unit_has_wish(const ClusterUnit *unit, const RebalanceMove *move) {
    return unit->wish && streq(unit->wish->from, move->from) && streq(unit->wish->to, move->to);
}

/* move NULL: none. */
static int unit_set_wish(Cluster *cluster, ClusterUnit *unit, const RebalanceMove *move) {
    MoveWish *wish = move ? calloc(1, sizeof(MoveWish)) : NULL;
    if (move && (!wish || !(wish->from = strdup(move->from)) || !(wish->to = strdup(move->to)))) {
        move_wish_free(wish);
        return -ENOMEM;
    }
    move_wish_free(unit->wish);
    unit->wish = wish;
    return look_at_unit(cluster, unit);
}

static const RebalanceMove *find_wanted(const Rebalance *rebalance, const char *name) {
    for (size_t i = 0; rebalance && i < rebalance->n_moves; i++)
        if (rebalance->moves[i].phase == MOVE_WAITING && streq(rebalance->moves[i].unit, name))
            return &rebalance->moves[i];
    return NULL;
}

/* 1: something is taken back. */
static int wishes_take_back(Cluster *cluster, const Rebalance *rebalance) {
    const char *name;
    _unused_ void *none;
    int is_any = 0;
    MAP_FOREACH (name, none, cluster->wished) {
        ClusterUnit *unit = cluster_find_unit(cluster, name);
        if (find_wanted(rebalance, name))
            continue;
        is_any = 1;
        int r = unit && unit->wish ? unit_set_wish(cluster, unit, NULL) : 0;
        if (r < 0)
            return r;
        map_remove(cluster->wished, name);
    }
    return is_any;
}

/* The queue is empty, but what was looked at when another move was still under way can be begun by
 * now: it is looked at once more, and then begins. */
static int unit_can_begin(Cluster *cluster, ClusterUnit *unit) {
    const Placement *from = unit->placements;
    const ClusterMachine *to = cluster_find_machine(cluster, unit->wish->to);
    while (from && !placement_is_wished_away(from))
        from = from->next;
    bool is_free = from && unit->n_orders == 1 && !unit->is_held && unit_is_wanted(unit) &&
                   unit->work.position == 0 && unit->n_queued_placements == 0 &&
                   !from->machine->maintenance.is_draining && !placement_is_due(from);
    if (!is_free || !to || to->presence != MACHINE_PRESENCE_HERE || !unit_may_go_down(unit))
        return 0;
    MoveProspect prospect;
    Misfit misfit;
    int r = placement_can_move(cluster, from, to, &prospect, &misfit);
    return r < 0 ? r : prospect == MOVE_CAN_BEGIN;
}

/* 1: it is new, or can be begun. */
static int wish_tell(Cluster *cluster, const RebalanceMove *move) {
    ClusterUnit *unit = cluster_find_unit(cluster, move->unit);
    if (!unit)
        return 0;
    if (unit_has_wish(unit, move)) {
        int r = unit_can_begin(cluster, unit);
        if (r <= 0)
            return r;
        r = look_at_unit(cluster, unit);
        return r < 0 ? r : 1;
    }
    int r = map_has(cluster->wished, move->unit) ? 0 : map_put(cluster->wished, move->unit, NULL);
    if (r >= 0)
        r = unit_set_wish(cluster, unit, move);
    return r < 0 ? r : 1;
}

int cluster_wish_moves(Cluster *cluster, const Rebalance *rebalance) {
    int changed = wishes_take_back(cluster, rebalance);
    for (size_t i = 0; changed >= 0 && rebalance && i < rebalance->n_moves; i++) {
        const RebalanceMove *move = &rebalance->moves[i];
        int r = move->phase == MOVE_WAITING ? wish_tell(cluster, move) : 0;
        changed = r != 0 ? r : changed;
    }
    return changed;
}
