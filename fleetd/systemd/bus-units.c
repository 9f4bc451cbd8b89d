#include "fleetd/systemd/bus-units.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

struct BusUnits {
    Map *by_name; /* owns */
    Map *by_path;
};

static void bus_unit_free(void *value) {
    BusUnit *unit = value;
    if (!unit)
        return;
    unit_status_done(&unit->status);
    free(unit->path);
    free(unit);
}

BusUnits *bus_units_new(void) {
    _cleanup_(bus_units_freep) BusUnits *units = calloc(1, sizeof(BusUnits));
    if (!units)
        return NULL;
    units->by_name = map_new(bus_unit_free);
    units->by_path = map_new(NULL);
    return units->by_name && units->by_path ? TAKE_PTR(units) : NULL;
}

void bus_units_free(BusUnits *units) {
    if (!units)
        return;
    map_free(units->by_path);
    map_free(units->by_name);
    free(units);
}

BusUnit *bus_units_find(const BusUnits *units, const char *name) {
    return map_get(units->by_name, name);
}

BusUnit *bus_units_find_path(const BusUnits *units, const char *path) {
    return map_get(units->by_path, path);
}

static int bus_unit_new(const char *name, BusUnit **ret) {
    BusUnit *unit = calloc(1, sizeof(BusUnit));
    if (!unit)
        return -ENOMEM;
    unit->condition_result = true;
    int r = str_replace(&unit->status.name, name);
    if (r >= 0)
        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, &unit->path);
    if (r < 0)
        bus_unit_free(unit);
    else
        *ret = unit;
    return r;
}

int bus_units_ensure(BusUnits *units, const char *name, BusUnit **ret) {
    *ret = bus_units_find(units, name);
    if (*ret)
        return 0;
    BusUnit *unit;
    int r = bus_unit_new(name, &unit);
    if (r < 0)
        return r;
    r = map_put(units->by_path, unit->path, unit);
    if (r >= 0 && (r = map_put(units->by_name, name, unit)) < 0)
        map_remove(units->by_path, unit->path);
    if (r < 0) {
        bus_unit_free(unit);
        return r;
    }
    *ret = unit;
    return 0;
}

void bus_units_remove(BusUnits *units, const char *name) {
    BusUnit *unit = bus_units_find(units, name);
    if (!unit)
        return;
    map_remove(units->by_path, unit->path);
    map_remove(units->by_name, name);
}

size_t bus_units_count(const BusUnits *units) {
    return map_size(units->by_name);
}

int bus_units_names(const BusUnits *units, const char ***ret) {
    return map_sorted_keys(units->by_name, ret);
}

static int field_set(BusUnit *unit, char **field, const char *value) {
    if (streq_ptr(*field, value))
        return 0;
    unit->has_news = true;
    return str_replace(field, value);
}

int bus_unit_set_result(BusUnit *unit, const char *result) {
    return field_set(unit, &unit->status.result, result);
}

int bus_unit_set_hash(BusUnit *unit, const char *hash) {
    return field_set(unit, &unit->status.hash, hash);
}

/* systemd.unit: name, description, load, active, sub, following, path, job id, job type, job path
 */
int bus_unit_row_read(sd_bus_message *m, BusUnitRow *ret) {
    BusUnitRow row;
    int r = sd_bus_message_read(m, "(ssssssouso)", &row.name, NULL, &row.load, &row.active,
                                &row.sub, NULL, NULL, NULL, NULL, NULL);
    if (r > 0)
        *ret = row;
    return r;
}

int bus_unit_apply_row(BusUnit *unit, const BusUnitRow *row) {
    int r = field_set(unit, &unit->status.load, row->load);
    if (r >= 0)
        r = field_set(unit, &unit->status.active, row->active);
    if (r >= 0)
        r = field_set(unit, &unit->status.sub, row->sub);
    return r;
}

static int active_set(BusUnit *unit, const char *value) {
    return field_set(unit, &unit->status.active, value);
}

static int sub_set(BusUnit *unit, const char *value) {
    return field_set(unit, &unit->status.sub, value);
}

/* The properties that matter, of whichever interface. */
static const struct {
    const char *name;
    int (*set_text)(BusUnit *unit, const char *value); /* or: */
    const char *number_type;                           /* of what is an int here */
    size_t number_offset;
} properties[] = {
    {"ActiveState", active_set, NULL, 0},
    {"SubState", sub_set, NULL, 0},
    {"Result", bus_unit_set_result, NULL, 0},
    {"ExecMainCode", NULL, "i", offsetof(BusUnit, main_code)},
    {"ExecMainStatus", NULL, "i", offsetof(BusUnit, main_status)},
    {"ConditionResult", NULL, "b", offsetof(BusUnit, condition_result)},
};

static int property_apply(BusUnit *unit, const char *name, sd_bus_message *m) {
    for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
        const char *text;
        int number, r;
        if (!streq(properties[i].name, name))
            continue;
        if (!properties[i].set_text) {
            r = sd_bus_message_read(m, "v", properties[i].number_type, &number);
            if (r >= 0)
                memcpy((char *) unit + properties[i].number_offset, &number, sizeof(number));
            return r;
        }
        r = sd_bus_message_read(m, "v", "s", &text);
        return r < 0 ? r : properties[i].set_text(unit, text);
    }
    return sd_bus_message_skip(m, "v");
}

int bus_unit_apply_properties(BusUnit *unit, sd_bus_message *m) {
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    while (r >= 0) {
        const char *name;
        r = sd_bus_message_enter_container(m, 'e', "sv");
        if (r <= 0)
            break;
        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
            r = property_apply(unit, name, m);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

const char *bus_unit_result_interface(const char *name) {
    static const struct {
        const char *type, *interface;
    } interfaces[] = {
        {"service", "org.freedesktop.systemd1.Service"},
        {"socket", "org.freedesktop.systemd1.Socket"},
        {"timer", "org.freedesktop.systemd1.Timer"},
        {"path", "org.freedesktop.systemd1.Path"},
        {"mount", "org.freedesktop.systemd1.Mount"},
        {"automount", "org.freedesktop.systemd1.Automount"},
        {"swap", "org.freedesktop.systemd1.Swap"},
        {"scope", "org.freedesktop.systemd1.Scope"},
    };
    for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
        if (streq(interfaces[i].type, unit_name_type(name)))
            return interfaces[i].interface;
    return NULL;
}
