#include "fleetd/engine/forecast-wishes.h"

#include "fleetd/base/strv.h"
#include "fleetd/engine/forecast-turns.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <stdlib.h>

struct ForecastWishes {
    Feed *feed;
    Cluster *cluster;
    const ForecastRequest *request;
    int64_t revision;
    bool has_changes;
    ForecastTurns turns;
};

static int tell(ForecastWishes *wishes, char *key_take, const char *value, size_t size) {
    _cleanup_free_ char *key = key_take;
    if (!key || !value)
        return -ENOMEM;
    wishes->has_changes = true;
    const StoreEntry entry = {.key = key,
                              .value = value,
                              .value_size = size,
                              .create_revision = wishes->revision,
                              .mod_revision = wishes->revision};
    return feed_put(wishes->feed, &entry);
}

/* The file goes first, as in the store. */
static int tell_file(ForecastWishes *wishes, const UnitFile *file) {
    size_t size;
    const char *text = unit_file_text(file, &size);
    return tell(wishes, key_file(unit_file_hash(file)), text, size);
}

static LaunchState desired_of_new(const char *name) {
    return unit_name_is_template(name) ? LAUNCH_STATE_INACTIVE : LAUNCH_STATE_LAUNCHED;
}

static int tell_changed_unit(ForecastWishes *wishes, const Unit *unit, const UnitFile *file) {
    _cleanup_free_ char *value = unit_format(unit);
    int r = file ? tell_file(wishes, file) : 0;
    return r < 0 ? r : tell(wishes, key_unit(unit->name), value, value ? strlen(value) : 0);
}

/* As a deployment would start it elsewhere first, if it is up. 1: so it is. */
static int starts_first(const char *name, const UnitFile *file) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    int r = requirements_parse(file, name, &requirements, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    return requirements->update.order == UPDATE_START_FIRST &&
           !requirements_bar_beside(requirements);
}

static int await_turn(ForecastWishes *wishes, const char *name, const UnitFile *file) {
    wishes->has_changes = true;
    return forecast_turns_add(&wishes->turns, name, file);
}

static Unit unit_as_wished(const Unit *known, const char *name, LaunchState wanted,
                           const UnitFile *file) {
    Unit unit = known ? *known : (Unit){.desired = desired_of_new(name)};
    unit.name = (char *) name;
    if (wanted >= 0)
        unit.desired = wanted;
    if (file)
        unit.hash = (char *) unit_file_hash(file);
    return unit;
}

/* Launched before and then, with another file. */
static bool is_updated(const Unit *known, const Unit *unit) {
    return known && known->desired == LAUNCH_STATE_LAUNCHED &&
           unit->desired == LAUNCH_STATE_LAUNCHED && !streq(unit->hash, known->hash);
}

static int tell_unit(ForecastWishes *wishes, const char *name, LaunchState wanted,
                     const UnitFile *file, Error *reterr) {
    const Unit *known = map_get(feed_units(wishes->feed), name);
    if (!known && !file)
        return error_set(reterr, -ENOENT, "unit '%s' does not exist", name);
    Unit unit = unit_as_wished(known, name, wanted, file);
    forecast_turns_drop(&wishes->turns, name);
    bool is_lost = file && !feed_file(wishes->feed, unit.hash);
    if (known && !is_lost && unit.desired == known->desired && streq(unit.hash, known->hash))
        return 0;
    int r = is_updated(known, &unit) ? starts_first(name, file) : 0;
    if (r != 0)
        return r < 0 ? r : await_turn(wishes, name, file);
    return tell_changed_unit(wishes, &unit, file);
}

static int tell_removal(ForecastWishes *wishes, const char *name, Error *reterr) {
    bool is_known = map_has(feed_units(wishes->feed), name) ||
                    map_has(feed_unreadable_units(wishes->feed), name);
    _cleanup_free_ char *key = key_unit(name);
    if (!key)
        return -ENOMEM;
    if (!is_known)
        return error_set(reterr, -ENOENT, "unit '%s' does not exist", name);
    wishes->has_changes = true;
    forecast_turns_drop(&wishes->turns, name);
    return feed_delete(wishes->feed, key);
}

static int is_instance_of(const char *name, const char *template, bool *ret) {
    _cleanup_free_ char *own = NULL;
    *ret = false;
    if (!unit_name_is_instance(name))
        return 0;
    int r = unit_name_template(name, &own);
    *ret = r >= 0 && streq(own, template);
    return r == -ENOMEM ? r : 0;
}

/* Units change while they are told, so their names are noted before. */
static int collect_instances(const Feed *feed, const char *template, char ***ret) {
    const char *name;
    _unused_ const Unit *unit;
    MAP_FOREACH (name, unit, feed_units(feed)) {
        bool is_instance;
        int r = is_instance_of(name, template, &is_instance);
        if (r >= 0 && is_instance)
            r = strv_push(ret, name);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The instances follow, as they would in a deployment. */
static int tell_template(ForecastWishes *wishes, const ForecastWish *wish, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    int r = wish->file ? collect_instances(wishes->feed, wish->name, &names) : 0;
    STRV_FOREACH (name, names)
        r = r < 0 ? r : tell_unit(wishes, *name, _LAUNCH_STATE_INVALID, wish->file, reterr);
    return r < 0 ? r : tell_unit(wishes, wish->name, wish->desired, wish->file, reterr);
}

static int tell_wish(ForecastWishes *wishes, const ForecastWish *wish, Error *reterr) {
    if (wish->is_removal)
        return tell_removal(wishes, wish->name, reterr);
    return unit_name_is_template(wish->name)
               ? tell_template(wishes, wish, reterr)
               : tell_unit(wishes, wish->name, wish->desired, wish->file, reterr);
}

/* What is asked of an instance itself is the last word on it. */
static int tell_units(ForecastWishes *wishes, bool are_templates, Error *reterr) {
    const ForecastRequest *request = wishes->request;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < request->n_wishes; i++)
        if (unit_name_is_template(request->wishes[i].name) == are_templates)
            r = tell_wish(wishes, &request->wishes[i], reterr);
    return r;
}

/* One that is drained already is, or will be, left by what can leave it. */
static int tell_drain(ForecastWishes *wishes, const char *machine_id) {
    const Maintenance *known = feed_find_maintenance(wishes->feed, machine_id);
    if (known && known->is_draining && !known->ignore_global)
        return 0;
    const Maintenance maintenance = {.machine_id = (char *) machine_id, .is_draining = true};
    _cleanup_free_ char *value = maintenance_format(&maintenance);
    return tell(wishes, key_maintenance(machine_id), value, value ? strlen(value) : 0);
}

int forecast_wishes_tell(ForecastWishes *wishes, bool *ret_has_changes, Error *reterr) {
    int r = tell_units(wishes, true, reterr);
    if (r >= 0)
        r = tell_units(wishes, false, reterr);
    STRV_FOREACH (id, wishes->request->drained)
        r = r < 0 ? r : tell_drain(wishes, *id);
    forecast_turns_sort(&wishes->turns);
    *ret_has_changes = wishes->has_changes;
    return r;
}

/* --- one after the other --- */

static int turn_begin(ForecastWishes *wishes, ForecastTurn *turn) {
    Unit unit = *(const Unit *) map_get(feed_units(wishes->feed), turn->name);
    unit.name = turn->name;
    unit.hash = (char *) unit_file_hash(turn->file);
    turn->phase = FORECAST_TURN_BEGUN;
    int r = cluster_set_beside(wishes->cluster, turn->name, true);
    return r < 0 ? r : tell_changed_unit(wishes, &unit, turn->file);
}

/* One without another place keeps the one that it has, and waits. */
static bool turn_can_end(const ForecastWishes *wishes, const ForecastTurn *turn) {
    UnitOutlook outlook;
    cluster_look_out(wishes->cluster, turn->name, NULL, &outlook);
    return !outlook.waits;
}

int forecast_wishes_go_on(ForecastWishes *wishes) {
    for (size_t i = 0; i < wishes->turns.n; i++) {
        ForecastTurn *turn = &wishes->turns.items[i];
        if (turn->phase == FORECAST_TURN_WAITS) {
            int r = turn_begin(wishes, turn);
            return r < 0 ? r : 1;
        }
        if (turn->phase == FORECAST_TURN_BEGUN && turn_can_end(wishes, turn)) {
            turn->phase = FORECAST_TURN_OVER;
            int r = cluster_set_beside(wishes->cluster, turn->name, false);
            return r < 0 ? r : 1;
        }
    }
    return 0;
}

/* --- making --- */

int forecast_wishes_new(Feed *feed, Cluster *cluster, const ForecastRequest *request,
                        int64_t revision, ForecastWishes **ret) {
    ForecastWishes *wishes = malloc(sizeof(ForecastWishes));
    if (!wishes)
        return -ENOMEM;
    *wishes = (ForecastWishes){
        .feed = feed, .cluster = cluster, .request = request, .revision = revision};
    *ret = wishes;
    return 0;
}

void forecast_wishes_free(ForecastWishes *wishes) {
    if (!wishes)
        return;
    forecast_turns_done(&wishes->turns);
    free(wishes);
}
