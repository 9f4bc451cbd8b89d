/* A mirror of all keys feeds maps of units, machines and files. Changes are noted as they come and
 * told at the end of a batch, when what belongs together is there. */
#include "fleetd/api/view-internal.h"

#include "fleetd/model/requirements.h"

#include <errno.h>

static void view_judge(View *view, int r) {
    if (r == -ENOMEM)
        mirror_refuse(view->mirror);
}

static void on_put(const StoreEntry *entry, void *userdata) {
    View *view = userdata;
    view->n_values++;
    view_judge(view, view_apply(view, entry));
}

static void on_delete(const char *key, int64_t revision, void *userdata) {
    view_judge(userdata, view_apply_delete(userdata, key));
}

static void on_synced(int64_t revision, void *userdata) {
    View *view = userdata;
    if (view->is_brake_changed)
        view->callbacks.on_brake_changed(view->brake, view->userdata);
    view->is_brake_changed = false;
    if (view->is_rebalance_changed)
        view->callbacks.on_rebalance_changed(view->rebalance, view->userdata);
    view->is_rebalance_changed = false;
    while (!TAILQ_EMPTY(&view->changed_machines)) {
        MachineView *machine = TAILQ_FIRST(&view->changed_machines);
        TAILQ_REMOVE(&view->changed_machines, machine, changes);
        view->callbacks.on_machine_changed(machine, view->userdata);
        view_settle_machine(view, machine);
    }
    while (!TAILQ_EMPTY(&view->changed_units)) {
        UnitView *unit = TAILQ_FIRST(&view->changed_units);
        TAILQ_REMOVE(&view->changed_units, unit, changes);
        view->callbacks.on_unit_changed(unit, view->userdata);
        view_settle_unit(view, unit);
    }
    view->callbacks.on_synced(view->userdata);
}

static void free_unit(void *value) {
    unit_view_free(value);
}

static void free_machine(void *value) {
    machine_view_free(value);
}

static void free_file(void *value) {
    unit_file_unref(value);
}

int view_new(Store *store, Loop *loop, const ViewCallbacks *callbacks, void *userdata, View **ret) {
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_put,
        .on_delete = on_delete,
        .on_synced = on_synced,
    };
    _cleanup_(view_freep) View *view = calloc(1, sizeof(View));
    if (!view)
        return -ENOMEM;
    TAILQ_INIT(&view->changed_units);
    TAILQ_INIT(&view->changed_machines);
    view->callbacks = *callbacks;
    view->userdata = userdata;
    view->units.map = map_new(free_unit);
    view->machines.map = map_new(free_machine);
    view->files = map_new(free_file);
    view->unreadable = map_new(NULL);
    if (!view->units.map || !view->machines.map || !view->files || !view->unreadable)
        return -ENOMEM;
    int r =
        mirror_new(store, loop,
                   &(MirrorKeys){.prefix = "", .before = KEY_FIRST_OF_PAST, .cuts = key_kind_cuts},
                   &mirror_callbacks, view, &view->mirror);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(view);
    return 0;
}

void view_free(View *view) {
    if (!view)
        return;
    mirror_free(view->mirror);
    map_free(view->units.map);
    map_free(view->machines.map);
    map_free(view->files);
    map_free(view->unreadable);
    brake_record_free(view->brake);
    rebalance_free(view->rebalance);
    free(view->leader);
    free(view->units.keys);
    free(view->machines.keys);
    free(view);
}

void view_start_over(View *view) {
    mirror_start_over(view->mirror);
}

bool view_is_synced(const View *view) {
    return mirror_is_synced(view->mirror);
}

uint64_t view_progress(const View *view) {
    return view->n_values;
}

int64_t view_revision(const View *view) {
    return mirror_revision(view->mirror);
}

const UnitView *view_find_unit(const View *view, const char *name) {
    return map_get(view->units.map, name);
}

const Rebalance *view_rebalance(const View *view) {
    return view->rebalance;
}

const BrakeRecord *view_brake(const View *view) {
    return view->brake;
}

const char *view_leader(const View *view) {
    return view->leader;
}

const Map *view_units(const View *view) {
    return view->units.map;
}

const MachineView *view_find_machine(const View *view, const char *id) {
    return map_get(view->machines.map, id);
}

int view_unreadable_keys(const View *view, const char ***ret, size_t *ret_n) {
    int r = map_sorted_keys(view->unreadable, ret);
    if (r >= 0)
        *ret_n = map_size(view->unreadable);
    return r;
}

UnitFile *view_find_file(const View *view, const char *hash) {
    return map_get(view->files, hash);
}

static int sorted_map_keys(SortedMap *sorted, const char *const **ret, size_t *ret_n) {
    if (!sorted->keys) {
        int r = map_sorted_keys(sorted->map, &sorted->keys);
        if (r < 0)
            return r;
    }
    *ret = sorted->keys;
    *ret_n = map_size(sorted->map);
    return 0;
}

int view_unit_names(View *view, const char *const **ret, size_t *ret_n) {
    return sorted_map_keys(&view->units, ret, ret_n);
}

int view_machine_ids(View *view, const char *const **ret, size_t *ret_n) {
    return sorted_map_keys(&view->machines, ret, ret_n);
}

bool placement_has_ended(const Placement *placement) {
    return !placement->order && !placement->state && !placement->orphan;
}

bool placement_is_orphaned(const Placement *placement) {
    return placement->orphan && !placement->order;
}

/* What was said of an earlier request tells nothing about this one. */
const Pending *unit_view_pending(const UnitView *unit) {
    const Pending *pending = unit->pending;
    return pending && unit->unit && pending->unit_revision >= unit->unit->revision ? pending : NULL;
}

bool unit_view_is_placed(const UnitView *unit) {
    bool is_wanted = unit->unit && unit->unit->desired != LAUNCH_STATE_INACTIVE;
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (!placement_has_ended(placement) && (is_wanted || !placement_is_orphaned(placement)))
            return true;
    return false;
}

static LaunchState placement_current(const Placement *placement) {
    return placement->state ? placement->state->current : LAUNCH_STATE_INACTIVE;
}

static bool is_ordered(const Placement *placement) {
    return placement->order && placement->order->desired != LAUNCH_STATE_INACTIVE;
}

static bool is_stopping(const Placement *placement) {
    return placement->order && !is_ordered(placement) &&
           placement_current(placement) != LAUNCH_STATE_INACTIVE;
}

typedef bool (*PlacementFilter)(const Placement *placement);

/* The filter that says where the unit is: what is ordered counts, and only where nothing is, what
 * has yet to stop. */
static PlacementFilter presence_filter(const UnitView *unit) {
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (is_ordered(placement))
            return is_ordered;
    return is_stopping;
}

const Placement *unit_view_placement(const UnitView *unit) {
    PlacementFilter filter = presence_filter(unit);
    const Placement *found = NULL;
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (filter(placement) && (!found || strcmp(id, found->machine_id) < 0))
            found = placement;
    return found;
}

bool unit_view_is_global(const View *view, const UnitView *unit) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    const UnitFile *file = unit->unit ? view_find_file(view, unit->unit->hash) : NULL;
    return file && requirements_parse(file, unit->name, &requirements, NULL) >= 0 &&
           requirements->is_global;
}

LaunchState unit_view_current(const UnitView *unit) {
    PlacementFilter filter = presence_filter(unit);
    LaunchState lowest = _LAUNCH_STATE_MAX;
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (filter(placement))
            lowest = MIN(lowest, placement_current(placement));
    return lowest == _LAUNCH_STATE_MAX ? LAUNCH_STATE_INACTIVE : lowest;
}

bool machine_view_is_present(const MachineView *machine) {
    return machine->machine && machine->machine->status != MACHINE_STATUS_LEFT;
}

int machine_view_metadata(const MachineView *machine, Metadata *ret) {
    const Metadata none = {};
    const Metadata *own = machine->machine ? &machine->machine->metadata : &none;
    return metadata_overlay(own, &machine->overlay, ret);
}
