#include "fleetd/sched/rank.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/beside.h"
#include "fleetd/sched/replaces.h"
#include "fleetd/sched/retry.h"
#include "fleetd/sched/room.h"

#include <inttypes.h>
#include <stdio.h>

static bool unit_fits_elsewhere(Cluster *cluster, const ClusterUnit *unit,
                                const ClusterMachine *machine) {
    LoadWalk walk = {};
    const ClusterMachine *other;
    Misfit misfit;
    while (!unit->is_held && (other = load_walk_next(&cluster->here, &walk)))
        if (other != machine && machine_fits(cluster, unit, other, &misfit))
            return true;
    return false;
}

/* Global units just leave: they are everywhere else already. So does what leaves anyway. */
static bool placement_needs_another_place(const Placement *placement) {
    return placement_is_active(placement) && unit_may_be_wanted(placement->unit) &&
           !unit_is_global(placement->unit);
}

/* The first by name of those that the unit replaces on the machine and that fit nowhere else. */
static const char *find_obstruction(Cluster *cluster, const ClusterUnit *unit,
                                    const ClusterMachine *machine) {
    const char *found = NULL;
    for (size_t i = 0; i < machine->n_placements; i++) {
        const Placement *other = machine->placements[i];
        if ((!found || strcmp(other->unit->name, found) < 0) &&
            placement_needs_another_place(other) &&
            placement_is_replaced_by(cluster, other, unit) &&
            !unit_fits_elsewhere(cluster, other->unit, machine))
            found = other->unit->name;
    }
    return found;
}

bool machine_can_take(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                      Misfit *ret) {
    if (machine_is_cordoned(machine, ret) || machine_has_former(cluster, unit, machine, ret) ||
        !machine_fits(cluster, unit, machine, ret))
        return false;
    if (!unit->requirements || globs_are_empty(unit->requirements->replaces))
        return true;
    const char *obstruction = find_obstruction(cluster, unit, machine);
    if (!obstruction)
        return true;
    *ret = (Misfit){.kind = MISFIT_OBSTRUCTED, .name = obstruction};
    return false;
}

static ClusterMachine *unit_machine(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (p->order.exists)
            return p->machine;
    return NULL;
}

/* Whether only one machine, if any, comes into question, as the unit names it or follows an
 * ordinary unit. */
static bool unit_names_machine(const Cluster *cluster, const ClusterUnit *unit,
                               ClusterMachine **ret) {
    const Requirements *requirements = unit->requirements;
    if (requirements && requirements->machine_id) {
        *ret = cluster_find_machine(cluster, requirements->machine_id);
        return true;
    }
    if (!requirements || globs_are_empty(requirements->machine_of))
        return false;
    const ClusterUnit *target = cluster_find_unit(cluster, requirements->machine_of[0]);
    if (target && target->n_orders > 1)
        return false;
    *ret = target ? unit_machine(target) : NULL;
    return true;
}

static bool machine_is_less_loaded(const ClusterMachine *machine, const ClusterMachine *than) {
    return machine->load != than->load ? machine->load < than->load
                                       : strcmp(machine->id, than->id) < 0;
}

/* Machines come in order of load; of a unit that reserves in that of what is reserved before it
 * comes, which differs from that with it as far as machines differ in size. */
static bool choice_is_worse(const Choice *choice, const ClusterMachine *machine, size_t share,
                            const Score *score) {
    if (!choice->machine)
        return true;
    int order = score_compare(score, &choice->score);
    if (order != 0 || !choice->is_by_share)
        return order < 0;
    return share != choice->share ? share < choice->share
                                  : machine_is_less_loaded(machine, choice->machine);
}

static void choice_weigh(const ClusterUnit *unit, ClusterMachine *machine, const Score *score,
                         Choice *choice) {
    size_t share = choice->is_by_share ? machine_share_with(machine, unit) : 0;
    if (!choice_is_worse(choice, machine, share, score))
        return;
    choice->machine = machine;
    choice->load = machine->load;
    choice->share = share;
    choice->score = *score;
}

static void choice_consider(Cluster *cluster, const ClusterUnit *unit, ClusterMachine *machine,
                            const Score *score, Choice *choice) {
    Misfit misfit = {};
    choice->n_seen++;
    if (machine_can_take(cluster, unit, machine, &misfit)) {
        choice->n_fit++;
        choice_weigh(unit, machine, score, choice);
    }
    choice->is_obstructed = choice->is_obstructed || misfit.kind == MISFIT_OBSTRUCTED;
}

/* Whether none of those that are still to come can be better, or it would not be known of enough of
 * them whether they fit. */
static bool choice_is_made(const Choice *choice, const Scorer *scorer) {
    return choice->machine && choice->n_seen >= choice->n_enough &&
           score_compare(&choice->score, &scorer->ideal) <= 0;
}

/* Once enough are seen, only those are held against the unit that would be chosen. */
static void choice_walk(Cluster *cluster, const ClusterUnit *unit, const Scorer *scorer,
                        LoadWalk *walk, Choice *choice) {
    bool is_complete = true;
    while (!choice_is_made(choice, scorer)) {
        ClusterMachine *machine = load_walk_next(&cluster->here, walk);
        if (!machine) {
            choice->n_seen = is_complete ? cluster->here.machines.n : choice->n_seen;
            return;
        }
        Score score = scorer->unit ? scorer_score(scorer, machine) : (Score){};
        bool is_needed = !choice->machine || choice->n_seen < choice->n_enough ||
                         score_compare(&score, &choice->score) < 0;
        if (is_needed)
            choice_consider(cluster, unit, machine, &score, choice);
        is_complete = is_complete && is_needed;
    }
}

/* The least loaded first. */
static int choice_consider_all(Cluster *cluster, const ClusterUnit *unit, const Scorer *scorer,
                               Choice *choice) {
    LoadWalk walk = {.kind = choice->is_by_share ? LOAD_SHARE : LOAD_UNITS};
    int r = load_index_refresh(&cluster->here, walk.kind);
    if (r >= 0)
        r = metadata_index_find(&cluster->metadata, &cluster->here.machines, unit->requirements,
                                &walk.only);
    if (r < 0)
        return r;
    bool is_large = cluster->here.machines.n > RANK_COUNT_MAX;
    choice->n_enough = is_large && !walk.only && !choice->is_by_share ? 1 : RANK_COUNT_MAX;
    choice_walk(cluster, unit, scorer, &walk, choice);
    return 0;
}

/* What says nothing of that is walked through until enough are seen. */
static int choice_consider_scored(Cluster *cluster, const ClusterUnit *unit, Choice *choice) {
    _cleanup_scorer_ Scorer scorer;
    int r = scorer_init(&scorer, cluster, unit);
    return r < 0 ? r : choice_consider_all(cluster, unit, &scorer, choice);
}

int rank_machines(Cluster *cluster, const ClusterUnit *unit, Choice *ret) {
    *ret = (Choice){.is_by_failures = unit_has_failures(unit)};
    if (unit->is_particular) {
        const Ranking *ranking = &unit->requirements->ranking;
        ret->is_by_share = unit_reserves(unit);
        ret->is_by_spread = ranking->spread;
        ret->is_by_preference = ranking->n_preferences > 0;
    }
    ClusterMachine *machine;
    if (!unit_names_machine(cluster, unit, &machine))
        return choice_consider_scored(cluster, unit, ret);
    if (machine)
        choice_consider(cluster, unit, machine, &(Score){}, ret);
    ret->n_seen = cluster->here.machines.n;
    return 0;
}

/* What went before the load, with a comma behind it. */
static void score_reason(const Choice *choice, char *ret, size_t size) {
    const Score *score = &choice->score;
    int n = 0;
    *ret = 0;
    if (choice->is_by_failures && score->failures > 0)
        n = snprintf(ret, size, "failed there before (%" PRIu64 "), ", score->failures);
    else if (choice->is_by_failures)
        n = snprintf(ret, size, "has not failed there, ");
    if (choice->is_by_spread && score->spread >= SPREAD_WITHOUT_KEY)
        n += snprintf(ret + n, size - (size_t) n, "nothing to spread over, ");
    else if (choice->is_by_spread)
        n += snprintf(ret + n, size - (size_t) n, "fewest of its group nearby (%" PRIu64 "), ",
                      score->spread);
    if (choice->is_by_preference)
        snprintf(ret + n, size - (size_t) n, "preference %" PRIi64 ", ", score->preference);
}

static void load_reason(const Choice *choice, char *ret, size_t size) {
    if (choice->is_by_share)
        snprintf(ret, size, "smallest share reserved (%zu%% with it)", choice->share);
    else
        snprintf(ret, size, "fewest units (%zu)", choice->load);
}

void choice_reason(const Cluster *cluster, const Choice *choice, char ret[CHOICE_REASON_SIZE]) {
    char score[CHOICE_REASON_SIZE / 2], load[CHOICE_REASON_SIZE / 4];
    size_t n_machines = cluster->here.machines.n;
    bool is_complete = choice->n_seen == n_machines;
    score_reason(choice, score, sizeof(score));
    load_reason(choice, load, sizeof(load));
    if (n_machines == 1)
        snprintf(ret, CHOICE_REASON_SIZE, "only machine in the cluster");
    else if (is_complete && choice->n_fit == 1)
        snprintf(ret, CHOICE_REASON_SIZE, "only machine that fits (of %zu)", n_machines);
    else if (choice->n_enough > 1)
        snprintf(ret, CHOICE_REASON_SIZE, "%s%s of %s%zu machines that fit", score, load,
                 is_complete ? "" : "at least ", choice->n_fit);
    else
        snprintf(ret, CHOICE_REASON_SIZE, "%s%s of the machines that fit", score, load);
}
