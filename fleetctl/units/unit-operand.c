#include "fleetctl/units/unit-operand.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <errno.h>

bool operand_is_glob(const char *operand) {
    return strpbrk(operand, "*?[") != NULL;
}

bool operand_glob_matches(const char *glob, const char *unit_name) {
    _cleanup_free_ char *with_type = str_printf("%s.service", glob);
    char *globs[] = {(char *) glob, with_type, NULL};
    return requirements_glob_matches(globs, unit_name);
}

static int glob_expand(const ApiUnits *units, const char *glob, char ***expanded) {
    bool matches_any = false;
    for (size_t i = 0; i < units->n; i++) {
        if (!operand_glob_matches(glob, units->items[i].name))
            continue;
        matches_any = true;
        if (strv_push(expanded, units->items[i].name) < 0)
            return -ENOMEM;
    }
    return matches_any ? 0 : strv_push(expanded, glob);
}

int operands_expand(ApiClient *api, const char *const *operands, char ***ret, Error *reterr) {
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_(strv_freep) char **expanded = NULL;
    int r = 0;
    STRV_FOREACH (operand, operands) {
        bool is_glob = operand_is_glob(*operand);
        if (is_glob && !units.array)
            r = api_list_units(api, &units, reterr);
        if (r >= 0)
            r = is_glob ? glob_expand(&units, *operand, &expanded) : strv_push(&expanded, *operand);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(expanded);
    return 0;
}
