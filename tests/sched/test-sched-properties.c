/* Random clusters with random histories, each from a seed: what must hold of all of them. SEEDS=n
 * in the environment tries n of them, SEED=s only that one; PROPERTY=word only what has that word.
 */
#include "fleetd/base/strv.h"
#include "fleetd/sched/rehearsal.h"
#include "tests/sched/oracle.h"
#include "tests/sched/properties.h"
#include "tests/sched/random-world.h"
#include "tests/sched/told.h"

#include <stdio.h>

#define SEEDS_DEFAULT 400
#define N_ACTIONS 120

size_t n_not_compared;
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

    world_restart_engine(world, chance_pick_for_shuffle, &chance);
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
    world_restart_engine(world, chance_pick_for_shuffle, chance);
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

static void fail_here_and_there(World *world, Chance *chance, const char *name) {
    Failures failures = {.name = (char *) name, .unit_revision = world->revision};
    Failures *record;
    must(failures_copy(&failures, &record) == 0);
    for (size_t i = 0; i < 3; i++) {
        _cleanup_free_ char *id = some_machine(chance);
        FailurePlace *place;
        must(failures_need(record, id, &place) == 0);
        place->count = 1 + chance_pick(chance, 2);
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
    if (chance_maybe(&chance, 50))
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
    for (size_t n = 1 + chance_pick(chance, 3); n > 0; n--)
        if (chance_maybe(chance, 55))
            put_unit(world, chance);
        else if (chance_maybe(chance, 50))
            want_unit(world, chance);
        else if (chance_maybe(chance, 50))
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

static void check_forecast(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_settled_world(&chance);
    for (size_t i = chance_pick(&chance, 3); i > 0; i--)
        maintain(world, &chance);
    come_to_rest(world);
    world_restart_engine(world, chance_pick_for_shuffle, &chance);
    _cleanup_(cluster_freep) Cluster *model = TAKE_PTR(world->cluster);
    world_restart_engine(world, chance_pick_for_shuffle, &chance);
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
