#include "fleetctl/commands/list.h"

#include "fleetctl/print/message.h"
#include "fleetctl/units/machine-select.h"
#include "fleetd/base/byte-size.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"

static char *cell_machine(const Context *context, const void *object) {
    return machine_id_shorten(((const ApiMachine *) object)->id, context->options->full);
}

static char *cell_ip(const Context *context, const void *object) {
    return strdup(((const ApiMachine *) object)->address);
}

static char *cell_metadata(const Context *context, const void *object) {
    const ApiMachine *machine = object;
    _cleanup_metadata_ Metadata metadata = {};
    if (machine->metadata && metadata_from_json(machine->metadata, &metadata, NULL) < 0)
        return strdup("?"); /* the others are still worth showing */
    return metadata_format(&metadata);
}

static json_object *value_metadata(const void *object) {
    json_object *metadata = ((const ApiMachine *) object)->metadata;
    return metadata ? json_object_get(metadata) : json_object_new_object();
}

static char *orphans_text(const ApiMachine *machine) {
    return machine->n_orphans == 0 ? strdup("")
                                   : str_printf(", %lld orphan%s", (long long) machine->n_orphans,
                                                machine->n_orphans == 1 ? "" : "s");
}

static char *maintenance_text(const ApiMachine *machine) {
    if (!machine->is_cordoned)
        return strdup("");
    if (machine->is_draining && machine->n_remaining > 0)
        return str_printf(", draining (%lld to go)", (long long) machine->n_remaining);
    return strdup(machine->is_draining ? ", drained" : ", cordoned");
}

static char *reboot_text(const ApiMachine *machine) {
    const char *phase = machine->reboot.phase;
    return *phase ? str_printf(", reboot %s", phase) : strdup("");
}

static char *cell_status(const Context *context, const void *object) {
    const ApiMachine *machine = object;
    _cleanup_free_ char *orphans = orphans_text(machine), *maintenance = maintenance_text(machine),
                        *reboot = reboot_text(machine);
    return orphans && maintenance && reboot
               ? str_printf("%s%s%s%s", machine->status, maintenance, reboot, orphans)
               : NULL;
}

static char *cell_message(const Context *context, const void *object) {
    return strdup(str_or(((const ApiMachine *) object)->message, ""));
}

static char *cell_cores(const Context *context, const void *object) {
    long long cores = (long long) ((const ApiMachine *) object)->cores;
    return cores > 0 ? str_printf("%lld", cores) : strdup("");
}

static json_object *value_cores(const void *object) {
    return json_object_new_int64(((const ApiMachine *) object)->cores);
}

static char *cell_memory(const Context *context, const void *object) {
    int64_t bytes = ((const ApiMachine *) object)->memory_bytes;
    return bytes > 0 ? byte_size_format((uint64_t) bytes) : strdup("");
}

static json_object *value_memory(const void *object) {
    return json_object_new_int64(((const ApiMachine *) object)->memory_bytes);
}

/* What units reserve, of what they may. */
static char *cell_reserved(const ApiMachine *machine, const char *name, const char *capacity_name,
                           char *(*format)(uint64_t)) {
    int64_t reserved = 0, capacity = 0;
    if (!machine->reservations)
        return strdup("");
    (void) json_get_int(machine->reservations, name, &reserved, NULL);
    bool is_limited = json_get_int(machine->reservations, capacity_name, &capacity, NULL) > 0;
    _cleanup_free_ char *amount = format((uint64_t) MAX(reserved, (int64_t) 0)),
                        *limit = format((uint64_t) MAX(capacity, (int64_t) 0));
    if (!amount || !limit)
        return NULL;
    return is_limited ? str_printf("%s of %s", amount, limit) : TAKE_PTR(amount);
}

static char *cell_reserved_memory(const Context *context, const void *object) {
    return cell_reserved(object, "memory", "memoryCapacity", byte_size_format);
}

static char *cell_reserved_cpu(const Context *context, const void *object) {
    return cell_reserved(object, "cpu", "cpuCapacity", thousandths_format);
}

static json_object *value_reserved(const void *object, const char *name) {
    json_object *reservations = ((const ApiMachine *) object)->reservations;
    int64_t reserved = 0;
    if (reservations)
        (void) json_get_int(reservations, name, &reserved, NULL);
    return json_object_new_int64(reserved);
}

static json_object *value_reserved_memory(const void *object) {
    return value_reserved(object, "memory");
}

static json_object *value_reserved_cpu(const void *object) {
    return value_reserved(object, "cpu");
}

static const ListColumn columns[] = {
    {"machine", cell_machine},
    {"ip", cell_ip},
    {"metadata", cell_metadata, value_metadata},
    {"status", cell_status, .is_toned = true},
    {"message", cell_message},
    {"cores", cell_cores, value_cores},
    {"memory", cell_memory, value_memory},
    {"reserved-memory", cell_reserved_memory, value_reserved_memory},
    {"reserved-cpu", cell_reserved_cpu, value_reserved_cpu},
    {},
};

static int machine_read(json_object *json, void *ret, Error *reterr) {
    return api_machine_read(json, ret, reterr);
}

static int machine_compare(const void *a, const void *b) {
    return strcmp(((const ApiMachine *) a)->id, ((const ApiMachine *) b)->id);
}

static Tone machine_tone(const void *object) {
    const ApiMachine *machine = object;
    bool is_all_right = streq(machine->status, "running") && machine->n_orphans == 0 &&
                        !machine->is_cordoned && !*machine->reboot.phase;
    return is_all_right ? TONE_GOOD : TONE_BUSY;
}

static bool is_meant(const void *object, const char *operand) {
    return machine_is_meant(object, operand);
}

static int complain_unknown(const Context *context, char *const *operands, Error *reterr) {
    return machines_complain_unknown(context->api, operands, reterr);
}

int command_list_machines(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_MACHINES,
        .columns = columns,
        .n_default = 4,
        .read = machine_read,
        .object_size = sizeof(ApiMachine),
        .compare = machine_compare,
        .tone = machine_tone,
        .is_meant = is_meant,
        .operand_is_choice = machine_operand_is_choice,
        .complain_unknown = complain_unknown,
    };
    return list_run(context, &list, operands, reterr);
}
