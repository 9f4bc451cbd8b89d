/* One place at a time (docs/architecture.md, promise 3): an order on a machine that may live is
 * never just deleted. It is withdrawn, that is rewritten with desired inactive; the agent stops the
 * unit and says inactive in its state, with the revision of the order that it has carried out; then
 * the order is deleted, and the agent deletes its state. Nobody else gets an order meanwhile.
 *
 * All hangs on never taking an old word for the answer. A state S answers a withdrawn order O if it
 * says inactive and S.revision >= O.revision. Could S be the answer to an earlier withdrawal W of
 * the same pair, with the unit started again since? Then an order A that is not withdrawn stood
 * between W and O. A.revision <= O.revision, as revisions only grow while an order stands; and
 * S.revision = W.revision. A came in one of two ways:
 *
 * - W was rewritten into A. That is done only for a later request than W's, so that
 *   S.revision < A.revision <= O.revision: S is no answer to O. (What is wanted again for another
 *   reason, such as metadata that come back, is first let go of as ordered.)
 * - W was deleted and A put later. That is done only when no inactive state with a revision >= A's
 *   is known (MISFIT_UNCLEARED). So either S.revision < A.revision, as above, or S is gone, and as
 *   the agent says inactive only while a withdrawn order stands, S is of no time before A.
 *
 * The one order that carries a lower revision than its unit, that waits for others to leave
 * (below), is an A as well if one stood before it, as it has that one's revision. If none did, or
 * a withdrawn one, it has never started anything: letting go of it too early is harmless.
 *
 * So is the order that keeps a place for a unit which still has to leave another machine
 * (move.h): it is put where the unit has no order, is loaded, and carries no revision at all.
 *
 * One place at a time is given up for a unit whose author wants a new file started before the
 * former one is stopped (beside.h): both orders say launched then, each with a file of its own. The
 * former is withdrawn like any other.
 *
 * An orphan that is withdrawn needs nothing more: its machine says that the unit is there, so an
 * older word that it was let go of is void (cluster_put_orphan_take()).
 *
 * A removed machine needs no answer: whoever removed it has waited for its lease. Of a machine that
 * was never seen nobody knows anything: its orders are rewritten, but stand.
 *
 * That its lease ran out does not mean that a removed machine is down. The order of a unit that
 * must not run twice (StopAfterDisconnect=) is suspended then, by a write that only succeeds while
 * the machine has no presence, and deleted when its time is over. fleetd/engine/suspension.h has
 * the argument why the unit is down by then, whatever the machine did meanwhile. */
#include "fleetd/sched/settle.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/beside.h"
#include "fleetd/sched/feasible.h"
#include "fleetd/sched/kept.h"
#include "fleetd/sched/neighbours.h"
#include "fleetd/sched/preempt.h"
#include "fleetd/sched/replaces.h"
#include "fleetd/sched/room.h"

#include <errno.h>

/* Is added to a reason while it is so, like ORDER_STAYS. */
#define WAITS_FOR "; waits for "
/* Is added when the file changes, until it changes again. */
#define ORDER_OVERBOOKS "; its new file reserves more than its machine has left"

bool order_is_withdrawn(const Placement *placement) {
    return placement->order.exists && placement->order.desired == LAUNCH_STATE_INACTIVE;
}

static bool order_is_answered(const Placement *placement) {
    return order_is_withdrawn(placement) && placement->answer.has_let_go &&
           placement->answer.revision >= placement->order.revision;
}

/* Whether the order, as the unit asks for it, has something to start: not if it was launched with
 * that file before. What an order that cannot be read has started is not known, and not stopped. */
static bool order_would_start(const Cluster *cluster, const Placement *placement) {
    const char *hash = placement->order.hash;
    const char *wanted = unit_hash_on(cluster, placement->unit, placement->machine);
    bool is_launched = placement->order.exists &&
                       placement->order.desired == LAUNCH_STATE_LAUNCHED &&
                       (!*hash || streq_ptr(hash, wanted));
    return placement->unit->desired == LAUNCH_STATE_LAUNCHED && !is_launched;
}

/* Whether an order of other on the machine has to go before the unit starts there. Of two that
 * conflict, and have orders, the other is the one that leaves: the unit may stay. */
static bool placement_is_in_the_way(Cluster *cluster, const Placement *other,
                                    const ClusterUnit *unit) {
    bool conflicts =
        other->order.exists && other->unit != unit && units_conflict(unit, other->unit);
    return conflicts || placement_is_replaced_by(cluster, other, unit);
}

static bool unit_has_replaces(const ClusterUnit *unit) {
    return unit->requirements && !globs_are_empty(unit->requirements->replaces);
}

/* Of found and other the first by name of those that are in the way. */
static const Placement *first_in_the_way(Cluster *cluster, const ClusterUnit *unit,
                                         const Placement *found, const Placement *other) {
    bool is_later = found && strcmp(found->unit->name, other->unit->name) <= 0;
    return !is_later && placement_is_in_the_way(cluster, other, unit) ? other : found;
}

/* A unit that has to wait for others takes its place at once, which keeps the others from coming
 * back, but is only loaded until they have left: two that need the same port must not meet. So the
 * reservation is the order itself, and a new engine finds it. NULL: it need not wait; a first order
 * is given beside nobody that the unit conflicts with, but by one that pushes others away. */
static const Placement *find_in_the_way(Cluster *cluster, const Placement *placement) {
    const ClusterUnit *unit = placement->unit;
    const Placement *found = NULL;
    bool is_beside_none =
        !placement->order.exists && !unit_has_replaces(unit) && !unit_preempts(unit);
    if (is_beside_none || !order_would_start(cluster, placement))
        return NULL;
    NeighbourWalk walk = {};
    const Placement *other;
    while ((other = neighbour_walk_next(placement->machine, unit, &walk)))
        found = first_in_the_way(cluster, unit, found, other);
    return found;
}

/* Where what was added to the reason begins; NULL: nothing was. */
static const char *reason_note(const char *reason) {
    const char *waits = strstr(reason, WAITS_FOR), *stays = strstr(reason, ORDER_STAYS);
    return !waits || (stays && stays < waits) ? stays : waits;
}

/* The reason with another note than before, or none. */
static char *reason_with_note(const char *reason, const char *kind, const char *note) {
    const char *end = reason_note(reason);
    int n = end ? (int) (end - reason) : (int) strlen(reason);
    return str_printf("%.*s%s%s", n, reason, note ? kind : "", str_or(note, ""));
}

/* One that has got a new file stays, also if that asks for more than there is: to move it would
 * only make things worse. */
static char *reason_with_room(const Placement *placement, const char *reason) {
    const char *note = reason_note(reason), *told = strstr(reason, ORDER_OVERBOOKS);
    const char *end = told ? told : note ? note : reason + strlen(reason);
    return str_printf("%.*s%s", (int) (end - reason), reason,
                      placement_overbooks(placement) ? ORDER_OVERBOOKS : "");
}

static char *reason_with_wait(const char *reason, const char *waits_for) {
    return reason_with_note(reason, WAITS_FOR, waits_for);
}

/* A restart comes with a revision of its own. That an earlier version of fleet ordered the unit
 * without the number of its last one is no reason to start it anew. */
static bool order_says(const Placement *placement, const Order *order) {
    return placement->order.exists && !placement->order.is_unwritten &&
           placement->order.desired == order->desired &&
           placement->order.revision == order->unit_revision &&
           placement->order.stop_within_usec == order->stop_within_usec &&
           placement->order.is_suspended == order->is_suspended &&
           streq_ptr(placement->order.hash, order->hash);
}

/* What runs there may still be of an earlier file, with a longer time. */
static usec_t order_stop_within(const Cluster *cluster, const Placement *placement) {
    return MAX(placement_stop_within(cluster, placement),
               cluster_stop_within(cluster, placement->unit->requirements));
}

static int put_wanted(Planner *planner, Placement *placement, Order *order, const char *why) {
    order->reason = (char *) why;
    if (order_says(placement, order) && streq_ptr(order->reason, placement->order.reason))
        return 0;
    return planner_put_order(planner, placement, order);
}

/* The unit's other order, on a machine that may still run it: it moves from there. What is started
 * here already is not stopped for that. */
static const Placement *find_origin(const Cluster *cluster, const Placement *placement) {
    bool is_launched = placement->order.exists && placement->order.desired == LAUNCH_STATE_LAUNCHED;
    if (is_launched || placement->unit->desired != LAUNCH_STATE_LAUNCHED ||
        unit_is_global(placement->unit))
        return NULL;
    for (const Placement *p = placement->unit->placements; p; p = p->next)
        if (p != placement && p->order.exists && !placement_stays_beside(cluster, p))
            return p;
    return NULL;
}

/* The first of what the order has to wait for, in words; NULL with r 0: nothing. */
static int find_wait(Cluster *cluster, const Placement *placement, char **ret) {
    const Placement *origin = find_origin(cluster, placement);
    const Placement *other = origin ? NULL : find_in_the_way(cluster, placement);
    *ret = NULL;
    if (origin)
        *ret = str_printf("%s to let go of it", origin->machine->id);
    else if (other)
        *ret = str_printf("%s to leave (%s)", other->unit->name,
                          placement_is_replaced_by(cluster, other, placement->unit) ? "Replaces"
                                                                                    : "Conflicts");
    else if (order_would_start(cluster, placement) &&
             (other = preempt_find_in_the_way(cluster, placement)))
        *ret = str_printf("%s to leave (Preempt)", other->unit->name);
    else
        return 0;
    return *ret ? 0 : -ENOMEM;
}

/* It does not carry out the request yet, and says whom it waits for now. */
static int hold_back(Planner *planner, Placement *placement, Order *order, const char *waits_for,
                     const char *why) {
    _cleanup_free_ char *reason = reason_with_wait(why, waits_for);
    if (!reason)
        return -ENOMEM;
    order->desired = LAUNCH_STATE_LOADED;
    order->unit_revision = placement->order.exists ? placement->order.revision : 0;
    return put_wanted(planner, placement, order, reason);
}

/* The order as the unit asks for it; stays: why it is still there, NULL: it need not go. */
static int settle_wanted(Planner *planner, Placement *placement, const char *why,
                         const char *stays) {
    const ClusterUnit *unit = placement->unit;
    const char *hash = unit_hash_on(planner->cluster, unit, placement->machine);
    _cleanup_free_ char *waits_for = NULL, *reason = NULL, *changed = NULL;
    if (placement_is_kept(planner->cluster, placement))
        return 0;
    int r = find_wait(planner->cluster, placement, &waits_for);
    if (r < 0)
        return r;
    Order order = {
        .hash = (char *) hash,
        .desired = unit->desired,
        .unit_revision = unit->revision,
        .restart = unit->restart,
        .stop_within_usec = order_stop_within(planner->cluster, placement),
    };
    why = str_or(why, "");
    bool has_new_file = placement->order.exists && !streq_ptr(placement->order.hash, hash);
    if (has_new_file && !(why = changed = reason_with_room(placement, why)))
        return -ENOMEM;
    if (waits_for)
        return hold_back(planner, placement, &order, waits_for, why);
    bool is_here = placement->machine->presence == MACHINE_PRESENCE_HERE;
    bool has_note = reason_note(why) != NULL;
    if (!stays && (!is_here || !has_note) && order_says(placement, &order))
        return 0; /* why it stays on a machine that is not there, only who knew that can tell */
    if (!stays && !has_note) /* nearly always */
        return put_wanted(planner, placement, &order, why);
    reason = reason_with_note(why, ORDER_STAYS, stays);
    return reason ? put_wanted(planner, placement, &order, reason) : -ENOMEM;
}

/* Withdraws the order, or tells a withdrawn one of a later request that asks for the same. */
static int settle_unwanted(Planner *planner, Placement *placement, const char *why) {
    const ClusterUnit *unit = placement->unit;
    bool is_request = unit->is_known && !unit_is_wanted(unit);
    int64_t revision = placement->order.revision;
    Order order = {.hash = (char *) placement->order.hash,
                   .desired = LAUNCH_STATE_INACTIVE,
                   .unit_revision = is_request ? MAX(revision, unit->revision) : revision,
                   .restart = placement->order.restart,
                   .stop_within_usec = placement_stop_within(planner->cluster, placement),
                   .reason = (char *) why};
    return order_says(placement, &order) ? 0 : planner_put_order(planner, placement, &order);
}

/* Takes back an order that counts. Only one that never started anything may find an answer there
 * already, and nobody would say it again. */
static int settle_withdrawal(Planner *planner, Placement *placement, const char *why) {
    int r = settle_unwanted(planner, placement, why);
    if (r < 0 || !order_is_answered(placement))
        return r;
    return planner_delete_order(planner, placement, why);
}

static char *suspension_reason(const Placement *placement, usec_t stop_within_usec) {
    _cleanup_free_ char *time = timespan_format(stop_within_usec + STOP_MARGIN_USEC);
    _cleanup_free_ char *waits_for =
        time ? str_printf("its machine, which is gone, to have stopped it for sure, %s "
                          "(StopAfterDisconnect)",
                          time)
             : NULL;
    return waits_for ? reason_with_wait(str_or(placement->order.reason, ""), waits_for) : NULL;
}

/* The order says what it said; one that cannot be read says the least that can be said. */
static int suspend(Planner *planner, Placement *placement) {
    bool is_readable = *placement->order.hash;
    const char *hash = is_readable ? placement->order.hash : placement->unit->hash;
    usec_t stop_within = placement_stop_within(planner->cluster, placement);
    _cleanup_free_ char *reason = suspension_reason(placement, stop_within);
    if (!reason)
        return -ENOMEM;
    Order order = {
        .hash = (char *) str_or(hash, ""),
        .desired = is_readable ? placement->order.desired : LAUNCH_STATE_INACTIVE,
        .unit_revision = placement->order.revision,
        .restart = placement->order.restart,
        .stop_within_usec = stop_within,
        .is_suspended = true,
        .reason = reason,
    };
    return planner_put_order(planner, placement, &order);
}

static int settle_gone(Planner *planner, Placement *placement) {
    bool may_run = !placement->machine->has_left && !placement->order.is_over &&
                   placement_stop_within(planner->cluster, placement) > 0;
    if (!may_run)
        return planner_delete_order(planner, placement, "machine is gone");
    return placement->order.is_suspended ? 0 : suspend(planner, placement);
}

int settle(Planner *planner, Placement *placement, bool is_wanted, const char *why) {
    if (!placement->order.exists)
        return is_wanted ? settle_wanted(planner, placement, why, NULL) : 0;
    if (placement->machine->presence == MACHINE_PRESENCE_GONE)
        return settle_gone(planner, placement);
    if (placement->order.is_suspended && placement->machine->presence != MACHINE_PRESENCE_HERE)
        return 0; /* only a machine that is here may have it back */
    if (!order_is_withdrawn(placement))
        return is_wanted ? settle_wanted(planner, placement, placement->order.reason, NULL)
                         : settle_withdrawal(planner, placement, why);
    if (is_wanted && placement->unit->revision > placement->order.revision)
        return settle_wanted(planner, placement, "wanted again where it was", NULL);
    if (order_is_answered(placement))
        return planner_delete_order(planner, placement, placement->order.reason);
    return is_wanted ? 0 : settle_unwanted(planner, placement, why);
}

int settle_as_it_is(Planner *planner, Placement *placement, const char *stays) {
    const char *known = str_or(placement->order.reason, "");
    _cleanup_free_ char *reason = reason_with_note(known, ORDER_STAYS, stays);
    if (!reason || streq(reason, known))
        return reason ? 0 : -ENOMEM;
    Order order = {.hash = (char *) placement->order.hash,
                   .desired = placement->order.desired,
                   .unit_revision = placement->order.revision,
                   .restart = placement->order.restart,
                   .stop_within_usec = placement->order.stop_within_usec,
                   .is_suspended = placement->order.is_suspended,
                   .reason = reason};
    return planner_put_order(planner, placement, &order);
}

int settle_staying(Planner *planner, Placement *placement, const char *why) {
    return settle_wanted(planner, placement, placement->order.reason, why);
}
