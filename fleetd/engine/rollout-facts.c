#include "fleetd/engine/rollout-facts.h"

#include "fleetd/engine/rollout-groups.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Gathering {
    const Feed *feed;
    const Cluster *cluster;
    const Map *groups; /* GroupRest by name */
    RolloutFact *units;
    size_t n, n_allocated;
} Gathering;

static int fact_compare(const void *a, const void *b) {
    return rollout_compare_names(((const RolloutFact *) a)->name, ((const RolloutFact *) b)->name);
}

static void look_out(const Gathering *gathering, const char *name, UnitOutlook *ret) {
    const char *group = cluster_group_of(gathering->cluster, name);
    const GroupRest *rest = group ? map_get(gathering->groups, group) : NULL;
    cluster_look_out(gathering->cluster, name, rest, ret);
}

/* Borrowed: name lives as long as the feed has the unit, or the deployment. A unit whose file
 * cannot be used is no secret, and may be helped by another one. */
static int gather(Gathering *gathering, const char *name, const Unit *unit, bool is_held) {
    if (gathering->n == gathering->n_allocated) {
        size_t n = 2 * gathering->n_allocated + 8;
        RolloutFact *units = reallocarray(gathering->units, n, sizeof(RolloutFact));
        if (!units)
            return -ENOMEM;
        gathering->units = units;
        gathering->n_allocated = n;
    }
    UnitOutlook outlook;
    look_out(gathering, name, &outlook);
    gathering->units[gathering->n++] = (RolloutFact){
        .name = name,
        .hash = unit ? unit->hash : NULL,
        .restart = unit ? unit->restart : 0,
        .is_held = is_held,
        .unusable = outlook.unusable,
        .is_wanted = unit && unit->desired == LAUNCH_STATE_LAUNCHED,
        .is_available = outlook.is_available,
        .has_failed = outlook.has_failed,
        .may_go_down = outlook.may_go_down,
        .may_stay = outlook.may_stay,
        .waits = outlook.waits,
    };
    return 0;
}

/* web@1.service, of web@.service; without a string being made, as all units are gone through. */
static bool is_instance_of(const char *name, const char *template) {
    size_t n_prefix = strcspn(template, "@") + 1, n = strlen(name);
    const char *type = template + n_prefix;
    size_t n_type = strlen(type);
    return n > n_prefix + n_type && strncmp(name, template, n_prefix) == 0 &&
           strcmp(name + n - n_type, type) == 0;
}

static int gather_instances(Gathering *gathering, const char *template) {
    const char *name;
    const Unit *unit;
    int r = 0;
    MAP_FOREACH (name, unit, feed_units(gathering->feed))
        if (r >= 0 && is_instance_of(name, template))
            r = gather(gathering, name, unit, false);
    _unused_ const void *nothing;
    MAP_FOREACH (name, nothing, feed_unreadable_units(gathering->feed))
        if (r >= 0 && is_instance_of(name, template))
            r = gather(gathering, name, NULL, true);
    return r;
}

static bool has_file(const char *hash, void *userdata) {
    return feed_file(userdata, hash) != NULL;
}

int rollout_facts_gather(const Feed *feed, const Cluster *cluster, const char *name,
                         RolloutFacts *ret, RolloutFact **ret_units) {
    _cleanup_(map_freep) Map *groups = NULL;
    int r = rollout_groups_gather(feed, cluster, &groups);
    if (r < 0)
        return r;
    Gathering gathering = {.feed = feed, .cluster = cluster, .groups = groups};
    bool is_template = unit_name_is_template(name);
    const Unit *unit = map_get(feed_units(feed), name);
    bool is_held = map_has(feed_unreadable_units(feed), name);
    r = is_template ? gather_instances(&gathering, name) : 0;
    if (r >= 0 && (unit || is_held || is_template))
        r = gather(&gathering, name, unit, is_held);
    if (r < 0) {
        free(gathering.units);
        return r;
    }
    if (gathering.n > 1)
        qsort(gathering.units, gathering.n, sizeof(RolloutFact), fact_compare);
    ret->units = *ret_units = gathering.units;
    ret->n_units = gathering.n;
    ret->has_file = has_file;
    ret->userdata = (void *) feed;
    return 0;
}
