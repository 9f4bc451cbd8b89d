#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

void bus_files_done(BusFiles *files) {
    strv_free(files->names);
    strv_free(files->link_paths);
    strv_free(files->enable_names);
    bus_op_done(&files->op);
}

int bus_files_add(BusFiles *files, const char *name, bool has_install) {
    _cleanup_free_ char *path = unit_directory_file_path(files->op.um->directory, name);
    int r = path ? strv_push(&files->link_paths, path) : -ENOMEM;
    if (r >= 0)
        r = strv_push(&files->names, name);
    if (r >= 0 && has_install)
        r = strv_push(&files->enable_names, name);
    return r;
}

/* What changed is told */

typedef struct ChangeReply {
    Reply reply;
    BusUnitManager *um;
    char *name;
} ChangeReply;

static void change_run(Reply *reply) {
    ChangeReply *change = (ChangeReply *) reply;
    BusUnitManager *um = change->um;
    BusUnit *unit = bus_units_find(um->units, change->name);
    if (!unit)
        return;
    unit->is_queued = false;
    if (bus_unit_is_guarded(unit)) /* the guard may have stopped it */
        unit->status.was_launched = unit_directory_is_launched(um->directory, change->name);
    um->callbacks.on_changed(&unit->status, um->userdata);
}

static void change_free(Reply *reply) {
    ChangeReply *change = (ChangeReply *) reply;
    free(change->name);
    free(change);
}

void bus_unit_tell(BusUnitManager *um, BusUnit *unit) {
    bus_failed_log_follow(um, unit);
    if (!unit->has_news || unit->is_queued || !um->is_listed || !um->callbacks.on_changed)
        return;
    ChangeReply *change = calloc(1, sizeof(ChangeReply));
    if (!change || str_replace(&change->name, unit->status.name) < 0) {
        free(change);
        return; /* it has news still: told with the next change */
    }
    change->reply = (Reply){.run = change_run, .free = change_free};
    change->um = um;
    unit->has_news = false;
    unit->is_queued = true;
    reply_queue_push_take(um->replies, &change->reply);
}

/* States are asked for */

typedef struct ResultOp { /* nobody's request: its answer is an on_changed */
    BusOp op;
    char *name;
} ResultOp;

static void result_run(Reply *reply) {
}

static void result_free(Reply *reply) {
    ResultOp *result = (ResultOp *) reply;
    free(result->name);
    bus_op_done(&result->op);
    free(result);
}

static void on_result(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusUnit *unit = bus_units_find(op->um->units, ((ResultOp *) op)->name);
    const char *result;
    if (unit && !error && sd_bus_message_read(reply, "v", "s", &result) >= 0 &&
        bus_unit_set_result(unit, result) >= 0)
        bus_unit_tell(op->um, unit);
    bus_op_finish(op);
}

static int result_ask(BusUnitManager *um, const BusUnit *unit) {
    sd_bus_message *m = NULL;
    ResultOp *result = calloc(1, sizeof(ResultOp));
    if (!result || str_replace(&result->name, unit->status.name) < 0) {
        free(result);
        return -ENOMEM;
    }
    bus_op_init(&result->op, um, result_run, result_free);
    int r = sd_bus_message_new_method_call(um->bus, &m, SYSTEMD_BUS_NAME, unit->path,
                                           "org.freedesktop.DBus.Properties", "Get");
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", bus_unit_result_interface(unit->status.name), "Result");
    bus_op_send(&result->op, r, m, on_result);
    sd_bus_message_unref(m);
    return 0;
}

/* A list of states does not tell results. Only units in trouble have one worth a question; of the
 * others signals bring it. */
static int result_settle(BusUnitManager *um, BusUnit *unit) {
    const char *active = unit->status.active;
    if (!bus_unit_result_interface(unit->status.name))
        return 0;
    if (streq(active, "failed") || streq(active, "activating"))
        return result_ask(um, unit);
    return unit->status.result ? 0 : bus_unit_set_result(unit, "success");
}

/* One row per name, in their order. 1: a file that was linked just now is not found. */
static int rows_apply(BusFiles *files, sd_bus_message *reply) {
    BusUnitRow row;
    bool is_missing = false;
    int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
    for (char **name = files->names; r >= 0 && *name; name++) {
        r = bus_unit_row_read(reply, &row);
        if (r <= 0)
            return r < 0 ? r : -EBADMSG;
        BusUnit *unit = bus_units_find(files->op.um->units, *name);
        if (!unit)
            continue;
        is_missing = is_missing || streq(row.load, "not-found");
        r = bus_unit_apply_row(unit, &row);
        if (r >= 0)
            r = result_settle(files->op.um, unit);
    }
    return r < 0 ? r : is_missing;
}

static void names_tell(BusFiles *files) {
    STRV_FOREACH (name, files->names) {
        BusUnit *unit = bus_units_find(files->op.um->units, *name);
        if (unit && files->is_told)
            bus_unit_tell(files->op.um, unit);
        else if (unit) {
            bus_failed_log_follow(files->op.um, unit);
            unit->has_news = false;
        }
    }
}

static void on_reloaded(BusOp *op) {
    ((BusFiles *) op)->was_reloaded = true;
    bus_files_load((BusFiles *) op);
}

/* systemd looks anew for a file that it missed before when the time stamp of the directory has
 * changed; two changes within one tick of the clock look like one. A reload helps then. */
static void on_rows(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusFiles *files = (BusFiles *) op;
    if (error)
        return bus_op_fail_call(op, error);
    int r = rows_apply(files, reply);
    if (r < 0)
        return bus_op_fail(op, r, NULL);
    if (r > 0 && files->link_paths && !files->was_reloaded)
        return bus_op_reload(op, on_reloaded);
    names_tell(files);
    files->then(files);
}

void bus_files_load(BusFiles *files) {
    sd_bus_message *m = NULL;
    if (!files->names)
        return files->then(files);
    int r = bus_op_message(&files->op, "ListUnitsByNames", &m);
    if (r >= 0)
        r = sd_bus_message_append_strv(m, files->names);
    bus_op_send(&files->op, r, m, on_rows);
    sd_bus_message_unref(m);
}

/* Files are made known */

static void files_reload_if_needed(BusFiles *files) {
    if (files->needs_reload)
        bus_op_reload(&files->op, on_reloaded);
    else
        bus_files_load(files);
}

/* true: the op has failed. */
static bool files_give_up(BusFiles *files, const sd_bus_error *error) {
    if (error && files->is_lenient && !bus_error_is_lost_contact(error)) {
        log_warning("Failed to make all unit files known to systemd: %s", error->message);
        return false;
    }
    if (error)
        bus_op_fail_call(&files->op, error);
    return error;
}

/* 1: links were made, which units that are loaded do not know of. */
static int enabled_read(sd_bus_message *reply) {
    int r = sd_bus_message_skip(reply, "b");
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "(sss)");
    if (r >= 0)
        r = sd_bus_message_at_end(reply, false);
    return r < 0 ? r : r == 0;
}

static void on_enabled(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusFiles *files = (BusFiles *) op;
    if (files_give_up(files, error))
        return;
    int r = error ? 0 : enabled_read(reply);
    if (r < 0)
        return bus_op_fail(op, r, NULL);
    files->needs_reload = files->needs_reload || r > 0;
    files_reload_if_needed(files);
}

static void on_linked(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusFiles *files = (BusFiles *) op;
    sd_bus_message *m = NULL;
    if (files_give_up(files, error))
        return;
    if (!files->enable_names)
        return files_reload_if_needed(files);
    int r = bus_op_message(op, "EnableUnitFiles", &m);
    if (r >= 0)
        r = sd_bus_message_append_strv(m, files->enable_names);
    if (r >= 0)
        r = sd_bus_message_append(m, "bb", true, true);
    bus_op_send(op, r, m, on_enabled);
    sd_bus_message_unref(m);
}

void bus_files_link(BusFiles *files) {
    sd_bus_message *m = NULL;
    if (!files->link_paths)
        return bus_files_load(files);
    int r = bus_op_message(&files->op, "LinkUnitFiles", &m);
    if (r >= 0)
        r = sd_bus_message_append_strv(m, files->link_paths);
    if (r >= 0)
        r = sd_bus_message_append(m, "bb", true, true);
    bus_op_send(&files->op, r, m, on_linked);
    sd_bus_message_unref(m);
}
