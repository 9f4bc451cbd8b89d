/* When more than half of the machines vanish at once, judged when orders are taken from one of
 * them: that none is given up while they are held, nor when they should be, that it is done to one
 * after the other, and that none is held twice; and when a leader begins what it should not
 * meanwhile: reboots, turns of deployments, moves for balance, and what is tried anew. */
#include "tests/sim/sim-check-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/engine/brake.h"
#include "tests/sim/sim-units.h"

/* Between what the leader decides for two machines and what is written of it. */
#define WRITTEN_USEC (10 * USEC_PER_SEC)

static SimVanished *vanished_of(SimCheck *check, const char *id) {
    return &check->vanished[sim_find_node(check->cluster, id) - check->cluster->nodes];
}

void sim_brake_note_machine(SimCheck *check, const char *id, const Machine *old,
                            const Machine *new) {
    bool has_vanished = old && !new && old->status != MACHINE_STATUS_LEFT;
    SimVanished *vanished = vanished_of(check, id);
    vanished->since = has_vanished ? loop_now(check->cluster->loop) : 0;
    vanished->revision = sim_view_revision(check->cluster->view);
}

/* Another leader waits no longer than the former would have. */
static void judge_held_once(SimCheck *check, const char *id) {
    const SimVanished *vanished = vanished_of(check, id);
    if (vanished->since > 0 && vanished->held_until > vanished->since &&
        vanished->given_up_usec < vanished->since)
        sim_trace_fail(check->trace, "machine %s was held already, and is held anew", id);
}

void sim_brake_note(SimCheck *check, const BrakeRecord *old, const BrakeRecord *new) {
    STRV_FOREACH (id, !old && new ? new->machines : NULL)
        judge_held_once(check, *id);
    STRV_FOREACH (id, old ? old->machines : NULL)
        vanished_of(check, *id)->held_until = loop_now(check->cluster->loop);
    STRV_FOREACH (id, new ? new->machines : NULL)
        vanished_of(check, *id)->held_until = USEC_INFINITY;
    if (new && !old)
        check->n_brakes++;
}

static bool is_here(const SimView *view, const char *id) {
    const Machine *machine = sim_view_machine(view, id);
    return machine && machine->status != MACHINE_STATUS_LEFT;
}

/* Whoever decides knows who is here. */
static bool machines_have_settled(const SimCheck *check) {
    for (size_t i = 0; i < check->cluster->n_nodes; i++)
        if (!sim_check_has_settled(check, KEY_MACHINE, check->cluster->nodes[i].id, NULL))
            return false;
    return true;
}

static size_t count_here(const SimCheck *check) {
    size_t n = 0;
    for (size_t i = 0; i < check->cluster->n_nodes; i++)
        n += is_here(check->cluster->view, check->cluster->nodes[i].id);
    return n;
}

static bool is_surely_held(const SimCheck *check, const char *id) {
    const BrakeRecord *brake = sim_view_brake(check->cluster->view);
    return brake && !brake->is_released && strv_contains(brake->machines, id) &&
           loop_realtime(check->cluster->loop) < brake->until_usec &&
           2 * count_here(check) < brake->n_all && machines_have_settled(check);
}

/* Those that have vanished before it, within a lease time: who has heard of it has heard of them.
 */
static size_t count_lost_before(const SimCheck *check, const SimVanished *vanished) {
    usec_t now = loop_now(check->cluster->loop);
    size_t n = 0;
    for (size_t i = 0; i < check->cluster->n_nodes; i++) {
        const SimVanished *other = &check->vanished[i];
        n += other->since > 0 && other->revision <= vanished->revision &&
             now - other->since <= check->cluster->agent_ttl_usec;
    }
    return n;
}

/* That one is gone of which the last was heard after it nobody need know. */
static size_t count_maybe_here(const SimCheck *check, const SimVanished *vanished) {
    size_t n = 0;
    for (size_t i = 0; i < check->cluster->n_nodes; i++)
        n += is_here(check->cluster->view, check->cluster->nodes[i].id) ||
             check->vanished[i].revision > vanished->revision;
    return n;
}

/* The leader has seen all of them vanish, and has not held any of late. */
static bool should_be_held(const SimCheck *check, const SimVanished *vanished) {
    const SimCluster *cluster = check->cluster;
    usec_t led_since = sim_check_last_change(check, KEY_LEADER, NULL, NULL);
    return cluster->failover_hold_usec > 0 && vanished->since > 0 &&
           !sim_view_brake(cluster->view) && sim_check_has_settled(check, KEY_BRAKE, NULL, NULL) &&
           led_since + cluster->agent_ttl_usec + sim_check_stale_usec(check) <
               loop_now(cluster->loop) &&
           count_lost_before(check, vanished) > count_maybe_here(check, vanished);
}

/* The next machine waits for it. Who gave that order has heard all that was said before; and what
 * is ordered after it was decided to give up a machine is so together with that. */
#define TOGETHER_USEC (100 * USEC_PER_MSEC)

static bool is_on_its_way(SimCheck *check, const Order *order) {
    const SimView *view = check->cluster->view;
    const Machine *machine = sim_view_machine(view, order->machine_id);
    const SimUnit *known = sim_unit_find(order->name);
    const Unit *unit = sim_view_unit(view, order->name);
    usec_t since = sim_check_last_change(check, KEY_SCHEDULE, order->machine_id, order->name);
    bool is_usable = unit && sim_view_file(view, unit->hash); /* else it is left as it is */
    return is_usable && machine && machine->status == MACHINE_STATUS_RUNNING && known &&
           !known->is_global && order->desired == LAUNCH_STATE_LAUNCHED &&
           since + TOGETHER_USEC < loop_now(check->cluster->loop) &&
           !sim_check_was_up_since(check, order, since) &&
           sim_check_has_settled(check, KEY_MACHINE, order->machine_id, NULL) &&
           sim_check_has_settled(check, KEY_UNIT, NULL, order->name);
}

static const Order *find_on_its_way(SimCheck *check) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(check->cluster->view, KEY_SCHEDULE))
        if (is_on_its_way(check, order))
            return order;
    return NULL;
}

static void judge_pace(SimCheck *check, const char *id, SimVanished *vanished) {
    usec_t now = loop_now(check->cluster->loop);
    const Order *on_its_way = find_on_its_way(check);
    for (size_t i = 0; on_its_way && i < check->cluster->n_nodes; i++) {
        usec_t before = check->vanished[i].given_up_usec;
        if (&check->vanished[i] != vanished && before > 0 &&
            now < before + BRAKE_PACE_USEC - WRITTEN_USEC)
            sim_trace_fail(check->trace,
                           "machine %s is given up %.1f s after another, and %s is on its way", id,
                           (double) (now - before) / USEC_PER_SEC, on_its_way->name);
    }
    vanished->given_up_usec = now;
}

/* What is taken from it later is of the same decision; and so is what it has surely stopped by then
 * (StopAfterDisconnect=), which another leader may have decided before any was held. */
static bool is_first(const SimVanished *vanished) {
    return vanished->given_up_usec < vanished->since;
}

static bool was_held(const SimCheck *check, const SimVanished *vanished) {
    return vanished->held_until == USEC_INFINITY ||
           (vanished->held_until > vanished->since &&
            vanished->held_until + WRITTEN_USEC > loop_now(check->cluster->loop));
}

void sim_brake_judge_given_up(SimCheck *check, const char *id, const Order *order) {
    SimVanished *vanished = vanished_of(check, id);
    if (is_surely_held(check, id))
        sim_trace_fail(check->trace, "%s is taken from machine %s, which is held", order->name, id);
    else if (should_be_held(check, vanished))
        sim_trace_fail(check->trace, "machine %s is given up, and more than half are gone", id);
    if (!order->is_suspended && is_first(vanished) && was_held(check, vanished))
        judge_pace(check, id, vanished);
}

/* --- what is not begun meanwhile --- */

static bool has_orders(const SimView *view, const char *id) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE))
        if (streq(order->machine_id, id))
            return true;
    return false;
}

/* Whoever leads, as long as there is anything to wait for: another leader asks for no more. What
 * was decided before may be under way. */
static bool is_surely_on(const SimCheck *check) {
    const BrakeRecord *brake = sim_view_brake(check->cluster->view);
    if (!brake ||
        brake->since_usec + sim_check_stale_usec(check) >= loop_realtime(check->cluster->loop))
        return false;
    STRV_FOREACH (id, brake->machines)
        if (is_surely_held(check, *id) && has_orders(check->cluster->view, *id))
            return true;
    return false;
}

void sim_brake_judge_beginning(SimCheck *check, const char *name, const char *what) {
    if (is_surely_on(check))
        sim_trace_fail(check->trace, "%s %s while machines are held", name, what);
}
