#include "fleetd/systemd/bus-unit-manager.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/systemd/bus-private.h"
#include "fleetd/systemd/journal-sync.h"

#define RUN_DIRECTORY "/run/fleet"
#define LOG_LINES 10

static BusUnitManager *from_base(UnitManager *base) {
    return (BusUnitManager *) base;
}

static void manager_set_callbacks(UnitManager *base, const UnitManagerCallbacks *callbacks,
                                  void *userdata) {
    from_base(base)->callbacks = *callbacks;
    from_base(base)->userdata = userdata;
}

static int manager_list(UnitManager *base, UnitManagerListDone done, void *userdata) {
    return bus_list_begin(from_base(base), done, userdata);
}

static int manager_write(UnitManager *base, const UnitFileWrite *files, size_t n,
                         UnitManagerDone done, void *userdata) {
    return bus_write_begin(from_base(base), files, n, done, userdata);
}

static int manager_remove(UnitManager *base, const char *name, UnitManagerDone done,
                          void *userdata) {
    int r = unit_name_check(name, NULL);
    return r < 0 ? r : bus_remove_begin(from_base(base), name, done, userdata);
}

static int manager_start(UnitManager *base, const char *name, UnitManagerJobDone done,
                         void *userdata) {
    int r = unit_name_check(name, NULL);
    return r < 0 ? r : bus_start_begin(from_base(base), name, done, userdata);
}

static int manager_stop(UnitManager *base, const char *name, UnitManagerJobDone done,
                        void *userdata) {
    int r = unit_name_check(name, NULL);
    return r < 0 ? r : bus_stop_begin(from_base(base), name, done, userdata);
}

static int manager_restart(UnitManager *base, const char *name, UnitManagerJobDone done,
                           void *userdata) {
    int r = unit_name_check(name, NULL);
    return r < 0 ? r : bus_restart_begin(from_base(base), name, done, userdata);
}

static int manager_claim(UnitManager *base, const char *name, const char *cluster) {
    BusUnitManager *um = from_base(base);
    BusUnit *unit = bus_units_find(um->units, name);
    int r = unit_directory_set_cluster(um->directory, name, cluster);
    return r < 0 || !unit ? r : str_replace(&unit->status.cluster, cluster);
}

static int manager_note_health(UnitManager *base, const char *name, const char *health) {
    BusUnitManager *um = from_base(base);
    BusUnit *unit = bus_units_find(um->units, name);
    int r = unit_directory_set_health(um->directory, name, health);
    return r < 0 || !unit ? r : str_replace(&unit->status.health, health);
}

static int manager_note_restart(UnitManager *base, const char *name, int64_t restart) {
    BusUnitManager *um = from_base(base);
    BusUnit *unit = bus_units_find(um->units, name);
    int r = unit && unit->status.was_launched
                ? unit_directory_note_launched(um->directory, name, restart)
                : 0;
    if (r >= 0 && unit)
        unit->status.restart = restart;
    return r;
}

static int manager_common_cluster(UnitManager *base, char **ret) {
    return unit_directory_common_cluster(from_base(base)->directory, ret);
}

static int manager_read(UnitManager *base, const char *name, char **ret_text, size_t *ret_size) {
    return unit_directory_read(from_base(base)->directory, name, ret_text, ret_size);
}

static int manager_vouch(UnitManager *base, const char *name, usec_t at_usec,
                         usec_t stop_after_usec) {
    return bus_vouch(from_base(base), name, at_usec, stop_after_usec);
}

static int manager_is_stopping(UnitManager *base, void (*done)(bool is_stopping, void *userdata),
                               void *userdata) {
    return bus_stopping_begin(from_base(base), done, userdata);
}

static int manager_reboot(UnitManager *base, UnitManagerDone done, void *userdata) {
    return bus_reboot_begin(from_base(base), done, userdata);
}

static void ops_free(BusUnitManager *um) {
    while (um->ops) {
        BusOp *op = um->ops;
        um->ops = op->next;
        op->reply.free(&op->reply);
    }
}

static void manager_free(UnitManager *base) {
    BusUnitManager *um = from_base(base);
    ops_free(um);
    bus_reload_forget(um);
    bus_disconnect(um);
    sd_event_source_disable_unref(um->retry_timer);
    reply_queue_free(um->replies);
    journal_reader_free(um->journal);
    bus_failed_logs_forget(um);
    bus_units_free(um->units);
    unit_directory_free(um->directory);
    guard_directory_free(um->guard);
    map_free(um->jobs);
    map_free(um->early_results);
    sd_event_unref(um->event);
    free(um->bus_address);
    free(um);
}

static const UnitManagerVTable bus_vtable = {
    .set_callbacks = manager_set_callbacks,
    .list = manager_list,
    .write = manager_write,
    .remove = manager_remove,
    .start = manager_start,
    .stop = manager_stop,
    .restart = manager_restart,
    .claim = manager_claim,
    .common_cluster = manager_common_cluster,
    .note_health = manager_note_health,
    .note_restart = manager_note_restart,
    .read = manager_read,
    .vouch = manager_vouch,
    .is_stopping = manager_is_stopping,
    .reboot = manager_reboot,
    .free = manager_free,
};

static int parts_new(BusUnitManager *um, const BusUnitManagerOptions *options, Error *reterr) {
    um->log_lines = options->log_lines > 0 ? options->log_lines : LOG_LINES;
    um->metrics = options->metrics;
    bus_metrics_declare(um);
    um->units = bus_units_new();
    um->jobs = map_new(NULL);
    um->early_results = map_new(free);
    if (!um->units || !um->jobs || !um->early_results ||
        str_replace(&um->bus_address, options->bus_address) < 0)
        return -ENOMEM;
    int r = reply_queue_new(um->event, &um->replies);
    if (r >= 0)
        r = journal_reader_new(um->event, str_or(options->journal_sync_socket, JOURNAL_SYNC_SOCKET),
                               &um->journal);
    if (r < 0)
        return r;
    const char *directory = str_or(options->run_directory, RUN_DIRECTORY);
    r = unit_directory_open(directory, &um->directory, reterr);
    if (r >= 0)
        r = guard_directory_open(directory, &um->guard, reterr);
    return r < 0 ? r : guard_directory_limit(um->guard, guard_clock());
}

int bus_unit_manager_new(sd_event *event, const BusUnitManagerOptions *options, UnitManager **ret,
                         Error *reterr) {
    static const BusUnitManagerOptions defaults = {0};
    BusUnitManager *um = calloc(1, sizeof(BusUnitManager));
    if (!um)
        return -ENOMEM;
    um->base.vtable = &bus_vtable;
    um->event = sd_event_ref(event);
    um->unsent_end = &um->unsent;
    int r = parts_new(um, options ? options : &defaults, reterr);
    if (r >= 0) {
        r = bus_connect(um);
        if (r < 0)
            error_set(reterr, r, "failed to connect to the system bus: %s", strerror(-r));
    }
    if (r < 0) {
        manager_free(&um->base);
        return r;
    }
    *ret = &um->base;
    return 0;
}
