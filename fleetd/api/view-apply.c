/* From records of the store to those of the view: one row of a table per kind of key. What cannot
 * be read is as if it were not there (docs/architecture.md, "Garbage"); whoever leads reports it.
 */
#include "fleetd/api/view-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* Each takes a record's value over, or notes that there is none, or none that is readable. */

static int apply_unit(View *view, StoredRecord *record) {
    UnitView *unit;
    int r = view_touch_unit(view, record->key.name, &unit);
    if (r < 0)
        return r;
    unit_free(unit->unit);
    unit->unit = TAKE_PTR(record->unit);
    unit->is_changed = true;
    return 0;
}

static int apply_pending(View *view, StoredRecord *record) {
    UnitView *unit;
    int r = view_touch_unit(view, record->key.name, &unit);
    if (r < 0)
        return r;
    pending_free(unit->pending);
    unit->pending = TAKE_PTR(record->pending);
    unit->is_changed = true;
    return 0;
}

static int apply_failures(View *view, StoredRecord *record) {
    UnitView *unit;
    int r = view_touch_unit(view, record->key.name, &unit);
    if (r < 0)
        return r;
    failures_free(unit->failures);
    unit->failures = TAKE_PTR(record->failures);
    unit->is_changed = true;
    return 0;
}

static int apply_order(View *view, StoredRecord *record) {
    Placement *placement;
    int r = view_touch_placement(view, &record->key, &placement);
    if (r < 0)
        return r;
    order_free(placement->order);
    placement->order = TAKE_PTR(record->order);
    return 0;
}

static int apply_state(View *view, StoredRecord *record) {
    Placement *placement;
    int r = view_touch_placement(view, &record->key, &placement);
    if (r < 0)
        return r;
    unit_state_free(placement->state);
    placement->state = TAKE_PTR(record->state);
    return 0;
}

/* The machine is noted, too: it says how many it has. */
static int apply_orphan(View *view, StoredRecord *record) {
    Placement *placement;
    MachineView *machine;
    int r = view_touch_machine(view, record->key.machine_id, &machine);
    if (r >= 0)
        r = view_touch_placement(view, &record->key, &placement);
    if (r < 0)
        return r;
    machine->n_orphans -= placement->orphan != NULL;
    orphan_free(placement->orphan);
    placement->orphan = TAKE_PTR(record->orphan);
    machine->n_orphans += placement->orphan != NULL;
    return 0;
}

static int apply_machine(View *view, StoredRecord *record) {
    MachineView *machine;
    int r = view_touch_machine(view, record->key.machine_id, &machine);
    if (r < 0)
        return r;
    machine_free(machine->machine);
    machine->machine = TAKE_PTR(record->machine);
    return 0;
}

static int apply_metadata(View *view, StoredRecord *record) {
    MachineView *machine;
    int r = view_touch_machine(view, record->key.machine_id, &machine);
    if (r < 0)
        return r;
    if (record->metadata)
        return metadata_set(&machine->overlay, record->key.name, record->metadata);
    metadata_unset(&machine->overlay, record->key.name);
    return 0;
}

static int apply_maintenance(View *view, StoredRecord *record) {
    MachineView *machine;
    int r = view_touch_machine(view, record->key.machine_id, &machine);
    if (r < 0)
        return r;
    maintenance_free(machine->maintenance);
    machine->maintenance = TAKE_PTR(record->maintenance);
    return 0;
}

static int apply_brake(View *view, StoredRecord *record) {
    brake_record_free(view->brake);
    view->brake = TAKE_PTR(record->brake);
    view->is_brake_changed = true;
    return 0;
}

static int apply_rebalance(View *view, StoredRecord *record) {
    rebalance_free(view->rebalance);
    view->rebalance = TAKE_PTR(record->rebalance);
    view->is_rebalance_changed = true;
    return 0;
}

static int apply_leader(View *view, StoredRecord *record) {
    free(view->leader);
    view->leader = TAKE_PTR(record->leader);
    return 0;
}

static int apply_reboot(View *view, StoredRecord *record) {
    MachineView *machine;
    int r = view_touch_machine(view, record->key.machine_id, &machine);
    if (r < 0)
        return r;
    reboot_free(machine->reboot);
    machine->reboot = TAKE_PTR(record->reboot);
    return 0;
}

static int apply_deployment(View *view, StoredRecord *record) {
    UnitView *unit;
    int r = view_touch_unit(view, record->key.name, &unit);
    if (r < 0)
        return r;
    deployment_free(unit->deployment);
    unit->deployment = TAKE_PTR(record->deployment);
    unit->is_rollout_changed = true;
    return 0;
}

static int apply_rollout(View *view, StoredRecord *record) {
    UnitView *unit;
    int r = view_touch_unit(view, record->key.name, &unit);
    if (r < 0)
        return r;
    rollout_free(unit->rollout);
    unit->rollout = TAKE_PTR(record->rollout);
    unit->is_rollout_changed = true;
    return 0;
}

static int apply_scale(View *view, StoredRecord *record) {
    UnitView *unit;
    int r = view_touch_unit(view, record->key.name, &unit);
    if (r < 0)
        return r;
    template_scale_free(unit->scale);
    unit->scale = TAKE_PTR(record->scale);
    unit->is_scale_changed = true;
    return 0;
}

static int apply_file(View *view, StoredRecord *record) {
    if (!record->file) {
        map_remove(view->files, record->key.name);
        return 0;
    }
    int r = map_put(view->files, record->key.name, record->file);
    if (r < 0)
        return r;
    TAKE_PTR(record->file);
    return 0;
}

typedef int (*Apply)(View *view, StoredRecord *record);

static const Apply applies[_KEY_KIND_MAX] = {
    [KEY_UNIT] = apply_unit,           [KEY_FILE] = apply_file,
    [KEY_MACHINE] = apply_machine,     [KEY_METADATA] = apply_metadata,
    [KEY_SCHEDULE] = apply_order,      [KEY_STATE] = apply_state,
    [KEY_PENDING] = apply_pending,     [KEY_FAILURES] = apply_failures,
    [KEY_ORPHAN] = apply_orphan,       [KEY_MAINTENANCE] = apply_maintenance,
    [KEY_BRAKE] = apply_brake,         [KEY_LEADER] = apply_leader,
    [KEY_REBOOT] = apply_reboot,       [KEY_DEPLOYMENT] = apply_deployment,
    [KEY_ROLLOUT] = apply_rollout,     [KEY_SCALE] = apply_scale,
    [KEY_REBALANCE] = apply_rebalance,
};

static int apply(View *view, StoredRecord *record) {
    Apply apply_kind = applies[record->key.kind];
    if (!apply_kind || (!record->is_readable && !view_holds(view, &record->key)))
        return 0;
    return apply_kind(view, record);
}

/* A template's scale tells which of its instances cannot be read, as nothing else does. */
static int touch_scale(View *view, const Key *key) {
    _cleanup_free_ char *template = NULL;
    if (key->kind != KEY_UNIT || !unit_name_is_instance(key->name))
        return 0;
    int r = unit_name_template(key->name, &template);
    UnitView *unit = r < 0 ? NULL : map_get(view->units.map, template);
    if (!unit || !unit->scale || template_instance_number(template, key->name) == 0)
        return r;
    unit->is_scale_changed = true;
    return view_touch_unit(view, template, &unit);
}

static int view_note_readable(View *view, const char *text, const Key *key, bool is_readable) {
    if (map_has(view->unreadable, text) == !is_readable)
        return 0;
    int r = touch_scale(view, key);
    if (r < 0)
        return r;
    if (is_readable)
        map_remove(view->unreadable, text);
    return is_readable ? 0 : map_put(view->unreadable, text, NULL);
}

int view_apply(View *view, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r < 0)
        return r;
    if (!record.is_readable)
        log_debug("Not showing a value that cannot be read, %s", error_text(&error, r));
    r = view_note_readable(view, entry->key, &record.key, record.is_readable);
    return r < 0 ? r : apply(view, &record);
}

int view_apply_delete(View *view, const char *text) {
    _cleanup_record_ StoredRecord record = {};
    int r = key_parse(text, &record.key, NULL);
    if (r >= 0)
        r = view_note_readable(view, text, &record.key, true);
    return r < 0 ? r : apply(view, &record);
}
