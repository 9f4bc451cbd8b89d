#include "tests/sched/oracle.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/resources.h"
#include "fleetd/model/unit-name.h"

#define UNITS_MAX 256

typedef struct OracleUnit {
    const WorldUnit *record;
    const char *name;
    Requirements *requirements;
    bool is_wanted;
    bool is_taken_down; /* by the plan that is looked at */
} OracleUnit;

struct Oracle {
    const World *world;
    OracleUnit units[UNITS_MAX];
    size_t n;
    bool moves[UNITS_MAX][UNITS_MAX]; /* may move the other, directly or through others */
};

static bool globs_match(char *const *globs, const char *name) {
    return globs && requirements_glob_matches(globs, name);
}

/* Warshall's closure over "replaces it" and "is followed by it". */
static void find_moves(Oracle *oracle) {
    for (size_t i = 0; i < oracle->n; i++)
        for (size_t j = 0; j < oracle->n; j++)
            oracle->moves[i][j] =
                globs_match(oracle->units[i].requirements->replaces, oracle->units[j].name) ||
                strv_contains(oracle->units[j].requirements->machine_of, oracle->units[i].name);
    for (size_t k = 0; k < oracle->n; k++)
        for (size_t i = 0; i < oracle->n; i++)
            for (size_t j = 0; j < oracle->n; j++)
                if (oracle->moves[i][k] && oracle->moves[k][j])
                    oracle->moves[i][j] = true;
}

Oracle *oracle_new(const World *world) {
    Oracle *oracle = calloc(1, sizeof(Oracle));
    must(oracle);
    oracle->world = world;
    const char *name;
    const WorldUnit *record;
    MAP_FOREACH (name, record, world->units) {
        must(oracle->n < UNITS_MAX);
        oracle->units[oracle->n++] =
            (OracleUnit){.record = record,
                         .name = name,
                         .requirements = world_requirements(record),
                         .is_wanted = record->unit.desired != LAUNCH_STATE_INACTIVE};
    }
    find_moves(oracle);
    return oracle;
}

void oracle_free(Oracle *oracle) {
    if (!oracle)
        return;
    for (size_t i = 0; i < oracle->n; i++)
        requirements_free(oracle->units[i].requirements);
    free(oracle);
}

static const OracleUnit *find_unit(const Oracle *oracle, const char *name) {
    for (size_t i = 0; i < oracle->n; i++)
        if (streq(oracle->units[i].name, name))
            return &oracle->units[i];
    return NULL;
}

static bool replaces(const Oracle *oracle, const OracleUnit *a, const OracleUnit *b) {
    return a != b && globs_match(a->requirements->replaces, b->name) &&
           !oracle->moves[b - oracle->units][a - oracle->units];
}

static bool conflicts(const OracleUnit *a, const OracleUnit *b) {
    return a != b && (globs_match(a->requirements->conflicts, b->name) ||
                      globs_match(b->requirements->conflicts, a->name));
}

static bool is_active(const Oracle *oracle, const char *machine_id, const char *name) {
    const Order *order = world_find_order(oracle->world, machine_id, name);
    return order && order->desired != LAUNCH_STATE_INACTIVE;
}

/* What the unit says of the machine, not of its neighbours. */
static bool suits(const Oracle *oracle, const OracleUnit *unit, const Machine *machine) {
    const Requirements *requirements = unit->requirements;
    if (requirements->machine_id && !streq(requirements->machine_id, machine->id))
        return false;
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        const char *value = metadata_get(&machine->metadata, requirements->metadata[i].key);
        if (!value || !strv_contains(requirements->metadata[i].values, value))
            return false;
    }
    STRV_FOREACH (target, requirements->machine_of)
        if (!is_active(oracle, machine->id, *target))
            return false;
    return true;
}

static Resources resources_of(const OracleUnit *unit, const Machine *machine) {
    return unit ? reserve_resources(&unit->requirements->reserve, machine->memory_bytes)
                : (Resources){}; /* nobody knows any more what it asked for */
}

/* Whether somebody there waits for it to leave. */
static bool is_being_replaced(const Oracle *oracle, const OracleUnit *unit,
                              const Machine *machine) {
    for (size_t i = 0; unit && i < oracle->n; i++)
        if (replaces(oracle, &oracle->units[i], unit) &&
            is_active(oracle, machine->id, oracle->units[i].name))
            return true;
    return false;
}

/* By all that have an order there, but for a unit, and for those that it replaces. */
static Resources reserved_on(const Oracle *oracle, const Machine *machine,
                             const OracleUnit *but_for) {
    Resources sum = {};
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, oracle->world->orders) {
        const OracleUnit *unit = find_unit(oracle, order->name);
        if (!streq(order->machine_id, machine->id) || unit == but_for ||
            (unit && replaces(oracle, but_for, unit)) || is_being_replaced(oracle, unit, machine))
            continue;
        Resources resources = resources_of(unit, machine);
        sum.memory_bytes += resources.memory_bytes;
        sum.cpu_thousandths += resources.cpu_thousandths;
    }
    return sum;
}

static bool amount_fits(uint64_t asked, uint64_t reserved, uint64_t capacity) {
    return asked == 0 || (reserved <= capacity && asked <= capacity - reserved);
}

static bool has_room(const Oracle *oracle, const OracleUnit *unit, const Machine *machine) {
    Resources asked = resources_of(unit, machine), capacity = machine_capacity(machine);
    Resources reserved = reserved_on(oracle, machine, unit);
    return amount_fits(asked.memory_bytes, reserved.memory_bytes, capacity.memory_bytes) &&
           amount_fits(asked.cpu_thousandths, reserved.cpu_thousandths, capacity.cpu_thousandths);
}

void oracle_check_room(const Oracle *oracle, const Order *order) {
    const OracleUnit *unit = find_unit(oracle, order->name);
    const Machine *machine = map_get(oracle->world->machines, order->machine_id);
    must(unit && machine);
    if (!has_room(oracle, unit, machine))
        world_fail("%s has no room on %s", unit->name, machine->id);
}

/* Whether a unit that is not there could go there at once. */
static bool could_go(const Oracle *oracle, const OracleUnit *unit, const Machine *machine) {
    if (machine->status != MACHINE_STATUS_RUNNING ||
        map_has(oracle->world->maintenances, machine->id) || !suits(oracle, unit, machine) ||
        !has_room(oracle, unit, machine))
        return false;
    for (size_t i = 0; i < oracle->n; i++) {
        const OracleUnit *other = &oracle->units[i];
        if (world_find_order(oracle->world, machine->id, other->name) &&
            (conflicts(unit, other) || replaces(oracle, other, unit)))
            return false;
    }
    return true;
}

static bool could_go_elsewhere(const Oracle *oracle, const OracleUnit *unit,
                               const Machine *machine) {
    const char *id;
    const Machine *other;
    MAP_FOREACH (id, other, oracle->world->machines)
        if (other != machine && could_go(oracle, unit, other))
            return true;
    return false;
}

static bool could_be_placed(const Oracle *oracle, const OracleUnit *unit, const Machine *machine) {
    if (!could_go(oracle, unit, machine))
        return false;
    for (size_t i = 0; i < oracle->n; i++) {
        const OracleUnit *other = &oracle->units[i];
        if (replaces(oracle, unit, other) && is_active(oracle, machine->id, other->name) &&
            !other->requirements->is_global && !could_go_elsewhere(oracle, other, machine))
            return false;
    }
    return true;
}

static bool could_be_placed_elsewhere(const Oracle *oracle, const OracleUnit *unit,
                                      const Machine *machine) {
    const char *id;
    const Machine *other;
    MAP_FOREACH (id, other, oracle->world->machines)
        if (other != machine && could_be_placed(oracle, unit, other))
            return true;
    return false;
}

static void check_pair(const Oracle *oracle, const Order *order, const OracleUnit *unit,
                       const OracleUnit *other) {
    if (!other->is_wanted || !is_active(oracle, order->machine_id, other->name))
        return;
    if (conflicts(unit, other))
        world_fail("%s conflicts with %s on %s", unit->name, other->name, order->machine_id);
    if (replaces(oracle, other, unit))
        world_fail("%s is with its replacer %s on %s", unit->name, other->name, order->machine_id);
}

static void check_order(const Oracle *oracle, const Order *order) {
    const OracleUnit *unit = find_unit(oracle, order->name);
    const Machine *machine = map_get(oracle->world->machines, order->machine_id);
    if (order->desired == LAUNCH_STATE_INACTIVE)
        return;
    if (!machine || !unit || !unit->is_wanted)
        world_fail("%s has an order on %s", order->name, order->machine_id);
    if (!suits(oracle, unit, machine))
        world_fail("%s does not suit %s", unit->name, machine->id);
    for (size_t i = 0; i < oracle->n; i++) {
        const OracleUnit *other = &oracle->units[i];
        check_pair(oracle, order, unit, other);
        if (order->desired == LAUNCH_STATE_LAUNCHED && replaces(oracle, unit, other) &&
            order->unit_revision == unit->record->unit.revision &&
            is_active(oracle, machine->id, other->name))
            world_fail("%s did not wait for %s to leave %s", unit->name, other->name, machine->id);
    }
}

static size_t count_active(const Oracle *oracle, const char *name) {
    size_t n = 0;
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, oracle->world->orders)
        n += streq(order->name, name) && order->desired != LAUNCH_STATE_INACTIVE;
    return n;
}

void oracle_check_placements(const Oracle *oracle) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, oracle->world->orders)
        check_order(oracle, order);
    for (size_t i = 0; i < oracle->n; i++)
        if (!oracle->units[i].requirements->is_global &&
            count_active(oracle, oracle->units[i].name) > 1)
            world_fail("%s has two places", oracle->units[i].name);
}

/* Budgets */

static bool is_counted(const OracleUnit *unit) {
    return unit->record->unit.desired == LAUNCH_STATE_LAUNCHED && !unit->requirements->is_global;
}

static bool are_of_one_group(const OracleUnit *a, const OracleUnit *b) {
    const char *x = a->requirements->budget.group, *y = b->requirements->budget.group;
    if (a == b || x || y)
        return a == b || streq_ptr(x, y);
    return strncmp(a->name, b->name, strcspn(a->name, "@") + 1) == 0;
}

/* As the store has it: ordered as wanted, or as before, and reported to be up with that. */
static bool is_up(const Oracle *oracle, const OracleUnit *unit) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, oracle->world->orders) {
        const UnitState *state = map_get(oracle->world->states, key);
        if (streq(order->name, unit->name) && order->desired == LAUNCH_STATE_LAUNCHED && state &&
            world_is_live(oracle->world, order->machine_id) && streq(state->active, "active") &&
            streq_ptr(state->hash, order->hash) && state->unit_revision >= order->unit_revision)
            return !unit->is_taken_down;
    }
    return false;
}

/* Or with what it was before. */
static bool may_be_up(const Oracle *oracle, const OracleUnit *unit) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, oracle->world->orders) {
        const UnitState *state = map_get(oracle->world->states, key);
        if (streq(order->name, unit->name) && order->desired != LAUNCH_STATE_INACTIVE && state &&
            streq(state->active, "active"))
            return true;
    }
    return false;
}

static bool may_go_down(const Oracle *oracle, const OracleUnit *unit) {
    const Budget *budget = &unit->requirements->budget;
    size_t n = 0, n_down = 0;
    if (!is_counted(unit) || !may_be_up(oracle, unit))
        return true;
    for (size_t i = 0; i < oracle->n; i++) {
        const OracleUnit *other = &oracle->units[i];
        if (!is_counted(other) || !are_of_one_group(unit, other))
            continue;
        n++;
        n_down += other != unit && !is_up(oracle, other);
    }
    size_t max = budget->is_percent ? n * budget->max_unavailable / 100 : budget->max_unavailable;
    return n_down < max;
}

static const Maintenance *find_drain(const Oracle *oracle, const char *machine_id) {
    const Maintenance *maintenance = map_get(oracle->world->maintenances, machine_id);
    return maintenance && maintenance->is_draining ? maintenance : NULL;
}

void oracle_take_down(Oracle *oracle, const Order *order) {
    const Maintenance *drain = find_drain(oracle, order->machine_id);
    OracleUnit *unit = (OracleUnit *) find_unit(oracle, order->name);
    must(drain && unit);
    if (drain->deadline_usec == 0 && !may_go_down(oracle, unit))
        world_fail("%s is taken down against its budget", unit->name);
    unit->is_taken_down = true;
}

/* What stays on a machine that is drained cannot leave it. */
static void check_drained(const Oracle *oracle, const Order *order) {
    const OracleUnit *unit = find_unit(oracle, order->name);
    const Machine *machine = map_get(oracle->world->machines, order->machine_id);
    const Maintenance *drain = find_drain(oracle, order->machine_id);
    if (!drain || order->desired == LAUNCH_STATE_INACTIVE)
        return;
    if (drain->deadline_usec > 0 && !unit->requirements->is_global)
        world_fail("%s is still on %s", unit->name, machine->id);
    if (unit->requirements->is_global)
        return;
    if (could_be_placed_elsewhere(oracle, unit, machine) && may_go_down(oracle, unit))
        world_fail("%s could leave %s", unit->name, machine->id);
    must(strstr(order->reason, "stays on its machine"));
}

static void check_rest_order(const Oracle *oracle, const Order *order) {
    const OracleUnit *unit = find_unit(oracle, order->name);
    if (order->desired == LAUNCH_STATE_INACTIVE)
        world_fail("%s is still leaving %s", order->name, order->machine_id);
    must(unit);
    must(order->desired == unit->record->unit.desired);
    must(order->unit_revision == unit->record->unit.revision);
    must(streq(order->hash, unit->record->unit.hash));
    must(order->restart == unit->record->unit.restart);
    must(!str_is_empty(order->reason));
    check_drained(oracle, order);
}

static void check_pending(const Oracle *oracle, const OracleUnit *unit) {
    const Pending *pending = map_get(oracle->world->pendings, unit->name);
    if (!pending)
        world_fail("%s waits and does not say why", unit->name);
    must(pending->unit_revision == unit->record->unit.revision);
    size_t n = 0;
    const char *id;
    const Machine *machine;
    MAP_FOREACH (id, machine, oracle->world->machines) {
        if (could_be_placed(oracle, unit, machine))
            world_fail("%s waits and fits on %s", unit->name, machine->id);
        n++;
    }
    if (pending->n_reasons == 0)
        must(n == 0 || strstr(pending->summary, "MachineOf"));
    else
        must(pending->n_reasons == n);
    for (size_t i = 0; i < pending->n_reasons; i++)
        must(*pending->reasons[i].reason && (i == 0 || strcmp(pending->reasons[i - 1].machine_id,
                                                              pending->reasons[i].machine_id) < 0));
}

static void check_global(const Oracle *oracle, const OracleUnit *unit) {
    const char *id;
    const Machine *machine;
    MAP_FOREACH (id, machine, oracle->world->machines)
        if (!is_active(oracle, id, unit->name) && could_go(oracle, unit, machine))
            world_fail("global %s is not on %s", unit->name, id);
}

void oracle_check_rest(const Oracle *oracle) {
    oracle_check_placements(oracle);
    const char *key;
    const Order *order;
    const Pending *pending;
    MAP_FOREACH (key, order, oracle->world->orders)
        check_rest_order(oracle, order);
    MAP_FOREACH (key, pending, oracle->world->pendings) {
        const OracleUnit *unit = find_unit(oracle, key);
        must(unit && unit->is_wanted && count_active(oracle, key) == 0);
    }
    for (size_t i = 0; i < oracle->n; i++) {
        const OracleUnit *unit = &oracle->units[i];
        if (!unit->is_wanted)
            continue;
        if (unit->requirements->is_global)
            check_global(oracle, unit);
        if (count_active(oracle, unit->name) == 0)
            check_pending(oracle, unit);
    }
}

/* The best place */

static bool is_of_group(const OracleUnit *unit, const OracleUnit *other) {
    const char *group = unit->requirements->budget.group;
    const char *other_group = other->requirements->budget.group;
    size_t n = (size_t) (strchr(unit->name, '@') - unit->name) + 1; /* all are of templates */
    return group || other_group ? streq_ptr(group, other_group)
                                : strncmp(unit->name, other->name, n) == 0;
}

static size_t count_nearby(const Oracle *oracle, const OracleUnit *unit, const char *key,
                           const char *value) {
    size_t n = 0;
    const char *id;
    const Machine *machine;
    MAP_FOREACH (id, machine, oracle->world->machines)
        for (size_t i = 0; streq_ptr(metadata_get(&machine->metadata, key), value) && i < oracle->n;
             i++) {
            const OracleUnit *other = &oracle->units[i];
            n += is_active(oracle, id, other->name) && is_of_group(unit, other) &&
                 strv_contains(other->requirements->ranking.spread, key);
        }
    return n;
}

static size_t count_units(const Oracle *oracle, const char *machine_id) {
    size_t n = 0;
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, oracle->world->orders)
        n += streq(order->machine_id, machine_id) && order->desired != LAUNCH_STATE_INACTIVE;
    return n;
}

typedef struct Worth {
    int64_t of[5]; /* the less the better, and what comes first decides */
} Worth;

static Worth worth_of(const Oracle *oracle, const OracleUnit *unit, const Machine *machine) {
    const Ranking *ranking = &unit->requirements->ranking;
    const FailurePlace *failed =
        failures_find(map_get(oracle->world->failures, unit->name), machine->id);
    Worth worth = {.of[0] = failed ? (int64_t) failed->count : 0};
    STRV_FOREACH (key, ranking->spread) {
        const char *value = metadata_get(&machine->metadata, *key);
        worth.of[1] += value ? (int64_t) count_nearby(oracle, unit, *key, value) : 1000000;
    }
    for (size_t i = 0; i < ranking->n_preferences; i++) {
        const Preference *preference = &ranking->preferences[i];
        bool is_meant =
            streq_ptr(metadata_get(&machine->metadata, preference->key), preference->value);
        worth.of[2] -= is_meant ? preference->weight : 0;
    }
    Resources asked = resources_of(unit, machine), capacity = machine_capacity(machine);
    Resources sum = reserved_on(oracle, machine, unit);
    sum.memory_bytes += asked.memory_bytes;
    sum.cpu_thousandths += asked.cpu_thousandths;
    bool reserves = !reserve_is_none(&unit->requirements->reserve);
    worth.of[3] = reserves ? (int64_t) resources_share(&sum, &capacity) : 0;
    worth.of[4] = (int64_t) count_units(oracle, machine->id);
    return worth;
}

static bool is_worth_more(const Worth *a, const Worth *b) {
    for (size_t i = 0; i < ELEMENTSOF(a->of); i++)
        if (a->of[i] != b->of[i])
            return a->of[i] < b->of[i];
    return false;
}

const char *oracle_best_machine(const Oracle *oracle, const char *name) {
    const OracleUnit *unit = find_unit(oracle, name);
    _cleanup_free_ const char **ids = NULL;
    const char *best = NULL;
    Worth best_worth = {};
    must(unit && map_sorted_keys(oracle->world->machines, &ids) == 0);
    for (size_t i = 0; ids[i]; i++) {
        const Machine *machine = map_get(oracle->world->machines, ids[i]);
        Worth worth = worth_of(oracle, unit, machine);
        if (!could_go(oracle, unit, machine) || (best && !is_worth_more(&worth, &best_worth)))
            continue;
        best = ids[i];
        best_worth = worth;
    }
    return best;
}
