#include "fleetctl/units/unit-suggest.h"

#include "fleetctl/api/api-list.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

/* More would hide what they are about. */
#define SUGGESTIONS_MAX 3

/* Without the type, which would make all short names look alike. */
static char *stem_of(const char *name) {
    const char *dot = strrchr(name, '.');
    return unit_name_check(name, NULL) >= 0 && dot ? strndup(name, (size_t) (dot - name))
                                                   : strdup(name);
}

static const char *name_of_stem(const ApiUnits *units, char *const *stems, const char *stem,
                                const char *type) {
    const char *found = NULL;
    for (size_t i = 0; i < units->n; i++) {
        const char *name = units->items[i].name;
        if (streq(stems[i], stem) && (!found || streq(unit_name_type(name), type)))
            found = name;
    }
    return found;
}

static int stems_collect(const ApiUnits *units, char ***ret) {
    _cleanup_(strv_freep) char **stems = NULL;
    for (size_t i = 0; i < units->n; i++) {
        _cleanup_free_ char *stem = stem_of(units->items[i].name);
        if (!stem || strv_push(&stems, stem) < 0)
            return -ENOMEM;
    }
    *ret = TAKE_PTR(stems);
    return 0;
}

const char *unit_suggest(const ApiUnits *units, const char *typed) {
    _cleanup_(strv_freep) char **stems = NULL;
    _cleanup_free_ char *name = NULL, *stem = NULL;
    if (unit_name_complete(typed, &name) < 0 || !(stem = stem_of(name)) ||
        stems_collect(units, &stems) < 0 || !stems)
        return NULL;
    const char *nearest = str_suggest(stem, (const char *const *) stems);
    const char *type = unit_name_check(name, NULL) >= 0 ? unit_name_type(name) : "service";
    return nearest ? name_of_stem(units, stems, nearest, type) : NULL;
}

/* Adds the quoted suggestion for one name, once. */
static int suggestion_add(const ApiUnits *units, const char *typed, char ***suggestions) {
    const char *suggestion = operand_is_glob(typed) ? NULL : unit_suggest(units, typed);
    _cleanup_free_ char *quoted = suggestion ? str_printf("'%s'", suggestion) : NULL;
    return !quoted || strv_contains(*suggestions, quoted) ? 0 : strv_push(suggestions, quoted);
}

char *unit_suggestions(const ApiUnits *units, char *const *unknown) {
    _cleanup_(strv_freep) char **suggestions = NULL;
    for (size_t i = 0; unknown && unknown[i] && strv_length(suggestions) < SUGGESTIONS_MAX; i++)
        if (suggestion_add(units, unknown[i], &suggestions) < 0)
            return NULL;
    return suggestions ? strv_join(suggestions, ", ") : NULL;
}

static void suggestions_complain(const ApiUnits *units, char *const *unknown) {
    _cleanup_free_ char *suggestions = unit_suggestions(units, unknown);
    if (suggestions)
        complain("Did you mean %s?", suggestions);
}

static bool orphan_is_meant(json_object *orphans, const char *typed) {
    ApiOrphan orphan;
    for (size_t i = 0; i < json_object_array_length(orphans); i++)
        if (api_orphan_read(json_object_array_get_idx(orphans, i), &orphan, NULL) >= 0 &&
            operand_means_unit(typed, orphan.name))
            return true;
    return false;
}

/* What is there for another cluster is none of this one's units, and can become one. */
static void orphans_complain(json_object *orphans, char *const *unknown) {
    _cleanup_(strv_freep) char **meant = NULL;
    STRV_FOREACH (typed, unknown)
        if (orphan_is_meant(orphans, *typed) && strv_push(&meant, *typed) < 0)
            return;
    _cleanup_free_ char *joined = meant ? strv_join(meant, ", ") : NULL;
    if (joined)
        complain("Machines have %s for another cluster: 'fleetctl list-orphans' shows what, "
                 "'fleetctl adopt' takes it over.",
                 joined);
}

void units_suggest(ApiClient *api, char *const *unknown) {
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_json_ json_object *orphans = NULL;
    _cleanup_error_ Error error = {};
    if (!unknown)
        return;
    int r = api_list_units(api, &units, &error);
    if (r >= 0) {
        suggestions_complain(&units, unknown);
        r = api_list(api, API_ORPHANS, &orphans, &error);
    }
    if (r < 0)
        log_debug("No suggestions: %s", error_text(&error, r));
    else
        orphans_complain(orphans, unknown);
}

static bool is_known(const ApiUnits *units, const char *typed) {
    for (size_t i = 0; i < units->n; i++)
        if (operand_means_unit(typed, units->items[i].name))
            return true;
    return false;
}

int units_complain_unknown(ApiClient *api, char *const *typed, Error *reterr) {
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_(strv_freep) char **unknown = NULL;
    int r = api_list_units(api, &units, reterr);
    if (r < 0)
        return r;
    STRV_FOREACH (operand, typed) {
        _cleanup_free_ char *name = NULL;
        if (is_known(&units, *operand))
            continue;
        if (unit_name_complete(*operand, &name) < 0 || strv_push(&unknown, name) < 0)
            return -ENOMEM;
        complain("Unit %s does not exist.", name);
    }
    suggestions_complain(&units, unknown);
    return unknown ? EXIT_FAILURE : 0;
}
