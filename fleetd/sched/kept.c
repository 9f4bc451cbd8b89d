#include "fleetd/sched/kept.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/kept-files.h"

#include <errno.h>

/* NULL, nearly always: none are. */
static const KeptFiles *kept_of(const Cluster *cluster, const ClusterUnit *unit) {
    return map_size(cluster->kept) > 0 && unit_is_global(unit) ? map_get(cluster->kept, unit->name)
                                                               : NULL;
}

static const char *ordered_hash(const ClusterUnit *unit, const ClusterMachine *machine) {
    const Placement *placement = placement_find(unit, machine);
    bool is_told = placement && placement_is_active(placement) && !placement->order.is_unwritten;
    return is_told && !str_is_empty(placement->order.hash) ? placement->order.hash : NULL;
}

/* NULL: the unit's own. A file that is lost stays where it is, and nobody gets it anew. */
static const char *kept_hash(const Cluster *cluster, const ClusterUnit *unit,
                             const ClusterMachine *machine) {
    const KeptFiles *kept = kept_of(cluster, unit);
    if (!kept)
        return NULL;
    if (!kept_files_rollout(kept))
        return ordered_hash(unit, machine);
    const char *hash = kept_files_find(kept, machine->id, unit->hash);
    bool is_there =
        hash && (kept_files_has(kept, hash) || streq_ptr(ordered_hash(unit, machine), hash));
    return is_there ? hash : NULL;
}

const char *unit_hash_on(const Cluster *cluster, const ClusterUnit *unit,
                         const ClusterMachine *machine) {
    const char *kept = kept_hash(cluster, unit, machine);
    return kept ? kept : unit->hash;
}

const Requirements *unit_requirements_on(const Cluster *cluster, const ClusterUnit *unit,
                                         const ClusterMachine *machine) {
    const char *kept = kept_hash(cluster, unit, machine);
    return kept ? kept_files_requirements(kept_of(cluster, unit), kept) : unit->requirements;
}

bool unit_keeps_file_on(const Cluster *cluster, const ClusterUnit *unit,
                        const ClusterMachine *machine) {
    return kept_hash(cluster, unit, machine) != NULL;
}

bool placement_is_kept(const Cluster *cluster, const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    const char *hash = kept_hash(cluster, unit, placement->machine);
    if (!hash || !placement_is_active(placement) || placement->order.is_unwritten ||
        placement->order.desired != unit->desired || !streq_ptr(placement->order.hash, hash))
        return false;
    const Rollout *rollout = kept_files_rollout(kept_of(cluster, unit));
    return !rollout || rollout->unit_revision == unit->revision;
}

int cluster_keep_files_take(Cluster *cluster, const char *name, KeptFiles *kept) {
    _cleanup_(kept_files_freep) KeptFiles *owned = kept;
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (kept_files_equal(map_get(cluster->kept, name), owned))
        return 0;
    if (!owned)
        map_remove(cluster->kept, name);
    else if (map_put(cluster->kept, name, owned) < 0)
        return -ENOMEM;
    else
        TAKE_PTR(owned);
    return unit ? look_at_unit(cluster, unit) : 0;
}
