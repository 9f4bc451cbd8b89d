#include "fleetd/sched/planner.h"

#include "fleetd/base/strv.h"

#include <errno.h>

int planner_init(Planner *planner, Cluster *cluster) {
    *planner = (Planner){.cluster = cluster, .plan = calloc(1, sizeof(Plan))};
    return planner->plan ? 0 : -ENOMEM;
}

void planner_done(Planner *planner) {
    if (!planner->plan) { /* it was handed out: all went well */
        for (size_t i = 0; i < planner->n_allocated && planner->placements[i]; i++) {
            planner->placements[i]->step = 0;
            placement_release(planner->cluster, planner->placements[i]);
        }
        for (size_t i = 0; i < planner->n_touched; i++) {
            planner->touched[i]->is_touched = false;
            unit_release(planner->cluster, planner->touched[i]);
        }
    }
    plan_free(planner->plan);
    free(planner->placements);
    free(planner->touched);
}

static bool choices_read_the_same(const Choice *a, const Choice *b) {
    return a->machine && a->load == b->load && a->n_fit == b->n_fit && a->n_seen == b->n_seen &&
           a->is_by_share == b->is_by_share && a->share == b->share &&
           a->is_by_failures == b->is_by_failures && a->is_by_spread == b->is_by_spread &&
           a->is_by_preference == b->is_by_preference && score_compare(&a->score, &b->score) == 0;
}

const char *planner_choice_reason(Planner *planner, const Choice *choice) {
    if (!choices_read_the_same(&planner->reason.choice, choice))
        choice_reason(planner->cluster, choice, planner->reason.text);
    planner->reason.choice = *choice;
    return planner->reason.text;
}

int planner_touch(Planner *planner, ClusterUnit *unit) {
    if (unit->is_touched)
        return 0;
    if (planner->n_touched == planner->n_touched_allocated) {
        size_t n = MAX((size_t) 16, planner->n_touched_allocated * 2);
        ClusterUnit **touched = realloc(planner->touched, n * sizeof(*touched));
        if (!touched)
            return -ENOMEM;
        planner->touched = touched;
        planner->n_touched_allocated = n;
    }
    planner->touched[planner->n_touched++] = unit;
    unit->is_touched = true;
    return 0;
}

static int planner_reserve(Planner *planner) {
    if (planner->plan->n_steps < planner->n_allocated)
        return 0;
    size_t n = MAX((size_t) 16, planner->n_allocated * 2);
    PlanStep *steps = realloc(planner->plan->steps, n * sizeof(*steps));
    if (!steps)
        return -ENOMEM;
    planner->plan->steps = steps;
    Placement **placements = realloc(planner->placements, n * sizeof(*placements));
    if (!placements)
        return -ENOMEM;
    memset(&placements[planner->n_allocated], 0, (n - planner->n_allocated) * sizeof(*placements));
    planner->placements = placements;
    planner->n_allocated = n;
    return 0;
}

static int planner_append(Planner *planner, const PlanStep *step) {
    int r = planner_reserve(planner);
    if (r < 0)
        return r;
    PlanStep *slot = &planner->plan->steps[planner->plan->n_steps++];
    *slot = *step;
    slot->is_joined = planner->joins;
    return 0;
}

static int planner_write_order_take(Planner *planner, Placement *placement, PlanStepKind kind,
                                    Order *order) {
    _cleanup_free_ Order *owned = order;
    bool is_void = placement->machine->presence == MACHINE_PRESENCE_GONE &&
                   (kind == PLAN_DELETE_ORDER || order->is_suspended);
    if (placement->step > 0) {
        PlanStep *earlier = &planner->plan->steps[placement->step - 1];
        free(earlier->order);
        earlier->kind = kind;
        earlier->is_void = is_void;
        earlier->is_known = placement->unit->is_known;
        earlier->order = TAKE_PTR(owned);
        return 0;
    }
    int r = planner_append(planner, &(PlanStep){.kind = kind,
                                                .is_void = is_void,
                                                .is_known = placement->unit->is_known,
                                                .order = order});
    if (r < 0)
        return r;
    TAKE_PTR(owned);
    placement->step = planner->plan->n_steps;
    planner->placements[placement->step - 1] = placement;
    return 0;
}

/* With its texts behind it, in one piece of memory. hash may be NULL. */
static Order *order_new(const Placement *placement, const char *hash, const char *reason) {
    const char *texts[] = {placement->machine->id, placement->unit->name, str_or(reason, ""),
                           str_or(hash, "")};
    size_t sizes[ELEMENTSOF(texts)], size = 0;
    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        size += sizes[i] = strlen(texts[i]) + 1;
    Order *order = malloc(sizeof(Order) + size);
    if (!order)
        return NULL;
    char *copies[ELEMENTSOF(texts)], *end = (char *) (order + 1);
    for (size_t i = 0; i < ELEMENTSOF(texts); end += sizes[i++])
        copies[i] = memcpy(end, texts[i], sizes[i]);
    *order = (Order){.machine_id = copies[0],
                     .name = copies[1],
                     .reason = copies[2],
                     .hash = hash ? copies[3] : NULL};
    return order;
}

/* Of a file that the unit does not have, the version is what another order with it tells. */
static int64_t version_elsewhere(const ClusterUnit *unit, const char *hash) {
    for (const Placement *p = unit->placements; p; p = p->next)
        if (p->order.exists && streq_ptr(p->order.hash, hash))
            return p->order.version;
    return 0;
}

/* What an order tells beside what it decides: it stays from when the unit was first ordered there.
 */
static void order_tell(const Placement *placement, Order *order) {
    const ClusterUnit *unit = placement->unit;
    bool is_new = !placement->order.exists || placement->order.is_unwritten;
    bool is_present_file = streq_ptr(order->hash, unit->hash);
    order->since_usec = is_new ? ORDER_SINCE_NOW : placement->order.since_usec;
    order->n_before = is_new ? unit->n_places_known : placement->order.n_before;
    bool has_file = !is_new && streq_ptr(order->hash, placement->order.hash);
    order->version = is_present_file ? unit->version
                     : has_file      ? placement->order.version
                                     : version_elsewhere(unit, order->hash);
}

int planner_put_order(Planner *planner, Placement *placement, const Order *order) {
    _cleanup_free_ Order *copy = order_new(placement, order->hash, order->reason);
    if (!copy)
        return -ENOMEM;
    copy->desired = order->desired;
    copy->unit_revision = order->unit_revision;
    copy->restart = order->restart;
    copy->stop_within_usec = order->stop_within_usec;
    copy->is_suspended = order->is_suspended;
    order_tell(placement, copy);
    int r = placement_set_order(planner->cluster, placement, copy);
    if (r < 0)
        return r;
    return planner_write_order_take(planner, placement, PLAN_PUT_ORDER, TAKE_PTR(copy));
}

int planner_delete_order(Planner *planner, Placement *placement, const char *reason) {
    _cleanup_free_ Order *order = order_new(placement, placement->order.hash, reason);
    if (!order)
        return -ENOMEM;
    order->since_usec = placement->order.since_usec;
    order->n_before = placement->order.n_before;
    order->version = placement->order.version;
    int r = placement_clear_order(planner->cluster, placement);
    if (r < 0)
        return r;
    return planner_write_order_take(planner, placement, PLAN_DELETE_ORDER, TAKE_PTR(order));
}

static int planner_write_pending_take(Planner *planner, PlanStepKind kind, Pending *pending) {
    _cleanup_(pending_freep) Pending *owned = pending;
    int r = planner_append(planner, &(PlanStep){.kind = kind, .pending = pending});
    if (r < 0)
        return r;
    TAKE_PTR(owned);
    return 0;
}

int planner_put_pending_take(Planner *planner, ClusterUnit *unit, Pending *pending) {
    _cleanup_(pending_freep) Pending *owned = pending;
    Pending *copy;
    int r = pending_copy(pending, &copy);
    if (r < 0)
        return r;
    pending_free(unit->pending);
    unit->pending = TAKE_PTR(owned);
    return planner_write_pending_take(planner, PLAN_PUT_PENDING, copy);
}

int planner_delete_pending(Planner *planner, ClusterUnit *unit) {
    _cleanup_(pending_freep) Pending *pending = calloc(1, sizeof(Pending));
    if (!pending || !(pending->name = strdup(unit->name)))
        return -ENOMEM;
    pending_free(TAKE_PTR(unit->pending));
    return planner_write_pending_take(planner, PLAN_DELETE_PENDING, TAKE_PTR(pending));
}
