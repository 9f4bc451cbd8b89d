#include "fleetd/model/record.h"
#include "fleetd/model/unit.h"

static const RecordField reason_fields[] = {
    {"machineID", &field_string, offsetof(PendingReason, machine_id), true},
    {"reason", &field_string, offsetof(PendingReason, reason), true},
};

static int reasons_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    Pending *pending = slot;
    json_object *array;
    int r = json_get_array(object, field->name, &array, reterr);
    if (r <= 0)
        return r;
    size_t n = json_object_array_length(array);
    if (n > PENDING_REASONS_MAX)
        return error_set(reterr, -EBADMSG, "field '%s' has more than %d items", field->name,
                         PENDING_REASONS_MAX);
    pending->reasons = calloc(n + 1, sizeof(PendingReason));
    if (!pending->reasons)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        pending->n_reasons = i + 1; /* counted first, so that a half-read one is freed */
        r = record_from_json(reason_fields, ELEMENTSOF(reason_fields),
                             json_object_array_get_idx(array, i), &pending->reasons[i], reterr);
        if (r < 0)
            return error_prefix(reterr, r, "field '%s'", field->name);
    }
    return 1;
}

static int reasons_write(const RecordField *field, json_object *object, const void *slot) {
    const Pending *pending = slot;
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; i < pending->n_reasons; i++)
        if (json_array_add_take(array, record_to_json(reason_fields, ELEMENTSOF(reason_fields),
                                                      &pending->reasons[i])) < 0)
            return -ENOMEM;
    return json_add_take(object, field->name, TAKE_PTR(array));
}

static const FieldType field_reasons = {reasons_read, reasons_write};

/* The reasons are two members, pointer and count: their slot is the whole struct. */
static const RecordField fields[] = {
    {"summary", &field_string, offsetof(Pending, summary), true},
    {"reasons", &field_reasons, 0},
    {"unitRevision", &field_number, offsetof(Pending, unit_revision)},
    {"before", &field_count, offsetof(Pending, n_before)},
};

char *pending_format(const Pending *pending) {
    return record_format(fields, ELEMENTSOF(fields), pending);
}

int pending_parse(const char *name, const char *text, size_t size, Pending **ret, Error *reterr) {
    _cleanup_(pending_freep) Pending *pending = calloc(1, sizeof(Pending));
    if (!pending || !(pending->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, pending, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(pending);
    return 0;
}

bool pending_equal(const Pending *a, const Pending *b) {
    if (!streq_ptr(a->name, b->name) || !streq_ptr(a->summary, b->summary) ||
        a->unit_revision != b->unit_revision || a->n_reasons != b->n_reasons)
        return false;
    for (size_t i = 0; i < a->n_reasons; i++)
        if (!streq_ptr(a->reasons[i].machine_id, b->reasons[i].machine_id) ||
            !streq_ptr(a->reasons[i].reason, b->reasons[i].reason))
            return false;
    return true;
}

void pending_free(Pending *pending) {
    if (!pending)
        return;
    for (size_t i = 0; i < pending->n_reasons; i++) {
        free(pending->reasons[i].machine_id);
        free(pending->reasons[i].reason);
    }
    free(pending->reasons);
    free(pending->name);
    free(pending->summary);
    free(pending);
}
