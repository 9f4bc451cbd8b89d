#include "fleetd/base/log.h"
#include "fleetd/systemd/bus-private.h"

/* systemd sends the properties of a unit's type (Service: Result) before those of the unit proper,
 * which therefore complete the picture. Units that are not fleet's end at the look-up. */
static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
    BusUnitManager *um = userdata;
    BusUnit *unit = bus_units_find_path(um->units, sd_bus_message_get_path(m));
    const char *interface;
    if (!unit)
        return 0;
    int r = sd_bus_message_read(m, "s", &interface);
    if (r >= 0)
        r = bus_unit_apply_properties(unit, m);
    if (r < 0)
        log_unit(LOG_WARNING, unit->status.name, "Failed to read a change of unit '%s': %s",
                 unit->status.name, strerror(-r));
    else if (streq(interface, "org.freedesktop.systemd1.Unit"))
        bus_unit_tell(um, unit);
    return 0;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
    BusUnitManager *um = userdata;
    const char *path, *unit, *result;
    int r = sd_bus_message_read(m, "uoss", NULL, &path, &unit, &result);
    if (r < 0)
        return 0;
    if (streq(unit, "shutdown.target") && !streq(result, "done"))
        um->is_shutdown_queued = false; /* somebody thought better of it */
    bus_job_removed(um, path, result);
    return 0;
}

/* systemd leaves the bus and comes back when it is re-executed. */
static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
    BusUnitManager *um = userdata;
    const char *old_owner, *new_owner;
    if (sd_bus_message_read(m, "sss", NULL, &old_owner, &new_owner) < 0)
        return 0;
    if (*old_owner)
        bus_contact_lost(um);
    if (*new_owner)
        bus_subscribe(um);
    return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
    bus_disconnected(userdata);
    return 0;
}

static const struct {
    const char *rule;
    sd_bus_message_handler_t handler;
} matches[] = {
    {"type='signal',sender='org.freedesktop.systemd1',path_namespace='/org/freedesktop/systemd1/"
     "unit',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
     on_properties_changed},
    {"type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
     "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'",
     on_job_removed},
    {"type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
     "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.systemd1'",
     on_owner_changed},
    {"type='signal',sender='org.freedesktop.DBus.Local',path='/org/freedesktop/DBus/Local',"
     "interface='org.freedesktop.DBus.Local',member='Disconnected'",
     on_disconnected},
};

/* A shutdown is noticed when it is queued, as there may be no bus to ask any more when it matters.
 * sd-bus itself can not match an argument behind a number, the bus can: hence a rule for the bus
 * alone, and a filter here. */
#define SHUTDOWN_RULE \
    "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1'," \
    "interface='org.freedesktop.systemd1.Manager',member='JobNew',arg2='shutdown.target'"

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
    const char *unit;
    if (sd_bus_message_is_signal(m, SYSTEMD_MANAGER, "JobNew") > 0 &&
        sd_bus_message_read(m, "uos", NULL, NULL, &unit) >= 0 && streq(unit, "shutdown.target"))
        ((BusUnitManager *) userdata)->is_shutdown_queued = true;
    return 0;
}

static int shutdown_match(BusUnitManager *um) {
    int r = sd_bus_add_filter(um->bus, NULL, on_message, um);
    if (r < 0)
        return r;
    return sd_bus_call_method_async(um->bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "AddMatch", NULL, NULL, "s",
                                    SHUTDOWN_RULE);
}

int bus_signals_match(BusUnitManager *um) {
    for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
        int r =
            sd_bus_add_match_async(um->bus, NULL, matches[i].rule, matches[i].handler, NULL, um);
        if (r < 0)
            return r;
    }
    return shutdown_match(um);
}
