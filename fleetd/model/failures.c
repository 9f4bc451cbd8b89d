#include "fleetd/model/failures.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/record.h"

#include <errno.h>

/* --- places --- */

/* Where the machine's place is, or would be. */
static size_t position_of(const Failures *failures, const char *machine_id) {
    size_t i = 0;
    while (i < failures->n_places && strcmp(failures->places[i].machine_id, machine_id) < 0)
        i++;
    return i;
}

static FailurePlace *place_find(const Failures *failures, const char *machine_id) {
    size_t i = position_of(failures, machine_id);
    bool is_there = i < failures->n_places && streq(failures->places[i].machine_id, machine_id);
    return is_there ? &failures->places[i] : NULL;
}

const FailurePlace *failures_find(const Failures *failures, const char *machine_id) {
    return failures ? place_find(failures, machine_id) : NULL;
}

uint64_t failures_count(const Failures *failures) {
    uint64_t n = 0;
    for (size_t i = 0; failures && i < failures->n_places; i++)
        n += failures->places[i].count;
    return n;
}

const FailurePlace *failures_next(const Failures *failures) {
    const FailurePlace *next = NULL;
    for (size_t i = 0; failures && i < failures->n_places; i++) {
        const FailurePlace *place = &failures->places[i];
        if (place->next_usec > 0 && (!next || place->next_usec < next->next_usec))
            next = place;
    }
    return next;
}

static void place_done(FailurePlace *place) {
    free(place->machine_id);
    free(place->why);
}

void failures_drop(Failures *failures, FailurePlace *place) {
    size_t i = (size_t) (place - failures->places);
    place_done(place);
    failures->n_places--;
    memmove(place, place + 1, (failures->n_places - i) * sizeof(*place));
}

/* Of those where nothing is to be tried. */
static int failures_drop_oldest(Failures *failures) {
    FailurePlace *oldest = NULL;
    for (size_t i = 0; i < failures->n_places; i++) {
        FailurePlace *place = &failures->places[i];
        if (place->next_usec == 0 && (!oldest || place->failed_usec < oldest->failed_usec))
            oldest = place;
    }
    if (!oldest)
        return -ENOSPC;
    failures_drop(failures, oldest);
    return 0;
}

int failures_need(Failures *failures, const char *machine_id, FailurePlace **ret) {
    *ret = place_find(failures, machine_id);
    if (*ret)
        return 0;
    _cleanup_free_ char *id = strdup(machine_id);
    FailurePlace *grown =
        reallocarray(failures->places, failures->n_places + 1, sizeof(FailurePlace));
    if (grown)
        failures->places = grown;
    if (!id || !grown)
        return -ENOMEM;
    if (failures->n_places == FAILURE_PLACES_MAX && failures_drop_oldest(failures) < 0)
        return -ENOSPC;
    size_t i = position_of(failures, machine_id);
    memmove(&grown[i + 1], &grown[i], (failures->n_places - i) * sizeof(*grown));
    grown[i] = (FailurePlace){.machine_id = TAKE_PTR(id)};
    failures->n_places++;
    *ret = &grown[i];
    return 0;
}

/* --- as a whole --- */

static int failures_new(const char *name, size_t n_places, Failures **ret) {
    _cleanup_(failures_freep) Failures *failures = calloc(1, sizeof(Failures));
    if (!failures || !(failures->name = strdup(name)) ||
        !(failures->places = calloc(n_places + 1, sizeof(FailurePlace))))
        return -ENOMEM;
    *ret = TAKE_PTR(failures);
    return 0;
}

int failures_copy(const Failures *failures, Failures **ret) {
    _cleanup_(failures_freep) Failures *copy = NULL;
    int r = failures_new(failures->name, failures->n_places, &copy);
    if (r < 0)
        return r;
    copy->unit_revision = failures->unit_revision;
    for (size_t i = 0; i < failures->n_places; i++) {
        FailurePlace *place = &copy->places[copy->n_places++];
        *place = failures->places[i];
        place->machine_id = strdup(failures->places[i].machine_id);
        place->why = place->why ? strdup(place->why) : NULL;
        if (!place->machine_id || (failures->places[i].why && !place->why))
            return -ENOMEM;
    }
    *ret = TAKE_PTR(copy);
    return 0;
}

static bool place_equal(const FailurePlace *a, const FailurePlace *b) {
    return streq(a->machine_id, b->machine_id) && a->count == b->count &&
           a->failed_usec == b->failed_usec && a->next_usec == b->next_usec &&
           a->well_since_usec == b->well_since_usec && streq_ptr(a->why, b->why);
}

bool failures_equal(const Failures *a, const Failures *b) {
    if (!a || !b)
        return a == b;
    if (!streq(a->name, b->name) || a->unit_revision != b->unit_revision ||
        a->n_places != b->n_places)
        return false;
    for (size_t i = 0; i < a->n_places; i++)
        if (!place_equal(&a->places[i], &b->places[i]))
            return false;
    return true;
}

void failures_free(Failures *failures) {
    if (!failures)
        return;
    for (size_t i = 0; i < failures->n_places; i++)
        place_done(&failures->places[i]);
    free(failures->places);
    free(failures->name);
    free(failures);
}

/* --- its value --- */

static const RecordField place_fields[] = {
    {"machineID", &field_string, offsetof(FailurePlace, machine_id), true},
    {"count", &field_count, offsetof(FailurePlace, count)},
    {"failedUsec", &field_count, offsetof(FailurePlace, failed_usec)},
    {"nextUsec", &field_count, offsetof(FailurePlace, next_usec)},
    {"wellSinceUsec", &field_count, offsetof(FailurePlace, well_since_usec)},
    {"why", &field_string, offsetof(FailurePlace, why)},
};

/* Its machine's id, and that they are in order, is what others rely on. */
static int place_read(Failures *failures, json_object *object, Error *reterr) {
    FailurePlace *place = &failures->places[failures->n_places++];
    int r = record_from_json(place_fields, ELEMENTSOF(place_fields), object, place, reterr);
    if (r < 0 || (r = machine_id_check(place->machine_id, reterr)) < 0)
        return r;
    if (failures->n_places > 1 && strcmp(place[-1].machine_id, place->machine_id) >= 0)
        return error_set(reterr, -EBADMSG, "machines that are not in order");
    return 0;
}

static int places_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    Failures *failures = slot;
    json_object *array;
    int r = json_get_array(object, field->name, &array, reterr);
    if (r <= 0)
        return r;
    size_t n = json_object_array_length(array);
    if (n > FAILURE_PLACES_MAX)
        return error_set(reterr, -EBADMSG, "field '%s' has more than %d items", field->name,
                         FAILURE_PLACES_MAX);
    failures->places = calloc(n + 1, sizeof(FailurePlace));
    if (!failures->places)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        r = place_read(failures, json_object_array_get_idx(array, i), reterr);
        if (r < 0)
            return error_prefix(reterr, r, "field '%s'", field->name);
    }
    return 1;
}

static int places_write(const RecordField *field, json_object *object, const void *slot) {
    const Failures *failures = slot;
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; i < failures->n_places; i++)
        if (json_array_add_take(array, record_to_json(place_fields, ELEMENTSOF(place_fields),
                                                      &failures->places[i])) < 0)
            return -ENOMEM;
    return json_add_take(object, field->name, TAKE_PTR(array));
}

static const FieldType field_places = {places_read, places_write};

/* The places are two members, pointer and count: their slot is the whole struct. */
static const RecordField fields[] = {
    {"unitRevision", &field_number, offsetof(Failures, unit_revision), true},
    {"machines", &field_places, 0},
};

char *failures_format(const Failures *failures) {
    return record_format(fields, ELEMENTSOF(fields), failures);
}

int failures_parse(const char *name, const char *text, size_t size, Failures **ret, Error *reterr) {
    _cleanup_(failures_freep) Failures *failures = calloc(1, sizeof(Failures));
    if (!failures || !(failures->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, failures, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(failures);
    return 0;
}
