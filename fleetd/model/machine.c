#include "fleetd/model/machine.h"

#include "fleetd/model/record.h"
#include "fleetd/model/text.h"

static const char *const names[_MACHINE_STATUS_MAX] = {
    [MACHINE_STATUS_RUNNING] = "running",
    [MACHINE_STATUS_RESTARTING] = "restarting",
    [MACHINE_STATUS_LEFT] = "left",
};

const EnumNames machine_status_names = ENUM_NAMES(names);

const char *machine_status_to_string(MachineStatus status) {
    return enum_to_string(&machine_status_names, (int) status);
}

MachineStatus machine_status_from_string(const char *text) {
    return (MachineStatus) enum_from_string(&machine_status_names, text);
}

int machine_id_check(const char *id, Error *reterr) {
    size_t n = strspn(id, "0123456789abcdef");
    if (n == MACHINE_ID_LENGTH && !id[n])
        return 0;
    return error_set(reterr, -EINVAL,
                     "'%.*s' is not a machine id (%d lower-case hexadecimal digits)",
                     TEXT_SHORT(id), MACHINE_ID_LENGTH);
}

static int metadata_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    json_object *value;
    int r = json_get_object(object, field->name, &value, reterr);
    if (r <= 0)
        return r;
    r = metadata_from_json(value, slot, reterr);
    return r < 0 ? error_prefix(reterr, r, "field '%s'", field->name) : 1;
}

static int metadata_write(const RecordField *field, json_object *object, const void *slot) {
    return json_add_take(object, field->name, metadata_to_json(slot));
}

static const FieldType field_metadata = {metadata_read, metadata_write};

static const RecordField fields[] = {
    {"bootID", &field_string, offsetof(Machine, boot_id), true},
    {"address", &field_string, offsetof(Machine, address)},
    {"version", &field_string, offsetof(Machine, version)},
    {"status", &field_enum, offsetof(Machine, status), false, &machine_status_names},
    {"metadata", &field_metadata, offsetof(Machine, metadata)},
    {"cores", &field_number, offsetof(Machine, cores)},
    {"memory", &field_number, offsetof(Machine, memory_bytes)},
    {"reservedMemory", &field_count, offsetof(Machine, reserved_memory_bytes)},
    {"reservedCPU", &field_count, offsetof(Machine, reserved_cpu_thousandths)},
    {"overbook", &field_count, offsetof(Machine, overbook_percent)},
};

char *machine_format(const Machine *machine) {
    return record_format(fields, ELEMENTSOF(fields), machine);
}

int machine_parse(const char *id, const char *text, size_t size, Machine **ret, Error *reterr) {
    _cleanup_(machine_freep) Machine *machine = calloc(1, sizeof(Machine));
    if (!machine || !(machine->id = strdup(id)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, machine, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(machine);
    return 0;
}

int machine_copy(const Machine *machine, Machine **ret) {
    _cleanup_free_ char *text = machine_format(machine);
    return text ? machine_parse(machine->id, text, strlen(text), ret, NULL) : -ENOMEM;
}

void machine_free(Machine *machine) {
    if (!machine)
        return;
    free(machine->id);
    free(machine->boot_id);
    free(machine->address);
    free(machine->version);
    metadata_done(&machine->metadata);
    free(machine);
}
