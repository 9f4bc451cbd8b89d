/* remove(): the links go by systemd's hand, then the file, then the memory of a failure. Unless
 * other units were told to want it, systemd forgets the unit by itself once it does not run. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

typedef struct RemoveOp {
    BusOp op;
    char *name;
    bool needs_reload;
    UnitManagerDone done;
    void *userdata;
} RemoveOp;

static void remove_run(Reply *reply) {
    RemoveOp *removal = (RemoveOp *) reply;
    removal->done(removal->op.r, removal->op.message, removal->userdata);
}

static void remove_free(Reply *reply) {
    RemoveOp *removal = (RemoveOp *) reply;
    free(removal->name);
    bus_op_done(&removal->op);
    free(removal);
}

static void on_reset(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    if (error && !bus_error_is_not_loaded(error))
        return bus_op_fail_call(op, error);
    if (((RemoveOp *) op)->needs_reload)
        bus_op_reload(op, bus_op_finish);
    else
        bus_op_finish(op);
}

/* A unit may run on without its file; it is not fleet's any more. */
static int file_remove(RemoveOp *removal, Error *reterr) {
    BusUnitManager *um = removal->op.um;
    int r = unit_directory_remove(um->directory, removal->name, reterr);
    if (r >= 0)
        bus_units_remove(um->units, removal->name);
    return r;
}

/* More links than that to the file itself: a unit that wants it, or an alias. As long as systemd
 * remembers those, it would start a unit that is gone along with others. */
static int links_count(sd_bus_message *reply) {
    int n = 0, r = sd_bus_message_enter_container(reply, 'a', "(sss)");
    while (r >= 0 && (r = sd_bus_message_skip(reply, "(sss)")) > 0)
        n++;
    return r < 0 && r != -ENXIO ? r : n;
}

static void on_disabled(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    RemoveOp *removal = (RemoveOp *) op;
    _cleanup_error_ Error problem = {0};
    if (error && !bus_error_is_not_loaded(error))
        return bus_op_fail_call(op, error);
    int r = error ? 0 : links_count(reply);
    removal->needs_reload = r > 1;
    if (r >= 0)
        r = file_remove(removal, &problem);
    if (r < 0)
        return bus_op_fail(op, r, problem.message);
    bus_op_call(op, on_reset, "ResetFailedUnit", "s", removal->name);
}

int bus_remove_begin(BusUnitManager *um, const char *name, UnitManagerDone done, void *userdata) {
    RemoveOp *removal = calloc(1, sizeof(RemoveOp));
    if (!removal || str_replace(&removal->name, name) < 0) {
        free(removal);
        return -ENOMEM;
    }
    removal->done = done;
    removal->userdata = userdata;
    bus_op_init(&removal->op, um, remove_run, remove_free);
    bus_op_call(&removal->op, on_disabled, "DisableUnitFiles", "asb", 1, name, true);
    return 0;
}
