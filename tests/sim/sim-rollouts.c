#include "tests/sim/sim-rollouts.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "tests/sim/sim-budget.h"
#include "tests/sim/sim-check-internal.h"
#include "tests/sim/sim-units.h"

/* --- what users ask for --- */

/* All of its instances have the same budget in every version of their file (sim-units.c), so that
 * it does not matter by which of them it is judged. */
#define TEMPLATE "roll@.service"
#define SOURCE "roll@1.service"

static const char *const singles[] = {"a.service", "slow.service", "broken.service",
                                      "once.service"};
static const char *const globals[] = {"everywhere.service", "everywhere.service", "agent.service"};

static void ask(Sim *sim, SimAct *act, SimRequestKind kind, const char *name, const char *text,
                const char *value) {
    const SimRequestWhat what = {.kind = kind,
                                 .name = name,
                                 .text = text,
                                 .value = value,
                                 .desired = LAUNCH_STATE_LAUNCHED,
                                 .patience_usec = sim_random_chance(&act->random, 12)
                                                      ? sim_random_span(&act->random, USEC_PER_SEC)
                                                      : USEC_INFINITY};
    sim_requests_ask(sim->requests, sim_act_node(sim, act), &what);
}

static const char *choose_name(SimAct *act) {
    bool is_single = sim_random_chance(&act->random, 20),
         is_global = sim_random_chance(&act->random, 30);
    size_t i = sim_random_below(&act->random, ELEMENTSOF(singles)),
           k = sim_random_below(&act->random, ELEMENTSOF(globals));
    return is_single ? singles[i] : is_global ? globals[k] : TEMPLATE;
}

/* Some take longer to start than they are given. */
static char *choose_policy(SimAct *act, const SimUnit *unit) {
    static const char *const ends[] = {"rollback", "rollback", "pause", "continue"};
    static const char *const orders[] = {"stop-first", "start-first"};
    size_t parallel = 1 + sim_random_below(&act->random, 2),
           healthy = sim_random_below(&act->random, 4), more = sim_random_below(&act->random, 10),
           end = sim_random_below(&act->random, ELEMENTSOF(ends));
    bool has_canaries = sim_random_chance(&act->random, 20),
         is_start_first = sim_random_chance(&act->random, 40) && !unit->is_global;
    return sim_must(str_printf("\"parallel\":%zu,\"canaries\":%d,\"healthySeconds\":%zu,"
                               "\"deadlineSeconds\":%zu,\"onFailure\":\"%s\",\"order\":\"%s\"",
                               parallel, has_canaries, healthy, healthy + 1 + more, ends[end],
                               orders[is_start_first]));
}

static void say(Sim *sim, SimAct *act, const char *name) {
    static const char *const words[] = {"pause", "resume", "resume", "promote", "promote", "undo"};
    ask(sim, act, SIM_REQUEST_SAY, name, NULL,
        words[sim_random_below(&act->random, ELEMENTSOF(words))]);
}

void sim_say_of_deployment(Sim *sim, SimAct *act) {
    say(sim, act, choose_name(act));
}

#define SAID_USEC (20 * USEC_PER_SEC)

static void say_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    say(sim, (SimAct *) data, TEMPLATE);
}

/* There may be no instance of it yet. */
static void start_instances(Sim *sim, SimAct *act) {
    static const char *const instances[] = {"roll@1.service", "roll@2.service", "roll@3.service",
                                            "roll@10.service", "everywhere.service"};
    for (size_t i = 0; i < ELEMENTSOF(instances); i++) {
        _cleanup_free_ char *text = sim_must(sim_unit_text(sim_unit_find(instances[i]), 0));
        if (sim_random_chance(&act->random, 50))
            ask(sim, act, SIM_REQUEST_PUT, instances[i], text, NULL);
    }
}

static void deploy_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    const char *name = choose_name(act);
    const SimUnit *unit = sim_unit_find(streq(name, TEMPLATE) ? SOURCE : name);
    unsigned version = 100 + (unsigned) sim_random_below(&act->random, 6);
    _cleanup_free_ char *text = sim_must(sim_unit_text(unit, version));
    _cleanup_free_ char *policy = choose_policy(act, unit);
    ask(sim, act, SIM_REQUEST_DEPLOY, name, text, policy);
    if (sim_random_chance(&act->random, 40))
        sim_later(sim, sim_random_span(&act->random, SAID_USEC), say_later, NULL, act);
}

/* --- restarts --- */

typedef struct Restart {
    const char *name, *policy;
} Restart;

#define RESTART_PERCENT 35

static const Restart restarts[] = {
    {TEMPLATE, "\"healthySeconds\":1,\"deadlineSeconds\":8"},
    {TEMPLATE, "\"parallel\":2,\"healthySeconds\":0,\"deadlineSeconds\":4"},
    {TEMPLATE, "\"healthySeconds\":2,\"deadlineSeconds\":9,\"order\":\"start-first\""},
    {TEMPLATE, "\"healthySeconds\":0,\"deadlineSeconds\":5,\"onFailure\":\"continue\""},
    {TEMPLATE, "\"canaries\":1,\"healthySeconds\":1,\"deadlineSeconds\":6"},
    {"roll@2.service", "\"healthySeconds\":0,\"onFailure\":\"continue\""},
    {"a.service", "\"healthySeconds\":0,\"onFailure\":\"continue\""},
    {"slow.service", "\"healthySeconds\":0,\"deadlineSeconds\":3"},
    {"once.service", "\"healthySeconds\":0,\"order\":\"stop-first\""},
};

static void restart_later(Sim *sim, SimNode *node, const void *data) {
    const Restart *restart = data;
    const SimRequestWhat what = {.kind = SIM_REQUEST_DEPLOY,
                                 .name = restart->name,
                                 .value = restart->policy,
                                 .desired = LAUNCH_STATE_LAUNCHED,
                                 .patience_usec = USEC_INFINITY};
    sim_requests_ask(sim->requests, node, &what);
}

/* By a chance of their own, so that the rest of the act is as without. */
static void maybe_restart(Sim *sim, const SimAct *act) {
    SimRandom random = {~act->random.state};
    SimNode *node = &sim->cluster->nodes[sim_random_below(&random, sim->cluster->n_nodes)];
    size_t n = 1 + sim_random_below(&random, 3);
    for (size_t i = 0; sim_random_chance(&random, RESTART_PERCENT) && i < n; i++) {
        const Restart *restart = &restarts[sim_random_below(&random, ELEMENTSOF(restarts))];
        sim_later(sim, sim_random_span(&random, 2 * SAID_USEC), restart_later, node, restart);
    }
}

void sim_deploy(Sim *sim, SimAct *act) {
    maybe_restart(sim, act);
    bool with_instances = sim_random_chance(&act->random, 60);
    if (with_instances)
        start_instances(sim, act);
    sim_later(sim, with_instances ? sim_random_span(&act->random, SAID_USEC) : 0, deploy_later,
              NULL, act);
}

/* --- what must hold at each step --- */

/* It got another file in the very transaction that wrote the record. */
static bool was_changed_with(const SimView *view, const RolloutUnit *unit) {
    const Unit *known = sim_view_unit(view, unit->name);
    return known && known->revision == sim_view_revision(view) &&
           !unit_name_is_template(unit->name);
}

static const RolloutUnit *find_changed(const SimView *view, const Rollout *rollout) {
    for (size_t i = 0; i < rollout->n_units; i++)
        if (was_changed_with(view, &rollout->units[i]))
            return &rollout->units[i];
    return NULL;
}

/* Those that show what the file is worth, as far as that is sure: they are to run, and had a place.
 */
static bool is_canary(const SimCheck *check, const RolloutUnit *unit) {
    const Unit *known = sim_view_unit(check->cluster->view, unit->name);
    bool has_begun = unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_DONE ||
                     unit->phase == ROLLOUT_UNIT_FAILED;
    return has_begun && !unit->had_no_place && known && known->desired == LAUNCH_STATE_LAUNCHED &&
           sim_check_has_settled(check, KEY_UNIT, NULL, unit->name);
}

static size_t count_canaries_beside(const SimCheck *check, const Rollout *rollout,
                                    const RolloutUnit *unit) {
    size_t n = 0;
    for (size_t i = 0; i < rollout->n_units; i++)
        n += &rollout->units[i] != unit && is_canary(check, &rollout->units[i]);
    return n;
}

static void judge_count(SimCheck *check, const Deployment *deployment, const Rollout *rollout,
                        const RolloutUnit *unit) {
    size_t n = rollout_count(rollout, unit->phase);
    if (n > deployment->policy.parallel)
        sim_trace_fail(check->trace, "%zu units of %s get files at a time, and not %" PRIu64, n,
                       rollout->name, deployment->policy.parallel);
    size_t n_canaries = count_canaries_beside(check, rollout, unit);
    if (unit->phase == ROLLOUT_UNIT_UPDATING && !deployment->is_promoted &&
        deployment->policy.canaries > 0 && n_canaries >= deployment->policy.canaries &&
        sim_check_has_settled(check, KEY_DEPLOYMENT, NULL, rollout->name))
        sim_trace_fail(check->trace, "%s goes on, and nobody has promoted it", rollout->name);
}

static const Order *find_launched(const SimView *view, const char *name) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE))
        if (streq(order->name, name) && order->desired == LAUNCH_STATE_LAUNCHED)
            return order;
    return NULL;
}

static bool has_settled(const SimCheck *check, const Order *order) {
    return sim_check_has_settled(check, KEY_STATE, order->machine_id, order->name) &&
           sim_check_has_settled(check, KEY_SCHEDULE, order->machine_id, order->name);
}

typedef struct Looker {
    const SimCheck *check;
    const Rollout *rollout; /* the record that is judged */
} Looker;

static bool is_under_way(const Rollout *rollout, const char *name) {
    const RolloutUnit *unit = rollout_find_unit(rollout, name);
    return unit && (unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_RESTORING);
}

/* It was given another file by this deployment, and nobody can have heard that it is up with it. */
static bool is_still_down(const Looker *looker, const Unit *unit, const Order *order) {
    const UnitState *state =
        sim_view_state(looker->check->cluster->view, order->machine_id, unit->name);
    return is_under_way(looker->rollout, unit->name) &&
           !rollout_find_unit(looker->rollout, unit->name)->is_beside &&
           (!state || state->unit_revision < unit->revision);
}

static bool is_surely_down(const Unit *unit, const void *userdata) {
    const Looker *looker = userdata;
    const SimCheck *check = looker->check;
    const SimView *view = check->cluster->view;
    const Order *order = find_launched(view, unit->name);
    if (!order)
        return false;
    return is_still_down(looker, unit, order) ||
           (has_settled(check, order) && sim_check_has_settled(check, KEY_UNIT, NULL, unit->name) &&
            !sim_is_available(view, unit->name));
}

/* The order is still that of the former file. */
static bool was_surely_up(const SimCheck *check, const char *name) {
    const Order *order = find_launched(check->cluster->view, name);
    return order && has_settled(check, order) && sim_is_available(check->cluster->view, name);
}

/* What this deployment has changed its leader knows. */
static bool others_have_settled(const SimCheck *check, const Rollout *rollout) {
    for (size_t i = 0; sim_unit(i); i++)
        if (!is_under_way(rollout, sim_unit(i)->name) &&
            !sim_check_has_settled(check, KEY_UNIT, NULL, sim_unit(i)->name))
            return false;
    return true;
}

static void judge_budget(SimCheck *check, const Rollout *rollout, const RolloutUnit *unit) {
    const Looker looker = {check, rollout};
    bool is_of_template = strncmp(unit->name, TEMPLATE, strcspn(TEMPLATE, ".")) == 0;
    if (is_of_template && !unit->is_beside && was_surely_up(check, unit->name) &&
        others_have_settled(check, rollout) &&
        !sim_budget_has_room(check->cluster->view, unit->name, is_surely_down, &looker))
        sim_trace_fail(check->trace, "%s gets another file, and its group has no budget for it",
                       unit->name);
}

/* What others have given it meanwhile is theirs. */
static void judge_file(SimCheck *check, const Deployment *deployment, const RolloutUnit *unit) {
    const char *hash = sim_view_unit(check->cluster->view, unit->name)->hash;
    bool is_update = unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_DONE;
    const char *expected = deployment->is_restart ? unit->found
                           : is_update            ? deployment->hash
                                                  : unit->before;
    if (!streq_ptr(hash, expected))
        sim_trace_fail(check->trace, "%s gets the file %s, and not %s", unit->name, hash,
                       str_or(expected, "none"));
}

/* By a number of its own, which is never used again. */
static void judge_restart(SimCheck *check, const Deployment *deployment, const RolloutUnit *unit) {
    int64_t restart = sim_view_unit(check->cluster->view, unit->name)->restart;
    if (deployment->is_restart && (unit->restart == 0 || restart != unit->restart))
        sim_trace_fail(check->trace, "%s is restarted by the number %" PRId64 ", and not %" PRId64,
                       unit->name, restart, unit->restart);
}

void sim_rollouts_judge(SimCheck *check, const char *name, const Rollout *new) {
    const SimView *view = check->cluster->view;
    const Deployment *deployment = map_get(sim_view_all(view, KEY_DEPLOYMENT), name);
    const RolloutUnit *unit = new ? find_changed(view, new) : NULL;
    if (!unit || !deployment || deployment->since_usec != new->deployment_usec)
        return;
    judge_count(check, deployment, new, unit);
    judge_budget(check, new, unit);
    judge_file(check, deployment, unit);
    judge_restart(check, deployment, unit);
    sim_brake_judge_beginning(check, unit->name, "has its turn in a deployment");
}

/* --- what holds in the end --- */

bool sim_rollouts_name_file(const SimView *view, const char *hash) {
    _unused_ const char *name;
    const Rollout *rollout;
    MAP_FOREACH (name, rollout, sim_view_all(view, KEY_ROLLOUT))
        for (size_t i = 0; i < rollout->n_units; i++)
            if (streq_ptr(rollout->units[i].before, hash) ||
                streq_ptr(rollout->units[i].keeps, hash) || streq_ptr(rollout->before, hash))
                return true;
    return false;
}

void sim_rollouts_check_rest(const SimCluster *cluster, SimTrace *trace) {
    const char *name;
    const Deployment *deployment;
    const Rollout *rollout;
    MAP_FOREACH (name, deployment, sim_view_all(cluster->view, KEY_DEPLOYMENT)) {
        rollout = map_get(sim_view_all(cluster->view, KEY_ROLLOUT), name);
        bool is_known = rollout && rollout->deployment_usec == deployment->since_usec;
        bool waits = is_known && (rollout->phase == ROLLOUT_PAUSED ||
                                  rollout->phase == ROLLOUT_WAITING || rollout->why);
        if (!is_known || !(rollout_phase_is_over(rollout->phase) || waits))
            sim_trace_fail(trace, "the deployment of %s has not come to rest", name);
    }
    MAP_FOREACH (name, rollout, sim_view_all(cluster->view, KEY_ROLLOUT))
        if (!map_has(sim_view_all(cluster->view, KEY_DEPLOYMENT), name))
            sim_trace_fail(trace, "the record of a deployment of %s is left over", name);
}
