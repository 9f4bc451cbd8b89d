#include "fleetctl/units/unit-operand.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

bool operand_is_glob(const char *operand) {
    return strpbrk(operand, "*?[") != NULL;
}

bool operand_glob_matches(const char *glob, const char *unit_name) {
    _cleanup_free_ char *with_type = str_printf("%s.service", glob);
    char *globs[] = {(char *) glob, with_type, NULL};
    return requirements_glob_matches(globs, unit_name);
}

bool operand_means_unit(const char *operand, const char *unit_name) {
    _cleanup_free_ char *name = NULL;
    if (operand_is_glob(operand))
        return operand_glob_matches(operand, unit_name);
    return unit_name_complete(operand, &name) >= 0 && streq(name, unit_name);
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
