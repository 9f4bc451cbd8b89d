#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>

int command_cat(Context *context, const char *const *operands, Error *reterr) {
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
