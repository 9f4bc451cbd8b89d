/* Random clusters with random histories, each from a seed: what must hold of all of them. SEEDS=n
 * in the environment tries n of them, SEED=s only that one; PROPERTY=word only what has that word.
 */
#include "fleetd/base/strv.h"
#include "fleetd/sched/proposal.h"
#include "fleetd/sched/rebalance-step.h"
#include "fleetd/sched/rehearsal.h"
#include "tests/sched/oracle.h"
#include "tests/sched/told.h"
#include "tests/sched/world.h"

#include <stdio.h>

#define SEEDS_DEFAULT 400
#define N_ACTIONS 120
#define N_MACHINES 5
#define N_UNITS 10
#define N_ROUNDS_MAX 60 /* to come to rest; a handful is usual */

typedef struct Chance {
    uint64_t state;
} Chance;

/* splitmix64 */
static uint64_t chance_next(Chance *chance) {
    uint64_t z = (chance->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t pick(Chance *chance, size_t n) {
    return (size_t) (chance_next(chance) % n);
}

static size_t pick_for_shuffle(void *userdata, size_t n) {
    return pick(userdata, n);
}

static bool maybe(Chance *chance, size_t percent) {
    return pick(chance, 100) < percent;
}

/* Things to do with */

static char *some_machine(Chance *chance) {
    return str_printf("%032zx", pick(chance, N_MACHINES) + 1);
}

static char *some_unit(Chance *chance) {
    return str_printf("%c@%zu.service", (int) ('a' + pick(chance, 2)), pick(chance, N_UNITS / 2));
}

/* A unit, or several by a glob. */
static char *some_glob(Chance *chance) {
    if (maybe(chance, 60))
        return some_unit(chance);
    return maybe(chance, 50) ? str_printf("%c@*.service", (int) ('a' + pick(chance, 2)))
                             : str_printf("?@%zu.service", pick(chance, N_UNITS / 2));
}

static const char *const regions[] = {"eu", "us", "asia"};

static char *some_preferences(Chance *chance) {
    return str_printf("region=%s %zu disk=%s %zu", regions[pick(chance, ELEMENTSOF(regions))],
                      pick(chance, 3) + 1, maybe(chance, 50) ? "ssd" : "hdd", pick(chance, 3) + 1);
}

static void add_option(char **options, const char *name, char *value_take) {
    char *longer = str_printf("%s%s=%s\n", *options, name, value_take);
    must(longer);
    free(value_take);
    free(*options);
    *options = longer;
}

static bool options_are_allowed(const char *name, const char *options) {
    _cleanup_free_ char *text = str_printf("[X-Fleet]\n%s", options);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    must(unit_file_parse(text, strlen(text), &file, NULL) == 0);
    return requirements_parse(file, name, &requirements, NULL) == 0;
}

static const char *const budgets[] = {"0", "2", "3", "50%"};

static char *some_options(Chance *chance, const char *name) {
    for (;;) {
        char *options = strdup("");
        if (maybe(chance, 30))
            add_option(&options, "MachineMetadata",
                       str_printf("region=%s", regions[pick(chance, ELEMENTSOF(regions))]));
        if (maybe(chance, 5))
            add_option(&options, "MachineID", some_machine(chance));
        if (maybe(chance, 20))
            add_option(&options, "MachineOf", some_unit(chance));
        if (maybe(chance, 25))
            add_option(&options, "Conflicts", some_glob(chance));
        if (maybe(chance, 20))
            add_option(&options, "Replaces", some_glob(chance));
        if (maybe(chance, 40))
            add_option(&options, "ReserveMemory", str_printf("%zuM", pick(chance, 8) * 128));
        if (maybe(chance, 10))
            add_option(&options, "ReserveMemory", str_printf("%zu%%", pick(chance, 101)));
        if (maybe(chance, 20))
            add_option(&options, "ReserveCPU", str_printf("%zu%%", pick(chance, 30) * 10));
        if (maybe(chance, 30))
            add_option(&options, "Spread", strdup(maybe(chance, 70) ? "region" : "region disk"));
        if (maybe(chance, 20))
            add_option(&options, "Prefer", some_preferences(chance));
        if (maybe(chance, 20))
            add_option(&options, "Avoid", some_preferences(chance));
        if (maybe(chance, 20))
            add_option(&options, "Priority", str_printf("%zu", pick(chance, 101)));
        if (maybe(chance, 15))
            add_option(&options, "Preempt", strdup("yes"));
        if (maybe(chance, 10))
            add_option(&options, "Global", strdup("true"));
        if (maybe(chance, 20))
            add_option(&options, "Group", strdup("some"));
        if (maybe(chance, 30))
            add_option(&options, "MaxUnavailable", strdup(budgets[pick(chance, 4)]));
        if (maybe(chance, 40))
            add_option(&options, "Reschedule", strdup("on-failure"));
        if (options_are_allowed(name, options))
            return options;
        free(options);
    }
}

/* What may happen */

static void put_machine(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    _cleanup_free_ char *metadata =
        str_printf("region=%s%s", regions[pick(chance, ELEMENTSOF(regions))],
                   maybe(chance, 50) ? ",disk=ssd" : "");
    world_put_machine(world, id,
                      maybe(chance, 10) ? MACHINE_STATUS_RESTARTING : MACHINE_STATUS_RUNNING,
                      maybe(chance, 80) ? metadata : "");
}

static void set_capacity(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    world_set_capacity(world, id, (uint64_t) pick(chance, 5) << 29, pick(chance, 4),
                       maybe(chance, 30) ? 100 + pick(chance, 100) : 0);
}

static void remove_machine(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    if (world_is_live(world, id))
        world_remove_machine(world, id);
}

static LaunchState some_desired(Chance *chance) {
    return maybe(chance, 70) ? LAUNCH_STATE_LAUNCHED : (LaunchState) pick(chance, 2);
}

static void put_unit(World *world, Chance *chance) {
    _cleanup_free_ char *name = some_unit(chance);
    _cleanup_free_ char *options = some_options(chance, name);
    world_put_unit(world, name, some_desired(chance), options);
}

static void want_unit(World *world, Chance *chance) {
    _cleanup_free_ char *name = some_unit(chance);
    const WorldUnit *unit = map_get(world->units, name);
    if (!unit)
        return;
    LaunchState desired = some_desired(chance);
    bool is_restart = desired == unit->unit.desired && world->revision % 2 == 0;
    if (is_restart)
        world_restart_unit(world, name);
    else
        world_put_unit(world, name, desired, NULL);
}

static void remove_unit(World *world, Chance *chance) {
    _cleanup_free_ char *name = some_unit(chance);
    if (map_has(world->units, name))
        world_remove_unit(world, name);
}

static void maintain(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    Maintenance maintenance = {
        .machine_id = id, .is_draining = maybe(chance, 70), .ignore_global = maybe(chance, 30)};
    world_put_maintenance(world, &maintenance);
}

static void end_drain(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    world_end_drain(world, id);
}

static void end_maintenance(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    if (map_has(world->maintenances, id))
        world_remove_maintenance(world, id);
}

static void break_unit(World *world, Chance *chance) {
    _cleanup_free_ char *name = some_unit(chance);
    _cleanup_free_ char *id = maybe(chance, 50) ? some_machine(chance) : NULL;
    world_break_unit(world, id, name, maybe(chance, 50));
}

static void review_failures(World *world, Chance *chance) {
    world_review_failures(world, pick(chance, 40) * USEC_PER_SEC);
}

static void agent_acts(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    _cleanup_free_ char *name = some_unit(chance);
    world_agent_act(world, id, name);
}

static void agents_act(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    world_agents_act(world, id);
}

static void tell(World *world, Chance *chance) {
    world_tell(world, pick(chance, 10));
}

static void plan_blindly(World *world, Chance *chance) {
    plan_free(world_plan(world, pick(chance, 6)));
}

static Map *standing_orders(const World *world) {
    Map *standing = map_new(NULL);
    const char *key;
    void *order;
    MAP_FOREACH (key, order, world->orders)
        must(map_put(standing, key, standing) >= 0);
    return standing;
}

static void plan_knowingly(World *world, Chance *chance) {
    world_tell(world, SIZE_MAX);
    world_give_up_missing(world);
    _cleanup_(map_freep) Map *before = standing_orders(world);
    plan_free(world_plan(world, 0));
    _cleanup_(oracle_freep) Oracle *oracle = oracle_new(world);
    oracle_check_placements(oracle);
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, world->orders)
        if (!map_has(before, key) && !strstr(order->reason, "pushes away"))
            oracle_check_room(oracle, order);
}

static void restart(World *world, Chance *chance) {
    world_restart_engine(world, pick_for_shuffle, chance);
}

typedef struct Action {
    void (*act)(World *world, Chance *chance);
    size_t weight;
} Action;

static const Action actions[] = {
    {set_capacity, 6},  {put_machine, 12},     {remove_machine, 3},
    {put_unit, 20},     {want_unit, 12},       {remove_unit, 6},
    {agent_acts, 30},   {agents_act, 8},       {tell, 20},
    {plan_blindly, 10}, {plan_knowingly, 8},   {restart, 2},
    {maintain, 4},      {end_drain, 1},        {end_maintenance, 4},
    {break_unit, 8},    {review_failures, 12},
};

static void something_happens(World *world, Chance *chance) {
    size_t sum = 0;
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        sum += actions[i].weight;
    size_t n = pick(chance, sum), i = 0;
    for (; n >= actions[i].weight; i++)
        n -= actions[i].weight;
    actions[i].act(world, chance);
}

/* Machines that restart come back, and then all sides go on until nobody has anything to do. */
static void come_to_rest(World *world) {
    const char *id;
    const Machine *machine;
    _cleanup_free_ const char **ids = NULL;
    must(map_sorted_keys(world->machines, &ids) == 0);
    for (size_t i = 0; ids[i]; i++) {
        machine = map_get(world->machines, ids[i]);
        id = machine->id;
        _cleanup_free_ char *own_id = strdup(id);
        _cleanup_free_ char *metadata = metadata_format(&machine->metadata);
        world_put_machine(world, own_id, MACHINE_STATUS_RUNNING, metadata);
    }
    for (size_t round = 0; round < N_ROUNDS_MAX; round++) {
        world_agents_act(world, NULL);
        bool is_quiet = round > 0 && world->n_events == 0;
        world_tell(world, SIZE_MAX);
        world_give_up_missing(world);
        world_review_failures(world, 0);
        _cleanup_(plan_freep) Plan *plan = world_plan(world, 0);
        if (is_quiet && plan->n_steps == 0)
            return;
    }
    world_fail("does not come to rest");
}

/* Of several obstacles it may name another one. */
static bool is_another_word(const PlanStep *step) {
    return step->kind == PLAN_PUT_PENDING ||
           (step->kind == PLAN_PUT_ORDER && strstr(step->order->reason, "stays on its machine"));
}

static void check_history(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = world_new();
    for (size_t i = 0; i < N_ACTIONS; i++)
        something_happens(world, &chance);
    come_to_rest(world);
    _cleanup_(oracle_freep) Oracle *oracle = oracle_new(world);
    oracle_check_rest(oracle);

    world_restart_engine(world, pick_for_shuffle, &chance);
    _cleanup_(plan_freep) Plan *plan = world_plan(world, 0);
    for (size_t i = 0; i < plan->n_steps; i++)
        if (!is_another_word(&plan->steps[i]))
            world_fail("a new engine finds something to do");
}

/* Plans for fresh clusters */

static void step_append(char **text, const PlanStep *step) {
    _cleanup_free_ char *value =
        step->kind == PLAN_PUT_ORDER ? order_format(step->order) : pending_format(step->pending);
    must(step->kind == PLAN_PUT_ORDER || step->kind == PLAN_PUT_PENDING);
    char *longer = str_printf("%s%s %s %s\n", *text, step->order ? step->order->machine_id : "",
                              step->order ? step->order->name : step->pending->name, value);
    free(*text);
    *text = longer;
    must(longer);
}

static char *plan_of_new_engine(World *world, Chance *chance) {
    world_restart_engine(world, pick_for_shuffle, chance);
    _cleanup_(plan_freep) Plan *plan = NULL;
    must(cluster_plan(world->cluster, 0, &plan) == 0);
    char *text = strdup("");
    for (size_t i = 0; i < plan->n_steps; i++)
        step_append(&text, &plan->steps[i]);
    return text;
}

static void check_order_of_input(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = world_new();
    for (size_t i = 0; i < 4; i++)
        put_machine(world, &chance);
    for (size_t i = 0; i < 6; i++)
        set_capacity(world, &chance);
    for (size_t i = 0; i < 3 * N_UNITS; i++)
        put_unit(world, &chance);
    _cleanup_free_ char *first = plan_of_new_engine(world, &chance);
    for (size_t i = 0; i < 3; i++) {
        _cleanup_free_ char *again = plan_of_new_engine(world, &chance);
        if (!streq(first, again))
            world_fail("another order of events gives another plan:\n%s\n%s", first, again);
    }
}

static World *some_settled_world(Chance *chance) {
    World *world = world_new();
    for (size_t i = 0; i < 6; i++)
        put_machine(world, chance);
    for (size_t i = 0; i < 3; i++)
        set_capacity(world, chance);
    for (size_t i = 0; i < 2 * N_UNITS; i++)
        put_unit(world, chance);
    come_to_rest(world);
    return world;
}

static void fail_here_and_there(World *world, Chance *chance, const char *name) {
    Failures failures = {.name = (char *) name, .unit_revision = world->revision};
    Failures *record;
    must(failures_copy(&failures, &record) == 0);
    for (size_t i = 0; i < 3; i++) {
        _cleanup_free_ char *id = some_machine(chance);
        FailurePlace *place;
        must(failures_need(record, id, &place) == 0);
        place->count = 1 + pick(chance, 2);
    }
    must(map_put(world->failures, name, record) >= 0);
    must(cluster_put_failures(world->cluster, record) == 0);
}

/* That it stands where it fits and says why elsewhere is told by the histories; here, that of those
 * that fit it is the best. */
static void check_choice(uint64_t seed) {
    static const char name[] = "a@new.service";
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_settled_world(&chance);
    _cleanup_free_ char *options = some_options(&chance, name);
    if (strstr(options, "Replaces") || strstr(options, "Global") || strstr(options, "Preempt"))
        return;
    world_put_unit(world, name, LAUNCH_STATE_LAUNCHED, options);
    if (maybe(&chance, 50))
        fail_here_and_there(world, &chance, name);
    _cleanup_(oracle_freep) Oracle *oracle = oracle_new(world);
    _cleanup_free_ char *best = NULL;
    const char *found = oracle_best_machine(oracle, name);
    must(!found || (best = strdup(found)));
    world_tell(world, SIZE_MAX);
    plan_free(world_plan(world, 0));
    const char *id, *place = NULL;
    _unused_ const Machine *machine;
    MAP_FOREACH (id, machine, world->machines)
        place = world_find_order(world, id, name) ? id : place;
    if (!streq_ptr(best, place))
        world_fail("is on %s instead of %s", str_or(place, "no machine"),
                   str_or(best, "no machine"));
}

/* Forecasts: what is told of a request is what then happens. */

static void rehearse(Rehearsal *rehearsal) {
    size_t n = 0;
    while (rehearsal_step(rehearsal, 3) > 0)
        must(n++ < 10000);
}

/* One request, or a few that come at once. */
static void ask_for_something(World *world, Chance *chance) {
    for (size_t n = 1 + pick(chance, 3); n > 0; n--)
        if (maybe(chance, 55))
            put_unit(world, chance);
        else if (maybe(chance, 50))
            want_unit(world, chance);
        else if (maybe(chance, 50))
            remove_unit(world, chance);
        else
            maintain(world, chance);
}

/* As the world is, for another cluster: what is new and what has gone. */
static void tell_wishes(const World *world, const Map *units_before, Cluster *cluster) {
    const char *key;
    const WorldUnit *unit;
    const Maintenance *maintenance;
    const void *nothing;
    MAP_FOREACH (key, unit, world->units)
        must(cluster_put_unit_take(cluster, &unit->unit, world_requirements(unit)) == 0);
    MAP_FOREACH (key, nothing, units_before)
        must(map_has(world->units, key) || cluster_remove_unit(cluster, key) == 0);
    MAP_FOREACH (key, maintenance, world->maintenances)
        must(cluster_put_maintenance(cluster, maintenance) == 0);
}

static Map *list_keys(const Map *map) {
    Map *keys = map_new(NULL);
    const char *key;
    _unused_ const void *value;
    MAP_FOREACH (key, value, map)
        must(map_put(keys, key, NULL) >= 0);
    return keys;
}

static void check_forecast(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_settled_world(&chance);
    for (size_t i = pick(&chance, 3); i > 0; i--)
        maintain(world, &chance);
    come_to_rest(world);
    world_restart_engine(world, pick_for_shuffle, &chance);
    _cleanup_(cluster_freep) Cluster *model = TAKE_PTR(world->cluster);
    world_restart_engine(world, pick_for_shuffle, &chance);
    come_to_rest(world);
    _cleanup_(told_freep) Told *before = told_take(world->orders, world->pendings);
    _cleanup_(map_freep) Map *units_before = list_keys(world->units);
    _cleanup_(rehearsal_freep) Rehearsal *rehearsal = NULL;
    _cleanup_forecast_ Forecast forecast = {}, nothing = {};
    must(rehearsal_new(model, &rehearsal) == 0);
    rehearse(rehearsal);
    must(rehearsal_mark(rehearsal) == 0);
    must(rehearsal_tell(rehearsal, &nothing) == 0 && nothing.n_changes == 0);

    ask_for_something(world, &chance);
    tell_wishes(world, units_before, model);
    rehearse(rehearsal);
    must(rehearsal_tell(rehearsal, &forecast) == 0);
    come_to_rest(world);
    _cleanup_(told_freep) Told *after = told_take(world->orders, world->pendings);
    _cleanup_free_ char *complaint = told_compare(before, after, &forecast, false);
    if (complaint)
        world_fail("%s", complaint);
}

/* --- evening the load out --- */

#define N_REBALANCES_MAX 30

static char *proposal_text(World *world) {
    _cleanup_free_ ProposedMove *moves = NULL;
    size_t n;
    world_tell(world, SIZE_MAX);
    must(cluster_propose_moves(world->cluster, 100, &moves, &n) == 0);
    char *text = strdup("");
    for (size_t i = 0; i < n; i++) {
        char *longer =
            str_printf("%s%s: %s to %s\n", text, moves[i].unit, moves[i].from, moves[i].to);
        free(text);
        text = longer;
    }
    return text;
}

/* A step of whoever leads, of those who plan, and of all machines. */
static Rebalance *go_on(World *world, Rebalance *before_take) {
    _cleanup_(rebalance_freep) Rebalance *before = before_take;
    Rebalance *next;
    world_tell(world, SIZE_MAX);
    must(rebalance_step(world->cluster, before, false, &next) == 0);
    must(cluster_wish_moves(world->cluster, next->phase == REBALANCE_MOVING ? next : NULL) >= 0);
    do {
        plan_free(world_plan(world, 0));
        world_agents_act(world, NULL);
    } while (world->n_events > 0 && (world_tell(world, SIZE_MAX), true));
    return next;
}

static Rebalance *rebalance_to_its_end(World *world, const Rebalance *wanted) {
    Rebalance *rebalance;
    must(rebalance_copy(wanted, &rebalance) == 0);
    rebalance = go_on(world, rebalance);
    for (size_t i = 0; i < N_ROUNDS_MAX && rebalance_is_under_way(rebalance); i++)
        rebalance = go_on(world, rebalance);
    return rebalance;
}

/* How many moves were made. */
static size_t rebalance_once(World *world, size_t max_moves) {
    _cleanup_(rebalance_freep) Rebalance *rebalance =
        rebalance_to_its_end(world, &(Rebalance){.max_moves = max_moves});
    must(max_moves == 0 || rebalance->n_moves <= max_moves);
    if (rebalance_is_under_way(rebalance)) {
        _cleanup_free_ char *text = rebalance_format(rebalance);
        world_fail("a rebalance has no end: %s", text);
    }
    return rebalance_count(rebalance, MOVE_MADE);
}

static void check_rebalance(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_settled_world(&chance);
    for (size_t i = 0; i < 3; i++)
        put_machine(world, &chance);
    come_to_rest(world);
    _cleanup_free_ char *text = proposal_text(world);
    world_restart_engine(world, pick_for_shuffle, &chance);
    _cleanup_free_ char *again = proposal_text(world);
    if (!streq(text, again))
        world_fail("another order of events gives another proposal:\n%s\n%s", text, again);
    size_t n = 0;
    while (n < N_REBALANCES_MAX && rebalance_once(world, pick(&chance, 4)) > 0)
        n++;
    if (n == N_REBALANCES_MAX)
        world_fail("there is always something more to move");
    come_to_rest(world);
    _cleanup_(oracle_freep) Oracle *oracle = oracle_new(world);
    oracle_check_rest(oracle);
}

/* As after machines have joined or were cordoned: units that say the same, and are not where they
 * would be placed today. */
static World *some_uneven_world(Chance *chance) {
    World *world = world_new();
    for (size_t i = 0; i < 2 * N_MACHINES; i++)
        put_machine(world, chance);
    for (size_t i = 0; i < 3; i++)
        set_capacity(world, chance);
    for (size_t i = 0; i < N_MACHINES; i++) {
        _cleanup_free_ char *id = str_printf("%032zx", i + 1);
        if (maybe(chance, 50))
            world_put_maintenance(world, &(Maintenance){.machine_id = id});
    }
    for (char c = 'a'; c < 'c'; c++) {
        _cleanup_free_ char *first = str_printf("%c@0.service", c);
        _cleanup_free_ char *options = some_options(chance, first);
        for (size_t i = 0; i < N_UNITS / 2; i++) {
            _cleanup_free_ char *name = str_printf("%c@%zu.service", c, i);
            world_put_unit(world, name, LAUNCH_STATE_LAUNCHED,
                           options_are_allowed(name, options) ? options : "");
        }
    }
    for (size_t i = 0; i < 3; i++)
        put_unit(world, chance);
    come_to_rest(world);
    _cleanup_free_ const char **ids = NULL;
    must(map_sorted_keys(world->maintenances, &ids) == 0);
    for (size_t i = 0; ids[i]; i++) {
        _cleanup_free_ char *id = strdup(ids[i]);
        world_remove_maintenance(world, id);
    }
    come_to_rest(world);
    return world;
}

/* To where it would be placed today, if it were nowhere. */
static void check_move(World *world, const ProposedMove *move) {
    _cleanup_(oracle_freep) Oracle *oracle = oracle_new(world);
    Order *order = world_find_order(world, move->from, move->unit);
    LaunchState desired = order->desired;
    order->desired = LAUNCH_STATE_INACTIVE;
    const char *best = oracle_best_machine(oracle, move->unit);
    if (!streq_ptr(best, move->to))
        world_fail("%s is to move from %s to %s instead of %s", move->unit, move->from, move->to,
                   str_or(best, "no machine"));
    order->desired = desired;
}

static void check_targets(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_uneven_world(&chance);
    for (size_t i = 0; i < N_REBALANCES_MAX; i++) {
        _cleanup_free_ ProposedMove *moves = NULL;
        size_t n;
        world_tell(world, SIZE_MAX);
        must(cluster_propose_moves(world->cluster, 1, &moves, &n) == 0);
        if (n == 0)
            return;
        check_move(world, &moves[0]);
        must(rebalance_once(world, 1) == 1);
    }
    world_fail("there is always something more to move");
}

static size_t n_not_compared;

/* It may have taken what the first moves have released. */
static bool one_of_them_waits_no_more(const World *world, const Map *waited) {
    const char *name;
    _unused_ const void *none;
    MAP_FOREACH (name, none, waited)
        if (!map_has(world->pendings, name))
            return true;
    return false;
}

static bool moves_are_made(const Rebalance *told, const Rebalance *made) {
    bool are_made = told->n_moves == made->n_moves;
    for (size_t i = 0; are_made && i < told->n_moves; i++) {
        const RebalanceMove *a = &told->moves[i], *b = &made->moves[i];
        are_made = streq(a->unit, b->unit) && streq(a->from, b->from) && streq(a->to, b->to) &&
                   b->phase == MOVE_MADE;
    }
    return are_made;
}

/* All moves, and no others. Not told is that who waits for a place gets one that a move leaves, and
 * keeps others from theirs. */
static void check_dry_run(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world =
        seed % 2 == 0 ? some_uneven_world(&chance) : some_settled_world(&chance);
    for (size_t i = 0; i < 3; i++)
        put_machine(world, &chance);
    come_to_rest(world);
    size_t max_moves = pick(&chance, 4); /* 0: as many as there are */
    _cleanup_(map_freep) Map *waited = list_keys(world->pendings);
    _cleanup_(rebalance_freep) Rebalance *told =
        rebalance_to_its_end(world, &(Rebalance){.is_dry_run = true, .max_moves = max_moves});
    _cleanup_(rebalance_freep) Rebalance *made =
        rebalance_to_its_end(world, &(Rebalance){.max_moves = max_moves});
    if (moves_are_made(told, made))
        return;
    if (one_of_them_waits_no_more(world, waited)) {
        n_not_compared++;
        return;
    }
    _cleanup_free_ char *expected = rebalance_format(told), *actual = rebalance_format(made);
    world_fail("told was %s, and then %s", expected, actual);
}

static const RebalanceMove *find_move(const Rebalance *rebalance, const char *unit) {
    for (size_t i = 0; i < rebalance->n_moves; i++)
        if (streq(rebalance->moves[i].unit, unit))
            return &rebalance->moves[i];
    return NULL;
}

static bool are_alike(const World *world, const RebalanceMove *a, const RebalanceMove *b) {
    const WorldUnit *unit = map_get(world->units, a->unit), *other = map_get(world->units, b->unit);
    size_t n = (size_t) (strchr(a->unit, '@') - a->unit);
    return strncmp(a->unit, b->unit, n) == 0 && streq(unit->options, other->options);
}

static void check_swaps(const World *world, const Rebalance *made) {
    for (size_t i = 0; i < made->n_moves; i++)
        for (size_t j = 0; j < i; j++) {
            const RebalanceMove *a = &made->moves[i], *b = &made->moves[j];
            if (streq(a->from, b->to) && streq(a->to, b->from) && are_alike(world, a, b))
                world_fail("%s and %s swap their places", a->unit, b->unit);
        }
}

static size_t n_moved_twice;

/* One that has moved makes another move in the same proposal only if it waits for nobody there:
 * else it has to be left to the next one. That must stay rare. */
static bool is_moved_twice(const Rebalance *made, const Rebalance *more, uint64_t seed) {
    for (size_t i = 0; i < more->n_moves; i++)
        if (find_move(made, more->moves[i].unit))
            return ++n_moved_twice <= 1 + seed / 500;
    return false;
}

/* What a rebalance has left where it is or has put there stays. */
static void check_rest(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_uneven_world(&chance);
    _cleanup_(map_freep) Map *waited = list_keys(world->pendings);
    _cleanup_(rebalance_freep) Rebalance *made = rebalance_to_its_end(world, &(Rebalance){});
    check_swaps(world, made);
    _cleanup_(rebalance_freep) Rebalance *more =
        rebalance_to_its_end(world, &(Rebalance){.is_dry_run = true});
    if (more->n_moves == 0 || is_moved_twice(made, more, seed))
        return;
    if (one_of_them_waits_no_more(world, waited)) {
        n_not_compared++;
        return;
    }
    _cleanup_free_ char *first = rebalance_format(made), *then = rebalance_format(more);
    world_fail("after %s there is more to move: %s", first, then);
}

typedef struct Property {
    const char *name;
    void (*check)(uint64_t seed);
} Property;

static const Property properties[] = {
    {"every history keeps to the rules and comes to rest where it should", check_history},
    {"a unit that comes gets the best of the machines that fit", check_choice},
    {"order of events does not matter to a fresh cluster", check_order_of_input},
    {"what is told of a request is what then happens", check_forecast},
    {"the load is evened out, and that has an end", check_rebalance},
    {"what moves goes where it would be placed", check_targets},
    {"what a rebalance leaves stays", check_rest},
    {"what a dry run tells of evening out is what is done then", check_dry_run},
};

static void check(const Property *property, uint64_t from, uint64_t n, size_t number) {
    n_not_compared = 0;
    for (uint64_t seed = from; seed < from + n; seed++) {
        snprintf(world_context, sizeof(world_context), "SEED=%" PRIu64, seed);
        property->check(seed);
    }
    if (n_not_compared > 0)
        printf("# %zu of %" PRIu64 " not compared: who waited has got a place by the moves\n",
               n_not_compared, n);
    printf("ok %zu - %s\n", number, property->name);
}

int main(void) {
    const char *n_text = getenv("SEEDS"), *one = getenv("SEED"), *word = getenv("PROPERTY");
    uint64_t from = one ? strtoull(one, NULL, 10) : 1;
    uint64_t n = one ? 1 : n_text ? strtoull(n_text, NULL, 10) : SEEDS_DEFAULT;
    printf("1..%zu\n", ELEMENTSOF(properties));
    for (size_t i = 0; i < ELEMENTSOF(properties); i++)
        if (word && !strstr(properties[i].name, word))
            printf("ok %zu - %s # SKIP\n", i + 1, properties[i].name);
        else
            check(&properties[i], from, n, i + 1);
    return 0;
}
