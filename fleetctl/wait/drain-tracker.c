#include "fleetctl/wait/drain-tracker.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct DrainTracker {
    bool is_ignoring_global;
    bool is_synced;
    Map *machines; /* set of ids */
    Map *index;    /* DrainUnit by "id/name" */
    DrainUnit **units;
    size_t n_units;
};

static void drain_unit_free(void *value) {
    DrainUnit *unit = value;
    free(unit->name);
    free(unit->machine_id);
    free(unit->stays);
    free(unit->waits);
    free(unit);
}

int drain_tracker_new(bool is_ignoring_global, DrainTracker **ret) {
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = calloc(1, sizeof(DrainTracker));
    if (!tracker || !(tracker->machines = map_new(NULL)) ||
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
    free(tracker->units);
    free(tracker);
}

int drain_tracker_add(DrainTracker *tracker, const char *machine_id) {
    return MIN(map_put(tracker->machines, machine_id, NULL), 0);
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
    tracker->is_synced = true;
    for (size_t i = 0; i < tracker->n_units; i++) {
        DrainUnit *unit = tracker->units[i];
        if (unit->is_mentioned || unit->has_left)
            continue;
        unit->has_left = true;
        unit->is_told = false;
    }
}

static int unit_append_take(DrainTracker *tracker, const char *key, DrainUnit *unit) {
    DrainUnit **units = reallocarray(tracker->units, tracker->n_units + 1, sizeof(*tracker->units));
    if (units)
        tracker->units = units;
    int r = units && unit->name && unit->machine_id ? map_put(tracker->index, key, unit) : -ENOMEM;
    if (r < 0) {
        drain_unit_free(unit);
        return r;
    }
    tracker->units[tracker->n_units++] = unit;
    return 0;
}

static int unit_need(DrainTracker *tracker, const ApiEvent *event, DrainUnit **ret) {
    _cleanup_free_ char *key = str_printf("%s/%s", event->machine_id, event->unit);
    if (!key)
        return -ENOMEM;
    DrainUnit *unit = map_get(tracker->index, key);
    if (!unit) {
        unit = calloc(1, sizeof(DrainUnit));
        if (!unit)
            return -ENOMEM;
        unit->name = strdup(event->unit);
        unit->machine_id = strdup(event->machine_id);
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
static int take_place(DrainTracker *tracker, const ApiEvent *event) {
    DrainUnit *unit;
    bool has_left = !event->reason && event->current == LAUNCH_STATE_INACTIVE;
    const char *stays = event->reason ? strstr(event->reason, ORDER_STAYS) : NULL;
    int r = unit_need(tracker, event, &unit);
    if (r < 0)
        return r;
    if (unit->has_left != has_left)
        unit->is_told = false;
    unit->has_left = has_left;
    unit->is_mentioned = true;
    return unit_set(unit, &unit->stays, stays ? stays + strlen(ORDER_STAYS) : NULL);
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

int drain_tracker_feed(DrainTracker *tracker, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, reterr);
    if (r < 0)
        return r;
    if (event.type == API_EVENT_SYNCED)
        take_synced(tracker);
    if (event.type != API_EVENT_UNIT || (event.is_global && tracker->is_ignoring_global) ||
        event.is_orphan)
        return 0;
    return map_has(tracker->machines, event.machine_id) ? take_place(tracker, &event)
                                                        : take_elsewhere(tracker, &event);
}

size_t drain_tracker_count_left(const DrainTracker *tracker) {
    return tracker->n_units - drain_tracker_count_remaining(tracker);
}

size_t drain_tracker_count_remaining(const DrainTracker *tracker) {
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_units; i++)
        n += !tracker->units[i]->has_left;
    return n;
}

bool drain_tracker_is_over(const DrainTracker *tracker) {
    return tracker->is_synced && drain_tracker_count_remaining(tracker) == 0;
}

DrainUnit *drain_tracker_get(const DrainTracker *tracker, size_t i) {
    return i < tracker->n_units ? tracker->units[i] : NULL;
}
