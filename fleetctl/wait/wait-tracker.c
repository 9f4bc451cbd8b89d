#include "fleetctl/wait/wait-tracker.h"

#include "fleetd/base/strv.h"

#include <errno.h>

struct WaitTracker {
    WaitGoal goal;
    Map *by_name;
    WaitUnit **units; /* owned by the map */
    size_t n_units;
    bool is_synced; /* the present has been told */
    size_t counts[_WAIT_STATUS_MAX];
};

static void wait_unit_free(void *value) {
    WaitUnit *unit = value;
    json_object_put(unit->line);
    map_free(unit->orphans);
    map_free(unit->holders);
    free(unit->obstacle);
    free(unit);
}

int wait_tracker_new(WaitGoal goal, WaitTracker **ret) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = calloc(1, sizeof(WaitTracker));
    if (!tracker)
        return -ENOMEM;
    tracker->goal = goal;
    tracker->by_name = map_new(wait_unit_free);
    if (!tracker->by_name)
        return -ENOMEM;
    *ret = TAKE_PTR(tracker);
    return 0;
}

void wait_tracker_free(WaitTracker *tracker) {
    if (!tracker)
        return;
    map_free(tracker->by_name);
    free(tracker->units);
    free(tracker);
}

int wait_tracker_add(WaitTracker *tracker, const char *name, int64_t revision, bool is_quiet) {
    if (map_has(tracker->by_name, name))
        return 0;
    WaitUnit **grown = realloc(tracker->units, (tracker->n_units + 1) * sizeof(WaitUnit *));
    if (!grown)
        return -ENOMEM;
    tracker->units = grown;
    WaitUnit *unit = calloc(1, sizeof(WaitUnit));
    if (!unit)
        return -ENOMEM;
    *unit = (WaitUnit){.revision = revision,
                       .is_quiet = is_quiet,
                       .orphans = map_new(NULL),
                       .holders = map_new(NULL)};
    if (!unit->orphans || !unit->holders || map_put(tracker->by_name, name, unit) < 0) {
        wait_unit_free(unit);
        return -ENOMEM;
    }
    unit->name = map_get_key(tracker->by_name, name);
    tracker->units[tracker->n_units++] = unit;
    tracker->counts[WAIT_STATUS_OPEN]++;
    return 0;
}

/* A removed unit has no revision that a report could answer: only a job that was seen running can
 * be told from the one that brought the unit up. */
static bool is_old_news(const WaitTracker *tracker, const WaitUnit *unit, WaitStatus status) {
    return tracker->goal == WAIT_GONE && status == WAIT_STATUS_STUCK && !unit->saw_running;
}

/* A machine's line says whether it has an orphan; the last line of what ended there says no. */
static int unit_note_orphan(WaitUnit *unit, const ApiEvent *event) {
    if (event->is_orphan)
        return map_put(unit->orphans, event->machine_id, NULL);
    map_remove(unit->orphans, event->machine_id);
    return 0;
}

/* The last line of a placement says that the unit is inactive, and has no order any more. */
static int unit_note_holder(WaitUnit *unit, const ApiEvent *event) {
    bool is_held = event->current != LAUNCH_STATE_INACTIVE || event->reason;
    if (*event->machine_id && !event->is_orphan && is_held)
        return map_put(unit->holders, event->machine_id, NULL);
    map_remove(unit->holders, event->machine_id);
    return 0;
}

static WaitStatus status_after(const WaitTracker *tracker, const WaitUnit *unit,
                               const ApiEvent *event) {
    WaitStatus status = wait_judge(tracker->goal, unit->revision, event);
    bool is_adopted = tracker->goal == WAIT_ADOPTED && status == WAIT_STATUS_OPEN &&
                      tracker->is_synced && map_size(unit->orphans) == 0;
    return is_adopted ? WAIT_STATUS_REACHED : status;
}

/* Who only waits may do so for long, and is told when it is for something else. */
static bool has_other_reason(const WaitTracker *tracker, const WaitUnit *unit,
                             const ApiEvent *event) {
    return wait_goal_is_state(tracker->goal) && unit->status == WAIT_STATUS_PENDING &&
           !streq_ptr(unit->event.pending.summary, event->pending.summary);
}

/* Each line decides anew until one ends the wait. */
static int unit_judge(WaitTracker *tracker, WaitUnit *unit, const ApiEvent *event,
                      json_object *line) {
    int r = unit_note_orphan(unit, event);
    if (r >= 0)
        r = unit_note_holder(unit, event);
    if (r < 0)
        return r;
    WaitStatus status = status_after(tracker, unit, event);
    unit->saw_running |= event->job == JOB_RESULT_RUNNING;
    if (is_old_news(tracker, unit, status))
        return 0;
    bool is_same = status == unit->status && !has_other_reason(tracker, unit, event);
    if (!wait_status_is_open(unit->status) || is_same)
        return 0;
    tracker->counts[unit->status]--;
    tracker->counts[status]++;
    json_object_put(unit->line);
    unit->line = json_object_get(line);
    unit->event = *event;
    unit->status = status;
    unit->is_told = false;
    return 1;
}

void wait_tracker_begin(WaitTracker *tracker) {
    tracker->is_synced = false;
    for (size_t i = 0; i < tracker->n_units; i++) {
        tracker->units[i]->is_mentioned = false;
        map_clear(tracker->units[i]->orphans);
        map_clear(tracker->units[i]->holders);
    }
}

static int unit_feed(WaitTracker *tracker, const ApiEvent *event, json_object *line) {
    WaitUnit *unit = map_get(tracker->by_name, event->unit);
    if (!unit)
        return 0;
    unit->is_mentioned = true;
    return unit_judge(tracker, unit, event, line);
}

/* Of a restart under that name; what was deployed there before says nothing. */
static int unit_feed_rollout(WaitTracker *tracker, const ApiEvent *event) {
    WaitUnit *unit = map_get(tracker->by_name, event->unit);
    const char *why = event->rollout.is_restart ? event->rollout.why : NULL;
    if (!unit || tracker->goal != WAIT_RESTARTED || streq_ptr(unit->obstacle, why))
        return 0;
    unit->is_obstacle_told = !why;
    int r = str_replace(&unit->obstacle, why);
    return r < 0 ? r : 1;
}

/* A unit that the whole present does not mention is unknown to the cluster, and no orphan is where
 * it mentions none. */
static int unit_feed_end_of_present(WaitTracker *tracker, WaitUnit *unit) {
    _cleanup_json_ json_object *line = json_object_new_object();
    ApiEvent event;
    if (!line || json_add_string(line, "type", "unit") < 0 ||
        json_add_string(line, "unit", unit->name) < 0 ||
        json_add_bool(line, "deleted", !unit->is_mentioned) < 0)
        return -ENOMEM;
    int r = api_event_read(line, &event, NULL);
    return r < 0 ? r : unit_judge(tracker, unit, &event, line);
}

static int synced_feed(WaitTracker *tracker) {
    int changed = 0;
    tracker->is_synced = true;
    for (size_t i = 0; i < tracker->n_units; i++) {
        WaitUnit *unit = tracker->units[i];
        bool is_told = unit->is_mentioned && tracker->goal != WAIT_ADOPTED;
        int r = is_told ? 0 : unit_feed_end_of_present(tracker, unit);
        if (r < 0)
            return r;
        changed |= r;
    }
    return changed;
}

int wait_tracker_feed(WaitTracker *tracker, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Bad line in the stream of events");
    if (event.type == API_EVENT_SYNCED)
        return synced_feed(tracker);
    if (event.type == API_EVENT_ROLLOUT)
        return unit_feed_rollout(tracker, &event);
    return event.type == API_EVENT_UNIT ? unit_feed(tracker, &event, json) : 0;
}

WaitGoal wait_tracker_goal(const WaitTracker *tracker) {
    return tracker->goal;
}

size_t wait_tracker_count(const WaitTracker *tracker, WaitStatus status) {
    return tracker->counts[status];
}

size_t wait_tracker_count_open(const WaitTracker *tracker) {
    size_t n = 0;
    for (WaitStatus status = 0; wait_status_is_open(status); status++)
        n += tracker->counts[status];
    return n;
}

bool wait_tracker_has_orphans(const WaitTracker *tracker) {
    for (size_t i = 0; i < tracker->n_units; i++)
        if (map_size(tracker->units[i]->orphans) > 0)
            return true;
    return false;
}

WaitUnit *wait_tracker_get(const WaitTracker *tracker, size_t i) {
    return i < tracker->n_units ? tracker->units[i] : NULL;
}
