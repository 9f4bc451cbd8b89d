#include "fleetd/model/record.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit.h"

#include <errno.h>

static const RecordField fields[] = {
    {"hash", &field_string, offsetof(Orphan, hash), true},
    {"desired", &field_enum, offsetof(Orphan, desired), true, &launch_state_names},
    {"cluster", &field_string, offsetof(Orphan, cluster)},
    {"text", &field_string, offsetof(Orphan, text)},
};

char *orphan_format(const Orphan *orphan) {
    return record_format(fields, ELEMENTSOF(fields), orphan);
}

static int orphan_check(const Orphan *orphan, Error *reterr) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    int r = unit_file_hash_check(orphan->hash, reterr);
    if (r < 0)
        return r;
    if (orphan->desired == LAUNCH_STATE_INACTIVE)
        return error_set(reterr, -EBADMSG, "a unit that is there is not inactive");
    if (!orphan->text)
        return 0;
    r = unit_file_parse(orphan->text, strlen(orphan->text), &file, reterr);
    if (r >= 0 && !streq(unit_file_hash(file), orphan->hash))
        r = error_set(reterr, -EBADMSG, "its text has another hash, %s", unit_file_hash(file));
    return r;
}

int orphan_parse(const char *machine_id, const char *name, const char *text, size_t size,
                 Orphan **ret, Error *reterr) {
    _cleanup_(orphan_freep) Orphan *orphan = calloc(1, sizeof(Orphan));
    if (!orphan || !(orphan->machine_id = strdup(machine_id)) || !(orphan->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, orphan, reterr);
    if (r >= 0)
        r = orphan_check(orphan, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(orphan);
    return 0;
}

void orphan_free(Orphan *orphan) {
    if (!orphan)
        return;
    free(orphan->machine_id);
    free(orphan->name);
    free(orphan->hash);
    free(orphan->cluster);
    free(orphan->text);
    free(orphan);
}
