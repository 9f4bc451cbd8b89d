/* is_stopping(): systemd's own word, or, when it can not be asked any more, what it said last. */
#include "fleetd/systemd/bus-private.h"

typedef struct StoppingOp {
    BusOp op;
    bool is_stopping;
    void (*done)(bool is_stopping, void *userdata);
    void *userdata;
} StoppingOp;

static void stopping_run(Reply *reply) {
    StoppingOp *stopping = (StoppingOp *) reply;
    stopping->done(stopping->is_stopping || stopping->op.um->is_shutdown_queued,
                   stopping->userdata);
}

static void stopping_free(Reply *reply) {
    StoppingOp *stopping = (StoppingOp *) reply;
    bus_op_done(&stopping->op);
    free(stopping);
}

static void on_state(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    const char *state;
    if (error)
        return bus_op_fail_call(op, error);
    int r = sd_bus_message_read(reply, "v", "s", &state);
    if (r < 0)
        return bus_op_fail(op, r, NULL);
    ((StoppingOp *) op)->is_stopping = streq(state, "stopping");
    bus_op_finish(op);
}

int bus_stopping_begin(BusUnitManager *um, void (*done)(bool is_stopping, void *userdata),
                       void *userdata) {
    sd_bus_message *m = NULL;
    StoppingOp *stopping = calloc(1, sizeof(StoppingOp));
    if (!stopping)
        return -ENOMEM;
    stopping->done = done;
    stopping->userdata = userdata;
    bus_op_init(&stopping->op, um, stopping_run, stopping_free);
    int r = um->is_connected ? 0 : -ENOTCONN;
    if (r >= 0)
        r = sd_bus_message_new_method_call(um->bus, &m, SYSTEMD_BUS_NAME, SYSTEMD_OBJECT,
                                           "org.freedesktop.DBus.Properties", "Get");
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", SYSTEMD_MANAGER, "SystemState");
    bus_op_send(&stopping->op, r, m, on_state);
    sd_bus_message_unref(m);
    return 0;
}
