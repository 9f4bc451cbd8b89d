#include "fleetctl/units/unit-source.h"

#include "fleetctl/api/api-changes.h"
#include "fleetctl/api/api-units.h"
#include "fleetctl/api/change-account.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

UnitOrigin unit_origin_choose(const UnitEvidence *evidence) {
    if (evidence->is_known)
        return UNIT_ORIGIN_CLUSTER;
    if (evidence->has_file)
        return UNIT_ORIGIN_FILE;
    if (evidence->has_template_file && (evidence->prefer_local || !evidence->has_known_template))
        return UNIT_ORIGIN_TEMPLATE_FILE;
    return evidence->has_known_template ? UNIT_ORIGIN_KNOWN_TEMPLATE : UNIT_ORIGIN_NONE;
}

static void source_done(UnitSource *source) {
    free(source->name);
    free(source->template_name);
    local_file_done(&source->file);
    local_file_done(&source->template_file);
    free(source->problem);
}

/* Keeps what error says as the unit's problem. Only running out of memory is an error of the whole.
 */
static int source_take_problem(UnitSource *source, int r, Error *error) {
    if (r >= 0 || r == -ENOMEM)
        return MIN(r, 0);
    source->problem = strdup(error_text(error, r));
    return source->problem ? 0 : -ENOMEM;
}

/* Loads the file called name from the folder of the operand. */
static int sibling_load(const char *operand, const char *name, LocalFile *ret, Error *reterr) {
    const char *slash = strrchr(operand, '/');
    int folder_length = slash ? (int) (slash + 1 - operand) : 0;
    _cleanup_free_ char *path = str_printf("%.*s%s", folder_length, operand, name);
    return path ? local_file_load(path, ret, reterr) : -ENOMEM;
}

static int source_load_files(UnitSource *source, const char *operand, Error *reterr) {
    int r = unit_name_check(source->name, reterr);
    if (r >= 0)
        r = sibling_load(operand, source->name, &source->file, reterr);
    if (r < 0 || source->file.text || !unit_name_is_instance(source->name))
        return r;
    r = unit_name_template(source->name, &source->template_name);
    return r < 0 ? r : sibling_load(operand, source->template_name, &source->template_file, reterr);
}

static int source_add(UnitSources *sources, Map *seen, const char *operand) {
    _cleanup_error_ Error error = {};
    UnitSource *source = &sources->items[sources->n];
    int r = unit_name_complete(operand, &source->name);
    if (r < 0)
        return r;
    r = map_put(seen, source->name, source);
    if (r <= 0) { /* 0: named twice */
        free(TAKE_PTR(source->name));
        return r;
    }
    sources->n++;
    return source_take_problem(source, source_load_files(source, operand, &error), &error);
}

static int sources_add_all(UnitSources *sources, char *const *operands) {
    _cleanup_(map_freep) Map *seen = map_new(NULL);
    sources->items = calloc(strv_length(operands) + 1, sizeof(UnitSource));
    int r = seen && sources->items ? 0 : -ENOMEM;
    STRV_FOREACH (operand, operands)
        r = r < 0 ? r : source_add(sources, seen, *operand);
    return r;
}

static int text_check(const UnitSource *source, const char *text, size_t size, bool *ret_is_global,
                      Error *reterr) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    int r = unit_file_parse(text, size, &file, reterr);
    if (r >= 0)
        r = requirements_parse(file, source->name, &requirements, reterr);
    if (r < 0)
        return r;
    *ret_is_global = requirements->is_global;
    return 0;
}

/* Whether anything could keep it from being sent, were it unknown to the cluster. */
static bool source_can_be_created(const UnitSource *source, LaunchState wanted) {
    _unused_ bool is_global;
    bool is_refused = wanted != LAUNCH_STATE_INACTIVE && unit_name_is_template(source->name);
    return !source->problem && source->file.text && !is_refused &&
           text_check(source, source->file.text, source->file.size, &is_global, NULL) >= 0;
}

/* All or none: where there is something to complain of, nothing is sent. */
static bool sources_can_be_created(const UnitSources *sources, LaunchState wanted) {
    for (size_t i = 0; i < sources->n; i++)
        if (!source_can_be_created(&sources->items[i], wanted))
            return false;
    return true;
}

static size_t sources_count_created(const UnitSources *sources) {
    size_t n = 0;
    for (size_t i = 0; i < sources->n; i++)
        n += sources->items[i].created_revision != 0;
    return n;
}

/* The reason of one that came to nothing; NULL: there is none. */
static const char *creations_find_refusal(const ApiChange *creations, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (creations[i].refusal)
            return creations[i].refusal;
    return NULL;
}

/* Asks for those that were not created. What that came to need be told only if they cannot be had:
 * a creation that was given no answer may have been carried out. */
static int sources_ask(UnitSources *sources, ApiClient *api, const ApiChange *creations,
                       size_t n_creations, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    _cleanup_error_ Error error = {};
    int r = 0;
    for (size_t i = 0; i < sources->n && r >= 0; i++)
        if (!sources->items[i].problem && sources->items[i].created_revision == 0)
            r = strv_push(&names, sources->items[i].name);
    if (r >= 0)
        r = api_get_units(api, names, &sources->units, &error);
    if (r >= 0)
        return 0;
    const char *refusal = creations_find_refusal(creations, n_creations);
    error_set(reterr, r, "%s%s%s", error_text(&error, r), refusal ? "; before that: " : "",
              str_or(refusal, ""));
    return creations_account(sources_count_created(sources), sources->n, r, reterr);
}

static int sources_create(UnitSources *sources, ApiClient *api, LaunchState wanted,
                          ApiChange *creations, Error *reterr) {
    for (size_t i = 0; i < sources->n; i++)
        creations[i] = (ApiChange){
            .name = sources->items[i].name,
            .is_creation = true,
            .desired = wanted,
            .text = sources->items[i].file.text,
            .text_size = sources->items[i].file.size,
        };
    int r = api_send_changes(api, creations, sources->n, reterr);
    for (size_t i = 0; i < sources->n; i++)
        if (creations[i].outcome == API_OUTCOME_CREATED)
            sources->items[i].created_revision = creations[i].revision;
    return r;
}

/* Those with a problem are not asked for. */
static int sources_create_or_ask(UnitSources *sources, ApiClient *api, LaunchState wanted,
                                 Error *reterr) {
    if (!sources_can_be_created(sources, wanted))
        return sources_ask(sources, api, NULL, 0, reterr);
    _cleanup_free_ ApiChange *creations = calloc(sources->n + 1, sizeof(ApiChange));
    if (!creations)
        return -ENOMEM;
    int r = sources_create(sources, api, wanted, creations, reterr);
    if (r >= 0)
        r = sources_ask(sources, api, creations, sources->n, reterr);
    api_changes_done(creations, sources->n);
    return r;
}

/* What is new to the cluster is created, the others are looked up. */
static int sources_find_units(UnitSources *sources, ApiClient *api, LaunchState wanted,
                              Error *reterr) {
    int r = sources_create_or_ask(sources, api, wanted, reterr);
    if (r < 0)
        return r;
    const ApiUnit *unit = sources->units.items;
    for (size_t i = 0; i < sources->n; i++) {
        UnitSource *source = &sources->items[i];
        if (source->problem || source->created_revision != 0)
            continue;
        source->known = unit->name ? unit : NULL;
        unit++;
    }
    return 0;
}

static bool source_needs_template(const UnitSource *source) {
    return !source->problem && !source->known && source->template_name;
}

static const ApiUnit *unit_find(const ApiUnits *units, const char *name) {
    for (size_t i = 0; i < units->n; i++)
        if (streq_ptr(units->items[i].name, name))
            return &units->items[i];
    return NULL;
}

static int sources_find_templates(UnitSources *sources, ApiClient *api, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    int r = 0;
    for (size_t i = 0; i < sources->n && r >= 0; i++) {
        const UnitSource *source = &sources->items[i];
        if (source_needs_template(source) && !strv_contains(names, source->template_name))
            r = strv_push(&names, source->template_name);
    }
    if (r >= 0)
        r = api_get_units(api, names, &sources->templates, reterr);
    for (size_t i = 0; i < sources->n && r >= 0; i++)
        if (source_needs_template(&sources->items[i]))
            sources->items[i].template =
                unit_find(&sources->templates, sources->items[i].template_name);
    return r;
}

static void source_take_text(UnitSource *source, const LocalFile *file) {
    source->text = file->text;
    source->text_size = file->size;
}

/* Notes when the local file is not what the cluster has. */
static void source_compare(UnitSource *source, const LocalFile *file, const ApiUnit *unit) {
    if (!file->text || !unit->text ||
        (strlen(unit->text) == file->size && streq(unit->text, file->text)))
        return;
    source->differs_from = file->path;
    source->differing = unit->name;
}

static void source_choose_text(UnitSource *source, bool replace) {
    const LocalFile *local = source->file.text ? &source->file : &source->template_file;
    switch (source->origin) {
    case UNIT_ORIGIN_CLUSTER:
        source_compare(source, local, source->known);
        if (replace && source->differs_from)
            source_take_text(source, local);
        break;
    case UNIT_ORIGIN_FILE:
    case UNIT_ORIGIN_TEMPLATE_FILE:
        source_take_text(source, local);
        break;
    case UNIT_ORIGIN_KNOWN_TEMPLATE:
        source_compare(source, local, source->template);
        source->text = source->template->text;
        source->text_size = strlen(source->text);
        break;
    case UNIT_ORIGIN_NONE:
        break;
    }
}

static int source_check(UnitSource *source, Error *reterr) {
    bool is_global = source->known && source->known->is_global;
    int r =
        source->text ? text_check(source, source->text, source->text_size, &is_global, reterr) : 0;
    if (r < 0 && source->origin == UNIT_ORIGIN_KNOWN_TEMPLATE)
        return error_prefix(reterr, r, "%s from submitted template %s", source->name,
                            source->template->name);
    if (r < 0)
        return error_prefix(reterr, r, "%s",
                            source->file.text ? source->file.path : source->template_file.path);
    source->is_global = is_global;
    return 0;
}

static int source_resolve(UnitSource *source, bool replace, Error *reterr) {
    UnitEvidence evidence = {
        .is_known = source->known != NULL,
        .has_file = source->file.text != NULL,
        .has_known_template = source->template && source->template->text,
        .has_template_file = source->template_file.text != NULL,
        .prefer_local = replace,
    };
    source->origin = unit_origin_choose(&evidence);
    if (source->origin == UNIT_ORIGIN_NONE)
        return error_set(reterr, -ENOENT, "unable to find Unit(%s) in Registry or on filesystem",
                         source->name);
    source_choose_text(source, replace);
    return source_check(source, reterr);
}

static int sources_resolve(UnitSources *sources, bool replace) {
    int r = 0;
    for (size_t i = 0; i < sources->n && r >= 0; i++) {
        _cleanup_error_ Error error = {};
        UnitSource *source = &sources->items[i];
        if (!source->problem)
            r = source_take_problem(source, source_resolve(source, replace, &error), &error);
    }
    return r;
}

int unit_sources_load(ApiClient *api, const char *const *operands, LaunchState wanted, bool replace,
                      UnitSources *ret, Error *reterr) {
    GlobScope scope = wanted == LAUNCH_STATE_INACTIVE ? GLOB_ALL_UNITS : GLOB_NO_TEMPLATES;
    _cleanup_unit_sources_ UnitSources sources = {};
    _cleanup_(strv_freep) char **expanded = NULL;
    int r = operands_expand(api, operands, scope, &expanded, reterr);
    if (r >= 0)
        r = sources_add_all(&sources, expanded);
    if (r >= 0)
        r = sources_find_units(&sources, api, wanted, reterr);
    if (r >= 0)
        r = sources_find_templates(&sources, api, reterr);
    if (r >= 0)
        r = sources_resolve(&sources, replace);
    if (r < 0)
        return r;
    *ret = sources;
    sources = (UnitSources){};
    return 0;
}

int unit_sources_load_local(const char *const *operands, UnitSources *ret) {
    _cleanup_unit_sources_ UnitSources sources = {};
    int r = sources_add_all(&sources, (char *const *) operands);
    if (r >= 0)
        r = sources_resolve(&sources, false);
    if (r < 0)
        return r;
    *ret = sources;
    sources = (UnitSources){};
    return 0;
}

void unit_sources_done(UnitSources *sources) {
    for (size_t i = 0; i < sources->n; i++)
        source_done(&sources->items[i]);
    free(sources->items);
    api_units_done(&sources->units);
    api_units_done(&sources->templates);
    *sources = (UnitSources){};
}
