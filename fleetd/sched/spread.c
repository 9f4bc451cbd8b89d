#include "fleetd/sched/spread.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"

#include <errno.h>

char *unit_spread_name(const ClusterUnit *unit) {
    char *name = NULL;
    int r = unit_group_name(unit->name, unit->requirements, &name);
    return r >= 0 && !name ? strdup(unit->name) : name;
}

static char *counter_name(const char *name, const char *key, const char *value) {
    return str_printf("%s %s=%s", name, key, value); /* the first has no space, the second no '=' */
}

int spread_count(const Cluster *cluster, const char *name, const char *key, const char *value,
                 size_t *ret) {
    _cleanup_free_ char *counter = counter_name(name, key, value);
    if (!counter)
        return -ENOMEM;
    const size_t *n = map_get(cluster->spread, counter);
    *ret = n ? *n : 0;
    return 0;
}

static int counter_change(Cluster *cluster, const char *counter, bool is_one_more) {
    size_t *n = map_get(cluster->spread, counter);
    if (!n) {
        n = calloc(1, sizeof(size_t));
        if (!n || map_put(cluster->spread, counter, n) < 0) {
            free(n);
            return -ENOMEM;
        }
    }
    *n = is_one_more ? *n + 1 : *n - 1;
    if (*n == 0)
        map_remove(cluster->spread, counter);
    return 0;
}

static int placement_change_counters(Cluster *cluster, const Placement *placement,
                                     bool is_one_more) {
    _cleanup_free_ char *name = unit_spread_name(placement->unit);
    if (!name)
        return -ENOMEM;
    STRV_FOREACH (key, placement->unit->requirements->ranking.spread) {
        const char *value = metadata_get(&placement->machine->metadata, *key);
        _cleanup_free_ char *counter = value ? counter_name(name, *key, value) : NULL;
        if (value && (!counter || counter_change(cluster, counter, is_one_more) < 0))
            return -ENOMEM;
    }
    return 0;
}

static bool placement_spreads(const Placement *placement) {
    const Requirements *requirements = placement->unit->requirements;
    bool is_there = placement->order.exists ? placement->order.desired != LAUNCH_STATE_INACTIVE
                                            : placement->orphan.exists;
    return is_there && requirements && requirements->ranking.spread &&
           placement->machine->presence == MACHINE_PRESENCE_HERE;
}

int placement_count_spread(Cluster *cluster, Placement *placement) {
    bool is_spread = placement_spreads(placement);
    if (is_spread == placement->is_spread)
        return 0;
    placement->is_spread = is_spread;
    return placement_change_counters(cluster, placement, is_spread);
}

int placement_forget_spread(Cluster *cluster, Placement *placement) {
    if (!placement->is_spread)
        return 0;
    placement->is_spread = false;
    return placement_change_counters(cluster, placement, false);
}
