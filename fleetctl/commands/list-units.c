#include "fleetctl/commands/list.h"

#include "fleetd/base/strv.h"

static char *cell_unit(const Context *context, const void *object) {
    return strdup(((const ApiState *) object)->name);
}

static char *cell_machine(const Context *context, const void *object) {
    const ApiState *state = object;
    return machine_names_label(context->machines, state->machine_id, context->options->full);
}

static char *cell_active(const Context *context, const void *object) {
    return strdup(((const ApiState *) object)->active);
}

static char *cell_sub(const Context *context, const void *object) {
    return strdup(((const ApiState *) object)->sub);
}

static char *cell_load(const Context *context, const void *object) {
    return strdup(((const ApiState *) object)->load);
}

static char *cell_hash(const Context *context, const void *object) {
    return list_format_hash(((const ApiState *) object)->hash, context->options->full);
}

static const ListColumn columns[] = {
    {"unit", cell_unit},
    {"machine", cell_machine},
    {"active", cell_active},
    {"sub", cell_sub},
    {"load", cell_load},
    {"hash", cell_hash},
    {},
};

static int state_read(json_object *json, void *ret, Error *reterr) {
    return api_state_read(json, ret, reterr);
}

static int state_compare(const void *a, const void *b) {
    const ApiState *x = a, *y = b;
    int difference = strcmp(x->name, y->name);
    return difference != 0 ? difference : strcmp(x->machine_id, y->machine_id);
}

int command_list_units(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_STATES,
        .columns = columns,
        .n_default = 4,
        .read = state_read,
        .object_size = sizeof(ApiState),
        .compare = state_compare,
    };
    return list_run(context, &list, reterr);
}
