#include "fleetctl/commands/list.h"

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

static const ListColumn columns[] = {
    {"unit", cell_unit},   {"hash", cell_hash},       {"dstate", cell_dstate},
    {"state", cell_state}, {"target", cell_target},   {"global", cell_global},
    {"desc", cell_desc},   {"tmachine", cell_target}, {},
};

static int unit_read(json_object *json, void *ret, Error *reterr) {
    return api_unit_read(json, ret, reterr);
}

static int unit_compare(const void *a, const void *b) {
    return strcmp(((const ApiUnit *) a)->name, ((const ApiUnit *) b)->name);
}

int command_list_unit_files(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_UNITS,
        .columns = columns,
        .n_default = 5,
        .read = unit_read,
        .object_size = sizeof(ApiUnit),
        .compare = unit_compare,
    };
    return list_run(context, &list, reterr);
}
