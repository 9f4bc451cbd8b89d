#include "fleetd/sched/availability.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/sched/beside.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/retry.h"

#include <errno.h>

bool placement_has_target(const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    return streq_ptr(placement->order.hash, unit->hash) &&
           placement->order.restart >= unit->restart;
}

bool placement_answers_launch(const Placement *placement) {
    return placement_is_active(placement) && placement->order.desired == LAUNCH_STATE_LAUNCHED &&
           placement->report.revision >= placement->order.revision &&
           streq_ptr(placement->report.hash, placement->order.hash);
}

bool placement_is_available(const Placement *placement) {
    return placement->report.is_up && placement_answers_launch(placement);
}

bool placement_is_running(const Placement *placement) {
    return placement_is_available(placement) && !placement->report.has_ended;
}

static bool unit_is_available(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_is_available(p))
            return true;
    return false;
}

/* --- groups --- */

int unit_group_name(const char *name, const Requirements *requirements, char **ret) {
    const char *named = requirements ? requirements->budget.group : NULL;
    *ret = NULL;
    if (named)
        *ret = str_printf("=%s", named); /* no name of a template */
    else if (unit_name_is_instance(name))
        return unit_name_template(name, ret);
    else
        return 0;
    return *ret ? 0 : -ENOMEM;
}

static int unit_join_group(Cluster *cluster, ClusterUnit *unit) {
    _cleanup_free_ char *name = NULL;
    int r = unit_group_name(unit->name, unit->requirements, &name);
    if (r < 0 || !name)
        return r;
    UnitGroup *group = map_get(cluster->groups, name);
    if (!group) {
        group = calloc(1, sizeof(UnitGroup));
        if (!group || map_put(cluster->groups, name, group) < 0) {
            free(group);
            return -ENOMEM;
        }
        group->name = map_get_key(cluster->groups, name);
    }
    group->n_members++;
    unit->group = group;
    return 0;
}

static void group_count(UnitGroup *group, const ClusterUnit *unit, bool is_in) {
    size_t wanted = unit->is_counted, available = unit->is_counted && unit->is_available;
    group->n_wanted = is_in ? group->n_wanted + wanted : group->n_wanted - wanted;
    group->n_available = is_in ? group->n_available + available : group->n_available - available;
}

void unit_leave_group(Cluster *cluster, ClusterUnit *unit) {
    UnitGroup *group = unit->group;
    if (group) {
        group_count(group, unit, false);
        if (--group->n_members == 0)
            map_remove(cluster->groups, group->name);
    }
    unit->group = NULL;
    unit->is_counted = false;
}

static int unit_recount(Cluster *cluster, ClusterUnit *unit) {
    bool is_counted =
        unit_is_wanted(unit) && !unit_is_global(unit) && unit->desired == LAUNCH_STATE_LAUNCHED;
    bool is_available = is_counted && unit_is_available(unit);
    if (is_counted == unit->is_counted && is_available == unit->is_available)
        return 0;
    if (is_counted && !unit->is_counted) {
        int r = unit_join_group(cluster, unit);
        if (r < 0)
            return r;
    } else if (unit->group)
        group_count(unit->group, unit, false);
    unit->is_counted = is_counted;
    unit->is_available = is_available;
    if (!unit->group)
        return 0;
    group_count(unit->group, unit, true);
    int r = concern_group(cluster, unit->group);
    if (!is_counted)
        unit_leave_group(cluster, unit);
    return r;
}

int unit_refresh(Cluster *cluster, ClusterUnit *unit) {
    int r = unit_doubt(cluster, unit);
    return r < 0 ? r : unit_recount(cluster, unit);
}

/* Of a machine that is not here, or whose fleetd is not, nobody can say when its units are up. */
static bool unit_has_place_here(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (p->order.exists && p->machine->presence == MACHINE_PRESENCE_HERE &&
            p->machine->status == MACHINE_STATUS_RUNNING)
            return true;
    return false;
}

size_t cluster_count_starting(const Cluster *cluster) {
    size_t n = 0;
    _unused_ const char *name;
    const ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->units)
        n += unit->is_counted && !unit->is_available && unit_has_place_here(unit);
    return n;
}

/* --- budgets --- */

size_t unit_budget_of(const ClusterUnit *unit, size_t n_wanted) {
    if (!unit->requirements)
        return MAX_UNAVAILABLE_DEFAULT;
    const Budget *budget = &unit->requirements->budget;
    return budget->is_percent ? n_wanted * budget->max_unavailable / 100 : budget->max_unavailable;
}

static size_t budget_of(const ClusterUnit *unit, const GroupRest *rest) {
    return unit_budget_of(unit, (unit->group ? unit->group->n_wanted : 1) + rest->n_wanted);
}

/* Also of an earlier request, or with an earlier file. */
static bool unit_may_be_up(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_is_active(p) && p->report.is_up)
            return true;
    return false;
}

static size_t group_count_down(const ClusterUnit *unit) {
    return unit->group ? unit->group->n_wanted - unit->group->n_available
                       : (size_t) !unit->is_available;
}

/* One that is down already costs nothing. */
static bool unit_may_go_down_beside(const ClusterUnit *unit, const GroupRest *rest) {
    return !unit->is_counted || !unit_may_be_up(unit) ||
           group_count_down(unit) + rest->n_down + unit->is_available <= budget_of(unit, rest);
}

static const GroupRest no_rest = {};

bool unit_may_go_down(const ClusterUnit *unit) {
    return unit_may_go_down_beside(unit, &no_rest);
}

/* --- who comes up by itself --- */

static bool placement_is_arriving(const Placement *placement) {
    return placement_is_active(placement) &&
           placement->machine->presence == MACHINE_PRESENCE_HERE &&
           (placement->report.is_starting || !placement_answers_launch(placement));
}

/* What has failed, or goes round in systemd's restarts, is not: nobody knows for how long. */
static bool unit_is_arriving(const ClusterUnit *unit) {
    if (!unit->is_counted || unit->is_available || unit->is_held || unit_has_failures(unit))
        return false;
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_is_arriving(p))
            return true;
    return false;
}

void cluster_count_arriving(Cluster *cluster) {
    _unused_ const char *name;
    UnitGroup *group;
    const ClusterUnit *unit;
    MAP_FOREACH (name, group, cluster->groups)
        group->n_arriving = 0;
    MAP_FOREACH (name, unit, cluster->units)
        if (unit->group && unit_is_arriving(unit))
            unit->group->n_arriving++;
}

bool unit_may_go_down_then(const ClusterUnit *unit) {
    size_t n_arriving = unit->group ? unit->group->n_arriving : 0;
    return !unit->is_counted ||
           group_count_down(unit) + unit->is_available <= budget_of(unit, &no_rest) + n_arriving;
}

/* The order that has yet to be written, or carried out, says nothing of the new file, nor of a
 * restart, which has a revision of its own. */
static bool placement_is_as_wanted(const Placement *placement) {
    return placement_answers_launch(placement) &&
           streq_ptr(placement->order.hash, placement->unit->hash) &&
           placement->order.revision >= placement->unit->revision;
}

/* What its former file suffers from is nothing to whoever gave it another one, unless that could
 * not even be put there. */
const char *placement_trouble(const Placement *placement) {
    bool has_file = streq_ptr(placement->report.hash, placement->order.hash);
    bool is_answer = placement->report.revision >= placement->order.revision;
    return has_file || is_answer ? placement->report.trouble : NULL;
}

const char *cluster_group_of(const Cluster *cluster, const char *name) {
    const ClusterUnit *unit = cluster_find_unit(cluster, name);
    return unit && unit->group ? unit->group->name : NULL;
}

void cluster_look_out(const Cluster *cluster, const char *name, const GroupRest *rest,
                      UnitOutlook *ret) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    *ret = (UnitOutlook){.may_go_down = true};
    if (!unit)
        return;
    ret->unusable = unit->held.why;
    ret->may_go_down = unit_may_go_down_beside(unit, rest ? rest : &no_rest);
    ret->has_no_budget = budget_of(unit, rest ? rest : &no_rest) == 0;
    ret->waits = unit->pending ? unit->pending->summary : beside_obstacle(cluster, unit);
    if (unit->is_held) /* that would be judged by what was wanted before */
        return;
    for (const Placement *p = unit->placements; p; p = p->next) {
        if (placement_has_target(p) && placement_is_active(p)) {
            ret->machine = p->machine->id;
            ret->trouble = placement_trouble(p);
        }
        ret->is_available |= placement_is_as_wanted(p) && p->report.is_up;
        ret->may_stay |= placement_may_stay(p);
        ret->has_failed |= placement_is_as_wanted(p) && p->report.is_given_up;
    }
}
