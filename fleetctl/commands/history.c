#include "fleetctl/api/api-versions.h"
#include "fleetctl/commands/list.h"
#include "fleetctl/print/age.h"
#include "fleetctl/units/unit-select.h"
#include "fleetd/base/strv.h"

static char *cell_version(const Context *context, const void *object) {
    return str_printf("%lld", (long long) ((const ApiVersion *) object)->number);
}

static char *cell_hash(const Context *context, const void *object) {
    return list_format_hash(((const ApiVersion *) object)->hash, context->options->full);
}

static char *cell_time(const Context *context, const void *object) {
    return moment_format(((const ApiVersion *) object)->time);
}

static json_object *value_version(const void *object) {
    return json_object_new_int64(((const ApiVersion *) object)->number);
}

static const ListColumn columns[] = {
    {"version", cell_version, value_version},
    {"hash", cell_hash},
    {"time", cell_time},
    {},
};

static int version_read(json_object *json, void *ret, Error *reterr) {
    return api_version_read(json, ret, reterr);
}

static int version_compare(const void *a, const void *b) {
    const ApiVersion *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static Tone version_tone(const void *object) {
    return TONE_PLAIN;
}

static int history_print(const Context *context, const char *unit, Error *reterr) {
    static const List list = {
        .columns = columns,
        .n_default = 3,
        .read = version_read,
        .object_size = sizeof(ApiVersion),
        .compare = version_compare,
        .tone = version_tone,
    };
    _cleanup_json_ json_object *array = NULL;
    int r = api_list_versions(context->api, unit, false, &array, reterr);
    return r < 0 ? r : list_print(context, &list, array, reterr);
}

int command_history(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    int r = unit_select_one(context->api, operands[0], &selection, reterr);
    if (r < 0)
        return r;
    return r == 0 ? EXIT_FAILURE : history_print(context, selection.known[0]->name, reterr);
}
