#include "fleetctl/commands/list.h"

#include "fleetctl/print/age.h"
#include "fleetctl/print/unit-tone.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetd/base/strv.h"

#include <inttypes.h>

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

static char *cell_health(const Context *context, const void *object) {
    return strdup(((const ApiState *) object)->health);
}

static char *cell_failures(const Context *context, const void *object) {
    const ApiState *state = object;
    return state->n_failures > 0 ? str_printf("%" PRIi64, state->n_failures) : strdup("");
}

static char *cell_retry(const Context *context, const void *object) {
    return moment_format(((const ApiState *) object)->next_try);
}

static json_object *value_failures(const void *object) {
    return json_object_new_int64(((const ApiState *) object)->n_failures);
}

static const ListColumn columns[] = {
    {"unit", cell_unit},
    {"machine", cell_machine},
    {"active", cell_active, .is_toned = true},
    {"sub", cell_sub, .is_toned = true},
    {"load", cell_load},
    {"hash", cell_hash},
    {"health", cell_health},
    {"failures", cell_failures, value_failures},
    {"retry", cell_retry},
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

static Tone state_tone(const void *object) {
    return unit_tone(((const ApiState *) object)->active);
}

static bool state_is_meant(const void *object, const char *operand) {
    return operand_means_unit(operand, ((const ApiState *) object)->name);
}

/* Whatever systemd may say in the columns ACTIVE, LOAD and SUB, as of `systemctl --state=help`, and
 * what may stand in HEALTH. */
static const char *const states[] = {"active",
                                     "reloading",
                                     "inactive",
                                     "failed",
                                     "activating",
                                     "deactivating",
                                     "maintenance",
                                     "refreshing",
                                     "stub",
                                     "loaded",
                                     "not-found",
                                     "bad-setting",
                                     "error",
                                     "merged",
                                     "masked",
                                     "dead",
                                     "waiting",
                                     "running",
                                     "exited",
                                     "listening",
                                     "elapsed",
                                     "auto-restart",
                                     "condition",
                                     "start-pre",
                                     "start",
                                     "start-post",
                                     "start-chown",
                                     "reload",
                                     "stop",
                                     "stop-pre",
                                     "stop-watchdog",
                                     "stop-sigterm",
                                     "stop-sigkill",
                                     "stop-post",
                                     "stop-pre-sigterm",
                                     "stop-pre-sigkill",
                                     "final-watchdog",
                                     "final-sigterm",
                                     "final-sigkill",
                                     "cleaning",
                                     "abandoned",
                                     "tentative",
                                     "plugged",
                                     "mounting",
                                     "mounting-done",
                                     "mounted",
                                     "remounting",
                                     "unmounting",
                                     "remounting-sigterm",
                                     "remounting-sigkill",
                                     "unmounting-sigterm",
                                     "unmounting-sigkill",
                                     "activating-done",
                                     "deactivating-sigterm",
                                     "deactivating-sigkill",
                                     "dead-before-auto-restart",
                                     "failed-before-auto-restart",
                                     "auto-restart-queued",
                                     "reload-signal",
                                     "reload-notify",
                                     "reload-post",
                                     "dead-resources-pinned",
                                     "starting",
                                     "healthy",
                                     "unhealthy",
                                     NULL};

static bool state_has(const void *object, const char *word) {
    const ApiState *state = object;
    return streq(state->active, word) || streq(state->sub, word) || streq(state->load, word) ||
           streq(state->health, word);
}

static const char *state_machine_id(const void *object) {
    return ((const ApiState *) object)->machine_id;
}

int command_list_units(Context *context, const char *const *operands, Error *reterr) {
    static const List list = {
        .resource = API_STATES,
        .columns = columns,
        .n_default = 4,
        .read = state_read,
        .object_size = sizeof(ApiState),
        .compare = state_compare,
        .tone = state_tone,
        .operand_is_choice = operand_is_glob,
        .complain_unknown = list_complain_unknown_units,
        .is_meant = state_is_meant,
        .states = states,
        .states_hint = "'systemctl --state=help' names those of units",
        .has_state = state_has,
        .machine_id = state_machine_id,
    };
    return list_run(context, &list, operands, reterr);
}
