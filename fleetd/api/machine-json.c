/* Machines, and what is said of them. */
#include "fleetd/api/api-json.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

json_object *machine_metadata_to_json(const View *view, const MachineView *machine) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "machineID", machine->id) < 0 ||
        json_add_take(object, "metadata", metadata_to_json(&machine->overlay)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

/* What has yet to leave a machine that is drained. */
typedef struct Remaining {
    size_t n, n_staying;
    const char *first; /* of those that cannot leave, by name; NULL: there is none */
    const char *why;
} Remaining;

static void remaining_add(Remaining *remaining, const char *name, const Order *order) {
    const char *why = order_reason_stays(order->reason);
    remaining->n++;
    if (!why)
        return;
    remaining->n_staying++;
    if (remaining->first && strcmp(name, remaining->first) > 0)
        return;
    remaining->first = name;
    remaining->why = why;
}

static Remaining count_remaining(const View *view, const MachineView *machine) {
    Remaining remaining = {};
    const char *name;
    const UnitView *unit;
    MAP_FOREACH (name, unit, view_units(view)) {
        const Placement *placement = map_get(unit->placements, machine->id);
        if (placement && placement->order &&
            !(machine->maintenance->ignore_global && unit_view_is_global(view, unit)))
            remaining_add(&remaining, name, placement->order);
    }
    return remaining;
}

static int add_remaining(json_object *object, const Remaining *remaining) {
    _cleanup_free_ char *why =
        remaining->first ? stays_format(remaining->first, remaining->why, remaining->n_staying)
                         : NULL;
    if ((remaining->first && !why) || json_add_int(object, "remaining", (int64_t) remaining->n) < 0)
        return -ENOMEM;
    return json_add_nullable(object, "why", why);
}

json_object *machine_maintenance_to_json(const View *view, const MachineView *machine) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Maintenance *maintenance = machine->maintenance;
    Remaining remaining = maintenance->is_draining ? count_remaining(view, machine) : (Remaining){};
    usec_t deadline = maintenance->deadline_usec;
    if (!object || json_add_string(object, "machineID", machine->id) < 0 ||
        json_add_bool(object, "drain", maintenance->is_draining) < 0 ||
        json_add_bool(object, "ignoreGlobal", maintenance->ignore_global) < 0 ||
        (deadline > 0 &&
         json_add_int(object, "deadline", (int64_t) (deadline / USEC_PER_SEC)) < 0) ||
        json_add_int(object, "since", (int64_t) (maintenance->since_usec / USEC_PER_SEC)) < 0 ||
        json_add_nullable(object, "message", maintenance->message) < 0 ||
        add_remaining(object, &remaining) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *machine_reboot_to_json(_unused_ const View *view, const MachineView *machine) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Reboot *reboot = machine->reboot;
    if (!object || json_add_string(object, "machineID", machine->id) < 0 ||
        json_add_string(object, "phase", reboot_phase_to_string(reboot->phase)) < 0 ||
        json_add_string(object, "bootID", reboot->boot_id) < 0 ||
        json_add_int(object, "since", (int64_t) (reboot->since_usec / USEC_PER_SEC)) < 0 ||
        json_add_int(object, "phaseSince", (int64_t) (reboot->phase_since_usec / USEC_PER_SEC)) <
            0 ||
        json_add_int(object, "maxParallel", (int64_t) reboot->max_parallel) < 0 ||
        json_add_nullable(object, "message", reboot->message) < 0 ||
        json_add_nullable(object, "why", reboot->why) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static bool reboot_is_before(const MachineView *a, const MachineView *b) {
    bool is_begun = reboot_is_under_way(a->reboot), other_is = reboot_is_under_way(b->reboot);
    if (is_begun != other_is)
        return is_begun;
    if (!is_begun && a->reboot->since_usec != b->reboot->since_usec)
        return a->reboot->since_usec < b->reboot->since_usec;
    return strcmp(a->id, b->id) < 0;
}

/* As the engine has it: one that has a place, or else the one that has its turn next. */
int reboots_find_first(View *view, const char **ret_id) {
    const MachineView *first = NULL;
    const char *const *ids;
    size_t n = 0;
    int r = view_machine_ids(view, &ids, &n);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        const MachineView *machine = view_find_machine(view, ids[i]);
        bool counts = machine->reboot &&
                      (machine_view_is_present(machine) || reboot_is_under_way(machine->reboot));
        if (counts && (!first || reboot_is_before(machine, first)))
            first = machine;
    }
    if (r >= 0)
        *ret_id = first ? first->id : NULL;
    return r;
}

int machine_reboot_explain(json_object *object, const MachineView *machine, const char *first_id) {
    const Reboot *reboot = machine->reboot;
    if (reboot->phase != REBOOT_WAITING || reboot->why || !first_id || streq(first_id, machine->id))
        return 0;
    _cleanup_free_ char *why = str_printf("machine %s comes first", first_id);
    return why ? json_add_string(object, "why", why) : -ENOMEM;
}

static int add_reboot(json_object *object, const View *view, const MachineView *machine) {
    return machine->reboot ? json_add_take(object, "reboot", machine_reboot_to_json(view, machine))
                           : 0;
}

static int add_maintenance(json_object *object, const View *view, const MachineView *machine) {
    return machine->maintenance
               ? json_add_take(object, "maintenance", machine_maintenance_to_json(view, machine))
               : 0;
}

static int add_metadata(json_object *object, const MachineView *machine) {
    _cleanup_metadata_ Metadata metadata = {};
    int r = machine_view_metadata(machine, &metadata);
    return r < 0 ? r : json_add_take(object, "metadata", metadata_to_json(&metadata));
}

static int add_count(json_object *object, const char *name, uint64_t n) {
    return n > 0 ? json_add_int(object, name, (int64_t) n) : 0;
}

static int add_capacity(json_object *object, const Machine *machine) {
    if (add_count(object, "reservedMemory", machine->reserved_memory_bytes) < 0 ||
        add_count(object, "reservedCPU", machine->reserved_cpu_thousandths) < 0)
        return -ENOMEM;
    return add_count(object, "overbook", machine->overbook_percent);
}

/* Without a limit there is no field. */
static int add_limit(json_object *object, const char *name, uint64_t limit) {
    return limit == RESOURCE_UNLIMITED ? 0 : json_add_int(object, name, (int64_t) limit);
}

json_object *reservations_to_json(const Machine *machine, const Resources *reserved) {
    _cleanup_json_ json_object *object = json_object_new_object();
    Resources capacity = machine_capacity(machine);
    if (!object || json_add_int(object, "memory", (int64_t) reserved->memory_bytes) < 0 ||
        json_add_int(object, "cpu", (int64_t) reserved->cpu_thousandths) < 0 ||
        add_limit(object, "memoryCapacity", capacity.memory_bytes) < 0 ||
        add_limit(object, "cpuCapacity", capacity.cpu_thousandths) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *machine_to_json(const View *view, const MachineView *machine) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Machine *present = machine->machine;
    if (!object || json_add_string(object, "id", machine->id) < 0 ||
        json_add_nullable(object, "primaryIP", present->address) < 0 ||
        add_metadata(object, machine) < 0 ||
        json_add_string(object, "status", machine_status_to_string(present->status)) < 0 ||
        json_add_nullable(object, "version", present->version) < 0 ||
        json_add_string(object, "bootID", present->boot_id) < 0 ||
        json_add_int(object, "cores", (int64_t) present->cores) < 0 ||
        json_add_int(object, "memory", (int64_t) present->memory_bytes) < 0 ||
        add_capacity(object, present) < 0 ||
        json_add_int(object, "orphans", (int64_t) machine->n_orphans) < 0 ||
        add_maintenance(object, view, machine) < 0 || add_reboot(object, view, machine) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *machine_event_to_json(const View *view, const MachineView *machine) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Machine *present = machine_view_is_present(machine) ? machine->machine : NULL;
    const char *status = present ? machine_status_to_string(present->status) : "gone";
    if (!object || json_add_string(object, "type", "machine") < 0 ||
        json_add_string(object, "machineID", machine->id) < 0 ||
        json_add_nullable(object, "primaryIP", present ? present->address : NULL) < 0 ||
        add_metadata(object, machine) < 0 || json_add_string(object, "status", status) < 0 ||
        json_add_nullable(object, "bootID", present ? present->boot_id : NULL) < 0 ||
        add_maintenance(object, view, machine) < 0 || add_reboot(object, view, machine) < 0)
        return NULL;
    return TAKE_PTR(object);
}
