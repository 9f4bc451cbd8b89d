/* remove(): the links go by systemd's hand, then a start that is due, then the memory of a failure;
 * and the file last, when the unit is known to be down and nobody can start it any more: its file
 * is the record that fleet has it here. Unless other units were told to want it, or refer to it,
 * systemd has forgotten it by then. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

typedef struct RemoveOp {
    BusOp op;
    char *name;
    bool needs_reload, was_reloaded;
    bool is_unlinked;           /* systemd may not find its file any more */
    struct RemoveOp *next_same; /* waits for the same call */
    UnitManagerDone done;
    void *userdata;
} RemoveOp;

static void remove_run(Reply *reply) {
    RemoveOp *removal = (RemoveOp *) reply;
    if (removal->op.r < 0 && removal->is_unlinked)
        bus_writes_spoil(removal->op.um);
    removal->done(removal->op.r, removal->op.message, removal->userdata);
}

static void remove_free(Reply *reply) {
    RemoveOp *removal = (RemoveOp *) reply;
    free(removal->name);
    bus_op_done(&removal->op);
    free(removal);
}

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

static void removal_end(RemoveOp *removal) {
    _cleanup_error_ Error problem = {0};
    int r = file_remove(removal, &problem);
    if (r < 0)
        return bus_op_fail(&removal->op, r, problem.message);
    bus_op_finish(&removal->op);
}

/* --- is it gone? --- */

static void unit_ask(BusOp *op);

static void on_reloaded(BusOp *op) {
    ((RemoveOp *) op)->needs_reload = false;
    ((RemoveOp *) op)->was_reloaded = true;
    unit_ask(op);
}

/* What is loaded still, for others that refer to it, can be started from memory, by a socket or a
 * timer say, until systemd has seen that its file is gone. */
static void unit_judge(RemoveOp *removal, const BusUnitRow *row) {
    UnitStatus status = {.active = (char *) row->active};
    bool is_loaded = !streq(row->load, "not-found");
    if (unit_status_is_running(&status))
        bus_op_fail(&removal->op, -EBUSY, "it was started meanwhile");
    else if (removal->needs_reload || (is_loaded && !removal->was_reloaded))
        bus_op_reload(&removal->op, on_reloaded);
    else
        removal_end(removal);
}

static void on_row(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusUnitRow row;
    if (error)
        return bus_op_fail_call(op, error);
    int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
    if (r >= 0)
        r = bus_unit_row_read(reply, &row);
    if (r > 0)
        unit_judge((RemoveOp *) op, &row);
    else
        bus_op_fail(op, r < 0 ? r : -EBADMSG, NULL);
}

static void unit_ask(BusOp *op) {
    bus_op_call(op, on_row, "ListUnitsByNames", "as", 1, ((RemoveOp *) op)->name);
}

static void on_reset(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    RemoveOp *removal = (RemoveOp *) op;
    bool is_gone = error && bus_error_is_not_loaded(error);
    if (error && !is_gone)
        bus_op_fail_call(op, error);
    else if (is_gone && !removal->needs_reload)
        removal_end(removal);
    else
        unit_ask(op);
}

static void failure_forget(RemoveOp *removal) {
    bus_op_call(&removal->op, on_reset, "ResetFailedUnit", "s", removal->name);
}

/* --- a start that is due --- */

/* A refusal is no obstacle: of a unit that only others may stop, or that systemd does not know. */
static void on_stop_refused(BusOp *op, const sd_bus_error *error) {
    if (bus_error_is_lost_contact(error))
        bus_op_fail_call(op, error);
    else
        failure_forget((RemoveOp *) op);
}

static void on_stop_ended(BusOp *op, const char *word) {
    RemoveOp *removal = (RemoveOp *) op;
    BusUnit *unit = bus_units_find(op->um->units, removal->name);
    if (!streq(word, "done"))
        bus_op_fail(op, -EBUSY, "its stop was overtaken, or it does not stop");
    else if (unit && unit_status_is_running(&unit->status))
        bus_op_fail(op, -EBUSY, "it was started meanwhile");
    else
        failure_forget(removal);
}

/* Between two runs of a unit with Restart= systemd says that it is inactive for a moment, while the
 * job that starts it again is queued. A stop job takes that one's place; where there is none it
 * does nothing. And one that was started meanwhile is stopped again. */
static void links_removed(RemoveOp *removal, bool needs_reload) {
    static const BusJobSteps steps = {.refused = on_stop_refused, .ended = on_stop_ended};
    removal->is_unlinked = true;
    removal->needs_reload = needs_reload;
    bus_op_queue_job(&removal->op, &steps, "StopUnit", removal->name);
}

/* --- links --- */

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
    BusUnit *unit = bus_units_find(um->units, name);
    if (unit && unit_status_is_running(&unit->status)) {
        bus_op_fail(&removal->op, -EBUSY, "it runs");
        return 0;
    }
    RemoveOp **last = &um->remove_waiting;
    while (*last)
        last = &(*last)->next_same;
    *last = removal;
    waiting_remove(um);
    return 0;
}
