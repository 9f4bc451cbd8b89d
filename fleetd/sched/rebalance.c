#include "fleetd/sched/rebalance.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/room.h"

#include <errno.h>

/* A machine as it would be after the moves that are proposed already. */
typedef struct Desk {
    ClusterMachine *machine;
    size_t load;
    Resources reserved;
} Desk;

typedef struct Proposal {
    Cluster *cluster;
    Desk *desks; /* by id */
    size_t n_desks;
    RebalanceMove *moves;
    size_t n_moves;
} Proposal;

static void proposal_done(Proposal *proposal) {
    free(proposal->desks);
    free(proposal->moves);
}
#define _cleanup_proposal_ _cleanup_(proposal_done)

static Resources plus(Resources a, Resources b) {
    return (Resources){a.memory_bytes + b.memory_bytes, a.cpu_thousandths + b.cpu_thousandths};
}

static Resources minus(Resources a, Resources b) {
    return (Resources){a.memory_bytes - b.memory_bytes, a.cpu_thousandths - b.cpu_thousandths};
}

/* --- who may move --- */

static bool is_proposed(const Proposal *proposal, const char *name) {
    for (size_t i = 0; i < proposal->n_moves; i++)
        if (streq(proposal->moves[i].name, name))
            return true;
    return false;
}

/* What others follow stays: they would have to move as well. So does what is not as ordered yet. */
static bool placement_may_move(const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    return placement_is_active(placement) && unit_is_wanted(unit) && !unit->is_held &&
           !unit_is_global(unit) && unit->n_orders == 1 && map_size(unit->followers) == 0 &&
           placement->order.revision == unit->revision && !placement->order.is_unwritten &&
           !(unit->requirements &&
             (unit->requirements->machine_id || unit->requirements->machine_of));
}

/* --- what it helps --- */

static size_t share(const Desk *desk, Resources reserved) {
    return resources_share(&reserved, &desk->machine->capacity);
}

static Resources asked_on(const ClusterUnit *unit, const Desk *desk) {
    return unit_reserves(unit)
               ? reserve_resources(&unit->requirements->reserve, desk->machine->memory_bytes)
               : (Resources){};
}

/* By how much the larger of both loads gets less; 0: it does not. Units and percent are never held
 * against each other. */
static size_t gain_of(const ClusterUnit *unit, const Placement *placement, const Desk *from,
                      const Desk *to) {
    size_t before, after, left;
    if (unit_reserves(unit)) {
        before = share(from, from->reserved);
        left = share(from, minus(from->reserved, placement->reserved));
        after = share(to, plus(to->reserved, asked_on(unit, to)));
    } else {
        before = from->load;
        left = from->load - 1;
        after = to->load + 1;
    }
    size_t larger = MAX(left, after);
    return larger < before ? before - larger : 0;
}

/* --- where it may go --- */

static bool bears_proposed(const Proposal *proposal, const ClusterUnit *unit, const Desk *to) {
    for (size_t i = 0; i < proposal->n_moves; i++)
        if (streq(proposal->moves[i].to, to->machine->id) &&
            units_conflict(unit, cluster_find_unit(proposal->cluster, proposal->moves[i].name)))
            return false;
    return true;
}

static bool has_room_on(const ClusterUnit *unit, const Desk *to) {
    Resources sum = plus(to->reserved, asked_on(unit, to));
    const Resources *capacity = &to->machine->capacity;
    return !unit_reserves(unit) || (sum.memory_bytes <= capacity->memory_bytes &&
                                    sum.cpu_thousandths <= capacity->cpu_thousandths);
}

/* What it says of spreading and preferring is not made worse. */
static int keeps_its_score(const Proposal *proposal, const ClusterUnit *unit, const Desk *from,
                           const Desk *to, bool *ret) {
    _cleanup_scorer_ Scorer scorer;
    int r = scorer_init(&scorer, proposal->cluster, unit);
    *ret = true;
    if (r < 0 || !scorer.unit)
        return r;
    Score here = scorer_score(&scorer, from->machine), there = scorer_score(&scorer, to->machine);
    *ret = score_compare(&there, &here) <= 0;
    return 0;
}

static int can_go(const Proposal *proposal, const ClusterUnit *unit, const Desk *from,
                  const Desk *to, bool *ret) {
    Misfit misfit;
    *ret = to->machine->presence == MACHINE_PRESENCE_HERE &&
           machine_can_take(proposal->cluster, unit, to->machine, &misfit) &&
           has_room_on(unit, to) && bears_proposed(proposal, unit, to);
    return *ret ? keeps_its_score(proposal, unit, from, to, ret) : 0;
}

/* --- one move after the other --- */

typedef struct Candidate {
    Placement *placement; /* NULL: none */
    Desk *from, *to;
    size_t gain;
} Candidate;

/* The larger gain; of equals who came last, as it has run for the shortest time. */
static bool candidate_is_better(const Placement *placement, size_t gain, const Candidate *than) {
    if (!than->placement || gain != than->gain)
        return gain > (than->placement ? than->gain : 0);
    const ClusterUnit *unit = placement->unit, *other = than->placement->unit;
    if (unit->revision != other->revision)
        return unit->revision > other->revision;
    return strcmp(unit->name, other->name) > 0;
}

static int consider(Proposal *proposal, Placement *placement, Desk *from, Candidate *best) {
    for (size_t i = 0; i < proposal->n_desks; i++) {
        Desk *to = &proposal->desks[i];
        size_t gain = to == from ? 0 : gain_of(placement->unit, placement, from, to);
        if (gain == 0 || !candidate_is_better(placement, gain, best))
            continue;
        bool fits;
        int r = can_go(proposal, placement->unit, from, to, &fits);
        if (r < 0)
            return r;
        if (fits)
            *best = (Candidate){placement, from, to, gain};
    }
    return 0;
}

static int find_best(Proposal *proposal, Candidate *ret) {
    *ret = (Candidate){};
    for (size_t i = 0; i < proposal->n_desks; i++) {
        Desk *from = &proposal->desks[i];
        for (size_t j = 0; j < from->machine->n_placements; j++) {
            Placement *placement = from->machine->placements[j];
            bool may_move =
                placement_may_move(placement) && !is_proposed(proposal, placement->unit->name);
            int r = may_move ? consider(proposal, placement, from, ret) : 0;
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static void make_move(Proposal *proposal, const Candidate *best) {
    const ClusterUnit *unit = best->placement->unit;
    best->from->load--;
    best->to->load++;
    best->from->reserved = minus(best->from->reserved, best->placement->reserved);
    best->to->reserved = plus(best->to->reserved, asked_on(unit, best->to));
    proposal->moves[proposal->n_moves++] =
        (RebalanceMove){unit->name, best->from->machine->id, best->to->machine->id};
}

static int proposal_init(Proposal *proposal, Cluster *cluster, size_t max_moves) {
    const MachineSet *here = &cluster->here.machines;
    *proposal = (Proposal){.cluster = cluster,
                           .desks = calloc(here->n + 1, sizeof(Desk)),
                           .moves = calloc(max_moves + 1, sizeof(RebalanceMove))};
    if (!proposal->desks || !proposal->moves)
        return -ENOMEM;
    for (size_t i = 0; i < here->n; i++)
        proposal->desks[proposal->n_desks++] = (Desk){
            .machine = here->items[i], .load = here->items[i]->load, .reserved = here->items[i]->reserved};
    return load_index_refresh(&cluster->here, LOAD_UNITS);
}

int cluster_propose_moves(Cluster *cluster, size_t max_moves, RebalanceMove **ret, size_t *ret_n) {
    _cleanup_proposal_ Proposal proposal;
    int r = proposal_init(&proposal, cluster, max_moves);
    while (r >= 0 && proposal.n_moves < max_moves) {
        Candidate best;
        r = find_best(&proposal, &best);
        if (r < 0 || !best.placement)
            break;
        make_move(&proposal, &best);
    }
    if (r < 0)
        return r;
    *ret_n = proposal.n_moves;
    *ret = TAKE_PTR(proposal.moves);
    return 0;
}
