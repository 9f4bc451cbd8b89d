/* The records of a view: how they come, are noted as changed, and go. */
#include "fleetd/api/view-internal.h"

#include <errno.h>

static void placement_free(void *value) {
    Placement *placement = value;
    order_free(placement->order);
    unit_state_free(placement->state);
    orphan_free(placement->orphan);
    free(placement->machine_id);
    free(placement);
}

void unit_view_free(UnitView *unit) {
    if (!unit)
        return;
    unit_free(unit->unit);
    pending_free(unit->pending);
    deployment_free(unit->deployment);
    rollout_free(unit->rollout);
    template_scale_free(unit->scale);
    failures_free(unit->failures);
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
    maintenance_free(machine->maintenance);
    reboot_free(machine->reboot);
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

int view_touch_unit(View *view, const char *name, UnitView **ret) {
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

int view_touch_machine(View *view, const char *id, MachineView **ret) {
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

int view_touch_placement(View *view, const Key *key, Placement **ret) {
    UnitView *unit;
    int r = view_touch_unit(view, key->name, &unit);
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
    unit->is_changed = unit->is_noted = unit->is_rollout_changed = unit->is_scale_changed = false;
    if (unit->unit || unit->pending || unit->failures || unit->deployment || unit->rollout ||
        unit->scale || map_size(unit->placements) > 0)
        return;
    keys_invalidate(&view->units);
    map_remove(view->units.map, unit->name);
}

void view_settle_machine(View *view, MachineView *machine) {
    machine->is_noted = false;
    if (machine->machine || machine->overlay.n_pairs > 0 || machine->n_orphans > 0 ||
        machine->maintenance || machine->reboot)
        return;
    keys_invalidate(&view->machines);
    map_remove(view->machines.map, machine->id);
}

bool view_holds(const View *view, const Key *key) {
    const UnitView *unit = key->name ? map_get(view->units.map, key->name) : NULL;
    const MachineView *machine =
        key->machine_id ? map_get(view->machines.map, key->machine_id) : NULL;
    const Placement *placement =
        unit && key->machine_id ? map_get(unit->placements, key->machine_id) : NULL;
    switch (key->kind) {
    case KEY_UNIT:
        return unit && unit->unit;
    case KEY_DEPLOYMENT:
        return unit && unit->deployment;
    case KEY_ROLLOUT:
        return unit && unit->rollout;
    case KEY_SCALE:
        return unit && unit->scale;
    case KEY_PENDING:
        return unit && unit->pending;
    case KEY_FAILURES:
        return unit && unit->failures;
    case KEY_SCHEDULE:
        return placement && placement->order;
    case KEY_STATE:
        return placement && placement->state;
    case KEY_ORPHAN:
        return placement && placement->orphan;
    case KEY_MACHINE:
        return machine && machine->machine;
    case KEY_MAINTENANCE:
        return machine && machine->maintenance;
    case KEY_REBOOT:
        return machine && machine->reboot;
    case KEY_METADATA:
        return machine && metadata_get(&machine->overlay, key->name);
    default:
        return true;
    }
}
