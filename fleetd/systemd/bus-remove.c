/* remove(): the links go by systemd's hand, then a start that is due, then the file, then the
 * memory of a failure. Unless other units were told to want it, systemd forgets the unit by itself
 * once it does not run. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

typedef struct RemoveOp {
    BusOp op;
    char *name;
    bool needs_reload;
    struct RemoveOp *next_same; /* waits for the same call */
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
    bool is_guarded = bus_unit_is_guarded(bus_units_find(um->units, removal->name));
    int r = is_guarded ? bus_unguard(um, removal->name) : 0;
    if (r >= 0)
        r = unit_directory_remove(um->directory, removal->name, reterr);
    if (r >= 0)
        bus_units_remove(um->units, removal->name);
    return r;
}

/* More links than one per unit: some are from units that want it, or aliases. As long as systemd
 * remembers those, it would start a unit that is gone along with others. */
static int links_count(sd_bus_message *reply) {
    int n = 0, r = sd_bus_message_enter_container(reply, 'a', "(sss)");
    while (r >= 0 && (r = sd_bus_message_at_end(reply, false)) == 0) {
        r = sd_bus_message_skip(reply, "(sss)");
        n++;
    }
    return n;
}

static void on_disabled(BusOp *op, sd_bus_message *reply, const sd_bus_error *error);

static void links_remove(RemoveOp *batch) {
    sd_bus_message *m = NULL;
    int r = bus_op_message(&batch->op, "DisableUnitFiles", &m);
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'a', "s");
    for (RemoveOp *removal = batch; r >= 0 && removal; removal = removal->next_same)
        r = sd_bus_message_append(m, "s", removal->name);
    if (r >= 0)
        r = sd_bus_message_close_container(m);
    if (r >= 0)
        r = sd_bus_message_append(m, "b", true);
    bus_op_send(&batch->op, r, m, on_disabled);
    sd_bus_message_unref(m);
}

/* systemd searches all folders of units for links, however many units it is asked for. */
static void waiting_remove(BusUnitManager *um) {
    if (um->is_disabling || !um->remove_waiting)
        return;
    um->is_disabling = true;
    links_remove(TAKE_PTR(um->remove_waiting));
}

static void removal_go_on(RemoveOp *removal) {
    _cleanup_error_ Error problem = {0};
    int r = file_remove(removal, &problem);
    if (r < 0)
        return bus_op_fail(&removal->op, r, problem.message);
    bus_op_call(&removal->op, on_reset, "ResetFailedUnit", "s", removal->name);
}

/* A refusal is no obstacle: of a unit that only others may stop, or that systemd does not know. */
static void on_start_ended(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    if (error && bus_error_is_lost_contact(error))
        bus_op_fail_call(op, error);
    else
        removal_go_on((RemoveOp *) op);
}

/* Between two runs of a unit with Restart= systemd says that it is inactive for a moment, while the
 * job that starts it again is queued: it would run on without a file, and nobody knew of it. A stop
 * job takes that one's place; where there is none it does nothing. */
static void links_removed(RemoveOp *removal, bool needs_reload) {
    BusUnit *unit = bus_units_find(removal->op.um->units, removal->name);
    removal->needs_reload = needs_reload;
    if (unit && unit_status_is_running(&unit->status))
        removal_go_on(removal);
    else
        bus_op_call(&removal->op, on_start_ended, "StopUnit", "ss", removal->name, "replace");
}

/* A name without links fails the whole batch: each alone then. */
static void batch_go_on(RemoveOp *batch, const sd_bus_error *error, bool needs_reload) {
    bool is_retry = error && batch->next_same;
    for (RemoveOp *next; batch; batch = next) {
        next = batch->next_same;
        batch->next_same = NULL;
        if (is_retry)
            links_remove(batch);
        else if (error && !bus_error_is_not_loaded(error))
            bus_op_fail_call(&batch->op, error);
        else
            links_removed(batch, needs_reload);
    }
}

static void on_disabled(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusUnitManager *um = op->um;
    int extra = 0;
    if (!error)
        extra = links_count(reply);
    for (RemoveOp *removal = (RemoveOp *) op; removal; removal = removal->next_same)
        extra--;
    um->is_disabling = false;
    batch_go_on((RemoveOp *) op, error, extra > 0);
    waiting_remove(um);
}

void bus_removals_forget(BusUnitManager *um) {
    um->is_disabling = false;
    um->remove_waiting = NULL;
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
    RemoveOp **last = &um->remove_waiting;
    while (*last)
        last = &(*last)->next_same;
    *last = removal;
    waiting_remove(um);
    return 0;
}
