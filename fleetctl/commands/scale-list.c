#include "fleetctl/commands/scale-list.h"

#include "fleetctl/commands/list.h"
#include "fleetctl/print/age.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetd/base/strv.h"

static char *cell_name(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiScale *) object)->name);
}

static char *number_format(int64_t number) {
    return str_printf("%lld", (long long) number);
}

static char *cell_wanted(_unused_ const Context *context, const void *object) {
    return number_format(((const ApiScale *) object)->count);
}

static json_object *value_wanted(const void *object) {
    return json_object_new_int64(((const ApiScale *) object)->count);
}

static char *cell_there(_unused_ const Context *context, const void *object) {
    return number_format(((const ApiScale *) object)->n_there);
}

static json_object *value_there(const void *object) {
    return json_object_new_int64(((const ApiScale *) object)->n_there);
}

static char *cell_running(_unused_ const Context *context, const void *object) {
    return number_format(((const ApiScale *) object)->n_running);
}

static json_object *value_running(const void *object) {
    return json_object_new_int64(((const ApiScale *) object)->n_running);
}

static char *cell_others(_unused_ const Context *context, const void *object) {
    return number_format(((const ApiScale *) object)->n_others);
}

static json_object *value_others(const void *object) {
    return json_object_new_int64(((const ApiScale *) object)->n_others);
}

static char *cell_since(_unused_ const Context *context, const void *object) {
    return moment_format(((const ApiScale *) object)->since);
}

static json_object *value_since(const void *object) {
    return json_object_new_int64(((const ApiScale *) object)->since);
}

static char *cell_why(_unused_ const Context *context, const void *object) {
    return strdup(str_or(((const ApiScale *) object)->why, ""));
}

static const ListColumn columns[] = {
    {"unit", cell_name},
    {"wanted", cell_wanted, value_wanted},
    {"there", cell_there, value_there, .is_toned = true},
    {"running", cell_running, value_running, .is_toned = true},
    {"since", cell_since, value_since},
    {"why", cell_why},
    {"others", cell_others, value_others},
    {},
};

static int scale_read(json_object *json, void *ret, Error *reterr) {
    return api_scale_read(json, ret, reterr);
}

static int scale_compare(const void *a, const void *b) {
    return strcmp(((const ApiScale *) a)->name, ((const ApiScale *) b)->name);
}

static Tone scale_tone(const void *object) {
    const ApiScale *scale = object;
    bool is_reached = scale->n_there == scale->count && scale->n_running == scale->count;
    return is_reached ? TONE_GOOD : scale->why ? TONE_BAD : TONE_BUSY;
}

static bool scale_is_meant(const void *object, const char *operand) {
    return operand_means_unit(operand, ((const ApiScale *) object)->name);
}

static int complain_unknown(_unused_ const Context *context, char *const *operands,
                            _unused_ Error *reterr) {
    STRV_FOREACH (operand, operands)
        complain("No number of instances is kept of %s.", *operand);
    return EXIT_FAILURE;
}

int scale_list(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_SCALES,
        .columns = columns,
        .n_default = 6,
        .read = scale_read,
        .object_size = sizeof(ApiScale),
        .compare = scale_compare,
        .tone = scale_tone,
        .is_meant = scale_is_meant,
        .operand_is_choice = operand_is_glob,
        .complain_unknown = complain_unknown,
    };
    return list_run(context, &list, operands, reterr);
}
