#include "fleetd/sched/replaces.h"

static bool glob_replaces(const ClusterUnit *unit, const ClusterUnit *other) {
    return unit->requirements && !globs_are_empty(unit->requirements->replaces) &&
           requirements_glob_matches(unit->requirements->replaces, other->name);
}

/* A search over units: those that are found and not yet walked on from stand in a list through the
 * units themselves, and a number tells this search from earlier ones. */
typedef struct Search {
    size_t number;
    ClusterUnit *open;
} Search;

static void search_add(Search *search, ClusterUnit *unit) {
    if (unit->search == search->number)
        return;
    unit->search = search->number;
    unit->search_next = search->open;
    search->open = unit;
}

/* Of units that users know; what is only on its way out moves nobody any more. */
static bool unit_may_replace(const Cluster *cluster, const ClusterUnit *unit,
                             const ClusterUnit *other) {
    return map_has(cluster->replacers, unit->name) && glob_replaces(unit, other);
}

static void search_add_moved(const Cluster *cluster, Search *search, const ClusterUnit *mover) {
    const char *name;
    ClusterUnit *unit;
    MAP_FOREACH (name, unit, mover->followers)
        search_add(search, unit);
    if (!map_has(cluster->replacers, mover->name))
        return;
    MAP_FOREACH (name, unit, cluster->movers) /* the others lead no further */
        if (glob_replaces(mover, unit))
            search_add(search, unit);
}

/* Whether unit may move other, directly or through others. */
static bool unit_may_move(Cluster *cluster, const ClusterUnit *unit, const ClusterUnit *other) {
    if (!map_has(cluster->movers, unit->name))
        return false;
    if (unit_may_replace(cluster, unit, other))
        return true;
    Search search = {.number = ++cluster->last_search};
    search_add_moved(cluster, &search, unit);
    while (search.open) {
        ClusterUnit *found = search.open;
        search.open = found->search_next;
        if (found == other || unit_may_replace(cluster, found, other))
            return true;
        search_add_moved(cluster, &search, found);
    }
    return false;
}

bool unit_replaces(Cluster *cluster, const ClusterUnit *unit, const ClusterUnit *other) {
    return unit != other && glob_replaces(unit, other) && !unit_may_move(cluster, other, unit);
}

bool placement_is_replaced_by(Cluster *cluster, const Placement *other, const ClusterUnit *unit) {
    return other->order.exists && unit_replaces(cluster, unit, other->unit);
}
