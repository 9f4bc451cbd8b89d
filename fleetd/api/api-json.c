#include "fleetd/api/api-json.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

json_object *names_to_json(const char *const *names) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; array && names[i]; i++)
        if (json_array_add_take(array, json_object_new_string(names[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_object *option_to_json(const UnitOption *option) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "section", option->section) < 0 ||
        json_add_string(object, "name", option->name) < 0 ||
        json_add_string(object, "value", option->value) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *options_to_json(const UnitFile *file) {
    _cleanup_json_ json_object *array = json_object_new_array();
    size_t n = 0;
    const UnitOption *options = file ? unit_file_options(file, &n) : NULL;
    for (size_t i = 0; array && i < n; i++)
        if (json_array_add_take(array, option_to_json(&options[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_object *pending_reason_to_json(const PendingReason *reason) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "machineID", reason->machine_id) < 0 ||
        json_add_string(object, "reason", reason->reason) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *pending_to_json(const Pending *pending) {
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *machines = NULL;
    if (!object || json_add_string(object, "summary", pending->summary) < 0 ||
        json_add_take(object, "machines", machines = json_object_new_array()) < 0)
        return NULL;
    for (size_t i = 0; i < pending->n_reasons; i++)
        if (json_array_add_take(machines, pending_reason_to_json(&pending->reasons[i])) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static int add_place(json_object *object, const UnitView *unit) {
    const Placement *placement = unit_view_placement(unit);
    if (!placement)
        return 0;
    int r = json_add_string(object, "machineID", placement->machine_id);
    return r < 0 ? r : json_add_string(object, "reason", placement->order->reason);
}

static int add_version(json_object *object, const UnitView *unit) {
    int64_t version = unit->unit->version;
    return version > 0 ? json_add_int(object, "version", version) : 0;
}

json_object *unit_to_json(const View *view, const UnitView *unit, bool is_whole) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const UnitFile *file = view_find_file(view, unit->unit->hash);
    const Pending *pending = unit_view_pending(unit);
    bool is_global = unit_view_is_global(view, unit);
    if (!object || json_add_string(object, "name", unit->name) < 0 ||
        json_add_string(object, "desiredState", launch_state_to_string(unit->unit->desired)) < 0 ||
        json_add_string(object, "currentState", launch_state_to_string(unit_view_current(unit))) <
            0 ||
        json_add_take(object, "options", options_to_json(file)) < 0 ||
        json_add_string(object, "hash", unit->unit->hash) < 0 ||
        json_add_int(object, "revision", unit->unit->revision) < 0 ||
        json_add_bool(object, "global", is_global) < 0 || add_version(object, unit) < 0)
        return NULL;
    if (!is_global && add_place(object, unit) < 0)
        return NULL;
    if (pending && json_add_take(object, "pending", pending_to_json(pending)) < 0)
        return NULL;
    if (json_add_failures(object, unit) < 0)
        return NULL;
    if (is_whole && file && json_add_string(object, "text", unit_file_text(file, NULL)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

bool placement_is_listed(const Placement *placement) {
    return placement->state && placement->state->current != LAUNCH_STATE_INACTIVE;
}

/* Only of a unit that has a check and runs. */
static int add_health(json_object *object, const UnitState *state) {
    if (state->health == UNIT_HEALTH_NONE)
        return 0;
    int r = json_add_string(object, "health", unit_health_to_string(state->health));
    return r < 0 ? r : json_add_string(object, "healthMessage", state->health_message);
}

/* What the agent reports, the same in a state and in an event. */
static int add_report(json_object *object, const UnitState *state) {
    static const UnitState none = {};
    if (!state)
        state = &none;
    if (json_add_string(object, "currentState", launch_state_to_string(state->current)) < 0 ||
        json_add_nullable(object, "systemdLoadState", state->load) < 0 ||
        json_add_nullable(object, "systemdActiveState", state->active) < 0 ||
        json_add_nullable(object, "systemdSubState", state->sub) < 0 ||
        json_add_nullable(object, "systemdResult", state->result) < 0 ||
        json_add_string(object, "job", job_result_to_string(state->job)) < 0 ||
        json_add_nullable(object, "message", state->message) < 0 || add_health(object, state) < 0)
        return -ENOMEM;
    return json_add_int(object, "revision", state->unit_revision);
}

json_object *unit_state_to_json(const UnitView *unit, const Placement *placement) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "name", unit->name) < 0 ||
        json_add_nullable(object, "hash", placement->state->hash) < 0 ||
        json_add_string(object, "machineID", placement->machine_id) < 0 ||
        add_report(object, placement->state) < 0 ||
        json_add_failures_on(object, unit, placement->machine_id) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *orphan_to_json(const UnitView *unit, const Placement *placement) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Orphan *orphan = placement->orphan;
    if (!object || json_add_string(object, "name", unit->name) < 0 ||
        json_add_string(object, "machineID", placement->machine_id) < 0 ||
        json_add_string(object, "desiredState", launch_state_to_string(orphan->desired)) < 0 ||
        json_add_string(object, "hash", orphan->hash) < 0 ||
        json_add_bool(object, "known", unit->unit != NULL) < 0 ||
        json_add_nullable(object, "cluster", orphan->cluster) < 0 ||
        json_add_string(object, "text", orphan->text) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *log_to_json(char *const *log) {
    _cleanup_json_ json_object *array = json_object_new_array();
    STRV_FOREACH (line, log)
        if (!array || json_array_add_take(array, json_object_new_string(*line)) < 0)
            return NULL;
    return TAKE_PTR(array);
}

/* The hash of what was asked for; of what is there where nothing is asked for any more. */
static const char *event_hash(const UnitView *unit, const Placement *placement) {
    if (unit->unit)
        return unit->unit->hash;
    if (placement && placement->order)
        return placement->order->hash;
    return placement && placement->state ? placement->state->hash : NULL;
}

/* What is asked of the unit; on a machine that it is to leave, that is to be stopped. */
static LaunchState event_desired(const UnitView *unit, const Placement *placement) {
    if (!unit->unit)
        return LAUNCH_STATE_INACTIVE;
    bool is_leaving =
        placement && (!placement->order || placement->order->desired == LAUNCH_STATE_INACTIVE);
    return is_leaving ? LAUNCH_STATE_INACTIVE : unit->unit->desired;
}

/* What is asked for, and why the unit is where it is or waits. */
static int add_request(json_object *object, const View *view, const UnitView *unit,
                       const Placement *placement) {
    const Unit *known = unit->unit;
    const Pending *pending = unit_view_pending(unit);
    const Order *order = placement ? placement->order : NULL;
    const char *desired = launch_state_to_string(event_desired(unit, placement));
    if (json_add_string(object, "desiredState", desired) < 0 ||
        json_add_nullable(object, "hash", event_hash(unit, placement)) < 0 ||
        json_add_int(object, "unitRevision", known ? known->revision : 0) < 0 ||
        json_add_bool(object, "global", unit_view_is_global(view, unit)) < 0 ||
        json_add_bool(object, "deleted", !known) < 0 ||
        json_add_bool(object, "orphan", placement && placement_is_orphaned(placement)) < 0 ||
        json_add_nullable(object, "reason", order ? order->reason : NULL) < 0)
        return -ENOMEM;
    return pending ? json_add_take(object, "pending", pending_to_json(pending))
                   : json_add_nullable(object, "pending", NULL);
}

/* So that who names the machine to people need not ask. */
static const char *placement_address(const View *view, const Placement *placement) {
    const MachineView *machine = placement ? view_find_machine(view, placement->machine_id) : NULL;
    return machine && machine_view_is_present(machine) ? machine->machine->address : NULL;
}

json_object *unit_event_to_json(const View *view, const UnitView *unit,
                                const Placement *placement) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const UnitState *state = placement ? placement->state : NULL;
    if (!object || json_add_string(object, "type", "unit") < 0 ||
        json_add_string(object, "unit", unit->name) < 0 ||
        json_add_string(object, "machineID", placement ? placement->machine_id : "") < 0 ||
        json_add_nullable(object, "primaryIP", placement_address(view, placement)) < 0 ||
        add_report(object, state) < 0 || add_request(object, view, unit, placement) < 0 ||
        json_add_failures(object, unit) < 0)
        return NULL;
    int r = state && state->log ? json_add_take(object, "log", log_to_json(state->log))
                                : json_add_nullable(object, "log", NULL);
    return r < 0 ? NULL : TAKE_PTR(object);
}

json_object *synced_event_to_json(int64_t revision) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "type", "synced") < 0 ||
        json_add_int(object, "revision", revision) < 0)
        return NULL;
    return TAKE_PTR(object);
}
