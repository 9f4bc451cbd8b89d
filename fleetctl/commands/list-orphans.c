#include "fleetctl/commands/list.h"

#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetd/base/strv.h"

static char *cell_unit(const Context *context, const void *object) {
    return strdup(((const ApiOrphan *) object)->name);
}

static char *cell_machine(const Context *context, const void *object) {
    return machine_names_label(context->machines, ((const ApiOrphan *) object)->machine_id,
                               context->options->full);
}

static char *cell_dstate(const Context *context, const void *object) {
    return strdup(launch_state_to_string(((const ApiOrphan *) object)->desired));
}

static char *cell_hash(const Context *context, const void *object) {
    return list_format_hash(((const ApiOrphan *) object)->hash, context->options->full);
}

static char *cell_known(const Context *context, const void *object) {
    return strdup(((const ApiOrphan *) object)->is_known ? "true" : "false");
}

static json_object *value_known(const void *object) {
    return json_object_new_boolean(((const ApiOrphan *) object)->is_known);
}

static char *cell_cluster(const Context *context, const void *object) {
    return strdup(((const ApiOrphan *) object)->cluster);
}

static const ListColumn columns[] = {
    {"unit", cell_unit},
    {"machine", cell_machine},
    {"dstate", cell_dstate, .is_toned = true},
    {"hash", cell_hash},
    {"known", cell_known, value_known},
    {"cluster", cell_cluster},
    {},
};

static int orphan_read(json_object *json, void *ret, Error *reterr) {
    return api_orphan_read(json, ret, reterr);
}

static int orphan_compare(const void *a, const void *b) {
    const ApiOrphan *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->machine_id, y->machine_id);
}

static Tone orphan_tone(const void *object) {
    return TONE_BUSY;
}

static bool orphan_is_meant(const void *object, const char *operand) {
    return operand_means_unit(operand, ((const ApiOrphan *) object)->name);
}

static int orphans_complain_unknown(const Context *context, char *const *operands, Error *reterr) {
    STRV_FOREACH (operand, operands)
        complain("No machine has unit %s for another cluster.", *operand);
    return EXIT_FAILURE;
}

static const char *const states[] = {"loaded", "launched", NULL};

static bool orphan_has_state(const void *object, const char *word) {
    return streq(launch_state_to_string(((const ApiOrphan *) object)->desired), word);
}

static const char *orphan_machine_id(const void *object) {
    return ((const ApiOrphan *) object)->machine_id;
}

int command_list_orphans(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_ORPHANS,
        .columns = columns,
        .n_default = 4,
        .read = orphan_read,
        .object_size = sizeof(ApiOrphan),
        .compare = orphan_compare,
        .tone = orphan_tone,
        .operand_is_choice = operand_is_glob,
        .complain_unknown = orphans_complain_unknown,
        .is_meant = orphan_is_meant,
        .states = states,
        .states_hint = "there are loaded and launched",
        .has_state = orphan_has_state,
        .machine_id = orphan_machine_id,
    };
    return list_run(context, &list, operands, reterr);
}
