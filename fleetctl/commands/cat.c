#include "fleetctl/commands/command.h"
#include "fleetctl/commands/version-text.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetctl/units/version-operand.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>

static int cat_units(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    int r = unit_select(context->api, operands, GLOB_ALL_UNITS, &selection, reterr);
    if (r < 0)
        return r;
    for (size_t i = 0; i < selection.n_known; i++) {
        const ApiUnit *unit = selection.known[i];
        if (!unit->text)
            return error_set(reterr, -EBADMSG, "fleetd did not send the text of unit '%s'",
                             unit->name);
        fputs(unit->text, stdout);
    }
    STRV_FOREACH (name, selection.unknown)
        complain("Unit %s not found", *name);
    units_suggest(context->api, selection.unknown);
    return selection.unknown ? EXIT_FAILURE : 0;
}

static int cat_version(Context *context, const char *name, int64_t number, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_api_versions_ ApiVersions versions = {};
    const char *text = NULL;
    int r = unit_select_one(context->api, name, &selection, reterr);
    if (r <= 0)
        return r < 0 ? r : EXIT_FAILURE;
    r = api_get_versions(context->api, name, &versions, reterr);
    if (r >= 0)
        r = version_text(&versions, name, number, &text, reterr);
    if (r >= 0)
        fputs(text, stdout);
    return r;
}

/* What stands before the next version, or the next version. */
static int cat_next(Context *context, const char *const **operands, Error *reterr) {
    _cleanup_free_ char *name = NULL;
    _cleanup_free_ const char **units = NULL;
    int64_t number;
    size_t n = 0;
    int r = 0;
    while ((*operands)[n] && (r = operand_parse_version((*operands)[n], &name, &number)) == 0)
        n++;
    if (r < 0)
        return r;
    if (n == 0) {
        (*operands)++;
        return cat_version(context, name, number, reterr);
    }
    units = calloc(n + 1, sizeof(char *));
    if (!units)
        return -ENOMEM;
    memcpy(units, *operands, n * sizeof(char *));
    *operands += n;
    return cat_units(context, units, reterr);
}

int command_cat(Context *context, const char *const *operands, Error *reterr) {
    int status = 0;
    while (*operands) {
        int r = cat_next(context, &operands, reterr);
        if (r < 0)
            return r;
        status = MAX(status, r);
    }
    return status;
}
