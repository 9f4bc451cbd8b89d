#include "fleetctl/wait/drain-tracker.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct DrainTracker {
    bool is_ignoring_global;
    bool is_synced;
    bool has_present; /* it was told once */
    Map *machines;    /* DrainMachine by id */
    DrainMachine **order;
    size_t n_machines;
    Map *index; /* DrainUnit by "id/name" */
    DrainUnit **units;
    size_t n_units;
};

static void drain_machine_free(void *value) {
    DrainMachine *machine = value;
    free(machine->id);
    free(machine);
}

static void drain_unit_free(void *value) {
    DrainUnit *unit = value;
    free(unit->name);
    free(unit->stays);
    free(unit->waits);
    free(unit);
}

int drain_tracker_new(bool is_ignoring_global, DrainTracker **ret) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = calloc(1, sizeof(DrainTracker));
    if (!tracker || !(tracker->machines = map_new(drain_machine_free)) ||
        !(tracker->index = map_new(drain_unit_free)))
        return -ENOMEM;
    tracker->is_ignoring_global = is_ignoring_global;
    *ret = TAKE_PTR(tracker);
    return 0;
}

void drain_tracker_free(DrainTracker *tracker) {
    if (!tracker)
        return;
    map_free(tracker->machines);
    map_free(tracker->index);
    free(tracker->order);
    free(tracker->units);
    free(tracker);
}

int drain_tracker_add(DrainTracker *tracker, const char *machine_id) {
    DrainMachine **order =
        reallocarray(tracker->order, tracker->n_machines + 1, sizeof(*tracker->order));
    if (!order)
        return -ENOMEM;
    tracker->order = order;
    DrainMachine *machine = calloc(1, sizeof(DrainMachine));
    if (!machine)
        return -ENOMEM;
    machine->id = strdup(machine_id);
    machine->is_told = true; /* nothing is worth telling yet */
    if (!machine->id || map_put(tracker->machines, machine_id, machine) < 0) {
        drain_machine_free(machine);
        return -ENOMEM;
    }
    tracker->order[tracker->n_machines++] = machine;
    return 0;
}

void drain_tracker_begin(DrainTracker *tracker) {
    tracker->is_synced = false;
    for (size_t i = 0; i < tracker->n_units; i++)
        tracker->units[i]->is_mentioned = false;
}

/* What the present does not mention is not there any more. */
static void take_synced(DrainTracker *tracker) {
    if (tracker->is_synced)
        return;
    tracker->is_synced = tracker->has_present = true;
    for (size_t i = 0; i < tracker->n_units; i++) {
        DrainUnit *unit = tracker->units[i];
        if (unit->is_mentioned || unit->has_left || unit->machine->end != DRAIN_END_NONE)
            continue;
        unit->has_left = true;
        unit->is_told = false;
    }
}

static int unit_append_take(DrainTracker *tracker, const char *key, DrainUnit *unit) {
    DrainUnit **units = reallocarray(tracker->units, tracker->n_units + 1, sizeof(*tracker->units));
    if (units)
        tracker->units = units;
    int r = units && unit->name ? map_put(tracker->index, key, unit) : -ENOMEM;
    if (r < 0) {
        drain_unit_free(unit);
        return r;
    }
    tracker->units[tracker->n_units++] = unit;
    return 0;
}

static int unit_need(DrainTracker *tracker, const DrainMachine *machine, const ApiEvent *event,
                     DrainUnit **ret) {
    _cleanup_free_ char *key = str_printf("%s/%s", event->machine_id, event->unit);
    if (!key)
        return -ENOMEM;
    DrainUnit *unit = map_get(tracker->index, key);
    if (!unit) {
        unit = calloc(1, sizeof(DrainUnit));
        if (!unit)
            return -ENOMEM;
        unit->name = strdup(event->unit);
        unit->machine = machine;
        unit->is_told = true; /* nothing is worth telling yet */
        int r = unit_append_take(tracker, key, unit);
        if (r < 0)
            return r;
    }
    *ret = unit;
    return 0;
}

static int unit_set(DrainUnit *unit, char **text, const char *value) {
    if (streq_ptr(*text, value))
        return 0;
    unit->is_told = false;
    return str_replace(text, value);
}

/* An order stands as long as it has a reason. */
static int take_place(DrainTracker *tracker, const DrainMachine *machine, const ApiEvent *event) {
    DrainUnit *unit;
    bool has_left = !event->reason && event->current == LAUNCH_STATE_INACTIVE;
    const char *stays = order_reason_stays(event->reason);
    int r = unit_need(tracker, machine, event, &unit);
    if (r < 0)
        return r;
    if (unit->has_left != has_left)
        unit->is_told = false;
    unit->has_left = has_left;
    unit->is_mentioned = true;
    return unit_set(unit, &unit->stays, stays);
}

static int take_elsewhere(DrainTracker *tracker, const ApiEvent *event) {
    for (size_t i = 0; i < tracker->n_units; i++) {
        DrainUnit *unit = tracker->units[i];
        int r = unit->has_left && streq(unit->name, event->unit)
                    ? unit_set(unit, &unit->waits, event->pending.summary)
                    : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

static int take_unit(DrainTracker *tracker, const ApiEvent *event) {
    const DrainMachine *machine = map_get(tracker->machines, event->machine_id);
    if ((event->is_global && tracker->is_ignoring_global) || event->is_orphan)
        return 0;
    if (!machine)
        return take_elsewhere(tracker, event);
    return machine->end == DRAIN_END_NONE ? take_place(tracker, machine, event) : 0;
}

static size_t count_on(const DrainTracker *tracker, const DrainMachine *machine) {
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_units; i++)
        n += tracker->units[i]->machine == machine && !tracker->units[i]->has_left;
    return n;
}

/* The drain of one that was empty by then was not in vain. */
static void take_machine(DrainTracker *tracker, const ApiEvent *event) {
    DrainMachine *machine = map_get(tracker->machines, event->machine_id);
    if (!machine || event->is_draining || machine->end != DRAIN_END_NONE)
        return;
    bool is_done = tracker->has_present && count_on(tracker, machine) == 0;
    machine->end = is_done ? DRAIN_END_DONE : DRAIN_END_CANCELLED;
    machine->is_told = false;
}

int drain_tracker_feed(DrainTracker *tracker, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, reterr);
    if (r < 0)
        return r;
    if (event.type == API_EVENT_SYNCED)
        take_synced(tracker);
    if (event.type == API_EVENT_MACHINE)
        take_machine(tracker, &event);
    return event.type == API_EVENT_UNIT ? take_unit(tracker, &event) : 0;
}

size_t drain_tracker_count_left(const DrainTracker *tracker) {
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_units; i++)
        n += tracker->units[i]->has_left;
    return n;
}

size_t drain_tracker_count_remaining(const DrainTracker *tracker) {
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_units; i++)
        n += !tracker->units[i]->has_left && tracker->units[i]->machine->end == DRAIN_END_NONE;
    return n;
}

bool drain_tracker_is_over(const DrainTracker *tracker) {
    return tracker->is_synced && drain_tracker_count_remaining(tracker) == 0;
}

DrainMachine *drain_tracker_get_machine(const DrainTracker *tracker, size_t i) {
    return i < tracker->n_machines ? tracker->order[i] : NULL;
}

DrainUnit *drain_tracker_get(const DrainTracker *tracker, size_t i) {
    return i < tracker->n_units ? tracker->units[i] : NULL;
}
