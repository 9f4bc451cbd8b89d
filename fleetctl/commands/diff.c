/* What differs between two files that a unit has had. */
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/text-diff.h"
#include "fleetctl/commands/version-text.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/units/version-operand.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define EXIT_TROUBLE 2 /* diff's: 1 is that they differ */

typedef struct Side {
    const char *text; /* borrowed */
    char *label;
} Side;

static void side_done(Side *side) {
    free(side->label);
}
#define _cleanup_side_ _cleanup_(side_done)

static int sides_compare(const Context *context, const Side *old, const Side *new, Error *reterr) {
    const TextSide before = {old->text, strlen(old->text), old->label},
                   after = {new->text, strlen(new->text), new->label};
    return text_diff(context, &before, &after, reterr);
}

static int side_set_version(Side *side, const ApiVersions *versions, const char *unit,
                            int64_t number, Error *reterr) {
    int r = version_text(versions, unit, number, &side->text, reterr);
    if (r < 0)
        return r;
    side->label = str_printf("%s@%lld", unit, (long long) number);
    return side->label ? 0 : -ENOMEM;
}

static int side_set_present(Side *side, const ApiUnit *unit, Error *reterr) {
    side->text = unit->text;
    if (!side->text)
        return error_set(reterr, -EBADMSG, "the file of unit '%s' is lost", unit->name);
    side->label = strdup(unit->name);
    return side->label ? 0 : -ENOMEM;
}

static int number_read(const char *text, int64_t *ret, Error *reterr) {
    return version_number_parse(text, ret)
               ? 0
               : error_set(reterr, -EINVAL, "'%s' is no number of a version", text);
}

/* Without numbers the last two; 1: so there is nothing to compare. */
static int numbers_choose(const ApiVersions *versions, const char *unit,
                          const char *const *operands, int64_t ret[static 2], Error *reterr) {
    ret[0] = ret[1] = 0;
    for (size_t i = 0; i < 2 && operands[i]; i++) {
        int r = number_read(operands[i], &ret[i], reterr);
        if (r < 0)
            return r;
    }
    if (operands[0])
        return 0;
    if (versions->n < 2) {
        complain("Unit %s has had no other file.", unit);
        return 1;
    }
    ret[0] = versions->items[versions->n - 2].number;
    ret[1] = versions->items[versions->n - 1].number;
    return 0;
}

static int unit_compare(const Context *context, const ApiUnit *unit, const char *const *operands,
                        Error *reterr) {
    _cleanup_api_versions_ ApiVersions versions = {};
    _cleanup_side_ Side old = {}, new = {};
    int64_t numbers[2];
    int r = api_get_versions(context->api, unit->name, &versions, reterr);
    if (r >= 0)
        r = numbers_choose(&versions, unit->name, operands, numbers, reterr);
    if (r != 0)
        return MIN(r, 0);
    r = side_set_version(&old, &versions, unit->name, numbers[0], reterr);
    if (r >= 0)
        r = numbers[1] > 0 ? side_set_version(&new, &versions, unit->name, numbers[1], reterr)
                           : side_set_present(&new, unit, reterr);
    return r < 0 ? r : sides_compare(context, &old, &new, reterr);
}

int command_diff(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_error_ Error error = {};
    int r = unit_select_one(context->api, operands[0], &selection, &error);
    if (r == 0)
        return EXIT_TROUBLE;
    if (r > 0)
        r = unit_compare(context, selection.known[0], operands + 1, &error);
    if (r >= 0)
        return r;
    complain("%s", error_text(&error, r));
    return EXIT_TROUBLE;
}
