#include "fleetctl/commands/list.h"

#include "fleetctl/print/age.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"

#include <fnmatch.h>

static char *cell_machine(const Context *context, const void *object) {
    return machine_names_label(context->machines, ((const ApiReboot *) object)->machine_id,
                               context->options->full);
}

static char *cell_phase(const Context *context, const void *object) {
    return strdup(((const ApiReboot *) object)->phase);
}

static char *cell_since(const Context *context, const void *object) {
    return moment_format(((const ApiReboot *) object)->since);
}

static json_object *value_since(const void *object) {
    return json_object_new_int64(((const ApiReboot *) object)->since);
}

static char *cell_why(const Context *context, const void *object) {
    return machine_ids_shorten(((const ApiReboot *) object)->why, context->options->full);
}

static char *cell_message(const Context *context, const void *object) {
    return strdup(str_or(((const ApiReboot *) object)->message, ""));
}

static const ListColumn columns[] = {
    {"machine", cell_machine},          {"phase", cell_phase, .is_toned = true},
    {"since", cell_since, value_since}, {"why", cell_why},
    {"message", cell_message},          {},
};

static int reboot_read(json_object *json, void *ret, Error *reterr) {
    return api_reboot_read(json, ret, reterr);
}

static int reboot_compare(const void *a, const void *b) {
    return strcmp(((const ApiReboot *) a)->machine_id, ((const ApiReboot *) b)->machine_id);
}

static Tone reboot_tone(const void *object) {
    return streq(((const ApiReboot *) object)->phase, "failed") ? TONE_BAD : TONE_BUSY;
}

static bool reboot_is_meant(const void *object, const char *operand) {
    const char *id = ((const ApiReboot *) object)->machine_id;
    return strncmp(id, operand, strlen(operand)) == 0 || fnmatch(operand, id, 0) == 0;
}

static bool operand_is_glob(const char *operand) {
    return strpbrk(operand, "*?[") != NULL;
}

static int reboots_complain_unknown(const Context *context, char *const *operands, Error *reterr) {
    STRV_FOREACH (operand, operands)
        complain("Machine %s is not to be rebooted.", *operand);
    return EXIT_FAILURE;
}

int command_list_reboots(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_REBOOTS,
        .columns = columns,
        .n_default = 4,
        .read = reboot_read,
        .object_size = sizeof(ApiReboot),
        .compare = reboot_compare,
        .tone = reboot_tone,
        .is_meant = reboot_is_meant,
        .operand_is_choice = operand_is_glob,
        .complain_unknown = reboots_complain_unknown,
    };
    return list_run(context, &list, operands, reterr);
}
