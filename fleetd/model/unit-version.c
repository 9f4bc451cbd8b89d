#include "fleetd/model/unit-version.h"

#include "fleetd/model/record.h"

#include <errno.h>

static const RecordField fields[] = {
    {"hash", &field_string, offsetof(UnitVersion, hash), true},
    {"timeUsec", &field_count, offsetof(UnitVersion, time_usec)},
};

/* A unit that an earlier version of fleet stored has a file and no number for it. */
UnitVersionStep unit_version_step(const Unit *known, int64_t last) {
    bool is_uncounted = known && known->version == 0;
    int64_t before = known && known->version > 0 ? known->version : last + is_uncounted;
    int64_t dropped = before + 1 - UNIT_VERSIONS_KEPT;
    return (UnitVersionStep){
        .number = before + 1,
        .before = is_uncounted ? before : 0,
        .dropped = dropped > 0 ? dropped : 0,
    };
}

char *unit_version_format(const UnitVersion *version) {
    return record_format(fields, ELEMENTSOF(fields), version);
}

int unit_version_parse(int64_t number, const char *text, size_t size, UnitVersion **ret,
                       Error *reterr) {
    _cleanup_(unit_version_freep) UnitVersion *version = calloc(1, sizeof(UnitVersion));
    if (!version)
        return -ENOMEM;
    version->number = number;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, version, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(version);
    return 0;
}

void unit_version_free(UnitVersion *version) {
    if (!version)
        return;
    free(version->hash);
    free(version);
}
