/* Orders, the agents' answers to them, and pendings: as the store has them, or as a plan is about
 * to write them. */
#include "fleetd/base/strv.h"
#include "fleetd/sched/availability.h"
#include "fleetd/sched/concerns.h"
#include "fleetd/sched/neighbours.h"
#include "fleetd/sched/retry.h"

#include <errno.h>

static bool placement_is_load(const Placement *placement) {
    return placement->order.exists ? placement->order.desired != LAUNCH_STATE_INACTIVE
                                   : placement->orphan.exists;
}

int machine_set_load(Cluster *cluster, ClusterMachine *machine, size_t load) {
    if (machine->load == load)
        return 0;
    machine->load = load;
    bool is_here = machine->presence == MACHINE_PRESENCE_HERE;
    return is_here ? load_index_move(&cluster->here, LOAD_UNITS, machine) : 0;
}

static int placement_begin_order(Placement *placement) {
    bool was_there = placement_is_there(placement);
    placement->order.exists = true;
    placement->machine->n_orphans -= placement->orphan.exists;
    placement->orphan.exists = false;
    placement->unit->n_orders++;
    placement->machine->n_orders++;
    return !was_there && unit_has_globs(placement->unit)
               ? machine_add_globbed(placement->machine, placement)
               : 0;
}

static int placement_set_texts(Cluster *cluster, Placement *placement, const Order *order) {
    int r = shared_text_replace(&placement->order.hash, order->hash, placement->unit->hash);
    if (r >= 0)
        r = shared_text_replace(&placement->order.reason, order->reason, cluster->last_reason);
    if (r >= 0)
        shared_text_share(&cluster->last_reason, placement->order.reason);
    return r;
}

static void placement_note_past(Placement *placement, const Order *order) {
    ClusterUnit *unit = placement->unit;
    placement->order.since_usec = order->since_usec;
    placement->order.n_before = order->n_before;
    placement->order.version = order->version;
    unit->n_places_known = MAX(unit->n_places_known, order->n_before + 1);
}

int placement_set_order(Cluster *cluster, Placement *placement, const Order *order) {
    ClusterMachine *machine = placement->machine;
    bool was_active = placement_is_active(placement);
    size_t load = machine->load - placement_is_load(placement);
    int r;
    if ((r = placement_set_texts(cluster, placement, order)) < 0 ||
        (!placement->order.exists && (r = placement_begin_order(placement)) < 0))
        return r;
    placement->order.desired = order->desired;
    placement->order.revision = order->unit_revision;
    placement->order.restart = order->restart;
    placement->order.stop_within_usec = order->stop_within_usec;
    placement->order.is_suspended = order->is_suspended;
    placement->order.is_over = false;
    placement->order.is_unwritten = false;
    placement_note_past(placement, order);

    if ((r = unit_refresh(cluster, placement->unit)) < 0)
        return r;
    r = machine_set_load(cluster, machine, load + placement_is_load(placement));
    if (r >= 0)
        r = placement_recount(cluster, placement);
    if (r < 0 || was_active == placement_is_active(placement))
        return r;
    if (!was_active && (r = concern_neighbours(cluster, placement)) < 0)
        return r;
    return concern_activity(cluster, placement->unit);
}

int placement_clear_order(Cluster *cluster, Placement *placement) {
    ClusterMachine *machine = placement->machine;
    bool was_active = placement_is_active(placement);
    size_t load = machine->load - placement_is_load(placement);
    placement->order.exists = false;
    placement->unit->n_orders--;
    machine->n_orders--;
    machine_remove_globbed(machine, placement);

    int r = machine_set_load(cluster, machine, load);
    if (r < 0 || (r = placement_recount(cluster, placement)) < 0 ||
        (r = unit_refresh(cluster, placement->unit)) < 0 ||
        (r = concern_released(cluster, placement)) < 0)
        return r;
    return was_active ? concern_activity(cluster, placement->unit) : 0;
}

static bool placement_has_order(const Placement *placement, const Order *order) {
    return placement->order.exists && placement->order.desired == order->desired &&
           placement->order.revision == order->unit_revision &&
           placement->order.restart == order->restart &&
           placement->order.stop_within_usec == order->stop_within_usec &&
           placement->order.is_suspended == order->is_suspended &&
           streq_ptr(placement->order.hash, order->hash) &&
           streq_ptr(placement->order.reason, order->reason);
}

int cluster_put_order(Cluster *cluster, const Order *order) {
    Placement *placement;
    int r = cluster_need_place(cluster, order->machine_id, order->name, &placement);
    if (r < 0)
        return r;
    if (placement_has_order(placement, order)) {
        placement_note_past(placement, order);
        return 0;
    }
    r = placement_set_order(cluster, placement, order);
    if (r < 0)
        return r;
    return look_at_placement(cluster, placement);
}

int cluster_remove_order(Cluster *cluster, const char *machine_id, const char *name) {
    Placement *placement = cluster_find_placement(cluster, machine_id, name);
    if (!placement || !placement->order.exists)
        return 0;
    int r = placement_clear_order(cluster, placement);
    if (r < 0)
        return r;
    return look_at_placement(cluster, placement);
}

int cluster_end_order(Cluster *cluster, const char *machine_id, const char *name) {
    Placement *placement = cluster_find_placement(cluster, machine_id, name);
    if (!placement || !placement->order.exists || !placement->order.is_suspended)
        return 0;
    placement->order.is_over = true;
    return look_at_placement(cluster, placement);
}

static int put_report(Cluster *cluster, const UnitState *state) {
    Placement *placement;
    int r = cluster_need_place(cluster, state->machine_id, state->name, &placement);
    if (r < 0 ||
        (r = shared_text_replace(&placement->report.hash, state->hash, placement->unit->hash)) < 0)
        return r;
    placement->report.is_known = true;
    placement->report.is_up = unit_state_is_up(state);
    placement->report.has_ended = unit_state_has_ended(state);
    placement->report.is_starting = unit_state_is_starting(state);
    placement->report.is_given_up = unit_state_is_given_up(state);
    placement->report.revision = state->unit_revision;
    if ((r = str_replace(&placement->report.trouble, unit_state_trouble(state))) < 0 ||
        (r = placement_set_failure(placement, state)) < 0)
        return r;
    bool is_beside = map_size(cluster->beside) > 0 && map_has(cluster->beside, state->name);
    if (placement->unit->waits == WAIT_FOR_BUDGET || is_beside) /* one that is down may go */
        r = look_at_unit(cluster, placement->unit);
    return r < 0 ? r : unit_refresh(cluster, placement->unit);
}

static int put_answer(Cluster *cluster, const UnitState *state) {
    Placement *placement;
    int r = cluster_need_place(cluster, state->machine_id, state->name, &placement);
    if (r < 0 ||
        (placement->answer.has_let_go && placement->answer.revision == state->unit_revision))
        return r;
    placement->answer.has_let_go = true;
    placement->answer.revision = state->unit_revision;
    return look_at_placement(cluster, placement);
}

static int forget_answer(Cluster *cluster, Placement *placement) {
    if (!placement || !placement->answer.has_let_go)
        return 0;
    placement->answer.has_let_go = false;
    int r = look_at_placement(cluster, placement); /* the machine is ready for it again */
    if (r < 0)
        return r;
    return concern_obstructed(cluster);
}

static int forget_report(Cluster *cluster, Placement *placement) {
    if (!placement || !placement->report.is_known)
        return 0;
    placement->report.is_known = placement->report.is_up = placement->report.is_given_up = false;
    placement->report.has_ended = placement->report.is_starting = false;
    free(TAKE_PTR(placement->report.trouble));
    placement_forget_failure(placement);
    int r = unit_refresh(cluster, placement->unit);
    return r < 0 ? r : look_at_placement(cluster, placement); /* which may have no reason left */
}

int cluster_put_state(Cluster *cluster, const UnitState *state) {
    bool is_answer = state->current == LAUNCH_STATE_INACTIVE;
    Placement *placement = cluster_find_placement(cluster, state->machine_id, state->name);
    int r = is_answer ? forget_report(cluster, placement) : forget_answer(cluster, placement);
    if (r < 0)
        return r;
    return is_answer ? put_answer(cluster, state) : put_report(cluster, state);
}

int cluster_remove_state(Cluster *cluster, const char *machine_id, const char *name) {
    Placement *placement = cluster_find_placement(cluster, machine_id, name);
    int r = forget_report(cluster, placement);
    return r < 0 ? r : forget_answer(cluster, placement);
}

int pending_copy(const Pending *pending, Pending **ret) {
    _cleanup_(pending_freep) Pending *copy = calloc(1, sizeof(Pending));
    if (!copy)
        return -ENOMEM;
    copy->unit_revision = pending->unit_revision;
    copy->n_before = pending->n_before;
    copy->name = strdup(pending->name);
    copy->summary = strdup(pending->summary);
    copy->reasons = calloc(pending->n_reasons + 1, sizeof(PendingReason));
    if (!copy->name || !copy->summary || !copy->reasons)
        return -ENOMEM;
    for (size_t i = 0; i < pending->n_reasons; i++) {
        copy->n_reasons = i + 1;
        copy->reasons[i].machine_id = strdup(pending->reasons[i].machine_id);
        copy->reasons[i].reason = strdup(pending->reasons[i].reason);
        if (!copy->reasons[i].machine_id || !copy->reasons[i].reason)
            return -ENOMEM;
    }
    *ret = TAKE_PTR(copy);
    return 0;
}

int cluster_put_pending(Cluster *cluster, const Pending *pending) {
    ClusterUnit *unit;
    int r = cluster_need_unit(cluster, pending->name, &unit);
    if (r >= 0)
        unit->n_places_known = MAX(unit->n_places_known, pending->n_before);
    if (r < 0 || (unit->pending && pending_equal(unit->pending, pending)))
        return r;
    Pending *copy;
    r = pending_copy(pending, &copy);
    if (r < 0)
        return r;
    pending_free(unit->pending);
    unit->pending = copy;
    return look_at_unit(cluster, unit);
}

size_t cluster_count_pending(const Cluster *cluster) {
    size_t n = 0;
    _unused_ const char *name;
    const ClusterUnit *unit;
    MAP_FOREACH (name, unit, cluster->units)
        n += unit->pending != NULL;
    return n;
}

int cluster_remove_pending(Cluster *cluster, const char *name) {
    ClusterUnit *unit = cluster_find_unit(cluster, name);
    if (!unit || !unit->pending)
        return 0;
    pending_free(TAKE_PTR(unit->pending));
    return look_at_unit(cluster, unit);
}
