#include "fleetd/model/brake.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/record.h"

#include <errno.h>

static const RecordField fields[] = {
    {"sinceUsec", &field_number, offsetof(BrakeRecord, since_usec), true},
    {"untilUsec", &field_number, offsetof(BrakeRecord, until_usec), true},
    {"lost", &field_count, offsetof(BrakeRecord, n_lost)},
    {"all", &field_count, offsetof(BrakeRecord, n_all)},
    {"machines", &field_strv, offsetof(BrakeRecord, machines)},
    {"released", &field_flag, offsetof(BrakeRecord, is_released)},
};

char *brake_record_format(const BrakeRecord *record) {
    return record_format(fields, ELEMENTSOF(fields), record);
}

int brake_record_parse(const char *text, size_t size, BrakeRecord **ret, Error *reterr) {
    _cleanup_(brake_record_freep) BrakeRecord *record = calloc(1, sizeof(BrakeRecord));
    if (!record)
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, record, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(record);
    return 0;
}

void brake_record_free(BrakeRecord *record) {
    if (!record)
        return;
    strv_free(record->machines);
    free(record);
}
