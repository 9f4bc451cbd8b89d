#include "fleetctl/wait/scale-tracker.h"

#include "fleetd/base/map.h"
#include "fleetd/model/template-scale.h"

#include <errno.h>

struct ScaleTracker {
    char *template;
    uint64_t count;
    bool is_asked; /* the stream that is being read is of after the request */
    bool is_synced;
    bool is_wish_mentioned;
    ScaleEnd end; /* as the wish says: none, replaced or gone */
    Map *index;   /* ScaleUnit by name */
    ScaleUnit **units;
    size_t n_units, n_there, n_unreadable;
};

static void scale_unit_free(void *value) {
    ScaleUnit *unit = value;
    free(unit->name);
    free(unit);
}

int scale_tracker_new(const char *template, uint64_t count, ScaleTracker **ret) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = calloc(1, sizeof(ScaleTracker));
    if (!tracker || !(tracker->template = strdup(template)) ||
        !(tracker->index = map_new(scale_unit_free)))
        return -ENOMEM;
    tracker->count = count;
    *ret = TAKE_PTR(tracker);
    return 0;
}

void scale_tracker_free(ScaleTracker *tracker) {
    if (!tracker)
        return;
    map_free(tracker->index);
    free(tracker->units);
    free(tracker->template);
    free(tracker);
}

void scale_tracker_begin(ScaleTracker *tracker, bool is_asked) {
    tracker->is_asked = is_asked;
    tracker->is_synced = tracker->is_wish_mentioned = false;
    for (size_t i = 0; i < tracker->n_units; i++)
        tracker->units[i]->is_mentioned = false;
}

/* --- instances --- */

static int unit_need(ScaleTracker *tracker, const char *name, ScaleUnit **ret) {
    ScaleUnit *unit = map_get(tracker->index, name);
    if (!unit) {
        ScaleUnit **units =
            reallocarray(tracker->units, tracker->n_units + 1, sizeof(*tracker->units));
        if (!units)
            return -ENOMEM;
        tracker->units = units;
        unit = calloc(1, sizeof(ScaleUnit));
        if (!unit)
            return -ENOMEM;
        unit->name = strdup(name);
        if (!unit->name || map_put(tracker->index, name, unit) < 0) {
            scale_unit_free(unit);
            return -ENOMEM;
        }
        tracker->units[tracker->n_units++] = unit;
    }
    *ret = unit;
    return 0;
}

static void unit_set_there(ScaleTracker *tracker, ScaleUnit *unit, bool is_there) {
    tracker->n_there += is_there;
    tracker->n_there -= unit->is_there;
    unit->is_there = is_there;
}

static void unit_set_unreadable(ScaleTracker *tracker, ScaleUnit *unit, bool is_unreadable) {
    tracker->n_unreadable += is_unreadable;
    tracker->n_unreadable -= unit->is_unreadable;
    unit->is_unreadable = is_unreadable;
}

/* That it is to be inactive may also be said of a machine that it only leaves. */
static int take_unit(ScaleTracker *tracker, const ApiEvent *event) {
    ScaleUnit *unit;
    bool is_leaving = *event->machine_id && event->desired == LAUNCH_STATE_INACTIVE;
    int r = unit_need(tracker, event->unit, &unit);
    if (r < 0)
        return r;
    unit->is_mentioned = true;
    unit_set_there(tracker, unit, !event->is_deleted);
    if (event->is_deleted)
        return 0;
    unit_set_unreadable(tracker, unit, false);
    if (!is_leaving || event->unit_revision != unit->revision)
        unit->desired = is_leaving ? LAUNCH_STATE_LAUNCHED : event->desired;
    unit->revision = event->unit_revision;
    return 0;
}

/* --- the wish --- */

static int take_unreadable(ScaleTracker *tracker, const ApiScale *scale) {
    const char *name;
    ScaleUnit *unit;
    for (size_t i = 0; i < tracker->n_units; i++)
        unit_set_unreadable(tracker, tracker->units[i], false);
    for (size_t i = 0; (name = api_scale_unreadable(scale, i)); i++) {
        if (template_instance_number(tracker->template, name) == 0)
            continue;
        int r = unit_need(tracker, name, &unit);
        if (r < 0)
            return r;
        unit_set_there(tracker, unit, false);
        unit_set_unreadable(tracker, unit, true);
    }
    return 0;
}

static int take_wish(ScaleTracker *tracker, const ApiScale *scale) {
    if (!tracker->is_asked)
        return 0;
    tracker->is_wish_mentioned = true;
    if (tracker->end != SCALE_END_NONE)
        return 0;
    if (!*scale->name)
        tracker->end = SCALE_END_GONE;
    else if ((uint64_t) scale->count != tracker->count)
        tracker->end = SCALE_END_REPLACED;
    return take_unreadable(tracker, scale);
}

/* What the present does not mention is not there any more. */
static void take_synced(ScaleTracker *tracker) {
    if (tracker->is_synced)
        return;
    tracker->is_synced = true;
    for (size_t i = 0; i < tracker->n_units; i++)
        if (!tracker->units[i]->is_mentioned)
            unit_set_there(tracker, tracker->units[i], false);
    if (tracker->is_asked && !tracker->is_wish_mentioned && tracker->end == SCALE_END_NONE)
        tracker->end = SCALE_END_GONE;
}

int scale_tracker_feed(ScaleTracker *tracker, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, reterr);
    if (r < 0)
        return r;
    if (event.type == API_EVENT_SYNCED)
        take_synced(tracker);
    if (event.type == API_EVENT_SCALE && streq(event.unit, tracker->template))
        r = take_wish(tracker, &event.scale);
    bool is_meant = event.type == API_EVENT_UNIT && !event.is_orphan &&
                    template_instance_number(tracker->template, event.unit) > 0;
    return is_meant ? take_unit(tracker, &event) : r;
}

bool scale_tracker_is_synced(const ScaleTracker *tracker) {
    return tracker->is_synced;
}

ScaleEnd scale_tracker_end(const ScaleTracker *tracker) {
    if (!tracker->is_asked || !tracker->is_synced)
        return SCALE_END_NONE;
    if (tracker->end != SCALE_END_NONE)
        return tracker->end;
    /* Those that cannot be read are neither made up for nor removed. */
    uint64_t wanted = tracker->count - MIN(tracker->count, tracker->n_unreadable);
    return tracker->n_there == wanted ? SCALE_END_REACHED : SCALE_END_NONE;
}

const ScaleUnit *scale_tracker_get(const ScaleTracker *tracker, size_t i) {
    return i < tracker->n_units ? tracker->units[i] : NULL;
}
