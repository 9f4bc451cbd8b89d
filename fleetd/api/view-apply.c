/* From keys and values of the store to the records of the view: one row of a table per kind of
 * key. */
#include "fleetd/api/view-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/model/keys.h"

/* Each takes a value in, or, when entry is NULL, notes that there is none. */

static int apply_unit(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(unit_freep) Unit *value = NULL;
    int r = entry ? unit_parse(key->name, entry->value, entry->value_size, &value, reterr) : 0;
    if (r < 0)
        return r;
    if (value)
        value->revision = entry->mod_revision;
    UnitView *unit;
    r = view_touch_unit(view, key->name, &unit);
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
    r = view_touch_unit(view, key->name, &unit);
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
    r = view_touch_placement(view, key, &placement);
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
    r = view_touch_placement(view, key, &placement);
    if (r < 0)
        return r;
    unit_state_free(placement->state);
    placement->state = TAKE_PTR(value);
    return 0;
}

static int apply_machine(View *view, const Key *key, const StoreEntry *entry, Error *reterr) {
    _cleanup_(machine_freep) Machine *value = NULL;
    int r =
        entry ? machine_parse(key->machine_id, entry->value, entry->value_size, &value, reterr) : 0;
    if (r < 0)
        return r;
    MachineView *machine;
    r = view_touch_machine(view, key->machine_id, &machine);
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
    r = view_touch_machine(view, key->machine_id, &machine);
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

static void key_forget(View *view, const Key *key) {
    if (view_holds(view, key))
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
