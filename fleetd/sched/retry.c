#include "fleetd/sched/retry.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/concerns.h"

#include <errno.h>

/* --- what agents say --- */

int placement_set_failure(Placement *placement, const UnitState *state) {
    placement_forget_failure(placement);
    if (!unit_state_has_failed(state, false))
        return 0;
    placement->report.is_restarted = !unit_state_has_failed(state, true);
    placement->report.failure = unit_state_failure(state);
    if (!placement->report.failure)
        return -ENOMEM;
    placement->unit->n_failing++;
    return 0;
}

void placement_forget_failure(Placement *placement) {
    placement->unit->n_failing -= placement->report.failure != NULL;
    free(TAKE_PTR(placement->report.failure));
    placement->report.is_restarted = false;
}

static bool unit_is_restarted(const ClusterUnit *unit) {
    const HealthCheck *check = unit->requirements ? unit->requirements->health : NULL;
    return check && check->may_restart;
}

bool placement_is_failing(const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    bool is_left_to_agent = placement->report.is_restarted && unit_is_restarted(unit);
    return placement->report.failure && !is_left_to_agent && placement_is_active(placement) &&
           placement->order.desired == LAUNCH_STATE_LAUNCHED &&
           placement->order.revision == unit->revision &&
           placement->report.revision >= placement->order.revision &&
           streq_ptr(placement->report.hash, placement->order.hash);
}

bool placement_is_due(const Placement *placement) {
    return placement->is_due && placement_is_failing(placement);
}

/* --- what is remembered --- */

/* Of an earlier request it says nothing. */
static const Failures *unit_present_failures(const ClusterUnit *unit) {
    bool is_present = unit->failures && unit->failures->unit_revision >= unit->revision;
    return is_present ? unit->failures : NULL;
}

bool unit_has_failures(const ClusterUnit *unit) {
    return unit_present_failures(unit) != NULL;
}

uint64_t unit_failures_on(const ClusterUnit *unit, const ClusterMachine *machine) {
    const FailurePlace *place = failures_find(unit_present_failures(unit), machine->id);
    return place ? place->count : 0;
}

bool unit_awaits_retry(const ClusterUnit *unit, const ClusterMachine *machine) {
    const Failures *failures = unit_present_failures(unit);
    if (!machine)
        return failures_next(failures);
    const FailurePlace *place = failures_find(failures, machine->id);
    return place && place->next_usec > 0;
}

bool unit_is_being_cleared(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (p->answer.has_let_go && p->answer.revision >= unit->revision && !p->order.exists &&
            p->machine->presence == MACHINE_PRESENCE_HERE)
            return true;
    return false;
}

bool unit_is_between_tries(const ClusterUnit *unit) {
    return unit_awaits_retry(unit, NULL) ||
           (unit_has_failures(unit) && unit_is_being_cleared(unit));
}

static void unit_forget_due(ClusterUnit *unit) {
    for (Placement *p = unit->placements; p; p = p->next)
        p->is_due = false;
}

int cluster_put_failures(Cluster *cluster, const Failures *failures) {
    ClusterUnit *unit;
    Failures *copy;
    int r = cluster_need_unit(cluster, failures->name, &unit);
    if (r < 0 || failures_equal(unit->failures, failures) ||
        (r = failures_copy(failures, &copy)) < 0)
        return r;
    failures_free(unit->failures);
    unit->failures = copy;
    unit_forget_due(unit);
    r = unit_doubt(cluster, unit);
    return r < 0 ? r : look_at_unit(cluster, unit);
}

int cluster_remove_failures(Cluster *cluster, const char *name) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (!unit || !unit->failures)
        return 0;
    failures_free(TAKE_PTR(unit->failures));
    unit_forget_due(unit);
    int r = unit_doubt(cluster, unit);
    return r < 0 ? r : look_at_unit(cluster, unit);
}

int cluster_retry(Cluster *cluster, const char *machine_id, const char *name) {
    Placement *placement = cluster_find_placement(cluster, machine_id, name);
    if (!placement || placement->is_due || !placement_is_failing(placement))
        return 0;
    placement->is_due = true;
    return look_at_unit(cluster, placement->unit);
}

/* --- what has to be looked at --- */

int unit_doubt(Cluster *cluster, ClusterUnit *unit) {
    if (!unit->failures && unit->n_failing == 0) {
        map_remove(cluster->doubtful, unit->name);
        return 0;
    }
    int r =
        map_has(cluster->doubtful, unit->name) ? 0 : map_put(cluster->doubtful, unit->name, unit);
    return MIN(r, 0);
}

const Map *cluster_doubtful(const Cluster *cluster) {
    return cluster->doubtful;
}

void cluster_settle_doubt(Cluster *cluster, const char *name) {
    map_remove(cluster->doubtful, name);
}

int cluster_doubt(Cluster *cluster, const char *name) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    return unit ? unit_doubt(cluster, unit) : 0;
}

static int facts_add_places(const ClusterUnit *unit, FailureFacts *facts) {
    facts->places = calloc(unit->n_placements + 1, sizeof(FailureFact));
    if (!facts->places)
        return -ENOMEM;
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_is_active(p))
            facts->places[facts->n_places++] =
                (FailureFact){.machine_id = p->machine->id,
                              .is_up = placement_is_available(p),
                              .failure = placement_is_failing(p) ? p->report.failure : NULL};
    return 0;
}

int cluster_get_failure_facts(const Cluster *cluster, const char *name, FailureFacts *ret) {
    const ClusterUnit *unit = cluster_find_unit(cluster, name);
    FailureFacts facts = {.is_known = true};
    if (unit) {
        facts.is_known = !unit->is_held;
        facts.is_global = unit_is_global(unit);
        facts.unit_revision = unit->revision;
        facts.is_tried_anew = unit_is_wanted(unit) && unit->desired == LAUNCH_STATE_LAUNCHED &&
                              unit->requirements && unit->requirements->may_reschedule;
        int r = facts_add_places(unit, &facts);
        if (r < 0)
            return r;
    }
    *ret = facts;
    return 0;
}

size_t cluster_count_failing(const Cluster *cluster) {
    size_t n = 0;
    _unused_ const char *name;
    const ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->units)
        n += unit->failures && unit_awaits_retry(unit, NULL);
    return n;
}
