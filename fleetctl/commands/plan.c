/* What would come of a request: first how files differ from those in the cluster, then what units
 * would do. The plan is asked for before the texts, so that a file that is changed between the two
 * is found out by whoever checks the plan's revision. */
#include "fleetctl/api/api-plan.h"
#include "fleetctl/api/api-units.h"
#include "fleetctl/commands/list.h"
#include "fleetctl/commands/plan-remarks.h"
#include "fleetctl/commands/text-diff.h"
#include "fleetctl/print/disarm.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/machine-select.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/units/unit-source.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/forecast.h"

#include <errno.h>
#include <stdio.h>

#define EXIT_WOULD_CHANGE 2
#define DIFF_TROUBLE 2 /* diff's */

/* --- what units would do --- */

static char *cell_unit(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiPlanChange *) object)->unit);
}

static char *cell_change(_unused_ const Context *context, const void *object) {
    return strdup(((const ApiPlanChange *) object)->change);
}

static char *machine_cell(const Context *context, const char *id) {
    return *id ? machine_names_label(context->machines, id, context->options->full) : strdup("");
}

/* Only of what goes from there. */
static char *cell_from(const Context *context, const void *object) {
    const ApiPlanChange *change = object;
    return machine_cell(context, streq(change->from, change->to) ? "" : change->from);
}

static char *cell_machine(const Context *context, const void *object) {
    return machine_cell(context, ((const ApiPlanChange *) object)->to);
}

static char *cell_why(const Context *context, const void *object) {
    return machine_ids_shorten(((const ApiPlanChange *) object)->reason, context->options->full);
}

static int change_read(json_object *json, void *ret, Error *reterr) {
    return api_plan_change_read(json, ret, reterr);
}

static int change_compare(const void *a, const void *b) {
    const ApiPlanChange *x = a, *y = b;
    int order = strcmp(x->unit, y->unit);
    if (order == 0)
        order = strcmp(x->to, y->to);
    return order != 0 ? order : strcmp(x->from, y->from);
}

static Tone change_tone(const void *object) {
    const char *change = ((const ApiPlanChange *) object)->change;
    if (streq(change, forecast_kind_to_string(FORECAST_WAIT)))
        return TONE_BAD;
    if (streq(change, forecast_kind_to_string(FORECAST_START)))
        return TONE_GOOD;
    bool is_idle = streq(change, forecast_kind_to_string(FORECAST_STOP)) ||
                   streq(change, forecast_kind_to_string(FORECAST_UNLOAD));
    return is_idle ? TONE_IDLE : TONE_BUSY;
}

static int changes_show(const Context *context, json_object *changes, Error *reterr) {
    static const ListColumn columns[] = {
        {"unit", cell_unit}, {"change", cell_change, .is_toned = true},
        {"from", cell_from}, {"machine", cell_machine},
        {"why", cell_why},   {},
    };
    static const List list = {
        .columns = columns,
        .n_default = 5,
        .read = change_read,
        .object_size = sizeof(ApiPlanChange),
        .compare = change_compare,
        .tone = change_tone,
    };
    return list_print(context, &list, changes, reterr);
}

static void lines_show(char *const *lines) {
    STRV_FOREACH (line, lines)
        say("%s", *line);
}

static void advice_show(const ApiPlan *plan, const PlanRemarks *remarks) {
    lines_show(remarks->refusals);
    if (!remarks->refusals)
        say("Made at revision %lld: 'fleetctl deploy --check-revision=%lld' refuses if one of "
            "these units was changed since.",
            (long long) plan->revision, (long long) plan->revision);
}

static int plan_show(const Context *context, const ApiPlan *plan, const PlanRemarks *remarks,
                     bool is_of_files, Error *reterr) {
    int r = 0;
    lines_show(remarks->removals);
    if (!plan->has_changes)
        say("Nothing would change.");
    else if (json_object_array_length(plan->changes) == 0)
        say("No unit would start, stop, move or wait.");
    else
        r = changes_show(context, plan->changes, reterr);
    if (r >= 0 && plan->has_changes && is_of_files)
        advice_show(plan, remarks);
    return r;
}

static int document_show(json_object *answer) {
    const char *json = json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PRETTY |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!json)
        return -ENOMEM;
    json_print_disarmed(json, stdout);
    say_blank_line();
    return 0;
}

/* --- files --- */

/* A unit that is new, or whose file is lost, has nothing to be compared with. */
static int source_compare(const Context *context, const UnitSource *source, const ApiUnit *known,
                          Error *reterr) {
    const LocalFile *file = source->file.text ? &source->file : &source->template_file;
    bool is_new = !known->name || !known->text;
    const TextSide old = {is_new ? "" : known->text, is_new ? 0 : strlen(known->text),
                          is_new ? "/dev/null" : known->name},
                   new = {source->text, source->text_size, file->path};
    int r = text_diff(context, &old, &new, reterr);
    if (r >= DIFF_TROUBLE)
        return error_set(reterr, -EIO, "diff failed with status %d", r);
    if (r > 0)
        say_blank_line();
    return MIN(r, 0);
}

static int sources_compare(const Context *context, const UnitSources *sources, PlanRemarks *remarks,
                           Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    _cleanup_api_units_ ApiUnits known = {};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sources->n; i++)
        r = strv_push(&names, sources->items[i].name);
    if (r >= 0)
        r = api_get_units(context->api, names, &known, reterr);
    for (size_t i = 0; r >= 0 && i < sources->n; i++)
        if ((r = source_compare(context, &sources->items[i], &known.items[i], reterr)) >= 0)
            r = plan_remarks_add_source(remarks, &sources->items[i], &known.items[i]);
    return r;
}

static bool sources_complain(const UnitSources *sources) {
    bool is_bad = false;
    for (size_t i = 0; i < sources->n; i++) {
        if (sources->items[i].problem)
            complain("Error planning unit %s: %s", sources->items[i].name,
                     sources->items[i].problem);
        is_bad |= sources->items[i].problem != NULL;
    }
    return is_bad;
}

static int sources_ask(const UnitSources *sources, json_object *request) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sources->n; i++) {
        const UnitSource *source = &sources->items[i];
        r = plan_request_add_file(request, source->name, source->text, source->text_size);
    }
    return r;
}

/* --- units and machines --- */

static int units_ask(Context *context, const char *const *operands, json_object *request,
                     PlanRemarks *remarks, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    bool is_removal = context->options->destroy;
    int r = unit_select(context->api, operands, is_removal ? GLOB_ALL_UNITS : GLOB_NO_TEMPLATES,
                        &selection, reterr);
    if (r >= 0 && unit_selection_complain(context->api, &selection))
        return EXIT_FAILURE;
    for (size_t i = 0; r >= 0 && i < selection.n_known; i++) {
        const ApiUnit *unit = selection.known[i];
        if (is_removal && (r = plan_request_add_removal(request, unit->name)) >= 0)
            r = plan_remarks_add_removal(remarks, unit);
        if (!is_removal && unit->desired == LAUNCH_STATE_LAUNCHED) /* else it is stopped already */
            r = plan_request_add_state(request, unit->name, LAUNCH_STATE_LOADED);
    }
    return MIN(r, 0);
}

static int machines_ask(Context *context, const char *const *operands, json_object *request,
                        Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    int r = machines_select_all(context->api, operands, &ids, reterr);
    STRV_FOREACH (id, ids)
        r = r < 0 ? r : plan_request_add_drain(request, *id);
    return r;
}

/* --- the whole --- */

/* sources: NULL when it is not of files. */
static int plan_make(Context *context, const UnitSources *sources, json_object *request,
                     PlanRemarks *remarks, Error *reterr) {
    _cleanup_json_ json_object *answer = NULL;
    bool is_json = streq(str_or(context->options->output, "table"), "json");
    ApiPlan plan = {};
    int r = api_post_plan(context->api, request, &answer, reterr);
    if (r >= 0)
        r = api_plan_read(answer, &plan, reterr);
    if (r >= 0 && sources && !is_json)
        r = sources_compare(context, sources, remarks, reterr);
    if (r >= 0)
        r = is_json ? document_show(answer)
                    : plan_show(context, &plan, remarks, sources != NULL, reterr);
    return r < 0 ? r : plan.has_changes ? EXIT_WOULD_CHANGE : 0;
}

static int plan_files(Context *context, const char *const *operands, json_object *request,
                      Error *reterr) {
    _cleanup_unit_sources_ UnitSources sources = {};
    _cleanup_plan_remarks_ PlanRemarks remarks = {};
    int r = unit_sources_load_local(operands, &sources);
    if (r < 0)
        return r;
    if (sources_complain(&sources))
        return EXIT_FAILURE;
    r = sources_ask(&sources, request);
    return r < 0 ? r : plan_make(context, &sources, request, &remarks, reterr);
}

static int options_check(const Options *options, Error *reterr) {
    const char *output = str_or(options->output, "table");
    if (options->stop + options->destroy + options->drain > 1)
        return error_set(reterr, -EINVAL, "only one of --stop, --destroy and --drain can be given");
    if (!streq(output, "table") && !streq(output, "json"))
        return error_set(reterr, -EINVAL, "--output: unknown format '%s'; there are table and json",
                         output);
    return 0;
}

int command_plan(Context *context, const char *const *operands, Error *reterr) {
    const Options *options = context->options;
    _cleanup_json_ json_object *request = plan_request_new();
    _cleanup_plan_remarks_ PlanRemarks remarks = {};
    int r = request ? options_check(options, reterr) : -ENOMEM;
    if (r < 0)
        return r;
    if (!options->stop && !options->destroy && !options->drain)
        return plan_files(context, operands, request, reterr);
    r = options->drain ? machines_ask(context, operands, request, reterr)
                       : units_ask(context, operands, request, &remarks, reterr);
    return r != 0 ? r : plan_make(context, NULL, request, &remarks, reterr);
}
