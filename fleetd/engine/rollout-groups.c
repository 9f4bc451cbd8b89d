#include "fleetd/engine/rollout-groups.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Gathering {
    const Feed *feed;
    const Cluster *cluster;
    Map *groups; /* GroupRest by name */
} Gathering;

/* Usually none names any. */
static bool name_the_same(const UnitFile *a, const UnitFile *b) {
    return streq_ptr(unit_file_find(a, "X-Fleet", "Group"), unit_file_find(b, "X-Fleet", "Group"));
}

/* What the unit's group is called with that file; NULL with 0: it has none with it. */
static int group_with(const UnitFile *file, const char *unit, char **ret) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    *ret = NULL;
    int r = requirements_parse(file, unit, &requirements, NULL);
    if (r < 0 || requirements->is_global)
        return r == -ENOMEM ? r : 0;
    return unit_group_name(unit, requirements, ret);
}

static int count(Gathering *gathering, const char *group, const char *unit) {
    UnitOutlook outlook;
    GroupRest *rest = map_get(gathering->groups, group);
    if (!rest) {
        rest = calloc(1, sizeof(GroupRest));
        if (!rest || map_put(gathering->groups, group, rest) < 0) {
            free(rest);
            return -ENOMEM;
        }
    }
    cluster_look_out(gathering->cluster, unit, NULL, &outlook);
    rest->n_wanted++;
    rest->n_down += !outlook.is_available;
    return 0;
}

/* Of the file that it had and the one that it gets, that which it does not have now; NULL: it has
 * neither. */
static const char *other_hash(const Deployment *deployment, const RolloutUnit *unit,
                              const char *hash) {
    if (deployment->is_restart)
        return NULL;
    if (streq(hash, deployment->hash))
        return unit->before;
    return streq_ptr(hash, unit->before) ? deployment->hash : NULL;
}

static int look_at_unit_of(Gathering *gathering, const Deployment *deployment,
                           const RolloutUnit *unit) {
    const Unit *known = map_get(feed_units(gathering->feed), unit->name);
    bool is_wanted = known && known->desired == LAUNCH_STATE_LAUNCHED;
    const char *other = is_wanted ? other_hash(deployment, unit, known->hash) : NULL;
    const UnitFile *there = other ? feed_file(gathering->feed, known->hash) : NULL;
    const UnitFile *file = there ? feed_file(gathering->feed, other) : NULL;
    _cleanup_free_ char *group = NULL;
    if (!file || name_the_same(there, file))
        return 0;
    int r = group_with(file, unit->name, &group);
    bool is_in_it = group && streq_ptr(cluster_group_of(gathering->cluster, unit->name), group);
    return r < 0 || !group || is_in_it ? r : count(gathering, group, unit->name);
}

static int look_at_rollout(Gathering *gathering, const FeedRollout *known) {
    const Rollout *rollout = known->rollout;
    int r = 0;
    if (!rollout || !known->deployment || rollout_phase_is_over(rollout->phase))
        return 0;
    for (size_t i = 0; r >= 0 && i < rollout->n_units; i++)
        r = look_at_unit_of(gathering, known->deployment, &rollout->units[i]);
    return r;
}

int rollout_groups_gather(const Feed *feed, const Cluster *cluster, Map **ret) {
    _cleanup_(map_freep) Map *groups = map_new(free);
    Gathering gathering = {feed, cluster, groups};
    _unused_ const char *name;
    const FeedRollout *known;
    int r = groups ? 0 : -ENOMEM;
    MAP_FOREACH (name, known, feed_rollouts(feed))
        if (r >= 0)
            r = look_at_rollout(&gathering, known);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(groups);
    return 0;
}
