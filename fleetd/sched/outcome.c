#include "fleetd/sched/outcome-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/beside.h"

#include <errno.h>

static void outcome_unit_free(void *value) {
    OutcomeUnit *unit = value;
    for (size_t i = 0; i < unit->n_places; i++) {
        free(unit->places[i].machine_id);
        free(unit->places[i].hash);
        free(unit->places[i].reason);
    }
    free(unit->places);
    free(unit->waits);
    free(unit->next_waits);
    free(unit);
}

void outcome_free(Outcome *outcome) {
    if (!outcome)
        return;
    map_free(outcome->units);
    free(outcome);
}

static int place_take(OutcomeUnit *unit, const Placement *placement) {
    OutcomePlace *place = &unit->places[unit->n_places++];
    *place = (OutcomePlace){
        .machine_id = strdup(placement->machine->id),
        .hash = strdup(str_or(placement->order.hash, "")),
        .reason = strdup(str_or(placement->order.reason, "")),
        .desired = placement->order.desired,
    };
    return place->machine_id && place->hash && place->reason ? 0 : -ENOMEM;
}

static int place_compare(const void *a, const void *b) {
    const OutcomePlace *x = a, *y = b;
    return strcmp(x->machine_id, y->machine_id);
}

static int places_take(OutcomeUnit *unit, const ClusterUnit *of) {
    unit->places = calloc(of->n_placements + 1, sizeof(OutcomePlace));
    int r = unit->places ? 0 : -ENOMEM;
    for (const Placement *p = of->placements; r >= 0 && p; p = p->next)
        if (placement_is_active(p))
            r = place_take(unit, p);
    if (r >= 0 && unit->n_places > 1)
        qsort(unit->places, unit->n_places, sizeof(OutcomePlace), place_compare);
    return r;
}

static int unit_take(Outcome *outcome, const Cluster *cluster, const ClusterUnit *of) {
    OutcomeUnit *unit = calloc(1, sizeof(OutcomeUnit));
    if (!unit)
        return -ENOMEM;
    *unit = (OutcomeUnit){.is_global = unit_is_global(of), .revision = of->revision};
    bool is_waiting = of->pending && unit_is_pending(of);
    int r = places_take(unit, of);
    if (r >= 0 && is_waiting)
        r = str_replace(&unit->waits, of->pending->summary);
    if (r >= 0)
        r = str_replace(&unit->next_waits, beside_obstacle(cluster, of));
    if (r >= 0)
        r = map_put(outcome->units, of->name, unit);
    if (r < 0)
        outcome_unit_free(unit);
    return MIN(r, 0);
}

static bool is_told(const ClusterUnit *unit) {
    return unit->pending || unit_is_placed(unit);
}

int outcome_take(const Cluster *cluster, Outcome **ret) {
    _cleanup_(outcome_freep) Outcome *outcome = calloc(1, sizeof(Outcome));
    if (!outcome || !(outcome->units = map_new(outcome_unit_free)))
        return -ENOMEM;
    _unused_ const char *name;
    const ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->units) {
        int r = is_told(unit) ? unit_take(outcome, cluster, unit) : 0;
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(outcome);
    return 0;
}

char *departure_key(const char *machine_id, const char *name) {
    return str_printf("%s/%s", machine_id, name);
}
