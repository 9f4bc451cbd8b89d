#include "tests/sched/random-world.h"

#include "fleetd/base/strv.h"
#include "tests/sched/oracle.h"

/* splitmix64 */
static uint64_t chance_next(Chance *chance) {
    uint64_t z = (chance->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t chance_pick(Chance *chance, size_t n) {
    return (size_t) (chance_next(chance) % n);
}

size_t chance_pick_for_shuffle(void *userdata, size_t n) {
    return chance_pick(userdata, n);
}

bool chance_maybe(Chance *chance, size_t percent) {
    return chance_pick(chance, 100) < percent;
}

/* Things to do with */

char *some_machine(Chance *chance) {
    return str_printf("%032zx", chance_pick(chance, N_MACHINES) + 1);
}

static char *some_unit(Chance *chance) {
    return str_printf("%c@%zu.service", (int) ('a' + chance_pick(chance, 2)),
                      chance_pick(chance, N_UNITS / 2));
}

/* A unit, or several by a glob. */
static char *some_glob(Chance *chance) {
    if (chance_maybe(chance, 60))
        return some_unit(chance);
    return chance_maybe(chance, 50)
               ? str_printf("%c@*.service", (int) ('a' + chance_pick(chance, 2)))
               : str_printf("?@%zu.service", chance_pick(chance, N_UNITS / 2));
}

static const char *const regions[] = {"eu", "us", "asia"};

static char *some_preferences(Chance *chance) {
    return str_printf("region=%s %zu disk=%s %zu",
                      regions[chance_pick(chance, ELEMENTSOF(regions))], chance_pick(chance, 3) + 1,
                      chance_maybe(chance, 50) ? "ssd" : "hdd", chance_pick(chance, 3) + 1);
}

static void add_option(char **options, const char *name, char *value_take) {
    char *longer = str_printf("%s%s=%s\n", *options, name, value_take);
    must(longer);
    free(value_take);
    free(*options);
    *options = longer;
}

bool options_are_allowed(const char *name, const char *options) {
    _cleanup_free_ char *text = str_printf("[X-Fleet]\n%s", options);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    must(unit_file_parse(text, strlen(text), &file, NULL) == 0);
    return requirements_parse(file, name, &requirements, NULL) == 0;
}

static const char *const budgets[] = {"0", "2", "3", "50%"};

char *some_options(Chance *chance, const char *name) {
    for (;;) {
        char *options = strdup("");
        if (chance_maybe(chance, 30))
            add_option(&options, "MachineMetadata",
                       str_printf("region=%s", regions[chance_pick(chance, ELEMENTSOF(regions))]));
        if (chance_maybe(chance, 5))
            add_option(&options, "MachineID", some_machine(chance));
        if (chance_maybe(chance, 20))
            add_option(&options, "MachineOf", some_unit(chance));
        if (chance_maybe(chance, 25))
            add_option(&options, "Conflicts", some_glob(chance));
        if (chance_maybe(chance, 20))
            add_option(&options, "Replaces", some_glob(chance));
        if (chance_maybe(chance, 40))
            add_option(&options, "ReserveMemory", str_printf("%zuM", chance_pick(chance, 8) * 128));
        if (chance_maybe(chance, 10))
            add_option(&options, "ReserveMemory", str_printf("%zu%%", chance_pick(chance, 101)));
        if (chance_maybe(chance, 20))
            add_option(&options, "ReserveCPU", str_printf("%zu%%", chance_pick(chance, 30) * 10));
        if (chance_maybe(chance, 30))
            add_option(&options, "Spread",
                       strdup(chance_maybe(chance, 70) ? "region" : "region disk"));
        if (chance_maybe(chance, 20))
            add_option(&options, "Prefer", some_preferences(chance));
        if (chance_maybe(chance, 20))
            add_option(&options, "Avoid", some_preferences(chance));
        if (chance_maybe(chance, 20))
            add_option(&options, "Priority", str_printf("%zu", chance_pick(chance, 101)));
        if (chance_maybe(chance, 15))
            add_option(&options, "Preempt", strdup("yes"));
        if (chance_maybe(chance, 10))
            add_option(&options, "Global", strdup("true"));
        if (chance_maybe(chance, 20))
            add_option(&options, "Group", strdup("some"));
        if (chance_maybe(chance, 30))
            add_option(&options, "MaxUnavailable", strdup(budgets[chance_pick(chance, 4)]));
        if (chance_maybe(chance, 40))
            add_option(&options, "Reschedule", strdup("on-failure"));
        if (options_are_allowed(name, options))
            return options;
        free(options);
    }
}

/* What may happen */

void put_machine(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    _cleanup_free_ char *metadata =
        str_printf("region=%s%s", regions[chance_pick(chance, ELEMENTSOF(regions))],
                   chance_maybe(chance, 50) ? ",disk=ssd" : "");
    world_put_machine(world, id,
                      chance_maybe(chance, 10) ? MACHINE_STATUS_RESTARTING : MACHINE_STATUS_RUNNING,
                      chance_maybe(chance, 80) ? metadata : "");
}

void set_capacity(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    world_set_capacity(world, id, (uint64_t) chance_pick(chance, 5) << 29, chance_pick(chance, 4),
                       chance_maybe(chance, 30) ? 100 + chance_pick(chance, 100) : 0);
}

static void remove_machine(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    if (world_is_live(world, id))
        world_remove_machine(world, id);
}

static LaunchState some_desired(Chance *chance) {
    return chance_maybe(chance, 70) ? LAUNCH_STATE_LAUNCHED : (LaunchState) chance_pick(chance, 2);
}

void put_unit(World *world, Chance *chance) {
    _cleanup_free_ char *name = some_unit(chance);
    _cleanup_free_ char *options = some_options(chance, name);
    world_put_unit(world, name, some_desired(chance), options);
}

void want_unit(World *world, Chance *chance) {
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

void remove_unit(World *world, Chance *chance) {
    _cleanup_free_ char *name = some_unit(chance);
    if (map_has(world->units, name))
        world_remove_unit(world, name);
}

void maintain(World *world, Chance *chance) {
    _cleanup_free_ char *id = some_machine(chance);
    Maintenance maintenance = {.machine_id = id,
                               .is_draining = chance_maybe(chance, 70),
                               .ignore_global = chance_maybe(chance, 30)};
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
    _cleanup_free_ char *id = chance_maybe(chance, 50) ? some_machine(chance) : NULL;
    world_break_unit(world, id, name, chance_maybe(chance, 50));
}

static void review_failures(World *world, Chance *chance) {
    world_review_failures(world, chance_pick(chance, 40) * USEC_PER_SEC);
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
    world_tell(world, chance_pick(chance, 10));
}

static void plan_blindly(World *world, Chance *chance) {
    plan_free(world_plan(world, chance_pick(chance, 6)));
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
    world_restart_engine(world, chance_pick_for_shuffle, chance);
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

void something_happens(World *world, Chance *chance) {
    size_t sum = 0;
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        sum += actions[i].weight;
    size_t n = chance_pick(chance, sum), i = 0;
    for (; n >= actions[i].weight; i++)
        n -= actions[i].weight;
    actions[i].act(world, chance);
}

void come_to_rest(World *world) {
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

World *some_settled_world(Chance *chance) {
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

Map *list_keys(const Map *map) {
    Map *keys = map_new(NULL);
    const char *key;
    _unused_ const void *value;
    MAP_FOREACH (key, value, map)
        must(map_put(keys, key, NULL) >= 0);
    return keys;
}
