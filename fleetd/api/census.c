#include "fleetd/api/census.h"

#include "fleetd/base/strv.h"

#include <errno.h>

const char *unit_condition_to_string(UnitCondition condition) {
    static const char *const names[_UNIT_CONDITION_MAX] = {
        [UNIT_CONDITION_FAILED] = "failed",     [UNIT_CONDITION_UNHEALTHY] = "unhealthy",
        [UNIT_CONDITION_VANISHED] = "vanished", [UNIT_CONDITION_STARTING] = "starting",
        [UNIT_CONDITION_STOPPING] = "stopping", [UNIT_CONDITION_UP] = "up",
        [UNIT_CONDITION_WAITING] = "waiting",   [UNIT_CONDITION_LOADED] = "loaded",
        [UNIT_CONDITION_INACTIVE] = "inactive",
    };
    return condition >= 0 && condition < _UNIT_CONDITION_MAX ? names[condition] : NULL;
}

/* --- one unit --- */

static bool job_has_failed(JobResult job) {
    return job_result_is_final(job) && job != JOB_RESULT_DONE && job != JOB_RESULT_SKIPPED &&
           job != JOB_RESULT_CANCELED;
}

/* What a report of an earlier request says of a job is not about this one. */
static bool state_has_failed(const UnitView *unit, const UnitState *state) {
    bool is_active = state->active && streq(state->active, "active");
    bool is_answer = unit->unit && state->unit_revision >= unit->unit->revision;
    return (state->active && streq(state->active, "failed")) ||
           (is_answer && !is_active && job_has_failed(state->job));
}

static bool machine_is_present(const View *view, const char *machine_id) {
    const MachineView *machine = view_find_machine(view, machine_id);
    return machine && machine_view_is_present(machine);
}

UnitCondition placement_condition(const View *view, const UnitView *unit,
                                  const Placement *placement) {
    const UnitState *state = placement->state;
    if (!machine_is_present(view, placement->machine_id))
        return UNIT_CONDITION_VANISHED;
    if (!state)
        return UNIT_CONDITION_STARTING;
    if (state_has_failed(unit, state))
        return UNIT_CONDITION_FAILED;
    if (state->health == UNIT_HEALTH_UNHEALTHY)
        return UNIT_CONDITION_UNHEALTHY;
    if (streq_ptr(state->active, "deactivating"))
        return UNIT_CONDITION_STOPPING;
    return unit_state_is_up(state) ? UNIT_CONDITION_UP : UNIT_CONDITION_STARTING;
}

static bool is_ordered(const Placement *placement) {
    return placement->order && placement->order->desired != LAUNCH_STATE_INACTIVE;
}

/* _UNIT_CONDITION_MAX: no machine is ordered to have it. */
static UnitCondition placements_condition(const View *view, const UnitView *unit) {
    UnitCondition condition = _UNIT_CONDITION_MAX;
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (is_ordered(placement))
            condition = MIN(condition, placement_condition(view, unit, placement));
    return condition;
}

UnitCondition unit_view_condition(const View *view, const UnitView *unit) {
    LaunchState desired = unit->unit->desired;
    if (desired == LAUNCH_STATE_INACTIVE)
        return UNIT_CONDITION_INACTIVE;
    UnitCondition condition = placements_condition(view, unit);
    bool is_nowhere = condition == _UNIT_CONDITION_MAX;
    if (is_nowhere && unit_view_pending(unit))
        return UNIT_CONDITION_WAITING;
    if (desired == LAUNCH_STATE_LOADED)
        return UNIT_CONDITION_LOADED;
    if (is_nowhere) /* nothing is to be done for a global unit that fits on no machine */
        return unit_view_is_global(view, unit) ? UNIT_CONDITION_UP : UNIT_CONDITION_STARTING;
    return condition;
}

/* --- machines --- */

static int missing_add(Census *census, const View *view, const Placement *placement) {
    if (!placement->order || machine_is_present(view, placement->machine_id))
        return 0;
    return map_put(census->missing, placement->machine_id, NULL);
}

static int census_count_machines(Census *census, View *view) {
    const char *const *ids;
    size_t n;
    int r = view_machine_ids(view, &ids, &n);
    for (size_t i = 0; i < n && r >= 0; i++) {
        const MachineView *machine = view_find_machine(view, ids[i]);
        if (machine_view_is_present(machine))
            census->n_machines[machine->machine->status]++;
    }
    return r;
}

/* --- units --- */

static void troubles_add(Census *census, const View *view, const UnitView *unit) {
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements) {
        UnitCondition condition = placement_condition(view, unit, placement);
        if (!is_ordered(placement) || condition > UNIT_CONDITION_UNHEALTHY)
            continue;
        if (census->n_troubles < CENSUS_TROUBLES_MAX)
            census->troubles[census->n_troubles++] = (Trouble){unit, placement, condition};
        else
            census->n_more_troubles++;
    }
}

static int waiting_add(Map *groups, const UnitView *unit) {
    const char *reason = unit_view_pending(unit)->summary;
    WaitingGroup *group = map_get(groups, reason);
    if (!group) {
        group = calloc(1, sizeof(WaitingGroup));
        if (!group || map_put(groups, reason, group) < 0) {
            free(group);
            return -ENOMEM;
        }
        group->reason = reason;
    }
    if (group->n < CENSUS_NAMES_MAX)
        group->names[group->n] = unit->name;
    group->n++;
    return 0;
}

static int census_add_unit(Census *census, const View *view, const UnitView *unit, Map *groups) {
    _unused_ const char *id;
    const Placement *placement;
    int r = 0;
    MAP_FOREACH (id, placement, unit->placements) {
        census->n_orphans += placement_is_orphaned(placement);
        r = r < 0 ? r : missing_add(census, view, placement);
    }
    if (r < 0 || !unit->unit)
        return MIN(r, 0);
    UnitCondition condition = unit_view_condition(view, unit);
    census->n_units++;
    census->units[condition]++;
    if (condition == UNIT_CONDITION_FAILED || condition == UNIT_CONDITION_UNHEALTHY)
        troubles_add(census, view, unit);
    return condition == UNIT_CONDITION_WAITING ? waiting_add(groups, unit) : 0;
}

static int group_compare(const void *p, const void *q) {
    const WaitingGroup *a = p, *b = q;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return strcmp(a->reason, b->reason);
}

static int census_sort_waiting(Census *census, const Map *groups) {
    census->waiting = calloc(map_size(groups) + 1, sizeof(WaitingGroup));
    if (!census->waiting)
        return -ENOMEM;
    _unused_ const char *reason;
    const WaitingGroup *group;
    MAP_FOREACH (reason, group, groups)
        census->waiting[census->n_waiting++] = *group;
    qsort(census->waiting, census->n_waiting, sizeof(WaitingGroup), group_compare);
    census->n_waiting = MIN(census->n_waiting, (size_t) CENSUS_GROUPS_MAX);
    return 0;
}

static int census_count_units(Census *census, View *view, Map *groups) {
    const char *const *names;
    size_t n;
    int r = view_unit_names(view, &names, &n);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = census_add_unit(census, view, view_find_unit(view, names[i]), groups);
    return r < 0 ? r : census_sort_waiting(census, groups);
}

/* --- all of it --- */

static int census_fill(Census *census, View *view) {
    _cleanup_(map_freep) Map *groups = map_new(free);
    census->missing = map_new(NULL);
    if (!groups || !census->missing)
        return -ENOMEM;
    int r = census_count_machines(census, view);
    return r < 0 ? r : census_count_units(census, view, groups);
}

int census_take(View *view, Census *ret) {
    *ret = (Census){};
    int r = census_fill(ret, view);
    if (r < 0)
        census_done(ret);
    return r;
}

void census_done(Census *census) {
    map_free(census->missing);
    free(census->waiting);
    *census = (Census){};
}
