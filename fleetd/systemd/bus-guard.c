/* Units with StopAfterDisconnect=: they are vouched for to the guard, and started only when it runs
 * and they have their permit (guard-directory.h). systemd is asked to start the guard each time:
 * that it runs already is answered at once, and one that somebody stopped comes back. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

bool bus_unit_is_guarded(const BusUnit *unit) {
    return unit && unit->status.stop_after_usec > 0;
}

int bus_unit_set_times(BusUnit *unit, const char *text, size_t size) {
    return guarded_text_times(unit->status.name, text, size, &unit->status.stop_after_usec,
                              &unit->status.stop_timeout_usec);
}

/* --- vouching --- */

static void unit_permit(BusUnitManager *um, const BusUnit *unit) {
    const char *name = unit->status.name;
    if (!bus_unit_is_guarded(unit) || guard_directory_is_permitted(um->guard, name))
        return;
    int r = guard_directory_permit(um->guard, name);
    if (r < 0 && r != -ESTALE && r != -ENOENT)
        log_unit(LOG_ERR, name, "Failed to permit the start of unit '%s': %s", name, strerror(-r));
}

static void on_guard_up(JobResult result, const char *message, char *const *log, void *userdata) {
    BusUnitManager *um = userdata;
    um->is_guard_asked = false;
    if (result != JOB_RESULT_DONE) {
        log_error("Failed to start " GUARD_SERVICE ", so that no unit with StopAfterDisconnect= is "
                  "started: %s",
                  message ? message : job_result_to_string(result));
        return;
    }
    _cleanup_free_ const char **names = NULL;
    if (bus_units_names(um->units, &names) < 0)
        return;
    for (const char **name = names; *name; name++) {
        const BusUnit *unit = bus_units_find(um->units, *name);
        if (unit->is_vouched)
            unit_permit(um, unit);
    }
}

int bus_vouch(BusUnitManager *um, const char *name, usec_t at_usec, usec_t stop_after_usec) {
    BusUnit *unit = bus_units_find(um->units, name);
    if (!bus_unit_is_guarded(unit))
        return -ENOENT;
    GuardRecord record = {.stop_after_usec = stop_after_usec,
                          .stop_timeout_usec = unit->status.stop_timeout_usec,
                          .at_usec = at_usec};
    int r = guard_directory_put(um->guard, name, &record);
    if (r < 0)
        return r;
    unit->is_vouched = true;
    if (um->is_guard_asked)
        return 0;
    um->is_guard_asked = true;
    r = bus_guard_start(um, on_guard_up, um);
    if (r < 0)
        um->is_guard_asked = false;
    return r;
}

/* --- the end --- */

typedef struct GuardStop { /* nobody waits for it */
    BusOp op;
} GuardStop;

static void guard_stop_run(Reply *reply) {
}

static void guard_stop_free(Reply *reply) {
    bus_op_done(&((GuardStop *) reply)->op);
    free(reply);
}

static void on_guard_stopped(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    bus_op_finish(op);
}

/* Only fleetd stops it, and systemd takes its orders in their order: a guard that is needed again
 * meanwhile is started after that. */
static void guard_stop(BusUnitManager *um) {
    GuardStop *stop = calloc(1, sizeof(GuardStop));
    if (!stop)
        return; /* it watches over nothing */
    bus_op_init(&stop->op, um, guard_stop_run, guard_stop_free);
    bus_op_call(&stop->op, on_guard_stopped, "StopUnit", "ss", GUARD_SERVICE, "replace");
}

int bus_unguard(BusUnitManager *um, const char *name) {
    bool was_empty = guard_directory_is_empty(um->guard);
    int r = guard_directory_remove(um->guard, name);
    if (r >= 0 && !was_empty && guard_directory_is_empty(um->guard))
        guard_stop(um);
    return r;
}

typedef struct Strays {
    BusUnitManager *um;
    char **names;
} Strays;

static int record_see(const char *name, const GuardRecord *record, void *userdata) {
    Strays *strays = userdata;
    return bus_unit_is_guarded(bus_units_find(strays->um->units, name))
               ? 0
               : strv_push(&strays->names, name);
}

int bus_guard_tidy(BusUnitManager *um) {
    Strays strays = {.um = um};
    int r = guard_directory_walk(um->guard, record_see, &strays);
    STRV_FOREACH (name, strays.names)
        if (r >= 0)
            r = bus_unguard(um, *name);
    strv_free(strays.names);
    return r;
}
