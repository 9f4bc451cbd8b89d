#include "fleetd/sched/proposal.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/desk.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/retry.h"
#include "fleetd/sched/room.h"
#include "fleetd/sched/spread.h"

#include <errno.h>

/* So many pairs of a unit and a machine are looked at: where much could move and next to nothing
 * may, a proposal must not keep the leader busy for long. */
#define LOOKS_MAX 2000000

typedef struct Move {
    Placement *placement;
    Desk *from, *to;
} Move;

/* What is to leave is ignored where it is, as long as the proposal is made: another unit may take
 * its place, and waits for that when the moves are made. */
typedef struct Proposal {
    Cluster *cluster;
    Desk *desks;    /* by id */
    Desk **by_load; /* the most loaded first, of the kind that is looked for */
    size_t n_desks;
    Move *moves;
    size_t n_moves;
    size_t n_looks;
} Proposal;

static void proposal_done(Proposal *proposal) {
    for (size_t i = 0; i < proposal->n_moves; i++)
        proposal->moves[i].placement->is_ignored = false;
    for (size_t i = 0; i < proposal->n_desks; i++)
        proposal->desks[i].machine->is_relieved = false;
    free(proposal->desks);
    free(proposal->by_load);
    free(proposal->moves);
}
#define _cleanup_proposal_ _cleanup_(proposal_done)

/* --- who may move --- */

static bool unit_is_bound(const ClusterUnit *unit) {
    const Requirements *requirements = unit->requirements;
    return map_size(unit->followers) > 0 ||
           (requirements && (requirements->is_global || requirements->machine_id ||
                             !globs_are_empty(requirements->machine_of) ||
                             !globs_are_empty(requirements->replaces)));
}

/* What is not up is left as it is: a unit that has ended, or has fallen and is to lie, would be
 * started by its move. Nor may one move whose group has others down already, if nobody knows for
 * how long; for those that are on their way it waits when the moves are made. */
static bool placement_may_move(const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    bool is_as_ordered = unit->n_orders == 1 && placement_is_running(placement) &&
                         placement->order.revision == unit->revision &&
                         !placement->order.is_unwritten && !placement->order.is_suspended;
    return is_as_ordered && unit_is_wanted(unit) && !unit->is_held && !unit_has_failures(unit) &&
           !placement->machine->maintenance.is_draining && !unit_is_bound(unit) &&
           unit_may_go_down_then(unit);
}

/* --- where it may go --- */

static bool bears_proposed(const Proposal *proposal, const ClusterUnit *unit, const Desk *to) {
    for (size_t i = 0; i < proposal->n_moves; i++) {
        const Move *move = &proposal->moves[i];
        if (move->to == to && move->placement->unit != unit &&
            units_conflict(unit, move->placement->unit))
            return false;
    }
    return true;
}

static void machine_ignore_moved(const Proposal *proposal, ClusterMachine *machine,
                                 bool is_ignored) {
    for (size_t i = 0; i < proposal->n_moves; i++)
        if (proposal->moves[i].from->machine == machine)
            proposal->moves[i].placement->is_ignored = is_ignored;
    machine->is_relieved = is_ignored;
}

/* One that has a move gets another instead of it. Others may wait until it has left, so that it has
 * to wait for nobody: it fits beside all that are there, and all that come. */
static bool can_go_instead(const Proposal *proposal, const Placement *placement, const Desk *to) {
    Misfit misfit;
    Desk crowded = *to;
    for (size_t i = 0; i < proposal->n_moves; i++)
        if (proposal->moves[i].from == to && proposal->moves[i].placement != placement)
            desk_put(&crowded, proposal->moves[i].placement->unit);
    machine_ignore_moved(proposal, to->machine, false);
    bool can_go = machine_can_take(proposal->cluster, placement->unit, to->machine, &misfit);
    machine_ignore_moved(proposal, to->machine, true);
    return can_go && desk_has_room(&crowded, placement->unit);
}

static bool can_go(const Proposal *proposal, const Placement *placement, const Desk *to) {
    const ClusterUnit *unit = placement->unit;
    Misfit misfit;
    return machine_can_take(proposal->cluster, unit, to->machine, &misfit) &&
           desk_has_room(to, unit) && bears_proposed(proposal, unit, to) &&
           (!placement->is_ignored || can_go_instead(proposal, placement, to));
}

/* With a group's name come units that spread over other keys, and count nowhere else. */
static bool unit_spreads_over(const ClusterUnit *unit, const char *key) {
    return strv_contains(unit->requirements->ranking.spread, key);
}

/* As if what is proposed were made. */
static int scorer_count_move(Scorer *scorer, const Move *move, const char *name) {
    const ClusterUnit *unit = move->placement->unit;
    if (!move->placement->is_spread || unit == scorer->unit)
        return 0; /* one that moves is not in its own way */
    _cleanup_free_ char *its_name = unit_spread_name(unit);
    if (!its_name)
        return -ENOMEM;
    for (size_t i = 0; streq(its_name, name) && i < scorer->n_keys; i++) {
        const SpreadKey *key = &scorer->keys[i];
        uint32_t left = key->values->of[move->from->machine->rank],
                 come = key->values->of[move->to->machine->rank];
        if (!unit_spreads_over(unit, scorer->ranking->spread[i]))
            continue;
        if (left != METADATA_NO_VALUE)
            key->counts[left]--;
        if (come != METADATA_NO_VALUE)
            key->counts[come]++;
    }
    return 0;
}

static int scorer_begin(Scorer *scorer, const Proposal *proposal, const ClusterUnit *unit) {
    int r = scorer_init(scorer, proposal->cluster, unit);
    if (r < 0 || scorer->n_keys == 0)
        return r;
    _cleanup_free_ char *name = unit_spread_name(unit);
    if (!name)
        return -ENOMEM;
    for (size_t i = 0; r >= 0 && i < proposal->n_moves; i++)
        r = scorer_count_move(scorer, &proposal->moves[i], name);
    return r;
}

/* --- what helps most --- */

typedef struct Candidate {
    Placement *placement; /* NULL: none */
    Desk *from, *to;
    int64_t spread_gain, preference_gain; /* by what the unit says; below 0: it is worse there */
    int64_t load_gain;
    size_t load_with; /* of its machine then */
} Candidate;

/* Of equals who came last, as it has run for the shortest time. */
static bool unit_goes_before(const ClusterUnit *unit, const ClusterUnit *other) {
    return unit->revision != other->revision ? unit->revision > other->revision
                                             : strcmp(unit->name, other->name) > 0;
}

/* Of two machines for the same unit the one that placing would take (rank.h). */
static bool goes_rather_to(const Candidate *a, const Candidate *than) {
    if (a->load_with != than->load_with)
        return a->load_with < than->load_with;
    if (a->to->load != than->to->load)
        return a->to->load < than->to->load;
    return strcmp(a->to->machine->id, than->to->machine->id) < 0;
}

/* One after the other, as with a score: no preference outweighs how units are spread. */
static bool candidate_is_better(const Candidate *a, const Candidate *than) {
    if (!than->placement || a->spread_gain != than->spread_gain)
        return !than->placement || a->spread_gain > than->spread_gain;
    if (a->preference_gain != than->preference_gain)
        return a->preference_gain > than->preference_gain;
    if (a->placement == than->placement)
        return goes_rather_to(a, than);
    return a->load_gain != than->load_gain
               ? a->load_gain > than->load_gain
               : unit_goes_before(a->placement->unit, than->placement->unit);
}

static void consider(const Proposal *proposal, const Candidate *candidate, Candidate *best) {
    if (candidate_is_better(candidate, best) &&
        can_go(proposal, candidate->placement, candidate->to))
        *best = *candidate;
}

static int consider_unit(Proposal *proposal, Placement *placement, Desk *from, bool is_by_score,
                         Candidate *best) {
    _cleanup_scorer_ Scorer scorer = {};
    proposal->n_looks++;
    int r = scorer_begin(&scorer, proposal, placement->unit);
    if (r < 0)
        return r;
    Score here = scorer.unit ? scorer_score(&scorer, from->machine) : (Score){};
    if (is_by_score && score_compare(&here, &scorer.ideal) <= 0)
        return 0;
    for (size_t i = proposal->n_desks; i-- > 0 && proposal->n_looks < LOOKS_MAX;) {
        Desk *to = proposal->by_load[i];
        proposal->n_looks++;
        Score there = scorer.unit && to != from ? scorer_score(&scorer, to->machine) : here;
        Candidate candidate = {.placement = placement,
                               .from = from,
                               .to = to,
                               .spread_gain = (int64_t) here.spread - (int64_t) there.spread,
                               .preference_gain = there.preference - here.preference,
                               .load_gain = to == from ? 0 : desk_gain(placement->unit, from, to),
                               .load_with = desk_load_with(to, placement->unit)};
        int order = score_compare(&there, &here);
        bool helps = is_by_score ? order < 0 : order == 0 && candidate.load_gain > 0;
        if (to != from && helps)
            consider(proposal, &candidate, best);
        if (!is_by_score && candidate.load_gain <= 0 && !unit_reserves(placement->unit))
            break; /* the others have as many units, or more */
    }
    return 0;
}

/* --- one move after the other --- */

/* What is looked for, one after the other. */
typedef enum Aim {
    AIM_SCORE,
    AIM_SHARE,
    AIM_UNITS,
    _AIM_MAX,
} Aim;

static bool unit_is_meant(const ClusterUnit *unit, Aim aim) {
    if (aim == AIM_SCORE)
        return unit->is_particular && (unit->requirements->ranking.spread ||
                                       unit->requirements->ranking.n_preferences > 0);
    return unit_reserves(unit) == (aim == AIM_SHARE);
}

static int compare_shares(const void *a, const void *b) {
    const Desk *x = *(Desk *const *) a, *y = *(Desk *const *) b;
    size_t load = desk_load(x, true), other = desk_load(y, true);
    return load != other ? (load > other ? -1 : 1) : strcmp(y->machine->id, x->machine->id);
}

static int compare_loads(const void *a, const void *b) {
    const Desk *x = *(Desk *const *) a, *y = *(Desk *const *) b;
    return x->load != y->load ? (x->load > y->load ? -1 : 1)
                              : strcmp(y->machine->id, x->machine->id);
}

static bool placement_is_meant(const Placement *placement, Aim aim) {
    return unit_is_meant(placement->unit, aim) && !placement->is_ignored &&
           placement_may_move(placement);
}

/* What stays there so far, and what is to come: it may be better off somewhere else, when others
 * have moved as well. */
static int consider_desk(Proposal *proposal, Desk *from, Aim aim, Candidate *best) {
    const ClusterMachine *machine = from->machine;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < machine->n_placements; i++)
        if (placement_is_meant(machine->placements[i], aim))
            r = consider_unit(proposal, machine->placements[i], from, aim == AIM_SCORE, best);
    for (size_t i = 0; r >= 0 && i < proposal->n_moves; i++) {
        const Move *move = &proposal->moves[i];
        if (move->to == from && unit_is_meant(move->placement->unit, aim))
            r = consider_unit(proposal, move->placement, from, aim == AIM_SCORE, best);
    }
    return r;
}

/* By load, from the most loaded machine that has something to give. */
static int find_best(Proposal *proposal, Aim aim, Candidate *ret) {
    *ret = (Candidate){};
    if (proposal->n_desks > 0)
        qsort(proposal->by_load, proposal->n_desks, sizeof(Desk *),
              aim == AIM_SHARE ? compare_shares : compare_loads);
    for (size_t i = 0; i < proposal->n_desks && (aim == AIM_SCORE || !ret->placement); i++) {
        int r = consider_desk(proposal, proposal->by_load[i], aim, ret);
        if (r < 0)
            return r;
    }
    return 0;
}

static void move_on(Proposal *proposal, Move *move, Desk *to) {
    move->to = to;
    if (to != move->from)
        return;
    move->placement->is_ignored = false; /* it stays, after all */
    size_t n_behind = (size_t) (&proposal->moves[--proposal->n_moves] - move);
    memmove(move, move + 1, n_behind * sizeof(Move));
}

static void make_move(Proposal *proposal, const Candidate *best) {
    desks_move(best->placement->unit, best->from, best->to);
    for (size_t i = 0; i < proposal->n_moves; i++)
        if (proposal->moves[i].placement == best->placement) {
            move_on(proposal, &proposal->moves[i], best->to);
            return;
        }
    proposal->moves[proposal->n_moves++] = (Move){best->placement, best->from, best->to};
    best->placement->is_ignored = true;
    best->from->machine->is_relieved = true;
}

static int proposal_init(Proposal *proposal, Cluster *cluster, size_t max_moves) {
    const MachineSet *here = &cluster->here.machines;
    *proposal = (Proposal){.cluster = cluster,
                           .desks = calloc(here->n + 1, sizeof(Desk)),
                           .by_load = calloc(here->n + 1, sizeof(Desk *)),
                           .moves = calloc(max_moves + 1, sizeof(Move))};
    if (!proposal->desks || !proposal->by_load || !proposal->moves)
        return -ENOMEM;
    for (; proposal->n_desks < here->n; proposal->n_desks++) {
        proposal->desks[proposal->n_desks] = desk_of(here->items[proposal->n_desks]);
        proposal->by_load[proposal->n_desks] = &proposal->desks[proposal->n_desks];
    }
    cluster_count_arriving(cluster);
    return load_index_refresh(&cluster->here, LOAD_UNITS);
}

/* Moves for one aim may make others possible for those before it, so that it begins anew. */
static int propose_next(Proposal *proposal, Candidate *ret) {
    for (Aim aim = 0; aim < _AIM_MAX; aim++) {
        int r = find_best(proposal, aim, ret);
        if (r < 0 || ret->placement)
            return r;
    }
    return 0;
}

static int proposal_tell(const Proposal *proposal, ProposedMove **ret, size_t *ret_n) {
    ProposedMove *moves = calloc(proposal->n_moves + 1, sizeof(ProposedMove));
    if (!moves)
        return -ENOMEM;
    for (size_t i = 0; i < proposal->n_moves; i++) {
        const Move *move = &proposal->moves[i];
        moves[i] = (ProposedMove){move->placement->unit->name, move->from->machine->id,
                                  move->to->machine->id};
    }
    *ret = moves;
    *ret_n = proposal->n_moves;
    return 0;
}

int cluster_propose_moves(Cluster *cluster, size_t max_moves, ProposedMove **ret, size_t *ret_n) {
    _cleanup_proposal_ Proposal proposal;
    int r = proposal_init(&proposal, cluster, max_moves);
    while (r >= 0 && proposal.n_moves < max_moves) {
        Candidate best;
        r = propose_next(&proposal, &best);
        if (r < 0 || !best.placement)
            break;
        make_move(&proposal, &best);
    }
    return r < 0 ? r : proposal_tell(&proposal, ret, ret_n);
}
