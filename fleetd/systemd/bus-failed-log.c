/* The last lines of a unit that has failed, whenever that was: they are read once for each failure,
 * and come as a change of their own, so that the failure is told without them at once. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

struct FailedLog { /* in um->failed_logs while it is read */
    BusUnitManager *um;
    char *name;
    FailedLog *previous, *next;
};

static void failed_log_free(FailedLog *log) {
    if (log->previous)
        log->previous->next = log->next;
    else
        log->um->failed_logs = log->next;
    if (log->next)
        log->next->previous = log->previous;
    free(log->name);
    free(log);
}

static bool unit_has_failed(const BusUnit *unit) {
    return streq_ptr(unit->status.active, "failed");
}

/* What was started anew meanwhile has failed no more. */
static void on_lines(char **lines, void *userdata) {
    FailedLog *log = userdata;
    BusUnitManager *um = log->um;
    BusUnit *unit = bus_units_find(um->units, log->name);
    failed_log_free(log);
    bool is_wanted = unit && unit->is_log_asked && unit_has_failed(unit) && lines;
    if (is_wanted) {
        strv_free(unit->status.log);
        unit->status.log = TAKE_PTR(lines);
        unit->has_news = true;
    }
    strv_free(lines);
    if (is_wanted)
        bus_unit_tell(um, unit);
}

/* One at a time: a unit that fails again and again is not read more often than that takes. */
static bool is_being_read(const BusUnitManager *um, const char *name) {
    for (const FailedLog *log = um->failed_logs; log; log = log->next)
        if (streq(log->name, name))
            return true;
    return false;
}

/* Without memory there are no lines, which are a help only. */
static void failed_log_ask(BusUnitManager *um, const char *name) {
    FailedLog *log = calloc(1, sizeof(FailedLog));
    if (!log || str_replace(&log->name, name) < 0) {
        free(log);
        return;
    }
    log->um = um;
    log->next = um->failed_logs;
    if (log->next)
        log->next->previous = log;
    um->failed_logs = log;
    if (journal_reader_read(um->journal, name, 0, um->log_lines, on_lines, log) < 0)
        failed_log_free(log);
}

void bus_failed_log_follow(BusUnitManager *um, BusUnit *unit) {
    if (!unit_has_failed(unit)) {
        unit->is_log_asked = false;
        strv_free(TAKE_PTR(unit->status.log));
        return;
    }
    if (unit->is_log_asked)
        return;
    unit->is_log_asked = true;
    if (!is_being_read(um, unit->status.name))
        failed_log_ask(um, unit->status.name);
}

void bus_failed_logs_forget(BusUnitManager *um) {
    while (um->failed_logs)
        failed_log_free(um->failed_logs);
}
