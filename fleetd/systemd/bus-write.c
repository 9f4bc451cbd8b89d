/* write(): changed files go to disk, all of the batch at once to systemd. Whether a reload is
 * needed is asked before, as systemd would read the new text of units that are not loaded by
 * itself. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/systemd/bus-private.h"

/* Up to so many names systemd is asked for them alone, else for all that are loaded: it compares
 * each name with each unit. */
#define ASK_NAMES_MAX 16

typedef struct WriteOp {
    BusFiles files;
    Map *changed;   /* name -> UnitFile */
    bool has_begun; /* files on disk may differ from what systemd knows */
    UnitManagerDone done;
    void *userdata;
} WriteOp;

static void unit_file_unref_value(void *value) {
    unit_file_unref(value);
}

/* A batch that ended badly leaves the mark for the next list(), or the next fleetd, to set right.
 */
static void write_end(WriteOp *write) {
    BusUnitManager *um = write->files.op.um;
    if (!write->has_begun)
        return;
    um->writes--;
    if (write->files.op.r < 0)
        um->has_unfinished = true;
    else if (um->writes == 0 && !um->has_unfinished)
        unit_directory_set_unfinished(um->directory, false);
}

void bus_writes_spoil(BusUnitManager *um) {
    um->has_unfinished = true;
    if (unit_directory_set_unfinished(um->directory, true) < 0)
        log_warning("Failed to note that a unit file may be unknown to systemd");
}

void bus_writes_repaired(BusUnitManager *um) {
    um->has_unfinished = false;
    if (um->writes == 0)
        unit_directory_set_unfinished(um->directory, false);
}

static void write_run(Reply *reply) {
    WriteOp *write = (WriteOp *) reply;
    write_end(write);
    write->done(write->files.op.r, write->files.op.message, write->userdata);
}

static void write_free(Reply *reply) {
    WriteOp *write = (WriteOp *) reply;
    map_free(write->changed);
    bus_files_done(&write->files);
    free(write);
}

static void on_states_known(BusFiles *files) {
    STRV_FOREACH (name, files->names) {
        BusUnit *unit = bus_units_find(files->op.um->units, *name);
        if (unit)
            unit->is_unfinished = false;
    }
    bus_op_finish(&files->op);
}

static int file_put(WriteOp *write, const char *name, const UnitFile *file, Error *reterr) {
    BusUnitManager *um = write->files.op.um;
    BusUnit *unit;
    size_t size;
    const char *text = unit_file_text(file, &size);
    int r = bus_units_ensure(um->units, name, &unit);
    if (r < 0)
        return r;
    unit->is_unfinished = true;
    r = unit_directory_write(um->directory, name, text, size, reterr);
    if (r < 0)
        return r;
    bool was_guarded = bus_unit_is_guarded(unit);
    r = bus_unit_load_marks(um, unit);
    if (r >= 0)
        r = bus_unit_set_times(unit, text, size);
    if (r >= 0 && was_guarded && !bus_unit_is_guarded(unit))
        r = bus_unguard(um, name);
    return r < 0 ? r : bus_unit_set_hash(unit, unit_file_hash(file));
}

static int files_put(WriteOp *write, Error *reterr) {
    BusUnitManager *um = write->files.op.um;
    const char *name;
    UnitFile *file;
    int r = unit_directory_set_unfinished(um->directory, true);
    if (r < 0)
        return error_set(reterr, r, "failed to begin writing unit files: %s", strerror(-r));
    um->writes++;
    write->has_begun = true;
    MAP_FOREACH (name, file, write->changed) {
        r = file_put(write, name, file, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

static int loaded_read(WriteOp *write, sd_bus_message *reply) {
    BusUnitRow row;
    int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
    while (r >= 0) {
        r = bus_unit_row_read(reply, &row);
        if (r <= 0)
            return r;
        if (map_has(write->changed, row.name) && !streq(row.load, "not-found"))
            write->files.needs_reload = true;
    }
    return r;
}

static void on_loaded(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    WriteOp *write = (WriteOp *) op;
    _cleanup_error_ Error problem = {0};
    if (error)
        return bus_op_fail_call(op, error);
    int r = loaded_read(write, reply);
    if (r >= 0)
        r = files_put(write, &problem);
    if (r < 0)
        return bus_op_fail(op, r, problem.message);
    bus_files_link(&write->files);
}

static void write_go(WriteOp *write) {
    sd_bus_message *m = NULL;
    if (map_size(write->changed) == 0)
        return bus_op_finish(&write->files.op);
    int r = bus_op_message(&write->files.op, "ListUnitsByPatterns", &m);
    if (r >= 0)
        r = sd_bus_message_append(m, "as", 0);
    if (r >= 0)
        r = sd_bus_message_append_strv(
            m, map_size(write->changed) <= ASK_NAMES_MAX ? write->files.names : NULL);
    bus_op_send(&write->files.op, r, m, on_loaded);
    sd_bus_message_unref(m);
}

/* A file that is there with the same text, and complete, needs nothing. */
static int file_add(WriteOp *write, const UnitFileWrite *input, Error *reterr) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    int r = unit_name_check(input->name, reterr);
    if (r >= 0 && unit_name_is_template(input->name))
        r = error_set(reterr, -EINVAL, "a template can not be run");
    if (r >= 0)
        r = unit_file_parse(input->text, input->size, &file, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "unit '%s'", input->name);
    const BusUnit *unit = bus_units_find(write->files.op.um->units, input->name);
    if (unit && !unit->is_unfinished && streq_ptr(unit->status.hash, unit_file_hash(file)))
        return 0;
    r = bus_files_add(&write->files, input->name, unit_file_has_section(file, "Install"));
    if (r >= 0)
        r = map_put(write->changed, input->name, file);
    if (r < 0)
        return r;
    TAKE_PTR(file);
    return 0;
}

int bus_write_begin(BusUnitManager *um, const UnitFileWrite *files, size_t n, UnitManagerDone done,
                    void *userdata) {
    _cleanup_error_ Error error = {0};
    WriteOp *write = calloc(1, sizeof(WriteOp));
    if (!write || !(write->changed = map_new(unit_file_unref_value))) {
        free(write);
        return -ENOMEM;
    }
    write->done = done;
    write->userdata = userdata;
    write->files.is_told = true;
    write->files.then = on_states_known;
    bus_op_init(&write->files.op, um, write_run, write_free);
    for (size_t i = 0; i < n; i++) {
        int r = file_add(write, &files[i], &error);
        if (r < 0) {
            bus_op_fail(&write->files.op, r, error.message);
            return 0;
        }
    }
    write_go(write);
    return 0;
}
