#include "tests/sim/sim-versions.h"

#include "fleetd/base/strv.h"

void sim_versions_judge_unit(SimCheck *check, const Unit *old, const Unit *new) {
    if (!old || !new)
        return;
    if (new->version < old->version)
        sim_trace_fail(check->trace, "%s goes back from version %" PRId64 " to %" PRId64, new->name,
                       old->version, new->version);
    if (!streq(new->hash, old->hash) && new->version == old->version)
        sim_trace_fail(check->trace, "%s has another file, and still version %" PRId64, new->name,
                       new->version);
}

bool sim_versions_use_file(const SimCluster *cluster, const char *hash) {
    _unused_ const char *key;
    const UnitVersion *version;
    MAP_FOREACH (key, version, sim_view_all(cluster->view, KEY_VERSION))
        if (streq(version->hash, hash))
            return true;
    return false;
}

void sim_versions_judge_lost_file(SimCheck *check, const char *hash) {
    if (sim_versions_use_file(check->cluster, hash))
        sim_trace_fail(check->trace, "the file of a version was deleted: %s", hash);
}

static void check_version_is_due(const SimCluster *cluster, SimTrace *trace, const char *key,
                                 const UnitVersion *version) {
    _cleanup_free_ char *name = sim_must(strndup(key, strcspn(key, "/")));
    const Unit *unit = sim_view_unit(cluster->view, name);
    if (!unit || version->number > unit->version ||
        version->number <= unit->version - UNIT_VERSIONS_KEPT)
        sim_trace_fail(trace, "version %s is left over", key);
}

static void check_unit(const SimCluster *cluster, SimTrace *trace, const Unit *unit) {
    _cleanup_free_ char *key = sim_must(str_printf("%s/%" PRId64, unit->name, unit->version));
    const UnitVersion *version = map_get(sim_view_all(cluster->view, KEY_VERSION), key);
    if (!version || !streq(version->hash, unit->hash))
        sim_trace_fail(trace, "%s has a file that is not its version %" PRId64, unit->name,
                       unit->version);
}

void sim_versions_check_rest(const SimCluster *cluster, SimTrace *trace) {
    const char *key;
    const void *value;
    MAP_FOREACH (key, value, sim_view_all(cluster->view, KEY_VERSION))
        check_version_is_due(cluster, trace, key, value);
    MAP_FOREACH (key, value, sim_view_all(cluster->view, KEY_UNIT))
        check_unit(cluster, trace, value);
}
