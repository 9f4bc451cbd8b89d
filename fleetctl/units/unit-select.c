#include "fleetctl/units/unit-select.h"

#include "fleetctl/api/api-units.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* Adds the whole name of an operand to names, or what was typed to unknown when it can be no name.
 */
static int operand_sort(const char *operand, char ***names, char ***unknown) {
    _cleanup_free_ char *name = NULL;
    int r = unit_name_complete(operand, &name);
    if (r < 0)
        return r;
    if (unit_name_check(name, NULL) < 0)
        return strv_push(unknown, operand);
    return strv_contains(*names, name) ? 0 : strv_push(names, name);
}

static int selection_sort(UnitSelection *selection, char *const *names) {
    selection->known = calloc(selection->units.n + 1, sizeof(ApiUnit *));
    if (!selection->known)
        return -ENOMEM;
    for (size_t i = 0; i < selection->units.n; i++) {
        const ApiUnit *unit = &selection->units.items[i];
        if (unit->name)
            selection->known[selection->n_known++] = unit;
        else if (strv_push(&selection->unknown, names[i]) < 0)
            return -ENOMEM;
    }
    return 0;
}

int unit_select(ApiClient *api, const char *const *operands, GlobScope scope, UnitSelection *ret,
                Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_(strv_freep) char **expanded = NULL, **names = NULL;
    int r = operands_expand(api, operands, scope, &expanded, reterr);
    STRV_FOREACH (operand, expanded)
        r = r < 0 ? r : operand_sort(*operand, &names, &selection.unknown);
    if (r >= 0)
        r = api_get_units(api, names, &selection.units, reterr);
    if (r >= 0)
        r = selection_sort(&selection, names);
    if (r < 0)
        return r;
    *ret = selection;
    selection = (UnitSelection){};
    return 0;
}

int unit_select_one(ApiClient *api, const char *operand, UnitSelection *ret, Error *reterr) {
    const char *const operands[] = {operand, NULL};
    if (operand_is_glob(operand))
        return error_set(reterr, -EINVAL, "'%s' is a glob: name one unit", operand);
    int r = unit_select(api, operands, GLOB_ALL_UNITS, ret, reterr);
    if (r < 0 || ret->n_known > 0)
        return r < 0 ? r : 1;
    complain("Unit %s not found", ret->unknown[0]);
    units_suggest(api, ret->unknown);
    return 0;
}

void unit_selection_done(UnitSelection *selection) {
    api_units_done(&selection->units);
    free(selection->known);
    strv_free(selection->unknown);
    *selection = (UnitSelection){};
}

/* CoreOS fleet's line, for scripts that match it; the names are added where not all are meant. */
bool unit_selection_complain(ApiClient *api, const UnitSelection *selection) {
    if (!selection->unknown)
        return false;
    _cleanup_free_ char *names = strv_join(selection->unknown, " ");
    if (selection->n_known == 0 || !names)
        complain("Units not found in registry");
    else
        complain("Units not found in registry: %s", names);
    units_suggest(api, selection->unknown);
    return true;
}
