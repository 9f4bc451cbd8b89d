/* From keys and values of the store to the views of units, machines and files: one row of a table
 * per kind of key. */
#include "fleetd/api/view-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/model/keys.h"

static void placement_free(void *value) {
    Placement *placement = value;
    order_free(placement->order);
    unit_state_free(placement->state);
    free(placement->machine_id);
    free(placement);
}

void unit_view_free(UnitView *unit) {
    if (!unit)
        return;
    unit_free(unit->unit);
    pending_free(unit->pending);
    map_free(unit->placements);
    free(unit->name);
    free(unit);
}
DEFINE_POINTER_CLEANUP(UnitView, unit_view_free)

void machine_view_free(MachineView *machine) {
    if (!machine)
        return;
    machine_free(machine->machine);
    metadata_done(&machine->overlay);
    free(machine->id);
    free(machine);
}
DEFINE_POINTER_CLEANUP(MachineView, machine_view_free)

static void keys_invalidate(SortedMap *sorted) {
    free(sorted->keys);
    sorted->keys = NULL;
}

static void unit_note(View *view, UnitView *unit) {
    if (!unit->is_noted)
        TAILQ_INSERT_TAIL(&view->changed_units, unit, changes);
    unit->is_noted = true;
}

static void machine_note(View *view, MachineView *machine) {
    if (!machine->is_noted)
        TAILQ_INSERT_TAIL(&view->changed_machines, machine, changes);
    machine->is_noted = true;
}

/* The view of that unit, with the change noted; it is made when it is not there. */
static int unit_touch(View *view, const char *name, UnitView **ret) {
    UnitView *unit = map_get(view->units.map, name);
    if (!unit) {
        _cleanup_(unit_view_freep) UnitView *added = calloc(1, sizeof(UnitView));
        if (!added || !(added->name = strdup(name)) ||
            !(added->placements = map_new(placement_free)) ||
            map_put(view->units.map, name, added) < 0)
            return -ENOMEM;
        keys_invalidate(&view->units);
        unit = TAKE_PTR(added);
    }
    unit_note(view, unit);
    *ret = unit;
    return 0;
}

static int machine_touch(View *view, const char *id, MachineView **ret) {
    MachineView *machine = map_get(view->machines.map, id);
    if (!machine) {
        _cleanup_(machine_view_freep) MachineView *added = calloc(1, sizeof(MachineView));
        if (!added || !(added->id = strdup(id)) || map_put(view->machines.map, id, added) < 0)
            return -ENOMEM;
        keys_invalidate(&view->machines);
        machine = TAKE_PTR(added);
    }
    machine_note(view, machine);
    *ret = machine;
    return 0;
}

static int placement_touch(View *view, const Key *key, Placement **ret) {
    UnitView *unit;
    int r = unit_touch(view, key->name, &unit);
    if (r < 0)
        return r;
    Placement *placement = map_get(unit->placements, key->machine_id);
    if (!placement) {
        placement = calloc(1, sizeof(Placement));
        if (!placement || !(placement->machine_id = strdup(key->machine_id)) ||
            map_put(unit->placements, key->machine_id, placement) < 0) {
            if (placement)
                placement_free(placement);
            return -ENOMEM;
        }
    }
    placement->is_changed = true;
    *ret = placement;
    return 0;
}

void view_settle_unit(View *view, UnitView *unit) {
    const char *id;
    Placement *placement;
    MAP_FOREACH (id, placement, unit->placements) {
        placement->is_changed = false;
        if (placement_has_ended(placement))
            map_remove(unit->placements, id);
    }
    unit->is_changed = unit->is_noted = false;
    if (unit->unit || unit->pending || map_size(unit->placements) > 0)
        return;
    keys_invalidate(&view->units);
    map_remove(view->units.map, unit->name);
}

void view_settle_machine(View *view, MachineView *machine) {
    machine->is_noted = false;
    if (machine->machine || machine->overlay.n_pairs > 0)
        return;
    keys_invalidate(&view->machines);
    map_remove(view->machines.map, machine->id);
}

/* Each takes a value in, or, when entry is NULL, notes that there is none. */

static int apply_unit(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(unit_freep) Unit *value = NULL;
    int r = entry ? unit_parse(key->name, entry->value, entry->value_size, &value, reterr) : 0;
    if (r < 0)
        return r;
    if (value)
        value->revision = entry->mod_revision;
    UnitView *unit;
    r = unit_touch(view, key->name, &unit);
    if (r < 0)
        return r;
    unit_free(unit->unit);
    unit->unit = TAKE_PTR(value);
    unit->is_changed = true;
    return 0;
}

static int apply_pending(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(pending_freep) Pending *value = NULL;
    int r = entry ? pending_parse(key->name, entry->value, entry->value_size, &value, reterr) : 0;
    if (r < 0)
        return r;
    UnitView *unit;
    r = unit_touch(view, key->name, &unit);
    if (r < 0)
        return r;
    pending_free(unit->pending);
    unit->pending = TAKE_PTR(value);
    unit->is_changed = true;
    return 0;
}

static int apply_order(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(order_freep) Order *value = NULL;
    int r = entry ? order_parse(key->machine_id, key->name, entry->value, entry->value_size, &value,
                                reterr)
                  : 0;
    if (r < 0)
        return r;
    Placement *placement;
    r = placement_touch(view, key, &placement);
    if (r < 0)
        return r;
    order_free(placement->order);
    placement->order = TAKE_PTR(value);
    return 0;
}

static int apply_state(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(unit_state_freep) UnitState *value = NULL;
    int r = entry ? unit_state_parse(key->machine_id, key->name, entry->value, entry->value_size,
                                     &value, reterr)
                  : 0;
    if (r < 0)
        return r;
    Placement *placement;
    r = placement_touch(view, key, &placement);
    if (r < 0)
        return r;
    unit_state_free(placement->state);
    placement->state = TAKE_PTR(value);
    return 0;
}

static int apply_machine(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(machine_freep) Machine *value = NULL;
    int r = entry ? machine_parse(key->machine_id, entry->value, entry->value_size, &value, reterr)
                  : 0;
    if (r < 0)
        return r;
    MachineView *machine;
    r = machine_touch(view, key->machine_id, &machine);
    if (r < 0)
        return r;
    machine_free(machine->machine);
    machine->machine = TAKE_PTR(value);
    return 0;
}

static int apply_metadata(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    int r = entry ? metadata_check_pair(key->name, entry->value, reterr) : 0;
    if (r < 0)
        return r;
    MachineView *machine;
    r = machine_touch(view, key->machine_id, &machine);
    if (r < 0)
        return r;
    if (entry)
        return metadata_set(&machine->overlay, key->name, entry->value);
    metadata_unset(&machine->overlay, key->name);
    return 0;
}

static int apply_file(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    if (!entry) {
        map_remove(view->files, key->name);
        return 0;
    }
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    int r = unit_file_parse(entry->value, entry->value_size, &file, reterr);
    if (r < 0)
        return r;
    r = map_put(view->files, key->name, file);
    if (r < 0)
        return r;
    TAKE_PTR(file);
    return 0;
}

typedef int (*Apply)(View *view, const Key *key, const StoreEntry *entry, Error *reterr);

static const Apply applies[_KEY_KIND_MAX] = {
    [KEY_UNIT] = apply_unit,         [KEY_FILE] = apply_file,      [KEY_MACHINE] = apply_machine,
    [KEY_METADATA] = apply_metadata, [KEY_SCHEDULE] = apply_order, [KEY_STATE] = apply_state,
    [KEY_PENDING] = apply_pending,
};

/* Whether the view has a value under that key: else its end changes nothing. */
static bool key_is_held(const View *view, const Key *key) {
    const UnitView *unit = key->name ? map_get(view->units.map, key->name) : NULL;
    const MachineView *machine = key->machine_id ? map_get(view->machines.map, key->machine_id) : NULL;
    const Placement *placement =
        unit && key->machine_id ? map_get(unit->placements, key->machine_id) : NULL;
    switch (key->kind) {
    case KEY_UNIT:
        return unit && unit->unit;
    case KEY_PENDING:
        return unit && unit->pending;
    case KEY_SCHEDULE:
        return placement && placement->order;
    case KEY_STATE:
        return placement && placement->state;
    case KEY_MACHINE:
        return machine && machine->machine;
    case KEY_METADATA:
        return machine && metadata_get(&machine->overlay, key->name);
    default:
        return true;
    }
}

static void key_forget(View *view, const Key *key) {
    if (key_is_held(view, key))
        applies[key->kind](view, key, NULL, NULL);
}

void view_apply(View *view, const StoreEntry *entry) {
    _cleanup_key_ Key key = {};
    if (key_parse(entry->key, &key) < 0 || !applies[key.kind])
        return;
    _cleanup_error_ Error error = {};
    int r = applies[key.kind](view, &key, entry, &error);
    if (r >= 0)
        return;
    log_warning("Ignoring the value of '%s' in the store: %s", entry->key, error_text(&error, r));
    key_forget(view, &key);
}

void view_apply_delete(View *view, const char *text) {
    _cleanup_key_ Key key = {};
    if (key_parse(text, &key) >= 0 && applies[key.kind])
        key_forget(view, &key);
}
