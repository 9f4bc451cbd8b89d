#include "fleetd/engine/forecast-wishes.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct Telling {
    Feed *feed;
    int64_t revision;
    bool has_changes;
} Telling;

static int tell(Telling *telling, char *key_take, const char *value, size_t size) {
    _cleanup_free_ char *key = key_take;
    if (!key || !value)
        return -ENOMEM;
    telling->has_changes = true;
    const StoreEntry entry = {.key = key,
                              .value = value,
                              .value_size = size,
                              .create_revision = telling->revision,
                              .mod_revision = telling->revision};
    return feed_put(telling->feed, &entry);
}

/* The file goes first, as in the store. */
static int tell_file(Telling *telling, const UnitFile *file) {
    size_t size;
    const char *text = unit_file_text(file, &size);
    return tell(telling, key_file(unit_file_hash(file)), text, size);
}

static LaunchState desired_of_new(const char *name) {
    return unit_name_is_template(name) ? LAUNCH_STATE_INACTIVE : LAUNCH_STATE_LAUNCHED;
}

static int tell_unit(Telling *telling, const char *name, LaunchState wanted, const UnitFile *file,
                     Error *reterr) {
    const Unit *known = map_get(feed_units(telling->feed), name);
    if (!known && !file)
        return error_set(reterr, -ENOENT, "unit '%s' does not exist", name);
    Unit unit = known ? *known : (Unit){.desired = desired_of_new(name)};
    unit.name = (char *) name;
    if (wanted >= 0)
        unit.desired = wanted;
    if (file)
        unit.hash = (char *) unit_file_hash(file);
    bool is_lost = file && !feed_file(telling->feed, unit.hash);
    if (known && !is_lost && unit.desired == known->desired && streq(unit.hash, known->hash))
        return 0;
    _cleanup_free_ char *value = unit_format(&unit);
    int r = file ? tell_file(telling, file) : 0;
    return r < 0 ? r : tell(telling, key_unit(name), value, value ? strlen(value) : 0);
}

static int tell_removal(Telling *telling, const char *name, Error *reterr) {
    bool is_known = map_has(feed_units(telling->feed), name) ||
                    map_has(feed_unreadable_units(telling->feed), name);
    _cleanup_free_ char *key = key_unit(name);
    if (!key)
        return -ENOMEM;
    if (!is_known)
        return error_set(reterr, -ENOENT, "unit '%s' does not exist", name);
    telling->has_changes = true;
    return feed_delete(telling->feed, key);
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
static int tell_template(Telling *telling, const ForecastWish *wish, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    int r = wish->file ? collect_instances(telling->feed, wish->name, &names) : 0;
    STRV_FOREACH (name, names)
        r = r < 0 ? r : tell_unit(telling, *name, _LAUNCH_STATE_INVALID, wish->file, reterr);
    return r < 0 ? r : tell_unit(telling, wish->name, wish->desired, wish->file, reterr);
}

static int tell_wish(Telling *telling, const ForecastWish *wish, Error *reterr) {
    if (wish->is_removal)
        return tell_removal(telling, wish->name, reterr);
    return unit_name_is_template(wish->name)
               ? tell_template(telling, wish, reterr)
               : tell_unit(telling, wish->name, wish->desired, wish->file, reterr);
}

/* What is asked of an instance itself is the last word on it. */
static int tell_wishes(Telling *telling, const ForecastRequest *request, bool are_templates,
                       Error *reterr) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < request->n_wishes; i++)
        if (unit_name_is_template(request->wishes[i].name) == are_templates)
            r = tell_wish(telling, &request->wishes[i], reterr);
    return r;
}

static int tell_drain(Telling *telling, const char *machine_id) {
    const Maintenance maintenance = {.machine_id = (char *) machine_id, .is_draining = true};
    _cleanup_free_ char *value = maintenance_format(&maintenance);
    return tell(telling, key_maintenance(machine_id), value, value ? strlen(value) : 0);
}

int forecast_wishes_tell(Feed *feed, const ForecastRequest *request, int64_t revision,
                         bool *ret_has_changes, Error *reterr) {
    Telling telling = {.feed = feed, .revision = revision};
    int r = tell_wishes(&telling, request, true, reterr);
    if (r >= 0)
        r = tell_wishes(&telling, request, false, reterr);
    STRV_FOREACH (id, request->drained)
        r = r < 0 ? r : tell_drain(&telling, *id);
    *ret_has_changes = telling.has_changes;
    return r;
}
