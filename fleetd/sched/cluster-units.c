/* Units as users want them, and the indexes over their requirements. */
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/neighbours.h"
#include "fleetd/sched/preempt.h"
#include "fleetd/sched/room.h"
#include "fleetd/sched/spread.h"

#include <errno.h>

static bool unit_replaces_any(const ClusterUnit *unit) {
    return unit->is_known && unit->requirements && !globs_are_empty(unit->requirements->replaces) &&
           !unit->is_template;
}

static bool unit_follows_any(const ClusterUnit *unit) {
    return unit->is_known && unit->requirements &&
           !globs_are_empty(unit->requirements->machine_of) && !unit->is_template;
}

static bool unit_is_mover(const ClusterUnit *unit) {
    return unit->is_known && (map_size(unit->followers) > 0 || unit_replaces_any(unit));
}

/* Whether who may replace whom depends on the unit (replaces.h). */
static bool unit_shapes_replacing(const ClusterUnit *unit) {
    return unit_is_mover(unit) || unit_follows_any(unit);
}

/* Keeps index[name] exactly while is_member. */
static int index_set(Map *index, ClusterUnit *unit, bool is_member) {
    if (!is_member) {
        map_remove(index, unit->name);
        return 0;
    }
    int r = map_has(index, unit->name) ? 0 : map_put(index, unit->name, unit);
    return MIN(r, 0);
}

static int index_mover(Cluster *cluster, ClusterUnit *unit) {
    return index_set(cluster->movers, unit, unit_is_mover(unit));
}

static int unit_follow(Cluster *cluster, ClusterUnit *unit, const char *target_name) {
    ClusterUnit *target;
    int r = cluster_need_unit(cluster, target_name, &target);
    if (r < 0)
        return r;
    if (!target->followers && !(target->followers = map_new(NULL))) {
        unit_release(cluster, target);
        return -ENOMEM;
    }
    r = index_set(target->followers, unit, true);
    if (r < 0)
        return r;
    return index_mover(cluster, target);
}

static int unit_unfollow(Cluster *cluster, ClusterUnit *unit, const char *target_name) {
    ClusterUnit *target = cluster_find_unit(cluster, target_name);
    if (!target || !map_remove(target->followers, unit->name))
        return 0;
    int r = index_mover(cluster, target);
    if (target != unit)
        unit_release(cluster, target);
    return r;
}

static int index_followers(Cluster *cluster, ClusterUnit *unit, bool is_member) {
    if (!unit->requirements)
        return 0;
    STRV_FOREACH (target, unit->requirements->machine_of) {
        int r =
            is_member ? unit_follow(cluster, unit, *target) : unit_unfollow(cluster, unit, *target);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Brings every index in line with what the unit is now. */
static int index_unit(Cluster *cluster, ClusterUnit *unit) {
    int r;
    if ((r = index_followers(cluster, unit, unit_follows_any(unit))) < 0 ||
        (r = index_set(cluster->globals, unit, unit->is_known && unit_is_global(unit))) < 0 ||
        (r = index_set(cluster->preempters, unit, unit->is_known && unit_preempts(unit))) < 0 ||
        (r = index_set(cluster->replacers, unit, unit_replaces_any(unit))) < 0)
        return r;
    return index_mover(cluster, unit);
}

/* For every place where the unit is. */
static int for_each_place(Cluster *cluster, const ClusterUnit *unit,
                          int (*act)(Cluster *, Placement *)) {
    int r = 0;
    for (Placement *p = unit->placements; r >= 0 && p; p = p->next)
        if (placement_is_there(p))
            r = act(cluster, p);
    return r;
}

static int globbed_add(Cluster *cluster, Placement *placement) {
    return machine_add_globbed(placement->machine, placement);
}

static int globbed_remove(Cluster *cluster, Placement *placement) {
    machine_remove_globbed(placement->machine, placement);
    return 0;
}

static int unit_drop_globs(Cluster *cluster, ClusterUnit *unit) {
    int r = for_each_place(cluster, unit, concern_released);
    if (r < 0)
        return r;
    return for_each_place(cluster, unit, globbed_remove);
}

static int unit_add_globs(Cluster *cluster, ClusterUnit *unit) {
    int r = for_each_place(cluster, unit, globbed_add);
    if (r < 0)
        return r;
    return for_each_place(cluster, unit, concern_neighbours);
}

static bool unit_is_particular(const ClusterUnit *unit) {
    const Ranking *ranking = unit->requirements ? &unit->requirements->ranking : NULL;
    return ranking && (ranking->spread || ranking->n_preferences > 0 || unit_reserves(unit));
}

int unit_set_requirements_take(Cluster *cluster, ClusterUnit *unit, Requirements *requirements) {
    bool shapes_replacing = unit_shapes_replacing(unit);
    int r = unit->group ? concern_group(cluster, unit->group) : 0;
    unit_leave_group(cluster, unit); /* they name it; the caller counts the unit anew */
    look_away(cluster, unit); /* its place in the queue depends on them; the caller looks again */
    if (r >= 0 && unit_has_globs(unit))
        r = unit_drop_globs(cluster, unit);
    if (r >= 0)
        r = index_followers(cluster, unit, false);
    if (r >= 0)
        r = for_each_place(cluster, unit, placement_forget_spread);
    requirements_free(unit->requirements);
    unit->requirements = requirements;
    unit->is_particular = unit_is_particular(unit);
    unit->globs_sieve = sieve_of_globs(requirements);
    if (r < 0 || (r = index_unit(cluster, unit)) < 0)
        return r;
    if ((r = for_each_place(cluster, unit, placement_recount)) < 0 ||
        (unit_has_globs(unit) && (r = unit_add_globs(cluster, unit)) < 0))
        return r;
    if (shapes_replacing || unit_shapes_replacing(unit))
        cluster->replacing_has_changed = true;
    r = concern_preempters(cluster, NULL); /* it may be pushed now, or not any more */
    return r < 0 ? r : concern_chains(cluster, unit);
}

static void unit_let_go(ClusterUnit *unit) {
    free(TAKE_PTR(unit->held.why));
    unit->held.revision = 0;
    unit->is_held = false;
}

static bool unit_is_unchanged(const ClusterUnit *record, const Unit *unit) {
    return record->is_known && !record->is_held && record->revision == unit->revision &&
           record->desired == unit->desired && streq_ptr(record->hash, unit->hash);
}

static int unit_concern(Cluster *cluster, ClusterUnit *unit, bool was_wanted) {
    int r = look_at_unit(cluster, unit);
    if (r >= 0)
        r = unit_refresh(cluster, unit);
    if (r >= 0 && !was_wanted && unit_is_wanted(unit)) /* where it stands, it counts again */
        r = for_each_place(cluster, unit, concern_neighbours);
    return r < 0 ? r : concern_obstructed(cluster);
}

int cluster_put_unit_take(Cluster *cluster, const Unit *unit, Requirements *requirements) {
    _cleanup_(requirements_freep) Requirements *owned = requirements;
    ClusterUnit *record;
    int r = cluster_need_unit(cluster, unit->name, &record);
    if (r < 0 || unit_is_unchanged(record, unit))
        return r;

    look_away(cluster, record); /* its place in the queue depends on its revision */
    bool was_wanted = unit_is_wanted(record);
    bool has_new_file = !record->is_known || !streq_ptr(record->hash, unit->hash);
    r = shared_text_replace(&record->hash, unit->hash, cluster->last_hash);
    if (r < 0)
        return r;
    shared_text_share(&cluster->last_hash, record->hash);
    record->is_known = true;
    unit_let_go(record);
    record->desired = unit->desired;
    record->revision = unit->revision;
    record->restart = unit->restart;
    record->version = unit->version;
    if (has_new_file && (r = unit_set_requirements_take(cluster, record, TAKE_PTR(owned))) < 0)
        return r;
    return unit_concern(cluster, record, was_wanted);
}

int cluster_remove_unit(Cluster *cluster, const char *name) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (!unit || (!unit->is_known && !unit->is_held))
        return 0;
    if (unit_shapes_replacing(unit))
        cluster->replacing_has_changed = true;
    look_away(cluster, unit); /* it has another rank from now on */
    unit->is_known = false;
    unit_let_go(unit);
    int r;
    if ((r = index_unit(cluster, unit)) < 0 || (r = look_at_unit(cluster, unit)) < 0 ||
        (r = unit_refresh(cluster, unit)) < 0 || (r = concern_obstructed(cluster)) < 0)
        return r;
    return concern_chains(cluster, unit);
}

const char *cluster_ordered_hash(const Cluster *cluster, const char *name) {
    const ClusterUnit *unit = cluster_find_unit(cluster, name);
    for (const Placement *p = unit ? unit->placements : NULL; p; p = p->next)
        if (p->order.exists && !str_is_empty(p->order.hash))
            return p->order.hash;
    return NULL;
}

static bool unit_is_leaving(const ClusterUnit *unit) {
    return !unit->is_known && !unit->is_held && unit->n_orders > 0;
}

int cluster_leaving_units(const Cluster *cluster, const char ***ret_names) {
    size_t n = 0;
    const char *name;
    const ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->units)
        n += unit_is_leaving(unit);
    const char **names = calloc(n + 1, sizeof(*names));
    if (!names)
        return -ENOMEM;
    n = 0;
    MAP_FOREACH (name, unit, cluster->units)
        if (unit_is_leaving(unit))
            names[n++] = name;
    *ret_names = names;
    return 0;
}

int cluster_learn_leaving_take(Cluster *cluster, const char *name, Requirements *requirements) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (!unit || !unit_is_leaving(unit)) {
        requirements_free(requirements);
        return 0;
    }
    int r = unit_set_requirements_take(cluster, unit, requirements);
    if (r >= 0)
        r = unit_refresh(cluster, unit);
    return r < 0 ? r : look_at_unit(cluster, unit);
}

int cluster_hold_unit_take(Cluster *cluster, const char *name, Requirements *requirements) {
    _cleanup_(requirements_freep) Requirements *owned = requirements;
    ClusterUnit *unit;
    int r = cluster_need_unit(cluster, name, &unit);
    if (r < 0)
        return r;
    unit_let_go(unit);
    unit->is_held = true; /* what is queued for it finds nothing to decide */
    if (!owned || unit->requirements)
        return 0;
    r = unit_set_requirements_take(cluster, unit, TAKE_PTR(owned));
    return r < 0 ? r : look_at_unit(cluster, unit);
}

int cluster_explain_hold(Cluster *cluster, const Unit *unit, const char *why) {
    ClusterUnit *record = cluster_find_unit(cluster, unit->name);
    bool is_asked_for =
        unit->desired != LAUNCH_STATE_INACTIVE && !unit_name_is_template(unit->name);
    record->held.revision = is_asked_for ? unit->revision : 0;
    int r = str_replace(&record->held.why, why);
    return r < 0 ? r : look_at_unit(cluster, record);
}
