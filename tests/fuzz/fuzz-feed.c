/* The engine's model, fed with whatever stands in the store. Each line of the input is a change:
 * KEY and VALUE with a blank between them, in which \n stands for a line end; -KEY deletes; =
 * decides, and writes what was decided. New orders are only given for what can be read, and on
 * machines that are not cordoned; deciding
 * comes to rest, and the next leader, who reads all of it at once, then has nothing to order:
 * unless nobody can tell which file a unit that has an order has, and so what it keeps off. It may
 * only give another reason, as it never knew a machine whose record cannot be read any more. */
#include "fleetd/base/log.h"
#include "fleetd/base/map.h"
#include "fleetd/engine/feed.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/sched/plan.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#define CHANGES_MAX 64
#define ROUNDS_MAX 32

typedef struct World {
    Map *stored; /* key -> Value */
    int64_t revision;
    Cluster *cluster;
    Feed *feed;
    bool is_loading; /* a new leader does not know all yet */
} World;

typedef struct Value {
    char *text;
    int64_t revision;
} Value;

static void value_free(void *value) {
    if (value)
        free(((Value *) value)->text);
    free(value);
}

static void on_machine_here(const char *id, void *userdata) {
}

/* As engine-model.c does, but that nobody waits so long that a machine with orders is gone. */
static void on_machine_away(const char *id, void *userdata) {
    World *world = userdata;
    bool has_left = feed_find_presence(world->feed, id) == FEED_PRESENCE_LEFT;
    if (has_left || cluster_is_gone(world->cluster, id) || !cluster_has_orders(world->cluster, id))
        HOLDS(cluster_remove_machine(world->cluster, id, has_left) == 0);
}

static void on_machine_missing(const char *id, void *userdata) {
    World *world = userdata;
    if (!world->is_loading)
        on_machine_away(id, userdata);
}

static void on_order(const Key *key, const Order *order, int64_t revision, void *userdata) {
    HOLDS(key->kind == KEY_SCHEDULE && revision <= ((World *) userdata)->revision);
    HOLDS(!order || streq(order->name, key->name));
}

static void on_brake(const BrakeRecord *record, int64_t revision, void *userdata) {
    HOLDS(!record || revision > 0);
}

static void on_maintenance(const char *id, const Maintenance *maintenance, void *userdata) {
    HOLDS(!maintenance || streq(maintenance->machine_id, id));
}

static void leader_begin(World *world) {
    static const FeedCallbacks callbacks = {.on_machine_here = on_machine_here,
                                            .on_machine_away = on_machine_away,
                                            .on_machine_missing = on_machine_missing,
                                            .on_order = on_order,
                                            .on_maintenance = on_maintenance,
                                            .on_brake = on_brake};
    world->cluster = cluster_new(0);
    HOLDS(world->cluster && feed_new(world->cluster, &callbacks, world, &world->feed) == 0);
}

static void leader_end(World *world) {
    feed_free(world->feed);
    cluster_free(world->cluster);
}

/* As who writes such keys does. */
static bool lives_by_lease(const char *key) {
    return strncmp(key, "machine/", 8) == 0 || strncmp(key, "state/", 6) == 0 ||
           strncmp(key, "orphan/", 7) == 0 || streq(key, KEY_LEADER_TEXT);
}

static StoreEntry entry_of(const char *key, const Value *value) {
    return (StoreEntry){.key = key,
                        .value = value->text,
                        .value_size = strlen(value->text),
                        .mod_revision = value->revision,
                        .lease = lives_by_lease(key)};
}

static void world_put_take(World *world, const char *key, char *text) {
    Value *value = malloc(sizeof(Value));
    HOLDS(value && text);
    *value = (Value){text, ++world->revision};
    HOLDS(map_put(world->stored, key, value) >= 0);
    StoreEntry entry = entry_of(key, value);
    HOLDS(feed_put(world->feed, &entry) == 0);
}

static void world_delete(World *world, const char *key) {
    if (!map_has(world->stored, key))
        return;
    world->revision++;
    map_remove(world->stored, key);
    HOLDS(feed_delete(world->feed, key) == 0);
}

static void record_get(const World *world, const char *key, StoredRecord *ret) {
    const Value *value = map_get(world->stored, key);
    if (!value)
        return;
    StoreEntry entry = entry_of(key, value);
    StoredText text = store_entry_text(&entry);
    int r = stored_record_parse(&text, ret, NULL);
    HOLDS(r == 0 || r == -EINVAL); /* an order may name a file by what is no hash */
}

/* A global unit's machines have the former file for as long as a deployment has not come to them.
 */
static bool is_kept(const World *world, const Order *order) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_free_ char *key = key_rollout(order->name);
    record_get(world, key, &record);
    const Rollout *rollout = record.rollout;
    if (!rollout || !rollout_keeps_files(rollout))
        return false;
    const RolloutUnit *machine = rollout_find_unit(rollout, order->machine_id);
    return streq_ptr(machine ? machine->keeps : rollout->before, order->hash);
}

/* A place that the unit does not have yet. */
static void placement_check(const World *world, const Order *order) {
    _cleanup_record_ StoredRecord unit = {}, machine = {}, file = {};
    _cleanup_free_ char *unit_key = key_unit(order->name),
                        *machine_key = key_machine(order->machine_id),
                        *orphan_key = key_orphan(order->machine_id, order->name),
                        *file_key = key_file(order->hash);
    _cleanup_free_ char *maintenance_key = key_maintenance(order->machine_id);
    bool is_orphan = map_has(world->stored, orphan_key);
    record_get(world, unit_key, &unit);
    record_get(world, machine_key, &machine);
    record_get(world, file_key, &file);
    HOLDS(unit.unit && unit.unit->desired > LAUNCH_STATE_INACTIVE);
    HOLDS((streq(unit.unit->hash, order->hash) || is_kept(world, order)) && file.file);
    bool is_running = machine.machine && machine.machine->status == MACHINE_STATUS_RUNNING;
    HOLDS(is_running || is_orphan); /* what is there is kept there */
    HOLDS(is_orphan || !map_has(world->stored, maintenance_key));
}

static void order_put(World *world, const Order *order) {
    _cleanup_free_ char *key = key_schedule(order->machine_id, order->name);
    if (order->desired > LAUNCH_STATE_INACTIVE && !map_has(world->stored, key))
        placement_check(world, order);
    Order written = *order; /* as the writer does it */
    if (written.since_usec == ORDER_SINCE_NOW)
        written.since_usec = 1;
    world_put_take(world, key, order_format(&written));
}

static void order_delete(World *world, const Order *order) {
    _cleanup_free_ char *key = key_schedule(order->machine_id, order->name);
    world_delete(world, key);
}

static void pending_put(World *world, const Pending *pending) {
    _cleanup_free_ char *key = key_pending(pending->name);
    world_put_take(world, key, pending_format(pending));
}

static void pending_delete(World *world, const Pending *pending) {
    _cleanup_free_ char *key = key_pending(pending->name);
    world_delete(world, key);
}

static void step_write(World *world, const PlanStep *step) {
    if (step->kind == PLAN_PUT_ORDER)
        order_put(world, step->order);
    else if (step->kind == PLAN_DELETE_ORDER)
        order_delete(world, step->order);
    else if (step->kind == PLAN_PUT_PENDING)
        pending_put(world, step->pending);
    else
        pending_delete(world, step->pending);
}

/* Nobody waits for deadlines either. */
static void end_drains(World *world) {
    const char *key;
    _unused_ const Value *value;
    MAP_FOREACH (key, value, world->stored) {
        _cleanup_record_ StoredRecord record = {};
        record_get(world, key, &record);
        if (record.maintenance && record.maintenance->deadline_usec > 0)
            HOLDS(cluster_end_drain(world->cluster, record.key.machine_id) == 0);
    }
}

/* One that asks for nothing new says why it stands. */
static bool is_order(const World *world, const PlanStep *step) {
    _cleanup_record_ StoredRecord record = {};
    if (step->kind != PLAN_PUT_ORDER)
        return step->kind == PLAN_DELETE_ORDER;
    _cleanup_free_ char *key = key_schedule(step->order->machine_id, step->order->name);
    record_get(world, key, &record);
    const Order *known = record.order;
    return !known || known->desired != step->order->desired ||
           !streq(known->hash, step->order->hash) ||
           known->unit_revision != step->order->unit_revision;
}

/* Answers how many of the steps are orders, or else; 0: there was nothing to do. */
static size_t decide(World *world, size_t *ret_orders) {
    _cleanup_(plan_freep) Plan *plan = NULL;
    end_drains(world);
    HOLDS(cluster_plan(world->cluster, 0, &plan) == 0);
    for (size_t i = 0; i < plan->n_steps; i++) {
        *ret_orders += is_order(world, &plan->steps[i]);
        step_write(world, &plan->steps[i]);
    }
    return plan->n_steps;
}

/* How many orders that took. */
static size_t come_to_rest(World *world) {
    size_t n_orders = 0;
    int rounds = 0;
    while (decide(world, &n_orders) > 0)
        HOLDS(++rounds < ROUNDS_MAX);
    return n_orders;
}

static bool unit_is_garbled(const World *world, const char *name) {
    _cleanup_record_ StoredRecord unit = {};
    _cleanup_free_ char *key = key_unit(name);
    record_get(world, key, &unit);
    return map_has(world->stored, key) && !unit.unit;
}

/* Or that of the request that came after the order. */
static bool file_is_lost(const World *world, const char *key) {
    _cleanup_record_ StoredRecord order = {}, file = {};
    _cleanup_key_ Key parsed = {};
    if (key_parse(key, &parsed, NULL) < 0 || parsed.kind != KEY_SCHEDULE)
        return false;
    record_get(world, key, &order);
    if (!order.order)
        return true; /* nobody can tell which one it is */
    _cleanup_free_ char *file_key = key_file(order.order->hash);
    record_get(world, file_key, &file);
    return !file.file || unit_is_garbled(world, parsed.name);
}

static bool any_file_is_lost(const World *world) {
    const char *key;
    _unused_ const Value *value;
    MAP_FOREACH (key, value, world->stored)
        if (file_is_lost(world, key))
            return true;
    return false;
}

static void next_leader_check(World *world) {
    _cleanup_free_ const char **keys = NULL, **missing = NULL;
    leader_end(world);
    leader_begin(world);
    world->is_loading = true;
    HOLDS(map_sorted_keys(world->stored, &keys) == 0);
    for (size_t i = 0; keys[i]; i++) {
        StoreEntry entry = entry_of(keys[i], map_get(world->stored, keys[i]));
        HOLDS(feed_put(world->feed, &entry) == 0);
    }
    world->is_loading = false;
    HOLDS(feed_learn_all_leaving(world->feed) == 0);
    HOLDS(cluster_missing_machines(world->cluster, &missing) == 0);
    for (size_t i = 0; missing[i]; i++)
        on_machine_away(missing[i], world);
    HOLDS(come_to_rest(world) == 0);
}

static void line_ends_put(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool is_end = from[0] == '\\' && from[1] == 'n';
        *to++ = is_end ? '\n' : *from;
        from += is_end;
    }
    *to = 0;
}

static void line_take(World *world, char *line) {
    char *blank = strchr(line, ' ');
    size_t n_orders = 0;
    if (*line == '=') {
        decide(world, &n_orders);
    } else if (*line == '-') {
        world_delete(world, line + 1);
    } else if (blank) {
        *blank = 0;
        line_ends_put(blank + 1);
        world_put_take(world, line, strdup(blank + 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    log_setup(LOG_EMERG);
    World world = {.stored = map_new(value_free), .revision = 1};
    leader_begin(&world);
    for (int i = 0; i < CHANGES_MAX && input.size > 0; i++) {
        _cleanup_free_ char *line = fuzz_take_line(&input);
        line_take(&world, line);
    }
    come_to_rest(&world);
    if (!any_file_is_lost(&world))
        next_leader_check(&world);
    leader_end(&world);
    map_free(world.stored);
    return 0;
}
