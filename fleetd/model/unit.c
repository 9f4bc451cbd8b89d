#include "fleetd/model/unit.h"

#include "fleetd/model/record.h"

#include <errno.h>

static const RecordField fields[] = {
    {"hash", &field_string, offsetof(Unit, hash), true},
    {"desired", &field_enum, offsetof(Unit, desired), true, &launch_state_names},
    {"version", &field_count, offsetof(Unit, version)},
    {"restart", &field_count, offsetof(Unit, restart)},
};

char *unit_format(const Unit *unit) {
    return record_format_with_rest(fields, ELEMENTSOF(fields), unit, unit->rest);
}

static int counts_check(const Unit *unit, Error *reterr) {
    if (unit->version > UNIT_VERSION_MAX)
        return error_set(reterr, -EBADMSG, "a version beyond all count");
    if (unit->restart > UNIT_RESTART_MAX)
        return error_set(reterr, -EBADMSG, "a restart beyond all time");
    return 0;
}

int unit_parse(const char *name, const char *text, size_t size, Unit **ret, Error *reterr) {
    _cleanup_(unit_freep) Unit *unit = calloc(1, sizeof(Unit));
    if (!unit || !(unit->name = strdup(name)))
        return -ENOMEM;
    int r =
        record_parse_with_rest(fields, ELEMENTSOF(fields), text, size, unit, &unit->rest, reterr);
    if (r >= 0)
        r = counts_check(unit, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(unit);
    return 0;
}

void unit_free(Unit *unit) {
    if (!unit)
        return;
    free(unit->name);
    free(unit->hash);
    free(unit->rest);
    free(unit);
}
