#include "fleetd/base/strv.h"
#include "fleetd/model/record.h"
#include "fleetd/model/unit.h"

static const RecordField fields[] = {
    {"hash", &field_string, offsetof(Order, hash), true},
    {"desired", &field_enum, offsetof(Order, desired), true, &launch_state_names},
    {"unitRevision", &field_number, offsetof(Order, unit_revision), true},
    {"restart", &field_count, offsetof(Order, restart)},
    {"reason", &field_string, offsetof(Order, reason)},
    {"stopWithinUsec", &field_count, offsetof(Order, stop_within_usec)},
    {"suspended", &field_flag, offsetof(Order, is_suspended)},
    {"sinceUsec", &field_count, offsetof(Order, since_usec)},
    {"before", &field_count, offsetof(Order, n_before)},
    {"version", &field_count, offsetof(Order, version)},
};

char *order_format(const Order *order) {
    return record_format(fields, ELEMENTSOF(fields), order);
}

int order_parse(const char *machine_id, const char *name, const char *text, size_t size,
                Order **ret, Error *reterr) {
    _cleanup_(order_freep) Order *order = calloc(1, sizeof(Order));
    if (!order || !(order->machine_id = strdup(machine_id)) || !(order->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, order, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(order);
    return 0;
}

bool order_equal(const Order *a, const Order *b) {
    return streq_ptr(a->machine_id, b->machine_id) && streq_ptr(a->name, b->name) &&
           streq_ptr(a->hash, b->hash) && a->desired == b->desired &&
           a->unit_revision == b->unit_revision && a->restart == b->restart &&
           streq_ptr(a->reason, b->reason) && a->stop_within_usec == b->stop_within_usec &&
           a->is_suspended == b->is_suspended;
}

const char *order_reason_stays(const char *reason) {
    const char *note = reason ? strstr(reason, ORDER_STAYS) : NULL;
    return note ? note + strlen(ORDER_STAYS) : NULL;
}

char *stays_format(const char *unit, const char *why, size_t n) {
    return n > 1 ? str_printf("%s: %s; and %zu more", unit, why, n - 1)
                 : str_printf("%s: %s", unit, why);
}

void order_free(Order *order) {
    if (!order)
        return;
    free(order->machine_id);
    free(order->name);
    free(order->hash);
    free(order->reason);
    free(order);
}
