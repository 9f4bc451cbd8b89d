#include "fleetctl/commands/list.h"

#include "fleetctl/units/unit-operand.h"
#include "fleetd/base/strv.h"

static char *cell_unit(const Context *context, const void *object) {
    return strdup(((const ApiUnit *) object)->name);
}

static char *cell_hash(const Context *context, const void *object) {
    return list_format_hash(((const ApiUnit *) object)->hash, context->options->full);
}

static char *cell_dstate(const Context *context, const void *object) {
    return strdup(launch_state_to_string(((const ApiUnit *) object)->desired));
}

/* A global unit has as many states as there are machines; list-units shows them. */
static char *cell_state(const Context *context, const void *object) {
    const ApiUnit *unit = object;
    return strdup(unit->is_global ? "" : launch_state_to_string(unit->current));
}

static char *cell_target(const Context *context, const void *object) {
    const ApiUnit *unit = object;
    if (unit->is_global)
        return strdup("global");
    return machine_names_label(context->machines, unit->machine_id, context->options->full);
}

static char *cell_global(const Context *context, const void *object) {
    return strdup(((const ApiUnit *) object)->is_global ? "true" : "false");
}

static char *cell_desc(const Context *context, const void *object) {
    return strdup(str_or(api_unit_option(object, "Unit", "Description"), ""));
}

static json_object *value_global(const void *object) {
    return json_object_new_boolean(((const ApiUnit *) object)->is_global);
}

static const ListColumn columns[] = {
    {"unit", cell_unit},
    {"hash", cell_hash},
    {"dstate", cell_dstate},
    {"state", cell_state, .is_toned = true},
    {"target", cell_target},
    {"global", cell_global, value_global},
    {"desc", cell_desc},
    {"tmachine", cell_target},
    {},
};

static int unit_read(json_object *json, void *ret, Error *reterr) {
    return api_unit_read(json, ret, reterr);
}

static int unit_compare(const void *a, const void *b) {
    return strcmp(((const ApiUnit *) a)->name, ((const ApiUnit *) b)->name);
}

/* Of a global unit only what is wanted is known here. */
static Tone unit_file_tone(const void *object) {
    static const Tone tones[_LAUNCH_STATE_MAX] = {
        [LAUNCH_STATE_INACTIVE] = TONE_IDLE,
        [LAUNCH_STATE_LOADED] = TONE_IDLE,
        [LAUNCH_STATE_LAUNCHED] = TONE_GOOD,
    };
    const ApiUnit *unit = object;
    return unit->is_global || unit->current == unit->desired ? tones[unit->desired] : TONE_BUSY;
}

static bool unit_is_meant(const void *object, const char *operand) {
    return operand_means_unit(operand, ((const ApiUnit *) object)->name);
}

static const char *const states[] = {"inactive", "loaded", "launched", NULL};

static bool unit_has_state(const void *object, const char *word) {
    const ApiUnit *unit = object;
    return streq(launch_state_to_string(unit->is_global ? unit->desired : unit->current), word);
}

static const char *unit_machine_id(const void *object) {
    return ((const ApiUnit *) object)->machine_id;
}

int command_list_unit_files(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_UNITS,
        .columns = columns,
        .n_default = 5,
        .read = unit_read,
        .object_size = sizeof(ApiUnit),
        .compare = unit_compare,
        .tone = unit_file_tone,
        .operand_is_choice = operand_is_glob,
        .complain_unknown = list_complain_unknown_units,
        .is_meant = unit_is_meant,
        .states = states,
        .states_hint = "there are inactive, loaded and launched",
        .has_state = unit_has_state,
        .machine_id = unit_machine_id,
    };
    return list_run(context, &list, operands, reterr);
}
