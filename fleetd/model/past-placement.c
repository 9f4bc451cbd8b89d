#include "fleetd/model/past-placement.h"

#include "fleetd/model/record.h"

#include <errno.h>

static const RecordField fields[] = {
    {"number", &field_number, offsetof(PastPlacement, number), true},
    {"machineID", &field_string, offsetof(PastPlacement, machine_id), true},
    {"hash", &field_string, offsetof(PastPlacement, hash)},
    {"version", &field_count, offsetof(PastPlacement, version)},
    {"sinceUsec", &field_count, offsetof(PastPlacement, since_usec)},
    {"untilUsec", &field_number, offsetof(PastPlacement, until_usec), true},
    {"why", &field_string, offsetof(PastPlacement, why)},
};

int64_t past_placement_slot(int64_t number) {
    return (number - 1) % PAST_PLACEMENTS_KEPT + 1;
}

char *past_placement_format(const PastPlacement *past) {
    return record_format(fields, ELEMENTSOF(fields), past);
}

int past_placement_parse(const char *text, size_t size, PastPlacement **ret, Error *reterr) {
    _cleanup_(past_placement_freep) PastPlacement *past = calloc(1, sizeof(PastPlacement));
    if (!past)
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, past, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(past);
    return 0;
}

void past_placement_free(PastPlacement *past) {
    if (!past)
        return;
    free(past->machine_id);
    free(past->hash);
    free(past->why);
    free(past);
}
