/* Reading all unit files anew costs systemd as much as it has units, and its answers wait
 * meanwhile. So whoever asks while one is under way shares the next. */
#include "fleetd/systemd/bus-private.h"

#define RELOAD_TIMEOUT_USEC (90 * USEC_PER_SEC) /* with thousands of units it takes its time */

static void reload_begin(BusUnitManager *um);

/* An op may ask again, or be finished: the next is taken before it goes on. */
static void waiters_resume(BusOp *op, const sd_bus_error *error) {
    for (BusOp *next; op; op = next) {
        next = op->reload_next;
        op->reload_next = NULL;
        if (error)
            bus_op_fail_call(op, error);
        else
            op->reload_then(op);
    }
}

static int on_reloaded(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
    BusUnitManager *um = userdata;
    um->reload_call = sd_bus_slot_unref(um->reload_call);
    bus_call_measure(um, "Reload", um->reload_sent_usec, sd_bus_message_get_error(reply));
    waiters_resume(TAKE_PTR(um->reload_running), sd_bus_message_get_error(reply));
    if (um->reload_waiting && !um->reload_call)
        reload_begin(um);
    return 0;
}

static int reload_send(BusUnitManager *um) {
    sd_bus_message *m = NULL;
    if (!um->is_connected)
        return -ENOTCONN;
    int r = sd_bus_message_new_method_call(um->bus, &m, SYSTEMD_BUS_NAME, SYSTEMD_OBJECT,
                                           SYSTEMD_MANAGER, "Reload");
    if (r >= 0)
        r = sd_bus_call_async(um->bus, &um->reload_call, m, on_reloaded, um, RELOAD_TIMEOUT_USEC);
    um->reload_sent_usec = bus_monotonic_now();
    sd_bus_message_unref(m);
    return r;
}

static void reload_begin(BusUnitManager *um) {
    int r = reload_send(um);
    um->reload_running = TAKE_PTR(um->reload_waiting);
    if (r >= 0)
        return;
    BusOp *op = TAKE_PTR(um->reload_running);
    for (BusOp *next; op; op = next) {
        next = op->reload_next;
        bus_op_fail(op, r, NULL);
    }
}

void bus_op_reload(BusOp *op, void (*then)(BusOp *op)) {
    op->member = "Reload";
    op->reload_then = then;
    BusOp **last = &op->um->reload_waiting;
    while (*last)
        last = &(*last)->reload_next;
    *last = op;
    if (!op->um->reload_call)
        reload_begin(op->um);
}

void bus_reload_forget(BusUnitManager *um) {
    um->reload_call = sd_bus_slot_unref(um->reload_call);
    um->reload_running = um->reload_waiting = NULL;
}
