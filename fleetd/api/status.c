/* GET /status: the cluster on one screen, in one answer. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/census.h"
#include "fleetd/api/context.h"
#include "fleetd/api/reads.h"
#include "fleetd/api/scale-counts.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define UNREADABLE_MAX 5 /* keys that are named */

/* --- machines --- */

static json_object *missing_to_json(const Census *census) {
    _cleanup_free_ const char **ids = NULL;
    return map_sorted_keys(census->missing, &ids) < 0 ? NULL : names_to_json(ids);
}

static json_object *machines_to_json(const Census *census) {
    _cleanup_json_ json_object *object = json_object_new_object();
    for (MachineStatus status = 0; object && status < MACHINE_STATUS_LEFT; status++)
        if (json_add_int(object, machine_status_to_string(status),
                         (int64_t) census->n_machines[status]) < 0)
            return NULL;
    if (!object || json_add_take(object, "missing", missing_to_json(census)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

typedef json_object *(*MachineFormat)(const View *view, const MachineView *machine);

static bool has_maintenance(const MachineView *machine) {
    return machine->maintenance;
}

static bool has_reboot(const MachineView *machine) {
    return machine->reboot;
}

static int add_address(json_object *object, const View *view, const char *machine_id) {
    const MachineView *machine = view_find_machine(view, machine_id);
    bool is_present = machine && machine_view_is_present(machine);
    return json_add_string(object, "primaryIP", is_present ? machine->machine->address : NULL);
}

/* Those of which something is wanted. */
static json_object *wishes_to_json(View *view, bool (*has)(const MachineView *machine),
                                   MachineFormat format) {
    _cleanup_json_ json_object *array = json_object_new_array();
    const char *const *ids;
    size_t n = 0;
    if (!array || view_machine_ids(view, &ids, &n) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const MachineView *machine = view_find_machine(view, ids[i]);
        json_object *object = has(machine) ? format(view, machine) : NULL;
        if (!has(machine))
            continue;
        if (json_array_add_take(array, object) < 0 || add_address(object, view, ids[i]) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static json_object *reboots_to_json(View *view) {
    _cleanup_json_ json_object *array = wishes_to_json(view, has_reboot, machine_reboot_to_json);
    const char *first_id;
    if (!array || reboots_find_first(view, &first_id) < 0)
        return NULL;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *object = json_object_array_get_idx(array, i);
        const char *id;
        if (json_need_string(object, "machineID", &id, NULL) < 0 ||
            machine_reboot_explain(object, view_find_machine(view, id), first_id) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

/* --- units --- */

static json_object *units_to_json(const Census *census) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_int(object, "known", (int64_t) census->n_units) < 0)
        return NULL;
    for (UnitCondition condition = 0; condition < _UNIT_CONDITION_MAX; condition++)
        if (json_add_int(object, unit_condition_to_string(condition),
                         (int64_t) census->units[condition]) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static json_object *group_to_json(const WaitingGroup *group) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const char *names[CENSUS_NAMES_MAX + 1] = {};
    memcpy(names, group->names, sizeof(group->names));
    if (!object || json_add_string(object, "reason", group->reason) < 0 ||
        json_add_int(object, "count", (int64_t) group->n) < 0 ||
        json_add_take(object, "units", names_to_json(names)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *waiting_to_json(const Census *census) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; array && i < census->n_waiting; i++)
        if (json_array_add_take(array, group_to_json(&census->waiting[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

/* What is known of why; NULL: nothing. */
static const char *trouble_why(const Trouble *trouble) {
    const UnitState *state = trouble->placement->state;
    if (trouble->condition == UNIT_CONDITION_UNHEALTHY)
        return state->health_message;
    bool has_result = state->result && !streq(state->result, "success");
    return state->message ? state->message : has_result ? state->result : NULL;
}

static json_object *trouble_to_json(const View *view, const Trouble *trouble) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const char *machine_id = trouble->placement->machine_id;
    if (!object || json_add_string(object, "unit", trouble->unit->name) < 0 ||
        json_add_string(object, "machineID", machine_id) < 0 ||
        add_address(object, view, machine_id) < 0 ||
        json_add_string(object, "condition", unit_condition_to_string(trouble->condition)) < 0 ||
        json_add_string(object, "why", trouble_why(trouble)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *troubles_to_json(const View *view, const Census *census) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; array && i < census->n_troubles; i++)
        if (json_array_add_take(array, trouble_to_json(view, &census->troubles[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_object *rollouts_to_json(View *view) {
    _cleanup_json_ json_object *array = json_object_new_array();
    const char *const *names;
    size_t n = 0;
    if (!array || view_unit_names(view, &names, &n) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const UnitView *unit = view_find_unit(view, names[i]);
        if (rollout_is_under_way(unit) &&
            json_array_add_take(array, rollout_brief_to_json(unit)) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

/* Those of which there are not as many as wanted, or not all of them run. */
static int add_scale(json_object *array, View *view, const UnitView *template) {
    ScaleCounts counts;
    int r = scale_counts_take(view, template->name, &counts);
    if (r < 0 || scale_is_reached(template, &counts))
        return r;
    return json_array_add_take(array, scale_to_json(view, template));
}

static json_object *scales_to_json(View *view) {
    _cleanup_json_ json_object *array = json_object_new_array();
    const char *const *names;
    size_t n = 0;
    if (!array || view_unit_names(view, &names, &n) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const UnitView *unit = view_find_unit(view, names[i]);
        if (unit->scale && add_scale(array, view, unit) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

/* --- the store, and who leads --- */

static json_object *leader_to_json(const View *view, const char *machine_id) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "machineID", machine_id) < 0 ||
        add_address(object, view, machine_id) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static int add_leader(json_object *object, const View *view) {
    const char *leader = view_leader(view);
    return leader ? json_add_take(object, "leader", leader_to_json(view, leader)) : 0;
}

static json_object *store_to_json(const Api *api) {
    static const char *const none[] = {NULL};
    char *const *servers = api->options.store_servers;
    _cleanup_json_ json_object *object = json_object_new_object();
    usec_t latency = reads_store_latency(api->reads);
    if (!object || json_add_string(object, "kind", servers ? "etcd" : "embedded") < 0 ||
        json_add_take(object, "servers",
                      names_to_json(servers ? (const char *const *) servers : none)) < 0 ||
        json_add_int(object, "latencyUsec", (int64_t) latency) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *unreadable_to_json(const View *view) {
    _cleanup_json_ json_object *object = json_object_new_object();
    _cleanup_free_ const char **keys = NULL;
    size_t n = 0;
    if (!object || view_unreadable_keys(view, &keys, &n) < 0)
        return NULL;
    if (n > UNREADABLE_MAX)
        keys[UNREADABLE_MAX] = NULL;
    if (json_add_int(object, "count", (int64_t) n) < 0 ||
        json_add_take(object, "keys", names_to_json(keys)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

/* Only one that is under way. */
static int add_rebalance(json_object *object, const View *view) {
    const Rebalance *rebalance = view_rebalance(view);
    if (!rebalance || !rebalance_is_under_way(rebalance))
        return 0;
    return json_add_take(object, "rebalance", rebalance_brief_to_json(rebalance));
}

/* --- all of it --- */

static json_object *status_to_json(const Api *api, View *view, const Census *census) {
    _cleanup_json_ json_object *object = json_object_new_object();
    int64_t now = (int64_t) (loop_realtime(api->options.loop) / USEC_PER_SEC);
    if (!object || json_add_int(object, "time", now) < 0 ||
        json_add_take(object, "machines", machines_to_json(census)) < 0 ||
        json_add_take(object, "units", units_to_json(census)) < 0 || add_leader(object, view) < 0 ||
        json_add_take(object, "store", store_to_json(api)) < 0 ||
        json_add_take(object, "failover", failover_to_json(view_brake(view))) < 0 ||
        json_add_take(object, "maintenance",
                      wishes_to_json(view, has_maintenance, machine_maintenance_to_json)) < 0 ||
        json_add_take(object, "reboots", reboots_to_json(view)) < 0 ||
        json_add_take(object, "rollouts", rollouts_to_json(view)) < 0 ||
        json_add_take(object, "scales", scales_to_json(view)) < 0 ||
        add_rebalance(object, view) < 0 ||
        json_add_take(object, "waiting", waiting_to_json(census)) < 0 ||
        json_add_take(object, "troubles", troubles_to_json(view, census)) < 0 ||
        json_add_int(object, "moreTroubles", (int64_t) census->n_more_troubles) < 0 ||
        json_add_int(object, "orphans", (int64_t) census->n_orphans) < 0 ||
        json_add_take(object, "unreadable", unreadable_to_json(view)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

void status_get(Api *api, ApiExchange *exchange, _unused_ const char *name, View *view) {
    _cleanup_census_ Census census = {};
    if (census_take(view, &census) < 0)
        answer_no_memory(exchange);
    else
        answer_object_take(exchange, status_to_json(api, view, &census), view_revision(view));
}
