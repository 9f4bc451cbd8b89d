#include "fleetctl/api/api-objects.h"

/* Collects the first error over many fields, so that reading an object is a list of its fields. */
typedef struct Reader {
    json_object *json;
    Error *reterr;
    int result;
} Reader;

static void reader_note(Reader *reader, int r) {
    if (r < 0 && reader->result >= 0)
        reader->result = r;
}

static const char *read_string(Reader *reader, const char *name, const char *otherwise) {
    const char *value = otherwise;
    reader_note(reader, json_get_string(reader->json, name, &value, reader->reterr));
    return value;
}

static const char *read_name(Reader *reader, const char *name) {
    const char *value = "";
    reader_note(reader, json_need_string(reader->json, name, &value, reader->reterr));
    return value;
}

static int64_t read_int(Reader *reader, const char *name) {
    int64_t value = 0;
    reader_note(reader, json_get_int(reader->json, name, &value, reader->reterr));
    return value;
}

static bool read_bool(Reader *reader, const char *name) {
    bool value = false;
    reader_note(reader, json_get_bool(reader->json, name, &value, reader->reterr));
    return value;
}

static json_object *read_array(Reader *reader, const char *name) {
    json_object *value = NULL;
    reader_note(reader, json_get_array(reader->json, name, &value, reader->reterr));
    return value;
}

static json_object *read_object(Reader *reader, const char *name) {
    json_object *value = NULL;
    reader_note(reader, json_get_object(reader->json, name, &value, reader->reterr));
    return value;
}

static LaunchState read_launch_state(Reader *reader, const char *name) {
    const char *text = read_string(reader, name, "inactive");
    LaunchState state = launch_state_from_string(text);
    if (state < 0)
        reader_note(reader, error_set(reader->reterr, -EBADMSG, "field '%s': unknown state '%s'",
                                      name, text));
    return state;
}

static JobResult read_job(Reader *reader, const char *name) {
    const char *text = read_string(reader, name, NULL);
    JobResult job = text ? job_result_from_string(text) : JOB_RESULT_NONE;
    if (job < 0)
        reader_note(reader, error_set(reader->reterr, -EBADMSG, "field '%s': unknown result '%s'",
                                      name, text));
    return job;
}

static UnitHealth read_health(Reader *reader, const char *name) {
    const char *text = read_string(reader, name, NULL);
    UnitHealth health = text ? unit_health_from_string(text) : UNIT_HEALTH_NONE;
    if (health < 0)
        reader_note(reader, error_set(reader->reterr, -EBADMSG, "field '%s': unknown health '%s'",
                                      name, text));
    return health;
}

static ApiPending read_pending(Reader *reader, const char *name) {
    Reader inner = {.json = read_object(reader, name), .reterr = reader->reterr};
    if (!inner.json)
        return (ApiPending){};
    ApiPending pending = {
        .summary = read_string(&inner, "summary", ""),
        .machines = read_array(&inner, "machines"),
    };
    reader_note(reader, inner.result);
    return pending;
}

bool api_pending_get(const ApiPending *pending, size_t index, const char **ret_machine_id,
                     const char **ret_reason) {
    if (!pending->machines || index >= json_object_array_length(pending->machines))
        return false;
    json_object *entry = json_object_array_get_idx(pending->machines, index);
    const char *machine_id = "", *reason = "";
    (void) json_get_string(entry, "machineID", &machine_id, NULL);
    (void) json_get_string(entry, "reason", &reason, NULL);
    *ret_machine_id = machine_id;
    *ret_reason = reason;
    return true;
}

static ApiFailures read_failures(Reader *reader, const char *name) {
    Reader inner = {.json = read_object(reader, name), .reterr = reader->reterr};
    if (!inner.json)
        return (ApiFailures){};
    ApiFailures failures = {
        .count = read_int(&inner, "count"),
        .next = read_int(&inner, "nextTry"),
        .machines = read_array(&inner, "machines"),
    };
    reader_note(reader, inner.result);
    return failures;
}

bool api_failures_get(const ApiFailures *failures, size_t index, ApiFailurePlace *ret) {
    if (!failures->machines || index >= json_object_array_length(failures->machines))
        return false;
    Reader reader = {.json = json_object_array_get_idx(failures->machines, index)};
    *ret = (ApiFailurePlace){
        .machine_id = read_string(&reader, "machineID", ""),
        .count = read_int(&reader, "count"),
        .time = read_int(&reader, "time"),
        .next = read_int(&reader, "nextTry"),
        .well_since = read_int(&reader, "wellSince"),
        .why = read_string(&reader, "why", NULL),
    };
    return true;
}

int api_unit_read(json_object *json, ApiUnit *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiUnit unit = {
        .name = read_name(&reader, "name"),
        .desired = read_launch_state(&reader, "desiredState"),
        .current = read_launch_state(&reader, "currentState"),
        .machine_id = read_string(&reader, "machineID", ""),
        .hash = read_string(&reader, "hash", ""),
        .text = read_string(&reader, "text", NULL),
        .reason = read_string(&reader, "reason", NULL),
        .is_global = read_bool(&reader, "global"),
        .revision = read_int(&reader, "revision"),
        .pending = read_pending(&reader, "pending"),
        .failures = read_failures(&reader, "failures"),
        .options = read_array(&reader, "options"),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = unit;
    return 0;
}

static bool string_field_is(json_object *object, const char *name, const char *value) {
    const char *text = NULL;
    return json_get_string(object, name, &text, NULL) > 0 && streq(text, value);
}

const char *api_unit_option(const ApiUnit *unit, const char *section, const char *name) {
    const char *value = NULL;
    for (size_t i = unit->options ? json_object_array_length(unit->options) : 0; i > 0 && !value;
         i--) {
        json_object *option = json_object_array_get_idx(unit->options, i - 1);
        if (string_field_is(option, "section", section) && string_field_is(option, "name", name))
            (void) json_get_string(option, "value", &value, NULL);
    }
    return value;
}

int api_version_read(json_object *json, ApiVersion *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    *ret = (ApiVersion){
        .number = read_int(&reader, "version"),
        .hash = read_name(&reader, "hash"),
        .time = read_int(&reader, "time"),
        .text = read_string(&reader, "text", NULL),
    };
    return MIN(reader.result, 0);
}

int api_placement_read(json_object *json, ApiPlacement *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    *ret = (ApiPlacement){
        .number = read_int(&reader, "number"),
        .machine_id = read_name(&reader, "machineID"),
        .version = read_int(&reader, "version"),
        .since = read_int(&reader, "since"),
        .until = read_int(&reader, "until"),
        .ended = read_string(&reader, "ended", NULL),
        .reason = read_string(&reader, "reason", NULL),
    };
    return MIN(reader.result, 0);
}

int api_state_read(json_object *json, ApiState *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiState state = {
        .name = read_name(&reader, "name"),
        .machine_id = read_string(&reader, "machineID", ""),
        .hash = read_string(&reader, "hash", ""),
        .load = read_string(&reader, "systemdLoadState", ""),
        .active = read_string(&reader, "systemdActiveState", ""),
        .sub = read_string(&reader, "systemdSubState", ""),
        .health = read_string(&reader, "health", ""),
        .n_failures = read_int(&reader, "failureCount"),
        .next_try = read_int(&reader, "nextTry"),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = state;
    return 0;
}

int api_orphan_read(json_object *json, ApiOrphan *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiOrphan orphan = {
        .name = read_name(&reader, "name"),
        .machine_id = read_name(&reader, "machineID"),
        .hash = read_string(&reader, "hash", ""),
        .desired = read_launch_state(&reader, "desiredState"),
        .is_known = read_bool(&reader, "known"),
        .cluster = read_string(&reader, "cluster", ""),
        .text = read_string(&reader, "text", NULL),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = orphan;
    return 0;
}

static void maintenance_read(Reader *reader, json_object *json, ApiMachine *machine) {
    Reader inner = {.json = json, .reterr = reader->reterr};
    if (!json)
        return;
    machine->is_cordoned = true;
    machine->is_draining = read_bool(&inner, "drain");
    machine->n_remaining = read_int(&inner, "remaining");
    machine->message = read_string(&inner, "message", NULL);
    reader->result = reader->result < 0 ? reader->result : inner.result;
}

int api_maintenance_read(json_object *json, ApiMaintenance *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiMaintenance maintenance = {
        .machine_id = read_name(&reader, "machineID"),
        .is_drain = read_bool(&reader, "drain"),
        .message = read_string(&reader, "message", NULL),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = maintenance;
    return 0;
}

int api_reboot_read(json_object *json, ApiReboot *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiReboot reboot = {
        .machine_id = read_name(&reader, "machineID"),
        .phase = read_name(&reader, "phase"),
        .boot_id = read_string(&reader, "bootID", ""),
        .since = read_int(&reader, "since"),
        .message = read_string(&reader, "message", NULL),
        .why = read_string(&reader, "why", NULL),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = reboot;
    return 0;
}

static ApiReboot read_reboot(Reader *reader, const char *name) {
    ApiReboot reboot = {.machine_id = "", .phase = "", .boot_id = ""};
    json_object *json = read_object(reader, name);
    if (json)
        reader_note(reader, api_reboot_read(json, &reboot, reader->reterr));
    return reboot;
}

int api_machine_read(json_object *json, ApiMachine *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiMachine machine = {
        .id = read_name(&reader, "id"),
        .address = read_string(&reader, "primaryIP", ""),
        .status = read_string(&reader, "status", ""),
        .metadata = read_object(&reader, "metadata"),
        .n_orphans = read_int(&reader, "orphans"),
        .cores = read_int(&reader, "cores"),
        .memory_bytes = read_int(&reader, "memory"),
        .reservations = read_object(&reader, "reservations"),
        .reboot = read_reboot(&reader, "reboot"),
    };
    maintenance_read(&reader, read_object(&reader, "maintenance"), &machine);
    if (reader.result < 0)
        return reader.result;
    *ret = machine;
    return 0;
}

static int unit_event_read(json_object *json, ApiEvent *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiEvent event = {
        .type = API_EVENT_UNIT,
        .unit = read_name(&reader, "unit"),
        .machine_id = read_string(&reader, "machineID", ""),
        .address = read_string(&reader, "primaryIP", NULL),
        .desired = read_launch_state(&reader, "desiredState"),
        .current = read_launch_state(&reader, "currentState"),
        .load = read_string(&reader, "systemdLoadState", ""),
        .active = read_string(&reader, "systemdActiveState", ""),
        .sub = read_string(&reader, "systemdSubState", ""),
        .result = read_string(&reader, "systemdResult", ""),
        .health = read_health(&reader, "health"),
        .health_message = read_string(&reader, "healthMessage", NULL),
        .job = read_job(&reader, "job"),
        .message = read_string(&reader, "message", NULL),
        .log = read_array(&reader, "log"),
        .hash = read_string(&reader, "hash", ""),
        .revision = read_int(&reader, "revision"),
        .unit_revision = read_int(&reader, "unitRevision"),
        .is_global = read_bool(&reader, "global"),
        .is_deleted = read_bool(&reader, "deleted"),
        .is_orphan = read_bool(&reader, "orphan"),
        .reason = read_string(&reader, "reason", NULL),
        .pending = read_pending(&reader, "pending"),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = event;
    return 0;
}

static int machine_event_read(json_object *json, ApiEvent *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiMachine machine = {};
    maintenance_read(&reader, read_object(&reader, "maintenance"), &machine);
    ApiEvent event = {
        .type = API_EVENT_MACHINE,
        .machine_id = read_name(&reader, "machineID"),
        .boot_id = read_string(&reader, "bootID", NULL),
        .is_draining = machine.is_draining,
        .reboot = read_reboot(&reader, "reboot"),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = event;
    return 0;
}

json_object *api_rollout_unit_get(const ApiRollout *rollout, size_t index) {
    return rollout->units ? json_object_array_get_idx(rollout->units, index) : NULL;
}

int api_rollout_unit_read(json_object *json, ApiRolloutUnit *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiRolloutUnit unit = {
        .name = read_name(&reader, "name"),
        .phase = read_name(&reader, "phase"),
        .why = read_string(&reader, "why", NULL),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = unit;
    return 0;
}

int api_rollout_read(json_object *json, ApiRollout *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiRollout rollout = {
        .name = read_name(&reader, "name"),
        .id = read_int(&reader, "id"),
        .phase = read_name(&reader, "phase"),
        .hash = read_string(&reader, "hash", ""),
        .is_restart = read_bool(&reader, "restart"),
        .since = read_int(&reader, "since"),
        .why = read_string(&reader, "why", NULL),
        .message = read_string(&reader, "message", NULL),
        .is_global = read_bool(&reader, "global"),
        .units = read_array(&reader, "units"),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = rollout;
    return 0;
}

static int rollout_event_read(json_object *json, ApiEvent *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiEvent event = {
        .type = API_EVENT_ROLLOUT,
        .unit = read_name(&reader, "unit"),
        .rollout = {.name = "", .phase = "", .hash = ""},
    };
    json_object *rollout = read_object(&reader, "rollout");
    if (rollout)
        reader_note(&reader, api_rollout_read(rollout, &event.rollout, reterr));
    if (reader.result < 0)
        return reader.result;
    *ret = event;
    return 0;
}

const char *api_scale_unreadable(const ApiScale *scale, size_t index) {
    json_object *name =
        scale->unreadable ? json_object_array_get_idx(scale->unreadable, index) : NULL;
    return name ? json_object_get_string(name) : NULL;
}

int api_scale_read(json_object *json, ApiScale *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiScale scale = {
        .name = read_name(&reader, "name"),
        .count = read_int(&reader, "count"),
        .since = read_int(&reader, "since"),
        .unreadable = read_array(&reader, "unreadable"),
        .n_there = read_int(&reader, "there"),
        .n_running = read_int(&reader, "running"),
        .n_others = read_int(&reader, "others"),
        .why = read_string(&reader, "why", NULL),
    };
    if (reader.result < 0)
        return reader.result;
    *ret = scale;
    return 0;
}

static int scale_event_read(json_object *json, ApiEvent *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    ApiEvent event = {
        .type = API_EVENT_SCALE, .unit = read_name(&reader, "unit"), .scale = {.name = ""}};
    json_object *scale = read_object(&reader, "scale");
    if (scale)
        reader_note(&reader, api_scale_read(scale, &event.scale, reterr));
    if (reader.result < 0)
        return reader.result;
    *ret = event;
    return 0;
}

int api_event_read(json_object *json, ApiEvent *ret, Error *reterr) {
    Reader reader = {.json = json, .reterr = reterr};
    const char *type = read_name(&reader, "type");
    if (reader.result < 0)
        return reader.result;
    if (streq(type, "unit"))
        return unit_event_read(json, ret, reterr);
    if (streq(type, "machine"))
        return machine_event_read(json, ret, reterr);
    if (streq(type, "rollout"))
        return rollout_event_read(json, ret, reterr);
    if (streq(type, "scale"))
        return scale_event_read(json, ret, reterr);
    *ret = (ApiEvent){.type = streq(type, "synced") ? API_EVENT_SYNCED : API_EVENT_OTHER};
    return 0;
}

int api_event_parse(const char *line, size_t size, json_object **ret_json, ApiEvent *ret,
                    Error *reterr) {
    int r = json_parse(line, size, ret_json, reterr);
    return r < 0 ? r : api_event_read(*ret_json, ret, reterr);
}
