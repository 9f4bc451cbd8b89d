/* What machines do to units, judged when their systemd has done it. An agent acts on what it last
 * heard: as long as its own lease surely lives, so what it does is held against all that its orders
 * said in that time. */
#include "tests/sim/sim-check-internal.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-units.h"

#include <stdio.h>

/* Who thinks better of it every second, or has a machine that comes and goes, may stop a unit that
 * often within so long; who repeats what is in vain may not. */
#define STOPS_MAX 12
#define STOPS_USEC (10 * USEC_PER_SEC)

bool sim_place_may_run_on(const SimPlace *place) {
    return place->is_cut_off || place->was_meddled_with || place->has_other_file;
}

static void check_runs_alone(SimCheck *check, const SimNode *node, const char *name) {
    const SimUnit *unit = sim_unit_find(name);
    bool may_be_beside = sim_beside_is_allowed(check, name) || sim_beside_is_ordered(check, name);
    for (size_t i = 0; unit && !unit->is_global && !may_be_beside && i < check->cluster->n_nodes;
         i++) {
        SimNode *other = &check->cluster->nodes[i];
        if (other != node && sim_node_has(other, name) &&
            !sim_place_may_run_on(sim_check_need_place(check, other->id, name)))
            sim_trace_fail(check->trace, "%s was started on %s while it runs on %s", name, node->id,
                           other->id);
    }
}

/* Whether the engine has told the other to leave because of the unit, and then had that started;
 * and users have not thought better of the other since. */
static bool was_told_to_leave(const SimCheck *check, const SimNode *node, const char *name,
                              const char *other, usec_t ordered_usec) {
    _cleanup_free_ char *cause = sim_must(str_printf(" %s", name));
    const Order *order = sim_view_order(check->cluster->view, node->id, other);
    usec_t told_usec = sim_check_last_change(check, KEY_SCHEDULE, node->id, other);
    return order && order->desired == LAUNCH_STATE_INACTIVE && strstr(order->reason, cause) &&
           told_usec <= ordered_usec &&
           sim_check_last_change(check, KEY_UNIT, NULL, other) <= told_usec;
}

static bool was_known(const SimCheck *check, const char *name, usec_t usec) {
    return sim_check_last_change(check, KEY_UNIT, NULL, name) + sim_check_stale_usec(check) < usec;
}

/* What it conflicts with, or replaces, has left before it starts; if the engine knew that, when it
 * wrote the order. */
static void check_starts_apart(SimCheck *check, SimNode *node, const char *name, const char *hash,
                               usec_t ordered_usec) {
    for (size_t i = 0; sim_unit(i); i++) {
        const char *other = sim_unit(i)->name;
        bool was_plain =
            (was_known(check, name, ordered_usec) && was_known(check, other, ordered_usec)) ||
            was_told_to_leave(check, node, name, other, ordered_usec);
        if (was_plain && !streq(other, name) && sim_node_has(node, other) &&
            !sim_place_may_run_on(sim_check_need_place(check, node->id, other)) &&
            sim_must_start_apart(check->cluster->view, name, hash, other))
            sim_trace_fail(check->trace, "%s was started on %s beside %s, which has to leave first",
                           name, node->id, other);
    }
}

/* Since when what its orders said may still be acted on: as long as its lease can live. And when an
 * agent has registered, it hears all orders anew before it acts; that its presence is gone it may
 * not have heard. */
usec_t sim_actions_heard_since(const SimCheck *check, const SimNode *node) {
    usec_t lately = sim_cluster_lease_since(check->cluster) - SIM_UNDER_WAY_USEC;
    usec_t registered = sim_view_machine(check->cluster->view, node->id)
                            ? sim_check_last_change(check, KEY_MACHINE, node->id, NULL)
                            : VIRTUAL_LOOP_START;
    return MAX(lately, registered - SIM_UNDER_WAY_USEC);
}

/* Who is not in the cluster leaves everything as it is. If its lease was taken away before its
 * time it takes that long to know of it. */
static void check_is_present(SimCheck *check, const SimNode *node, const char *action,
                             usec_t begun_usec) {
    usec_t since = sim_check_last_change(check, KEY_MACHINE, node->id, NULL);
    if (since == node->taken_usec)
        since += check->cluster->agent_ttl_usec;
    if (!sim_view_machine(check->cluster->view, node->id) &&
        begun_usec > since + SIM_UNDER_WAY_USEC)
        sim_trace_fail(check->trace, "machine %s acts and is not in the cluster: %s", node->id,
                       action);
}

/* When its guard has stopped it, it is started again as soon as all is well. */
static bool unit_is_guarded(const char *name) {
    const SimUnit *unit = sim_unit_find(name);
    return unit && unit->runs_once;
}

/* It must never run twice, and nobody vouches for it any more. */
static bool is_overdue(const SimNode *node, const char *name) {
    return unit_is_guarded(name) && sim_guard_may_stop(node->systemd, name);
}

/* Such a start may have waited for the guard. What must not be then is up to its permit, and to the
 * stops that came meanwhile. */
static usec_t start_delay(const char *name) {
    return unit_is_guarded(name) ? SIM_GUARD_START_USEC : 0;
}

/* systemd does things in the order in which it was asked; by then it has done them. */
static void check_was_not_stopped(SimCheck *check, const SimNode *node, const char *name) {
    usec_t stopped = sim_fuse_stopped_at(node->fuse, name);
    if (stopped != 0 && loop_now(node->world) > stopped + SIM_UNDER_WAY_USEC)
        sim_trace_fail(check->trace, "%s was started on %s after it was stopped", name, node->id);
}

/* An order is good for one start in each life of the machine, unless fleetd or its contact with
 * systemd was gone before the answer to that start came, and the unit has ended meanwhile. */
static void check_start(SimCheck *check, SimNode *node, const char *name, SimPlace *place) {
    const char *hash = fake_systemd_started_hash(node->systemd, name);
    usec_t since = sim_actions_heard_since(check, node) - start_delay(name);
    bool had_other_file = place->has_other_file;
    place->is_cut_off = place->was_meddled_with = place->has_other_file = false;
    if (place->boot != node->n_boots)
        place->words.taken = place->restarted_usec = 0;
    place->boot = node->n_boots;
    /* Another file is another unit, also if the former one comes back. */
    if (hash && !streq(hash, place->restarted_hash))
        place->restarted_usec = 0;
    place->was_meddled_with = is_overdue(node, name);
    if (place->was_meddled_with)
        return; /* by fate, in the moment before the guard acts, which judges it */
    check_was_not_stopped(check, node, name);
    bool is_known = hash && !had_other_file;
    if (is_known && !sim_words_said_launch(&place->words, since, hash))
        sim_trace_fail(check->trace, "%s was started on %s without an order", name, node->id);
    bool is_first = sim_words_take_launch(&place->words, since, hash);
    if (is_known && !unit_is_guarded(name) && !is_first &&
        !fake_systemd_take_unheard(node->systemd, name))
        sim_trace_fail(check->trace, "%s was started on %s twice for one order", name, node->id);
    check_runs_alone(check, node, name);
    if (is_known)
        check_starts_apart(check, node, name, hash,
                           sim_words_launch_since(&place->words, since, hash));
}

/* What must never run twice, by its guard, which stops rather too much if it cannot read what was
 * vouched for; or before its machine says goodbye. */
static bool may_stop_without_order(SimNode *node, const char *name) {
    bool goes_down = node->is_leaving && node->farewell == PRESENCE_LEFT;
    const FakeGuardHost *host = sim_guard_host(node->guard);
    bool is_blind = host && fake_guard_host_is_blind(host);
    return unit_is_guarded(name) && (goes_down || is_blind || is_overdue(node, name));
}

/* The last failing answer may be on its way as long as fleetd is paused, or the machine asleep. */
#define ILLNESS_KNOWN_USEC (10 * USEC_PER_MINUTE)
/* As in fleetd/agent/health.c, from when it asks. */
#define RESTART_PAUSE_USEC (30 * USEC_PER_SEC)

/* Only what was ill, and not again and again, whatever becomes of fleetd meanwhile. */
static void check_restart(SimCheck *check, SimNode *node, const char *name, SimPlace *place) {
    const char *hash = str_or(fake_systemd_started_hash(node->systemd, name), "");
    usec_t now = loop_now(node->world);
    bool is_again = place->boot == node->n_boots && place->restarted_usec != 0 &&
                    streq(place->restarted_hash, hash);
    if (place->ill_until == 0 ||
        (place->ill_until != USEC_INFINITY && now > place->ill_until + ILLNESS_KNOWN_USEC))
        sim_trace_fail(check->trace, "%s was restarted on %s and was not ill", name, node->id);
    if (is_again && now + SIM_UNDER_WAY_USEC < place->restarted_usec + RESTART_PAUSE_USEC)
        sim_trace_fail(check->trace, "%s was restarted on %s again too early", name, node->id);
    place->restarted_usec = now;
    snprintf(place->restarted_hash, sizeof(place->restarted_hash), "%s", hash);
}

static void note_stop(SimCheck *check, const SimNode *node, const char *name, SimPlace *place) {
    usec_t now = loop_now(check->cluster->loop);
    if (now > place->stops_since + STOPS_USEC) {
        place->stops_since = now;
        place->n_stops = 0;
    }
    if (++place->n_stops > STOPS_MAX)
        sim_trace_fail(check->trace, "%s is stopped on %s again and again", name, node->id);
    place->was_meddled_with = place->was_meddled_with || now < place->back_until;
}

static void check_stop(SimCheck *check, SimNode *node, const char *name, const SimPlace *place) {
    const char *hash = fake_systemd_started_hash(node->systemd, name);
    if (!hash || place->has_other_file) /* what runs is not what fleet has started */
        return;
    if (may_stop_without_order(node, name))
        return;
    usec_t since = sim_actions_heard_since(check, node);
    if (!sim_words_said_otherwise(&place->words, since, hash) &&
        !sim_words_said_restart(&place->words, since, hash))
        sim_trace_fail(check->trace, "%s was stopped on %s although it is ordered to run", name,
                       node->id);
}

void sim_actions_judge(SimCheck *check, SimNode *node, const char *action) {
    const char *name = strchr(action, ' ');
    sim_trace(check->trace, "machine %u: %s", (unsigned) (node - check->cluster->nodes + 1),
              action);
    if (streq(action, "reboot")) {
        check_is_present(check, node, action, loop_now(node->world));
        sim_reboots_judge_action(check, node);
    }
    if (!name)
        return;
    SimPlace *place = sim_check_need_place(check, node->id, ++name);
    bool is_start = strncmp(action, "start ", 6) == 0;
    bool is_restart = strncmp(action, "restart ", 8) == 0;
    if (!is_restart && !may_stop_without_order(node, name))
        check_is_present(check, node, action,
                         loop_now(node->world) - (is_start ? start_delay(name) : 0));
    if (is_start)
        check_start(check, node, name, place);
    else if (strncmp(action, "stop ", 5) == 0 || strncmp(action, "remove ", 7) == 0)
        check_stop(check, node, name, place);
    else if (is_restart)
        check_restart(check, node, name, place);
    if (strncmp(action, "stop ", 5) == 0)
        note_stop(check, node, name, place);
    else if (strncmp(action, "remove ", 7) == 0)
        place->restarted_usec = 0;
}
