#include "fleetd/engine/rollout-facts.h"

#include "fleetd/base/strv.h"
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
        .has_no_budget = outlook.has_no_budget,
        .may_stay = outlook.may_stay,
        .waits = outlook.waits,
        .machine = outlook.machine,
        .trouble = outlook.trouble,
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

/* --- a global unit --- */

/* What is wrong with the unit's file, those that keep another do not suffer from. */
static RolloutFact fact_of(const MachineOutlook *machine, const Unit *unit,
                           const GlobalOutlook *outlook) {
    bool has_it = unit && streq_ptr(machine->hash, unit->hash);
    return (RolloutFact){
        .name = machine->machine_id,
        .hash = machine->hash,
        .is_held = machine->is_away || !unit,
        .unusable = has_it ? outlook->unusable : NULL,
        .is_wanted = unit && unit->desired == LAUNCH_STATE_LAUNCHED,
        .is_available = machine->is_available,
        .has_failed = machine->has_failed,
        .may_go_down = machine->may_go_down,
        .has_no_budget = outlook->has_no_budget,
        .may_stay = machine->is_up,
        .trouble = machine->trouble,
    };
}

/* As far as it goes forward: then one that has failed has not done so for nothing, also if its
 * machine has gone since; else users would find it going on when they had that one repaired. */
static const Rollout *find_failing(const Feed *feed, const char *name) {
    const FeedRollout *known = map_get(feed_rollouts(feed), name);
    const Rollout *rollout = known ? known->rollout : NULL;
    const Deployment *deployment = known ? known->deployment : NULL;
    bool goes_forward = rollout && deployment && rollout->is_global && !deployment->is_undone &&
                        rollout->deployment_usec == deployment->since_usec &&
                        rollout->phase <= ROLLOUT_PAUSED;
    return goes_forward && rollout_count(rollout, ROLLOUT_UNIT_FAILED) > 0 ? rollout : NULL;
}

static bool has_fact(const Gathering *gathering, const char *machine_id) {
    for (size_t i = 0; i < gathering->n; i++)
        if (streq(gathering->units[i].name, machine_id))
            return true;
    return false;
}

static void gather_failed(Gathering *gathering, const Rollout *rollout, const Unit *unit) {
    for (size_t i = 0; rollout && i < rollout->n_units; i++) {
        const RolloutUnit *machine = &rollout->units[i];
        if (machine->phase == ROLLOUT_UNIT_FAILED && !has_fact(gathering, machine->name))
            gathering->units[gathering->n++] = (RolloutFact){
                .name = machine->name, .hash = unit ? unit->hash : NULL, .is_held = true};
    }
}

static int gather_machines(Gathering *gathering, const char *name, const GlobalOutlook *outlook,
                           const Unit *unit) {
    const Rollout *failing = find_failing(gathering->feed, name);
    size_t n = outlook->n_machines + (failing ? failing->n_units : 0);
    gathering->units = calloc(n + 1, sizeof(RolloutFact));
    if (!gathering->units)
        return -ENOMEM;
    for (size_t i = 0; i < outlook->n_machines; i++)
        gathering->units[gathering->n++] = fact_of(&outlook->machines[i], unit, outlook);
    gather_failed(gathering, failing, unit);
    return 0;
}

/* Whether the file says otherwise than the unit's present one whether it is global. 1: so it is. */
static int changes_kind(const Feed *feed, const char *name, const Unit *unit, const char *hash) {
    _cleanup_(requirements_freep) Requirements *now = NULL, *then = NULL;
    const UnitFile *present = feed_file(feed, unit->hash), *file = feed_file(feed, hash);
    int r = present && file ? requirements_parse(present, name, &now, NULL) : -EBADMSG;
    if (r >= 0)
        r = requirements_parse(file, name, &then, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    return now->is_global != then->is_global;
}

static int gather_bar(const Feed *feed, const char *name, const Unit *unit, RolloutFacts *ret) {
    const FeedRollout *known = map_get(feed_rollouts(feed), name);
    const char *hash = known && known->deployment ? known->deployment->hash : NULL;
    int r = unit && hash && !streq(hash, unit->hash) ? changes_kind(feed, name, unit, hash) : 0;
    if (r > 0)
        ret->bar =
            "its file changes whether it is a global unit: 'fleetctl start --replace' does that";
    return MIN(r, 0);
}

/* One that cannot be read is what its deployment was begun with. */
static bool is_global(const Feed *feed, const char *name, const Unit *unit, bool is_held,
                      const GlobalOutlook *outlook) {
    const FeedRollout *known = map_get(feed_rollouts(feed), name);
    bool was_global = known && known->rollout && known->rollout->is_global;
    return unit ? outlook->is_global : is_held && was_global;
}

/* --- all --- */

static bool has_file(const char *hash, void *userdata) {
    return feed_file(userdata, hash) != NULL;
}

/* As the scheduler has it: one that cannot be used is never in two places. */
static bool bars_beside(const char *unit, const char *hash, void *userdata) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    const UnitFile *file = hash ? feed_file(userdata, hash) : NULL;
    return !file || requirements_parse(file, unit, &requirements, NULL) < 0 ||
           requirements_bar_beside(requirements);
}

/* The API makes a unit that is not known together with its deployment. */
static bool came_with_deployment(const Feed *feed, const char *name, const Unit *unit) {
    const FeedRollout *known = map_get(feed_rollouts(feed), name);
    return unit && known && unit->revision == known->deployment_revision;
}

static int gather_units(Gathering *gathering, const char *name, const Unit *unit, bool is_held) {
    _cleanup_(map_freep) Map *groups = NULL;
    bool is_template = unit_name_is_template(name);
    int r = rollout_groups_gather(gathering->feed, gathering->cluster, &groups);
    gathering->groups = groups;
    if (r >= 0 && is_template)
        r = gather_instances(gathering, name);
    if (r < 0 || (!unit && !is_held && !is_template))
        return r;
    r = gather(gathering, name, unit, is_held);
    if (r >= 0)
        gathering->units[gathering->n - 1].is_new =
            came_with_deployment(gathering->feed, name, unit);
    return r;
}

int rollout_facts_gather(const Feed *feed, const Cluster *cluster, const char *name,
                         RolloutFacts *ret, RolloutFact **ret_units) {
    GlobalOutlook outlook;
    Gathering gathering = {.feed = feed, .cluster = cluster};
    const Unit *unit = map_get(feed_units(feed), name);
    bool is_held = map_has(feed_unreadable_units(feed), name);
    int r = cluster_look_out_global(cluster, name, &outlook);
    if (r < 0)
        return r;
    ret->is_global = is_global(feed, name, unit, is_held, &outlook);
    ret->unit_hash = ret->is_global && unit ? unit->hash : NULL;
    r = gather_bar(feed, name, unit, ret);
    if (r >= 0)
        r = ret->is_global ? gather_machines(&gathering, name, &outlook, unit)
                           : gather_units(&gathering, name, unit, is_held);
    free(outlook.machines);
    if (r < 0) {
        free(gathering.units);
        return r;
    }
    if (gathering.n > 1)
        qsort(gathering.units, gathering.n, sizeof(RolloutFact), fact_compare);
    ret->units = *ret_units = gathering.units;
    ret->n_units = gathering.n;
    ret->has_file = has_file;
    ret->bars_beside = bars_beside;
    ret->userdata = (void *) feed;
    return 0;
}
