#include "fleetctl/units/unit-operand.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

bool operand_is_glob(const char *operand) {
    return strpbrk(operand, "*?[") != NULL;
}

/* What matches or means a name with ".service" behind it does so with the name's stem alone: so
 * nothing has to be allocated, and "no" never means "no memory". false: it is no service's. */
static bool service_stem(const char *unit_name, char ret[static UNIT_NAME_MAX + 1]) {
    static const char type[] = ".service";
    size_t n = strlen(unit_name), n_type = strlen(type);
    if (n < n_type || n > UNIT_NAME_MAX || !streq(unit_name + n - n_type, type))
        return false;
    memcpy(ret, unit_name, n - n_type);
    ret[n - n_type] = '\0';
    return true;
}

bool operand_glob_matches(const char *glob, const char *unit_name) {
    char stem[UNIT_NAME_MAX + 1], *globs[] = {(char *) glob, NULL};
    return requirements_glob_matches(globs, unit_name) ||
           (service_stem(unit_name, stem) && requirements_glob_matches(globs, stem));
}

bool operand_means_unit(const char *operand, const char *unit_name) {
    char stem[UNIT_NAME_MAX + 1];
    if (operand_is_glob(operand))
        return operand_glob_matches(operand, unit_name);
    const char *slash = strrchr(operand, '/'); /* as unit_name_complete() has it */
    const char *name = slash ? slash + 1 : operand;
    return unit_name_has_type(name) ? streq(name, unit_name)
                                    : service_stem(unit_name, stem) && streq(name, stem);
}

static bool is_in_scope(const char *name, GlobScope scope) {
    return scope == GLOB_ALL_UNITS || unit_name_check(name, NULL) < 0 ||
           !unit_name_is_template(name);
}

/* 1: it means some; 0: it means none. */
static int glob_collect(const ApiUnits *units, const char *glob, GlobScope scope,
                        char ***expanded) {
    int found = 0;
    for (size_t i = 0; i < units->n; i++) {
        const char *name = units->items[i].name;
        if (!is_in_scope(name, scope) || !operand_glob_matches(glob, name))
            continue;
        found = 1;
        if (strv_push(expanded, name) < 0)
            return -ENOMEM;
    }
    return found;
}

static int glob_expand(const ApiUnits *units, const char *glob, GlobScope scope, char ***expanded) {
    int r = glob_collect(units, glob, scope, expanded);
    if (r == 0 && scope != GLOB_ALL_UNITS)
        r = glob_collect(units, glob, GLOB_ALL_UNITS, expanded);
    if (r == 0)
        r = strv_push(expanded, glob);
    return MIN(r, 0);
}

int operands_expand(ApiClient *api, const char *const *operands, GlobScope scope, char ***ret,
                    Error *reterr) {
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_(strv_freep) char **expanded = NULL;
    int r = 0;
    STRV_FOREACH (operand, operands) {
        bool is_glob = operand_is_glob(*operand);
        if (is_glob && !units.array)
            r = api_list_units(api, &units, reterr);
        if (r >= 0)
            r = is_glob ? glob_expand(&units, *operand, scope, &expanded)
                        : strv_push(&expanded, *operand);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(expanded);
    return 0;
}
