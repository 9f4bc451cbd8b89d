/* Evening the load out: that it has an end, where units go, that it is at rest then, and that a dry
 * run tells what is done. */
#include "fleetd/base/strv.h"
#include "fleetd/sched/proposal.h"
#include "fleetd/sched/rebalance-step.h"
#include "tests/sched/oracle.h"
#include "tests/sched/properties.h"
#include "tests/sched/random-world.h"

#include <stdio.h>

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

void check_rebalance(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world = some_settled_world(&chance);
    for (size_t i = 0; i < 3; i++)
        put_machine(world, &chance);
    come_to_rest(world);
    _cleanup_free_ char *text = proposal_text(world);
    world_restart_engine(world, chance_pick_for_shuffle, &chance);
    _cleanup_free_ char *again = proposal_text(world);
    if (!streq(text, again))
        world_fail("another order of events gives another proposal:\n%s\n%s", text, again);
    size_t n = 0;
    while (n < N_REBALANCES_MAX && rebalance_once(world, chance_pick(&chance, 4)) > 0)
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
        if (chance_maybe(chance, 50))
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

void check_targets(uint64_t seed) {
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
void check_dry_run(uint64_t seed) {
    Chance chance = {seed};
    _cleanup_(world_freep) World *world =
        seed % 2 == 0 ? some_uneven_world(&chance) : some_settled_world(&chance);
    for (size_t i = 0; i < 3; i++)
        put_machine(world, &chance);
    come_to_rest(world);
    size_t max_moves = chance_pick(&chance, 4); /* 0: as many as there are */
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
void check_rest(uint64_t seed) {
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
