#include "fleetd/model/unit-name.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/beside.h"
#include "fleetd/sched/move-wish.h"
#include "fleetd/sched/neighbours.h"

#include <errno.h>

static void unit_record_free(void *value) {
    ClusterUnit *unit = value;
    shared_text_drop(unit->hash);
    free(unit->held.why);
    requirements_free(unit->requirements);
    map_free(unit->followers);
    pending_free(unit->pending);
    failures_free(unit->failures);
    move_wish_free(unit->wish);
    free(unit);
}

static void machine_record_free(void *value) {
    ClusterMachine *machine = value;
    metadata_done(&machine->metadata);
    free(machine->maintenance.message);
    for (size_t i = 0; i < machine->n_placements; i++)
        placement_free(machine->placements[i]);
    free(machine->placements);
    free(machine->name_sieves);
    free(machine->globbed);
    free(machine);
}

Cluster *cluster_new(usec_t agent_ttl_usec) {
    _cleanup_(cluster_freep) Cluster *cluster = calloc(1, sizeof(Cluster));
    if (!cluster)
        return NULL;
    cluster->agent_ttl_usec = agent_ttl_usec;
    if (!(cluster->units = map_new(unit_record_free)) ||
        !(cluster->machines = map_new(machine_record_free)) || !(cluster->groups = map_new(free)) ||
        !(cluster->globals = map_new(NULL)) || !(cluster->replacers = map_new(NULL)) ||
        !(cluster->preempters = map_new(NULL)) || !(cluster->movers = map_new(NULL)) ||
        !(cluster->waiting = map_new(NULL)) || !(cluster->obstructed = map_new(NULL)) ||
        !(cluster->roomy = map_new(NULL)) || !(cluster->spread = map_new(free)) ||
        !(cluster->doubtful = map_new(NULL)) || !(cluster->wished = map_new(NULL)) ||
        !(cluster->beside = map_new(beside_wish_free)) ||
        !(cluster->kept = map_new(kept_files_free)) || metadata_index_init(&cluster->metadata) < 0)
        return NULL;
    return TAKE_PTR(cluster);
}

void cluster_free(Cluster *cluster) {
    if (!cluster)
        return;
    map_free(cluster->units);
    map_free(cluster->machines);
    load_index_done(&cluster->here);
    metadata_index_done(&cluster->metadata);
    map_free(cluster->groups);
    map_free(cluster->globals);
    map_free(cluster->replacers);
    map_free(cluster->movers);
    map_free(cluster->preempters);
    map_free(cluster->waiting);
    map_free(cluster->obstructed);
    map_free(cluster->roomy);
    map_free(cluster->spread);
    map_free(cluster->doubtful);
    map_free(cluster->beside);
    map_free(cluster->kept);
    map_free(cluster->wished);
    work_queue_done(&cluster->queue);
    shared_text_drop(cluster->last_hash);
    shared_text_drop(cluster->last_reason);
    free(cluster);
}

ClusterUnit *cluster_find_unit(const Cluster *cluster, const char *name) {
    return map_get(cluster->units, name);
}

ClusterMachine *cluster_find_machine(const Cluster *cluster, const char *id) {
    return map_get(cluster->machines, id);
}

int cluster_need_unit(Cluster *cluster, const char *name, ClusterUnit **ret) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (!unit) {
        unit = calloc(1, sizeof(ClusterUnit));
        int r = unit ? map_put(cluster->units, name, unit) : -ENOMEM;
        if (r < 0) {
            free(unit);
            return r;
        }
        unit->name = map_get_key(cluster->units, name);
        unit->is_template = unit_name_is_template(name);
        unit->name_sieve = sieve_of_name(name);
        unit->work.unit = unit;
    }
    *ret = unit;
    return 0;
}

int cluster_need_machine(Cluster *cluster, const char *id, ClusterMachine **ret) {
    ClusterMachine *machine = cluster_find_machine(cluster, id);
    if (!machine) {
        machine = calloc(1, sizeof(ClusterMachine));
        int r = machine ? map_put(cluster->machines, id, machine) : -ENOMEM;
        if (r < 0) {
            free(machine);
            return r;
        }
        machine->id = map_get_key(cluster->machines, id);
    }
    *ret = machine;
    return 0;
}

void unit_release(Cluster *cluster, ClusterUnit *unit) {
    if (unit->is_known || unit->is_held || unit->is_touched || unit->placements || unit->pending ||
        unit->failures || map_size(unit->followers) > 0 || unit->work.position > 0)
        return;
    unit_leave_group(cluster, unit);
    map_remove(cluster->doubtful, unit->name);
    map_remove(cluster->units, unit->name);
}

void machine_release(Cluster *cluster, ClusterMachine *machine) {
    if (machine->presence != MACHINE_PRESENCE_HERE && machine->n_placements == 0 &&
        !machine->maintenance.exists)
        map_remove(cluster->machines, machine->id);
}

int unit_set_waits(Cluster *cluster, ClusterUnit *unit, WaitCause cause, bool is_obstructed) {
    int r = 0;
    if (cause == WAIT_NONE)
        map_remove(cluster->waiting, unit->name);
    else if (unit->waits == WAIT_NONE)
        r = map_put(cluster->waiting, unit->name, unit);
    unit->waits = cause;
    if (r < 0)
        return r;
    if (!is_obstructed)
        map_remove(cluster->obstructed, unit->name);
    else if (!map_has(cluster->obstructed, unit->name))
        r = map_put(cluster->obstructed, unit->name, unit);
    return MIN(r, 0);
}

bool unit_is_wanted(const ClusterUnit *unit) {
    return unit->is_known && unit->desired != LAUNCH_STATE_INACTIVE && !unit->is_template;
}

bool unit_may_be_wanted(const ClusterUnit *unit) {
    return unit->is_held || unit_is_wanted(unit);
}

bool unit_is_global(const ClusterUnit *unit) {
    return unit->requirements && unit->requirements->is_global;
}

bool unit_has_globs(const ClusterUnit *unit) {
    return unit->requirements && (!globs_are_empty(unit->requirements->conflicts) ||
                                  !globs_are_empty(unit->requirements->replaces));
}

usec_t cluster_stop_within(const Cluster *cluster, const Requirements *requirements) {
    return requirements ? requirements_stop_within(requirements, cluster->agent_ttl_usec) : 0;
}

bool unit_is_placed(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (placement_is_active(p))
            return true;
    return false;
}

/* One that is held may have an order of before, which does not answer the request. */
static bool unit_is_unanswered(const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (p->order.exists && p->order.revision >= unit->held.revision)
            return false;
    return unit->held.revision > 0;
}

bool unit_is_pending(const ClusterUnit *unit) {
    return unit->is_held ? unit_is_unanswered(unit) : unit_is_wanted(unit) && unit->n_orders == 0;
}
