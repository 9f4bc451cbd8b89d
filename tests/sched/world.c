#include "tests/sched/world.h"

#include "fleetd/base/strv.h"

#include <stdarg.h>
#include <stdio.h>

typedef enum WorldEventKind {
    EVENT_MACHINE,
    EVENT_MACHINE_GONE,
    EVENT_MACHINE_LEFT,
    EVENT_UNIT,
    EVENT_UNIT_GONE,
    EVENT_STATE,
    EVENT_STATE_GONE,
    EVENT_MAINTENANCE,
    EVENT_MAINTENANCE_GONE,
} WorldEventKind;

struct WorldEvent {
    WorldEventKind kind;
    char *machine_id, *name;
    Machine *machine;
    WorldUnit *unit;
    UnitState *state;
    Maintenance *maintenance;
};

char world_context[64];

void world_fail(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    printf("Bail out! %s: ", world_context);
    vprintf(format, ap);
    fputs("\n", stdout);
    va_end(ap);
    exit(1);
}

void world_trace(const char *format, ...) {
    if (!getenv("TRACE"))
        return;
    va_list ap;
    va_start(ap, format);
    fputs("# ", stdout);
    vprintf(format, ap);
    fputs("\n", stdout);
    va_end(ap);
}

void world_must(bool condition, const char *text, const char *file, int line) {
    if (!condition)
        world_fail("%s:%d: not true: %s", file, line, text);
}

static char *key(const char *machine_id, const char *name) {
    char *text = str_printf("%s/%s", machine_id, name);
    must(text);
    return text;
}

static char *copy(const char *s) {
    char *text = s ? strdup(s) : NULL;
    must(!s || text);
    return text;
}

static void put(Map *map, const char *k, void *value) {
    must(value && map_put(map, k, value) >= 0);
}

/* Values */

static Machine *machine_new(const char *id, MachineStatus status, const char *metadata) {
    Machine *machine = calloc(1, sizeof(Machine));
    must(machine);
    machine->id = copy(id);
    machine->status = status;
    must(metadata_parse(metadata, &machine->metadata, NULL) == 0);
    return machine;
}

static void machine_copy_capacity(Machine *machine, const Machine *from) {
    machine->memory_bytes = from->memory_bytes;
    machine->cores = from->cores;
    machine->overbook_percent = from->overbook_percent;
}

static WorldUnit *world_unit_new(const Unit *unit, const char *options) {
    WorldUnit *record = calloc(1, sizeof(WorldUnit));
    must(record);
    record->unit = *unit;
    record->unit.name = copy(unit->name);
    record->unit.hash = copy(unit->hash);
    record->options = copy(options);
    return record;
}

static void world_unit_free(void *value) {
    WorldUnit *record = value;
    if (!record)
        return;
    free(record->unit.name);
    free(record->unit.hash);
    free(record->options);
    free(record);
}

static Maintenance *maintenance_copy(const Maintenance *maintenance) {
    Maintenance *record = calloc(1, sizeof(Maintenance));
    must(record);
    *record = *maintenance;
    record->machine_id = copy(maintenance->machine_id);
    record->message = copy(maintenance->message);
    return record;
}

static UnitState *state_new(const char *machine_id, const char *name, LaunchState current,
                            int64_t unit_revision, const char *hash, const char *active) {
    UnitState *state = calloc(1, sizeof(UnitState));
    must(state);
    state->machine_id = copy(machine_id);
    state->name = copy(name);
    state->current = current;
    state->unit_revision = unit_revision;
    state->hash = copy(hash);
    state->active = copy(active);
    return state;
}

static UnitFile *unit_file(const char *options) {
    _cleanup_free_ char *text =
        str_printf("[Service]\nExecStart=/bin/true\n[X-Fleet]\n%s", options);
    must(text);
    UnitFile *file;
    must(unit_file_parse(text, strlen(text), &file, NULL) == 0);
    return file;
}

Requirements *world_requirements(const WorldUnit *unit) {
    _cleanup_(unit_file_unrefp) UnitFile *file = unit_file(unit->options);
    _cleanup_error_ Error error = {};
    Requirements *requirements;
    int r = requirements_parse(file, unit->unit.name, &requirements, &error);
    if (r < 0)
        world_fail("%s: %s", unit->unit.name, error_text(&error, r));
    return requirements;
}

/* Events */

static void event_free(WorldEvent *event) {
    free(event->machine_id);
    free(event->name);
    machine_free(event->machine);
    world_unit_free(event->unit);
    unit_state_free(event->state);
    maintenance_free(event->maintenance);
    free(event);
}

static WorldEvent *event_add(World *world, WorldEventKind kind, const char *machine_id,
                             const char *name) {
    WorldEvent *event = calloc(1, sizeof(WorldEvent));
    WorldEvent **events = realloc(world->events, (world->n_events + 1) * sizeof(*events));
    must(event && events);
    *event = (WorldEvent){.kind = kind, .machine_id = copy(machine_id), .name = copy(name)};
    world->events = events;
    events[world->n_events++] = event;
    return event;
}

static const char *const event_names[] = {
    [EVENT_MACHINE] = "machine",
    [EVENT_MACHINE_GONE] = "machine gone",
    [EVENT_MACHINE_LEFT] = "machine left",
    [EVENT_UNIT] = "unit",
    [EVENT_UNIT_GONE] = "unit gone",
    [EVENT_STATE] = "state",
    [EVENT_STATE_GONE] = "state gone",
    [EVENT_MAINTENANCE] = "maintenance",
    [EVENT_MAINTENANCE_GONE] = "no maintenance",
};

static void event_tell(Cluster *cluster, const WorldEvent *event) {
    int r = 0;
    world_trace("heard: %s %s %s", event_names[event->kind], str_or(event->machine_id, ""),
                str_or(event->name, ""));
    if (event->kind == EVENT_MACHINE)
        r = cluster_put_machine(cluster, event->machine);
    else if (event->kind == EVENT_MACHINE_GONE || event->kind == EVENT_MACHINE_LEFT)
        r = cluster_remove_machine(cluster, event->machine_id, event->kind == EVENT_MACHINE_LEFT);
    else if (event->kind == EVENT_UNIT)
        r = cluster_put_unit_take(cluster, &event->unit->unit, world_requirements(event->unit));
    else if (event->kind == EVENT_UNIT_GONE)
        r = cluster_remove_unit(cluster, event->name);
    else if (event->kind == EVENT_MAINTENANCE)
        r = cluster_put_maintenance(cluster, event->maintenance);
    else if (event->kind == EVENT_MAINTENANCE_GONE)
        r = cluster_remove_maintenance(cluster, event->machine_id);
    else if (event->kind == EVENT_STATE)
        r = cluster_put_state(cluster, event->state);
    else
        r = cluster_remove_state(cluster, event->machine_id, event->name);
    must(r == 0);
}

void world_tell(World *world, size_t n) {
    n = MIN(n, world->n_events);
    for (size_t i = 0; i < n; i++) {
        event_tell(world->cluster, world->events[i]);
        event_free(world->events[i]);
    }
    world->n_events -= n;
    if (world->n_events > 0)
        memmove(world->events, &world->events[n], world->n_events * sizeof(*world->events));
}

static void event_add_machine(World *world, const Machine *machine) {
    _cleanup_free_ char *metadata = metadata_format(&machine->metadata);
    WorldEvent *event = event_add(world, EVENT_MACHINE, machine->id, NULL);
    event->machine = machine_new(machine->id, machine->status, metadata);
    machine_copy_capacity(event->machine, machine);
}

static void event_add_unit(World *world, const WorldUnit *unit) {
    WorldEvent *event = event_add(world, EVENT_UNIT, NULL, unit->unit.name);
    event->unit = world_unit_new(&unit->unit, unit->options);
}

static void event_add_state(World *world, const UnitState *state) {
    WorldEvent *event = event_add(world, EVENT_STATE, state->machine_id, state->name);
    event->state = state_new(state->machine_id, state->name, state->current, state->unit_revision,
                             state->hash, state->active);
}

/* The world */

static void free_machine(void *value) {
    machine_free(value);
}
static void free_order(void *value) {
    order_free(value);
}
static void free_state(void *value) {
    unit_state_free(value);
}
static void free_maintenance(void *value) {
    maintenance_free(value);
}
static void free_failures(void *value) {
    failures_free(value);
}
static void free_pending(void *value) {
    pending_free(value);
}

World *world_new(void) {
    World *world = calloc(1, sizeof(World));
    must(world);
    world->machines = map_new(free_machine);
    world->units = map_new(world_unit_free);
    world->orders = map_new(free_order);
    world->states = map_new(free_state);
    world->pendings = map_new(free_pending);
    world->maintenances = map_new(free_maintenance);
    world->broken = map_new(NULL);
    world->ended = map_new(NULL);
    world->failures = map_new(free_failures);
    world->now_usec = USEC_PER_SEC;
    world->capacities = map_new(free_machine);
    world->running = map_new(NULL);
    world->spread = map_new(NULL);
    world->cluster = cluster_new(0);
    must(world->capacities && world->machines && world->units && world->orders && world->states &&
         world->pendings && world->maintenances && world->broken && world->ended &&
         world->failures && world->running && world->spread && world->cluster);
    return world;
}

void world_free(World *world) {
    if (!world)
        return;
    for (size_t i = 0; i < world->n_events; i++)
        event_free(world->events[i]);
    free(world->events);
    cluster_free(world->cluster);
    map_free(world->machines);
    map_free(world->units);
    map_free(world->orders);
    map_free(world->states);
    map_free(world->pendings);
    map_free(world->capacities);
    map_free(world->maintenances);
    map_free(world->broken);
    map_free(world->ended);
    map_free(world->failures);
    map_free(world->running);
    map_free(world->spread);
    free(world);
}

bool world_is_live(const World *world, const char *machine_id) {
    return map_has(world->machines, machine_id);
}

Order *world_find_order(const World *world, const char *machine_id, const char *name) {
    _cleanup_free_ char *k = key(machine_id, name);
    return map_get(world->orders, k);
}

void world_put_machine(World *world, const char *id, MachineStatus status, const char *metadata) {
    put(world->machines, id, machine_new(id, status, metadata));
    if (map_has(world->capacities, id))
        machine_copy_capacity(map_get(world->machines, id), map_get(world->capacities, id));
    event_add_machine(world, map_get(world->machines, id));
    world_trace("machine %s %s %s", id, machine_status_to_string(status), metadata);
}

void world_set_capacity(World *world, const char *id, uint64_t memory_bytes, uint64_t cores,
                        uint64_t overbook_percent) {
    Machine *capacity = machine_new(id, MACHINE_STATUS_RUNNING, "");
    capacity->memory_bytes = memory_bytes;
    capacity->cores = cores;
    capacity->overbook_percent = overbook_percent;
    put(world->capacities, id, capacity);
    Machine *machine = map_get(world->machines, id);
    if (!machine)
        return;
    machine_copy_capacity(machine, capacity);
    event_add_machine(world, machine);
}

static bool key_is_of(const char *k, const char *machine_id) {
    size_t n = strlen(machine_id);
    return strncmp(k, machine_id, n) == 0 && k[n] == '/';
}

static void machine_go(World *world, const char *id, WorldEventKind kind) {
    const char *k;
    _unused_ void *value;
    MAP_FOREACH (k, value, world->running)
        if (key_is_of(k, id))
            map_remove(world->running, k);
    const UnitState *state;
    MAP_FOREACH (k, state, world->states)
        if (key_is_of(k, id)) {
            event_add(world, EVENT_STATE_GONE, id, state->name);
            map_remove(world->states, k);
        }
    map_remove(world->machines, id);
    world_trace("gone %s", id);
    event_add(world, kind, id, NULL);
}

void world_remove_machine(World *world, const char *id) {
    machine_go(world, id, EVENT_MACHINE_GONE);
}

void world_leave_machine(World *world, const char *id) {
    machine_go(world, id, EVENT_MACHINE_LEFT);
}

void world_put_maintenance(World *world, const Maintenance *maintenance) {
    const char *id = maintenance->machine_id;
    put(world->maintenances, id, maintenance_copy(maintenance));
    event_add(world, EVENT_MAINTENANCE, id, NULL)->maintenance = maintenance_copy(maintenance);
    world_trace("%s %s", maintenance->is_draining ? "drain" : "cordon", id);
}

void world_end_drain(World *world, const char *machine_id) {
    Maintenance *maintenance = map_get(world->maintenances, machine_id);
    world_tell(world, SIZE_MAX);
    if (!maintenance || !maintenance->is_draining)
        return;
    maintenance->deadline_usec = 1; /* long ago: a new engine finds that as well */
    world_trace("overdue %s", machine_id);
    must(cluster_end_drain(world->cluster, machine_id) == 0);
}

void world_remove_maintenance(World *world, const char *machine_id) {
    event_add(world, EVENT_MAINTENANCE_GONE, machine_id, NULL);
    world_trace("uncordon %s", machine_id);
    map_remove(world->maintenances, machine_id);
}

void world_break_unit(World *world, const char *machine_id, const char *name, bool is_broken) {
    _cleanup_free_ char *k = machine_id ? key(machine_id, name) : copy(name);
    map_remove(world->broken, k);
    if (is_broken)
        put(world->broken, k, world);
}

static void put_unit(World *world, const char *name, LaunchState desired, const char *options,
                     int64_t restart) {
    _cleanup_(unit_file_unrefp) UnitFile *file = unit_file(options);
    _cleanup_free_ char *hash = copy(unit_file_hash(file));
    Unit unit = {.name = (char *) name,
                 .hash = hash,
                 .desired = desired,
                 .restart = restart,
                 .revision = ++world->revision};
    WorldUnit *record = world_unit_new(&unit, options);
    put(world->units, name, record);
    event_add_unit(world, record);
    _cleanup_(requirements_freep) Requirements *requirements = world_requirements(record);
    if (requirements->is_global)
        put(world->spread, name, world);
    world_trace("unit %s %s @%" PRIi64 " restart %" PRIi64 "\n%s", name,
                launch_state_to_string(desired), unit.revision, restart, options);
}

void world_put_unit(World *world, const char *name, LaunchState desired, const char *options) {
    const WorldUnit *old = map_get(world->units, name);
    _cleanup_free_ char *text = copy(options ? options : old ? old->options : "");
    put_unit(world, name, desired, text, old ? old->unit.restart : 0);
}

void world_restart_unit(World *world, const char *name) {
    const WorldUnit *old = map_get(world->units, name);
    must(old);
    _cleanup_free_ char *options = copy(old->options);
    put_unit(world, name, old->unit.desired, options, old->unit.restart + 1);
}

void world_remove_unit(World *world, const char *name) {
    map_remove(world->units, name);
    world_trace("destroy %s", name);
    event_add(world, EVENT_UNIT_GONE, NULL, name);
}

void world_leave_order(World *world, const char *machine_id, const char *name, LaunchState desired,
                       int64_t unit_revision, const char *reason) {
    const WorldUnit *unit = map_get(world->units, name);
    Order *order = calloc(1, sizeof(Order));
    must(order);
    *order = (Order){.machine_id = copy(machine_id),
                     .name = copy(name),
                     .hash = copy(unit ? unit->unit.hash : "unknown"),
                     .desired = desired,
                     .unit_revision = unit_revision,
                     .reason = copy(reason)};
    _cleanup_free_ char *k = key(machine_id, name);
    put(world->orders, k, order);
}

void world_leave_pending(World *world, const char *name, const char *summary) {
    const WorldUnit *unit = map_get(world->units, name);
    Pending *pending = calloc(1, sizeof(Pending));
    must(pending);
    pending->name = copy(name);
    pending->summary = copy(summary);
    pending->unit_revision = unit ? unit->unit.revision : 0;
    put(world->pendings, name, pending);
}

void world_put_state(World *world, const char *machine_id, const char *name, LaunchState current,
                     int64_t unit_revision) {
    _cleanup_free_ char *k = key(machine_id, name);
    const UnitState *old = map_get(world->states, k);
    const Order *order = map_get(world->orders, k);
    const char *hash = order ? order->hash : NULL;
    bool is_broken = map_has(world->broken, name) || map_has(world->broken, k);
    bool is_idle = current != LAUNCH_STATE_LAUNCHED || map_has(world->ended, k);
    const char *active = is_idle ? "inactive" : is_broken ? "failed" : "active";
    if (old && old->current == current && old->unit_revision == unit_revision &&
        streq_ptr(old->hash, hash) && streq_ptr(old->active, active))
        return;
    put(world->states, k, state_new(machine_id, name, current, unit_revision, hash, active));
    world_trace("state %s %s @%" PRIi64, k, launch_state_to_string(current), unit_revision);
    event_add_state(world, map_get(world->states, k));
}

void world_remove_state(World *world, const char *machine_id, const char *name) {
    _cleanup_free_ char *k = key(machine_id, name);
    if (!map_has(world->states, k))
        return;
    event_add(world, EVENT_STATE_GONE, machine_id, name);
    map_remove(world->states, k);
    world_trace("no state %s", k);
}

void world_end_unit(World *world, const char *machine_id, const char *name) {
    _cleanup_free_ char *k = key(machine_id, name);
    const UnitState *state = map_get(world->states, k);
    must(state);
    put(world->ended, k, world);
    world_put_state(world, machine_id, name, state->current, state->unit_revision);
}

void world_put_orphan(World *world, const char *machine_id, const char *name, LaunchState desired,
                      const char *options) {
    _cleanup_(unit_file_unrefp) UnitFile *file = unit_file(options);
    _cleanup_free_ char *hash = copy(unit_file_hash(file)), *k = key(machine_id, name);
    Requirements *requirements;
    Orphan orphan = {
        .machine_id = (char *) machine_id, .name = (char *) name, .hash = hash, .desired = desired};
    must(requirements_parse(file, name, &requirements, NULL) == 0);
    if (desired == LAUNCH_STATE_LAUNCHED)
        put(world->running, k, world);
    world_tell(world, SIZE_MAX);
    must(cluster_put_orphan_take(world->cluster, &orphan, requirements) == 0);
}

/* Agents */

/* An ordinary unit never runs on two live machines. */
static void agent_start(World *world, const char *machine_id, const char *name) {
    _cleanup_free_ char *k = key(machine_id, name);
    if (map_has(world->running, k))
        return;
    const char *id;
    _unused_ void *value;
    MAP_FOREACH (id, value, world->machines) {
        _cleanup_free_ char *elsewhere = key(id, name);
        if (map_has(world->running, elsewhere) && !map_has(world->spread, name))
            world_fail("%s starts on %s and still runs on %s", name, machine_id, id);
    }
    put(world->running, k, world);
}

void world_agent_act(World *world, const char *machine_id, const char *name) {
    const Machine *machine = map_get(world->machines, machine_id);
    if (!machine || machine->status != MACHINE_STATUS_RUNNING)
        return;
    _cleanup_free_ char *k = key(machine_id, name);
    const Order *order = map_get(world->orders, k);
    if (order && order->desired == LAUNCH_STATE_LAUNCHED)
        agent_start(world, machine_id, name);
    else
        map_remove(world->running, k);
    if (order)
        world_put_state(world, machine_id, name, order->desired, order->unit_revision);
    else
        world_remove_state(world, machine_id, name);
}

void world_agents_act(World *world, const char *machine_id) {
    const char *k;
    const Order *order;
    const UnitState *state;
    MAP_FOREACH (k, state, world->states)
        if ((!machine_id || streq(state->machine_id, machine_id)) && !map_has(world->orders, k))
            world_agent_act(world, state->machine_id, state->name);
    MAP_FOREACH (k, order, world->orders)
        if (!machine_id || streq(order->machine_id, machine_id))
            world_agent_act(world, order->machine_id, order->name);
}
