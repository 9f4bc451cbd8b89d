/* Where a unit has failed, and when it is tried anew. */
#include "fleetd/api/api-json.h"
#include "fleetd/base/json.h"

/* Not of one that says nothing of it, or that it is over. */
static int add_time(json_object *object, const char *name, usec_t usec) {
    return usec == 0 ? 0 : json_add_int(object, name, (int64_t) (usec / USEC_PER_SEC));
}

static json_object *place_to_json(const FailurePlace *place) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "machineID", place->machine_id) < 0 ||
        json_add_int(object, "count", (int64_t) place->count) < 0 ||
        add_time(object, "time", place->failed_usec) < 0 ||
        add_time(object, "nextTry", place->next_usec) < 0 ||
        add_time(object, "wellSince", place->well_since_usec) < 0 ||
        json_add_string(object, "why", place->why) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *failures_to_json(const Failures *failures) {
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *machines = NULL;
    const FailurePlace *next = failures_next(failures);
    if (!object || json_add_int(object, "count", (int64_t) failures_count(failures)) < 0 ||
        add_time(object, "nextTry", next ? next->next_usec : 0) < 0 ||
        json_add_take(object, "machines", machines = json_object_new_array()) < 0)
        return NULL;
    for (size_t i = 0; i < failures->n_places; i++)
        if (json_array_add_take(machines, place_to_json(&failures->places[i])) < 0)
            return NULL;
    return TAKE_PTR(object);
}

/* What was remembered of an earlier request tells nothing about this one. */
static const Failures *failures_of_request(const UnitView *unit) {
    const Failures *failures = unit->failures;
    return failures && unit->unit && failures->unit_revision >= unit->unit->revision ? failures
                                                                                     : NULL;
}

int json_add_failures(json_object *object, const UnitView *unit) {
    const Failures *failures = failures_of_request(unit);
    return failures ? json_add_take(object, "failures", failures_to_json(failures)) : 0;
}

int json_add_failures_on(json_object *object, const UnitView *unit, const char *machine_id) {
    const Failures *failures = failures_of_request(unit);
    const FailurePlace *place = failures_find(failures, machine_id);
    if (!failures)
        return 0;
    int r = json_add_int(object, "failureCount", (int64_t) failures_count(failures));
    return r < 0 ? r : add_time(object, "nextTry", place ? place->next_usec : 0);
}
