#include "fleetctl/wait/rollout-tracker.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

struct RolloutTracker {
    bool is_synced;
    RolloutProgress **items;
    size_t n;
};

static void progress_free(RolloutProgress *progress) {
    if (!progress)
        return;
    for (size_t i = 0; i < progress->n_units; i++) {
        free(progress->units[i].name);
        free(progress->units[i].why);
    }
    free(progress->units);
    free(progress->name);
    free(progress->why);
    free(progress);
}

int rollout_tracker_new(RolloutTracker **ret) {
    RolloutTracker *tracker = calloc(1, sizeof(RolloutTracker));
    if (!tracker)
        return -ENOMEM;
    *ret = tracker;
    return 0;
}

void rollout_tracker_free(RolloutTracker *tracker) {
    if (!tracker)
        return;
    for (size_t i = 0; i < tracker->n; i++)
        progress_free(tracker->items[i]);
    free(tracker->items);
    free(tracker);
}

int rollout_tracker_add(RolloutTracker *tracker, const char *name) {
    RolloutProgress **items = reallocarray(tracker->items, tracker->n + 1, sizeof(*tracker->items));
    if (!items)
        return -ENOMEM;
    tracker->items = items;
    RolloutProgress *progress = calloc(1, sizeof(RolloutProgress));
    if (!progress || !(progress->name = strdup(name))) {
        progress_free(progress);
        return -ENOMEM;
    }
    progress->is_told = true; /* nothing is worth telling yet */
    items[tracker->n++] = progress;
    return 0;
}

void rollout_tracker_begin(RolloutTracker *tracker) {
    tracker->is_synced = false;
    for (size_t i = 0; i < tracker->n; i++)
        tracker->items[i]->is_mentioned = false;
}

static void progress_end(RolloutProgress *progress, RolloutEnd end) {
    if (progress->end == ROLLOUT_END_NONE)
        progress->is_told = false;
    progress->end = end;
}

/* --- taking a record in --- */

static RolloutUnitProgress *find_unit(const RolloutProgress *progress, const char *name) {
    for (size_t i = 0; i < progress->n_units; i++)
        if (streq(progress->units[i].name, name))
            return &progress->units[i];
    return NULL;
}

static int add_unit(RolloutProgress *progress, const char *name, RolloutUnitProgress **ret) {
    RolloutUnitProgress *units =
        reallocarray(progress->units, progress->n_units + 1, sizeof(*progress->units));
    if (!units)
        return -ENOMEM;
    progress->units = units;
    RolloutUnitProgress *unit = &units[progress->n_units];
    *unit = (RolloutUnitProgress){.name = strdup(name), .is_told = true};
    if (!unit->name)
        return -ENOMEM;
    progress->n_units++;
    *ret = unit;
    return 0;
}

static int take_unit(RolloutProgress *progress, const ApiRolloutUnit *told) {
    RolloutUnitPhase phase = rollout_unit_phase_from_string(told->phase);
    RolloutUnitProgress *unit = find_unit(progress, told->name);
    int r = unit ? 0 : add_unit(progress, told->name, &unit);
    if (r < 0)
        return r;
    bool waits_anew =
        phase == ROLLOUT_UNIT_UPDATING && told->why && !streq_ptr(unit->why, told->why);
    if (phase != unit->phase || waits_anew)
        unit->is_told = phase < 0 || phase == ROLLOUT_UNIT_WAITING;
    unit->phase = phase;
    return str_replace(&unit->why, told->why);
}

/* Those where a person has to do something are an end, too, as long as nobody has. */
static bool is_end(RolloutPhase phase) {
    return rollout_phase_is_over(phase) || phase == ROLLOUT_PAUSED || phase == ROLLOUT_WAITING;
}

static int take_rollout(RolloutProgress *progress, const ApiRollout *rollout, Error *reterr) {
    RolloutPhase phase = rollout_phase_from_string(rollout->phase);
    if (progress->id != 0 && rollout->id != progress->id) {
        progress_end(progress, ROLLOUT_END_REPLACED);
        return 0;
    }
    bool is_news = progress->phase != phase || !streq_ptr(progress->why, rollout->why);
    bool is_plain = phase == ROLLOUT_UPDATING && !rollout->why;
    if (is_news)
        progress->is_told = is_plain;
    progress->id = rollout->id;
    progress->is_restart = rollout->is_restart;
    progress->phase = phase;
    progress->is_global = rollout->is_global;
    int r = str_replace(&progress->why, rollout->why);
    ApiRolloutUnit unit;
    for (size_t i = 0; r >= 0 && api_rollout_unit_get(rollout, i); i++) {
        r = api_rollout_unit_read(api_rollout_unit_get(rollout, i), &unit, reterr);
        if (r >= 0)
            r = take_unit(progress, &unit);
    }
    progress->end = is_end(phase) ? ROLLOUT_END_REACHED : ROLLOUT_END_NONE;
    return r;
}

/* --- the stream --- */

static RolloutProgress *tracker_find(const RolloutTracker *tracker, const char *name) {
    for (size_t i = 0; i < tracker->n; i++)
        if (streq(tracker->items[i]->name, name))
            return tracker->items[i];
    return NULL;
}

/* One of which nothing is told is there no more. */
static void take_synced(RolloutTracker *tracker) {
    for (size_t i = 0; !tracker->is_synced && i < tracker->n; i++)
        if (!tracker->items[i]->is_mentioned)
            progress_end(tracker->items[i], ROLLOUT_END_GONE);
    tracker->is_synced = true;
}

int rollout_tracker_feed(RolloutTracker *tracker, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, reterr);
    if (r < 0)
        return r;
    if (event.type == API_EVENT_SYNCED)
        take_synced(tracker);
    RolloutProgress *progress =
        event.type == API_EVENT_ROLLOUT ? tracker_find(tracker, event.unit) : NULL;
    if (!progress || progress->end > ROLLOUT_END_REACHED)
        return 0;
    progress->is_mentioned = true;
    if (*event.rollout.phase)
        return take_rollout(progress, &event.rollout, reterr);
    progress_end(progress, ROLLOUT_END_GONE);
    return 0;
}

bool rollout_tracker_is_over(const RolloutTracker *tracker) {
    for (size_t i = 0; i < tracker->n; i++)
        if (tracker->items[i]->end == ROLLOUT_END_NONE)
            return false;
    return tracker->is_synced;
}

RolloutProgress *rollout_tracker_get(const RolloutTracker *tracker, size_t i) {
    return i < tracker->n ? tracker->items[i] : NULL;
}

size_t rollout_progress_count(const RolloutProgress *progress, RolloutUnitPhase phase) {
    size_t n = 0;
    for (size_t i = 0; i < progress->n_units; i++)
        n += !unit_name_is_template(progress->units[i].name) &&
             (phase == _ROLLOUT_UNIT_PHASE_MAX || progress->units[i].phase == phase);
    return n;
}
