/* reboot(): the job that `systemctl reboot` queues. All units are stopped in their order first;
 * the method that is called Reboot() would stop none. */
#include "fleetd/systemd/bus-private.h"

typedef struct RebootOp {
    BusOp op;
    UnitManagerDone done;
    void *userdata;
} RebootOp;

static void reboot_run(Reply *reply) {
    RebootOp *reboot = (RebootOp *) reply;
    reboot->done(reboot->op.r, reboot->op.message, reboot->userdata);
}

static void reboot_free(Reply *reply) {
    RebootOp *reboot = (RebootOp *) reply;
    bus_op_done(&reboot->op);
    free(reboot);
}

static void on_reply(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    if (error)
        bus_op_fail_call(op, error);
    else
        bus_op_finish(op);
}

int bus_reboot_begin(BusUnitManager *um, UnitManagerDone done, void *userdata) {
    RebootOp *reboot = calloc(1, sizeof(RebootOp));
    if (!reboot)
        return -ENOMEM;
    reboot->done = done;
    reboot->userdata = userdata;
    bus_op_init(&reboot->op, um, reboot_run, reboot_free);
    bus_op_call(&reboot->op, on_reply, "StartUnit", "ss", "reboot.target", "replace-irreversibly");
    return 0;
}
