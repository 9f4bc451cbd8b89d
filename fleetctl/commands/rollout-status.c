#include "fleetctl/commands/rollout-status.h"

#include "fleetctl/api/api-list.h"
#include "fleetctl/api/api-rollouts.h"
#include "fleetctl/api/machine-names.h"
#include "fleetctl/commands/list.h"
#include "fleetctl/print/age.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <time.h>

/* --- all of them --- */

static char *cell_name(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiRollout *) object)->name);
}

static char *cell_phase(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiRollout *) object)->phase);
}

static char *cell_done(_unused_ const Context *context, const void *object) {
    size_t n, n_done;
    api_rollout_count(object, &n, &n_done);
    return str_printf("%zu/%zu", n_done, n);
}

static char *cell_since(_unused_ const Context *context, const void *object) {
    return moment_format(((const ApiRollout *) object)->since);
}

static json_object *value_since(const void *object) {
    return json_object_new_int64(((const ApiRollout *) object)->since);
}

static char *cell_hash(const Context *context, const void *object) {
    return list_format_hash(((const ApiRollout *) object)->hash, context->options->full);
}

static char *cell_why(const Context *context, const void *object) {
    return machine_ids_shorten(((const ApiRollout *) object)->why, context->options->full);
}

static char *cell_kind(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiRollout *) object)->is_restart ? "restart" : "file");
}

static char *cell_message(_unused_ const Context *context, const void *object) {
    return strdup(str_or(((const ApiRollout *) object)->message, ""));
}

static const ListColumn rollout_columns[] = {
    {"unit", cell_name},
    {"phase", cell_phase, .is_toned = true},
    {"done", cell_done},
    {"since", cell_since, value_since},
    {"why", cell_why},
    {"hash", cell_hash},
    {"message", cell_message},
    {"kind", cell_kind},
    {},
};

static int rollout_read(json_object *json, void *ret, Error *reterr) {
    return api_rollout_read(json, ret, reterr);
}

static int rollout_compare(const void *a, const void *b) {
    return strcmp(((const ApiRollout *) a)->name, ((const ApiRollout *) b)->name);
}

/* Whether a person has to look: those that users have paused, or that wait to be promoted, are as
 * they should be unless a unit has failed. */
static bool is_bad(const ApiRollout *rollout) {
    RolloutPhase phase = rollout_phase_from_string(rollout->phase);
    bool has_halted = phase == ROLLOUT_PAUSED || phase == ROLLOUT_WAITING;
    return phase > ROLLOUT_DONE || phase == ROLLOUT_ROLLING_BACK ||
           (has_halted && api_rollout_has_failed(rollout));
}

static Tone rollout_tone(const void *object) {
    const ApiRollout *rollout = object;
    return is_bad(rollout) ? TONE_BAD : streq(rollout->phase, "done") ? TONE_GOOD : TONE_BUSY;
}

int rollout_list(Context *context, Error *reterr) {
    static const List list = {
        .columns = rollout_columns,
        .n_default = 5,
        .read = rollout_read,
        .object_size = sizeof(ApiRollout),
        .compare = rollout_compare,
        .tone = rollout_tone,
    };
    _cleanup_json_ json_object *array = NULL;
    int r = api_list(context->api, API_ROLLOUTS, &array, reterr);
    return r < 0 ? r : list_print(context, &list, array, reterr);
}

/* --- the units of one --- */

static char *cell_unit_name(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiRolloutUnit *) object)->name);
}

static char *cell_unit_phase(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiRolloutUnit *) object)->phase);
}

static char *cell_unit_why(const Context *context, const void *object) {
    return machine_ids_shorten(((const ApiRolloutUnit *) object)->why, context->options->full);
}

static const ListColumn unit_columns[] = {
    {"unit", cell_unit_name},
    {"phase", cell_unit_phase, .is_toned = true},
    {"why", cell_unit_why},
    {},
};

static char *cell_unit_machine(const Context *context, const void *object) {
    return machine_names_label(context->machines, ((const ApiRolloutUnit *) object)->name,
                               context->options->full);
}

static const ListColumn machine_columns[] = {
    {"machine", cell_unit_machine},
    {"phase", cell_unit_phase, .is_toned = true},
    {"why", cell_unit_why},
    {},
};

static int unit_read(json_object *json, void *ret, Error *reterr) {
    return api_rollout_unit_read(json, ret, reterr);
}

static int unit_compare(const void *a, const void *b) {
    return rollout_compare_names(((const ApiRolloutUnit *) a)->name,
                                 ((const ApiRolloutUnit *) b)->name);
}

static Tone unit_tone(const void *object) {
    RolloutUnitPhase phase =
        rollout_unit_phase_from_string(((const ApiRolloutUnit *) object)->phase);
    bool is_good = phase == ROLLOUT_UNIT_DONE || phase == ROLLOUT_UNIT_RESTORED;
    bool is_failed = phase == ROLLOUT_UNIT_FAILED || phase == ROLLOUT_UNIT_LEFT;
    return is_good ? TONE_GOOD : is_failed ? TONE_BAD : TONE_BUSY;
}

static int show_summary(const Context *context, const ApiRollout *rollout) {
    _cleanup_free_ char *since = moment_format(rollout->since);
    _cleanup_free_ char *hash = list_format_hash(rollout->hash, context->options->full);
    _cleanup_free_ char *why = machine_ids_shorten(rollout->why, context->options->full);
    size_t n, n_done;
    if (!since || !hash || !why)
        return -ENOMEM;
    api_rollout_count(rollout, &n, &n_done);
    say_marked(&context->look, rollout_tone(rollout), "%s: %s%s%s", rollout->name, rollout->phase,
               *why ? ": " : "", why);
    if (rollout->is_restart)
        say("  restarted %s%s%s; %zu of %zu units run again", since, rollout->message ? ": " : "",
            str_or(rollout->message, ""), n_done, n);
    else
        say("  file %s, deployed %s%s%s; %zu of %zu %s updated", hash, since,
            rollout->message ? ": " : "", str_or(rollout->message, ""), n_done, n,
            rollout->is_global ? "machines" : "units");
    return 0;
}

int rollout_show(Context *context, const char *unit, Error *reterr) {
    List list = {
        .columns = unit_columns,
        .n_default = 3,
        .read = unit_read,
        .object_size = sizeof(ApiRolloutUnit),
        .compare = unit_compare,
        .tone = unit_tone,
    };
    _cleanup_json_ json_object *json = NULL;
    ApiRollout rollout;
    bool is_table = !context->options->output || streq(context->options->output, "table");
    int r = api_get_rollout(context->api, unit, &json, reterr);
    if (r >= 0)
        r = api_rollout_read(json, &rollout, reterr);
    if (r >= 0 && is_table)
        r = show_summary(context, &rollout);
    if (r >= 0 && rollout.is_global)
        list.columns = machine_columns;
    if (r >= 0)
        r = list_print(context, &list, rollout.units, reterr);
    return r < 0 ? r : is_bad(&rollout) ? EXIT_FAILURE : 0;
}
