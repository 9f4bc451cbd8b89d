/* Agents answer as they would: with a state that says what they were ordered to do, and with no
 * state any more when an order that they have answered is gone. They do so when all is decided that
 * can be without them. */
#include "fleetd/sched/rehearsal.h"

#include "fleetd/sched/outcome.h"
#include "fleetd/sched/plan.h"

#include <errno.h>

struct Rehearsal {
    Cluster *cluster;
    Map *departures; /* why, by "machine/unit", something was to leave since the mark */
    Plan **plans;    /* what was decided and is not carried out yet */
    size_t n_plans;
    Outcome *before;
};

/* --- agents --- */

static int carry_out(Cluster *cluster, const Placement *placement) {
    LaunchState desired = placement->order.desired;
    bool is_gone = desired == LAUNCH_STATE_INACTIVE, is_started = desired == LAUNCH_STATE_LAUNCHED;
    const UnitState state = {
        .machine_id = (char *) placement->machine->id,
        .name = (char *) placement->unit->name,
        .hash = is_gone ? NULL : (char *) placement->order.hash,
        .current = desired,
        .load = (char *) "loaded",
        .active = (char *) (is_started ? "active" : "inactive"),
        .sub = (char *) (is_started ? "running" : "dead"),
        .job = JOB_RESULT_DONE,
        .unit_revision = placement->order.revision,
    };
    return cluster_put_state(cluster, &state);
}

static bool placement_is_answered(const Placement *placement) {
    bool is_withdrawn = placement->order.desired == LAUNCH_STATE_INACTIVE;
    if (is_withdrawn)
        return placement->answer.has_let_go &&
               placement->answer.revision >= placement->order.revision;
    bool is_over = placement->report.is_up || placement->report.is_given_up ||
                   placement->report.failure || placement->order.desired != LAUNCH_STATE_LAUNCHED;
    return placement->report.is_known && is_over &&
           placement->report.revision >= placement->order.revision;
}

static int note_departure(Rehearsal *rehearsal, const char *machine_id, const char *name,
                          const char *reason) {
    _cleanup_free_ char *key = departure_key(machine_id, name), *why = strdup(str_or(reason, ""));
    if (!key || !why)
        return -ENOMEM;
    int r = map_put(rehearsal->departures, key, why);
    if (r >= 0)
        TAKE_PTR(why);
    return MIN(r, 0);
}

/* As the order is now: nobody hears of what it was meanwhile. Nobody carries out the orders of a
 * machine that is away. */
static int answer(Rehearsal *rehearsal, const Placement *placement) {
    const char *machine_id = placement->machine->id, *name = placement->unit->name;
    if (placement->machine->presence != MACHINE_PRESENCE_HERE)
        return 0;
    if (!placement->order.exists)
        return placement->answer.has_let_go
                   ? cluster_remove_state(rehearsal->cluster, machine_id, name)
                   : 0;
    if (placement->order.is_unwritten || placement_is_answered(placement))
        return 0;
    bool is_withdrawn = placement->order.desired == LAUNCH_STATE_INACTIVE;
    int r = is_withdrawn ? note_departure(rehearsal, machine_id, name, placement->order.reason) : 0;
    return r < 0 ? r : carry_out(rehearsal->cluster, placement);
}

/* What is under way already. Nothing comes or goes meanwhile: what there is to be decided is
 * queued. */
static int answer_all(Rehearsal *rehearsal) {
    _unused_ const char *id;
    const ClusterMachine *machine;
    int r = 0;
    MAP_FOREACH (id, machine, rehearsal->cluster->machines)
        for (size_t i = 0; r >= 0 && i < machine->n_placements; i++)
            r = answer(rehearsal, machine->placements[i]);
    return r;
}

/* --- the play --- */

/* A first order that is taken back before anybody has heard of it has no answer. */
static int answer_step(Rehearsal *rehearsal, const PlanStep *step) {
    const Order *order = step->order;
    if (!order)
        return 0;
    const Placement *placement =
        cluster_find_placement(rehearsal->cluster, order->machine_id, order->name);
    return placement ? answer(rehearsal, placement) : 0;
}

static int note_deletions(Rehearsal *rehearsal, const Plan *plan) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
        if (plan->steps[i].kind == PLAN_DELETE_ORDER) {
            const Order *order = plan->steps[i].order;
            r = note_departure(rehearsal, order->machine_id, order->name, order->reason);
        }
    return r;
}

static void forget_plans(Rehearsal *rehearsal) {
    for (size_t i = 0; i < rehearsal->n_plans; i++)
        plan_free(rehearsal->plans[i]);
    rehearsal->n_plans = 0;
}

static int keep_plan_take(Rehearsal *rehearsal, Plan *plan) {
    Plan **plans =
        reallocarray(rehearsal->plans, rehearsal->n_plans + 1, sizeof(*rehearsal->plans));
    if (!plans) {
        plan_free(plan);
        return -ENOMEM;
    }
    rehearsal->plans = plans;
    rehearsal->plans[rehearsal->n_plans++] = plan;
    return 0;
}

static int decide_some(Rehearsal *rehearsal, size_t max_units) {
    Plan *plan;
    int r = cluster_plan(rehearsal->cluster, max_units, &plan);
    if (r < 0)
        return r;
    r = keep_plan_take(rehearsal, plan);
    return r < 0 ? r : note_deletions(rehearsal, plan);
}

static int answer_plans(Rehearsal *rehearsal) {
    int r = 0;
    for (size_t i = 0; i < rehearsal->n_plans; i++)
        for (size_t k = 0; r >= 0 && k < rehearsal->plans[i]->n_steps; k++)
            r = answer_step(rehearsal, &rehearsal->plans[i]->steps[k]);
    forget_plans(rehearsal);
    return r;
}

int rehearsal_step(Rehearsal *rehearsal, size_t max_units) {
    bool has_work = cluster_has_work(rehearsal->cluster);
    int r = has_work ? decide_some(rehearsal, max_units) : answer_plans(rehearsal);
    return r < 0 ? r : rehearsal->n_plans > 0 || cluster_has_work(rehearsal->cluster);
}

int rehearsal_mark(Rehearsal *rehearsal) {
    map_clear(rehearsal->departures);
    outcome_free(TAKE_PTR(rehearsal->before));
    return outcome_take(rehearsal->cluster, &rehearsal->before);
}

int rehearsal_tell(const Rehearsal *rehearsal, Forecast *ret) {
    _cleanup_(outcome_freep) Outcome *after = NULL;
    int r = outcome_take(rehearsal->cluster, &after);
    if (r >= 0)
        r = outcome_compare(rehearsal->before, after, rehearsal->departures, ret);
    if (r >= 0)
        ret->has_changes |= ret->n_changes > 0;
    return r;
}

void rehearsal_free(Rehearsal *rehearsal) {
    if (!rehearsal)
        return;
    forget_plans(rehearsal);
    free(rehearsal->plans);
    map_free(rehearsal->departures);
    outcome_free(rehearsal->before);
    free(rehearsal);
}

int rehearsal_new(Cluster *cluster, Rehearsal **ret) {
    _cleanup_(rehearsal_freep) Rehearsal *rehearsal = calloc(1, sizeof(Rehearsal));
    if (!rehearsal || !(rehearsal->departures = map_new(free)))
        return -ENOMEM;
    rehearsal->cluster = cluster;
    int r = answer_all(rehearsal);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rehearsal);
    return 0;
}
