#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

#include <stdarg.h>
#include <unistd.h>

/* dbus-daemon refuses calls of a connection that waits for 128 replies on the system bus. */
#define CALLS_MAX 64

void bus_op_init(BusOp *op, BusUnitManager *um, void (*run)(Reply *), void (*free_op)(Reply *)) {
    op->reply.run = run;
    op->reply.free = free_op;
    op->um = um;
    op->next = um->ops;
    if (op->next)
        op->next->previous = op;
    um->ops = op;
}

void bus_op_done(BusOp *op) {
    sd_bus_slot_unref(op->call);
    sd_bus_message_unref(op->message_unsent);
    free(op->message);
}

static void op_unlink(BusOp *op) {
    if (op->previous)
        op->previous->next = op->next;
    else
        op->um->ops = op->next;
    if (op->next)
        op->next->previous = op->previous;
}

void bus_op_finish(BusOp *op) {
    op->call = sd_bus_slot_unref(op->call);
    op_unlink(op);
    reply_queue_push_take(op->um->replies, &op->reply);
}

void bus_op_fail(BusOp *op, int r, const char *message) {
    op->r = r;
    str_replace(&op->message, message); /* without memory for it, the errno tells */
    bus_op_finish(op);
}

bool bus_error_is_lost_contact(const sd_bus_error *error) {
    static const char *const names[] = {
        SD_BUS_ERROR_NO_REPLY,          SD_BUS_ERROR_DISCONNECTED, SD_BUS_ERROR_SERVICE_UNKNOWN,
        SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_TIMEOUT,
    };
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (sd_bus_error_has_name(error, names[i]))
            return true;
    int r = sd_bus_error_get_errno(error);
    return r == ENOTCONN || r == ECONNRESET;
}

void bus_op_fail_call(BusOp *op, const sd_bus_error *error) {
    _cleanup_free_ char *denied = bus_denied_describe(error, op->member, geteuid());
    int r = bus_error_is_lost_contact(error) ? -ENOTCONN : -sd_bus_error_get_errno(error);
    bus_op_fail(op, r < 0 ? r : -EIO, str_or(denied, error->message));
}

bool bus_error_is_not_loaded(const sd_bus_error *error) {
    return sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit");
}

void bus_ops_fail_all(BusUnitManager *um) {
    map_clear(um->jobs);
    map_clear(um->early_results);
    um->job_calls = 0;
    um->calls = 0;
    um->unsent = NULL;
    um->unsent_end = &um->unsent;
    bus_reload_forget(um);
    bus_removals_forget(um);
    for (BusOp *op = um->ops, *next; op; op = next) {
        next = op->next;
        if (!op->is_settled)
            bus_op_fail(op, -ENOTCONN, "contact with systemd was lost");
    }
}

static void next_send(BusUnitManager *um);

static int on_call_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
    BusOp *op = userdata;
    BusUnitManager *um = op->um;
    op->call = sd_bus_slot_unref(op->call);
    um->calls--;
    bus_call_measure(um, op->member, op->sent_usec, sd_bus_message_get_error(reply));
    op->on_reply(op, reply, sd_bus_message_get_error(reply));
    next_send(um);
    return 0;
}

static void op_send_now(BusOp *op, int r, sd_bus_message *m) {
    if (r >= 0)
        r = sd_bus_call_async(op->um->bus, &op->call, m, on_call_reply, op, 0);
    if (r >= 0) {
        op->um->calls++;
        op->sent_usec = bus_monotonic_now();
        return;
    }
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_error_set_errno(&error, r);
    op->on_reply(op, NULL, &error);
    sd_bus_error_free(&error);
}

static void next_send(BusUnitManager *um) {
    while (um->unsent && um->calls < CALLS_MAX) {
        BusOp *op = um->unsent;
        sd_bus_message *m = TAKE_PTR(op->message_unsent);
        um->unsent = op->next_unsent;
        if (!um->unsent)
            um->unsent_end = &um->unsent;
        op_send_now(op, 0, m);
        sd_bus_message_unref(m);
    }
}

int bus_op_message(BusOp *op, const char *member, sd_bus_message **ret) {
    op->member = member;
    if (!op->um->is_connected)
        return -ENOTCONN;
    return sd_bus_message_new_method_call(op->um->bus, ret, SYSTEMD_BUS_NAME, SYSTEMD_OBJECT,
                                          SYSTEMD_MANAGER, member);
}

void bus_op_send(BusOp *op, int r, sd_bus_message *m, BusOpReply on_reply) {
    BusUnitManager *um = op->um;
    op->on_reply = on_reply;
    if (r < 0 || um->calls < CALLS_MAX)
        return op_send_now(op, r, m);
    op->message_unsent = sd_bus_message_ref(m);
    op->next_unsent = NULL;
    *um->unsent_end = op;
    um->unsent_end = &op->next_unsent;
}

void bus_op_call(BusOp *op, BusOpReply on_reply, const char *member, const char *types, ...) {
    sd_bus_message *m = NULL;
    int r = bus_op_message(op, member, &m);
    if (r >= 0) {
        va_list ap;
        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
    }
    bus_op_send(op, r, m, on_reply);
    sd_bus_message_unref(m);
}
