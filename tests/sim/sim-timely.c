/* A way that counts as well has at most 0.5 s of latency, and so 1 s a request. */
#include "tests/sim/sim-timely.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-reboots.h"
#include "tests/sim/sim-units.h"

#include <stdio.h>

#define LOOK_EVERY_USEC USEC_PER_SEC

typedef enum Concern {
    CONCERN_LEADER,
    CONCERN_LEFT,
    CONCERN_GONE,
    CONCERN_PRESENCE,
    CONCERN_ORDER,
    CONCERN_WITHDRAWAL,
    CONCERN_STATE,
    CONCERN_PLACE,
    CONCERN_DRAIN,
    CONCERN_REBOOT,
    _CONCERN_MAX,
} Concern;

/* Each must be shorter than a lease of agents (SIM_TTL), where waiting for one too many is what it
 * would miss. */
static const struct {
    const char *name;
    usec_t bound_usec;
} concerns[_CONCERN_MAX] = {
    /* The deletion is told (0.5 s), a lease granted, the key put (1 s each); a try that was lost to
     * another one's is repeated (0.5 s and 1 s). */
    [CONCERN_LEADER] = {"a leader is elected", 5 * USEC_PER_SEC},
    /* A leader that was just elected lists in a few pages, watches, plans, writes (1 s each), and
     * does that once more where its write was overtaken. */
    [CONCERN_LEFT] = {"the orders of a machine that left are taken back", 8 * USEC_PER_SEC},
    [CONCERN_GONE] = {"the orders of a machine that is gone are taken back", 8 * USEC_PER_SEC},
    /* A lease, a look, a write; a retry (0.5 s). */
    [CONCERN_PRESENCE] = {"a machine is in the cluster", 5 * USEC_PER_SEC},
    /* The order is told, the file fetched, what runs is stopped (15 s is the slowest), the new file
     * written; each call of systemd's takes 0.5 s at most. */
    [CONCERN_ORDER] = {"an order is carried out", 25 * USEC_PER_SEC},
    /* Likewise; then the state is published, heard of, and the order deleted. */
    [CONCERN_WITHDRAWAL] = {"an order that was withdrawn is gone", 25 * USEC_PER_SEC},
    [CONCERN_STATE] = {"a state is published", 5 * USEC_PER_SEC},
    /* As for a machine that left. */
    [CONCERN_DRAIN] = {"what is still there when a drain's time is over is told to leave",
                       8 * USEC_PER_SEC},
    [CONCERN_PLACE] = {"a unit that fits somewhere is placed", 8 * USEC_PER_SEC},
    [CONCERN_REBOOT] = {"a reboot goes on", 8 * USEC_PER_SEC},
};

typedef struct Mismatch {
    char active[16]; /* what it should be */
    usec_t since;
} Mismatch;

struct SimTimely {
    SimCluster *cluster;
    SimCheck *check;
    SimTrace *trace;
    SimReport *report;
    usec_t next_usec;
    Map *mismatches;     /* by "<machine>/<unit>", of states that are not what systemd has */
    usec_t judged_usec;  /* the last change after which all units were looked at for their places */
    usec_t leader_since; /* as of this look */
};

const char *sim_timely_name(size_t i) {
    return i < _CONCERN_MAX ? concerns[i].name : NULL;
}

usec_t sim_timely_bound(size_t i) {
    return concerns[i].bound_usec;
}

/* It has not been done since then, when it could have begun. USEC_INFINITY: it could not. */
static void wait_since(SimTimely *timely, Concern concern, usec_t since, const char *what,
                       const char *machine_id) {
    usec_t now = loop_now(timely->cluster->loop);
    if (since >= now) /* also if something is in the way */
        return;
    usec_t *longest = &timely->report->longest_usec[concern];
    *longest = MAX(*longest, now - since);
    if (now - since > concerns[concern].bound_usec)
        sim_trace_fail(timely->trace, "too late: %s (%s%s%s), for %.1f s now",
                       concerns[concern].name, what, machine_id ? " on " : "",
                       str_or(machine_id, ""), (double) (now - since) / USEC_PER_SEC);
}

static usec_t later(usec_t a, usec_t b) {
    return MAX(a, b);
}

/* When the machine has surely got over the last of its troubles, and of the store's. */
static usec_t healed_since(const SimTimely *timely, const SimNode *node) {
    usec_t well_since = node ? sim_cluster_well_since(timely->cluster, node) : USEC_INFINITY;
    return well_since == USEC_INFINITY ? USEC_INFINITY : well_since + SIM_HEAL_USEC;
}

static usec_t changed(const SimTimely *timely, KeyKind kind, const char *machine_id,
                      const char *name) {
    return sim_check_last_change(timely->check, kind, machine_id, name);
}

/* --- the leader --- */

static usec_t leader_since(const SimTimely *timely) {
    usec_t healed = healed_since(timely, sim_leader(timely->cluster));
    return healed == USEC_INFINITY ? USEC_INFINITY
                                   : later(healed, changed(timely, KEY_LEADER, NULL, NULL));
}

/* It takes part when its machine is registered; a machine that has just booted waits for its former
 * lease to run out. */
static usec_t able_since(const SimTimely *timely, const SimNode *node) {
    return node->engine
               ? later(healed_since(timely, node), changed(timely, KEY_MACHINE, node->id, NULL))
               : USEC_INFINITY;
}

static void look_at_leader(SimTimely *timely) {
    usec_t since = USEC_INFINITY;
    for (size_t i = 0; i < timely->cluster->n_nodes; i++)
        since = MIN(since, able_since(timely, &timely->cluster->nodes[i]));
    if (!sim_view_leader(timely->cluster->view))
        wait_since(timely, CONCERN_LEADER, later(since, changed(timely, KEY_LEADER, NULL, NULL)),
                   "none", NULL);
}

/* --- machines --- */

/* A machine that is not there had its time to come back when the leader's fleetd has been in
 * contact for a whole lease; who said that it left needs none. */
static void look_at_gone(SimTimely *timely, const Order *order) {
    const Machine *machine = sim_view_machine(timely->cluster->view, order->machine_id);
    usec_t since =
        later(timely->leader_since, changed(timely, KEY_MACHINE, order->machine_id, NULL));
    usec_t steady_since = healed_since(timely, sim_leader(timely->cluster));
    if (machine && machine->status == MACHINE_STATUS_LEFT)
        wait_since(timely, CONCERN_LEFT, since, order->name, order->machine_id);
    else if (!machine && !sim_view_brake(timely->cluster->view) && since != USEC_INFINITY)
        wait_since(timely, CONCERN_GONE,
                   later(later(since, changed(timely, KEY_BRAKE, NULL, NULL)),
                         steady_since + timely->cluster->agent_ttl_usec),
                   order->name, order->machine_id);
}

/* Until its lease has run out, a former boot's presence bars the way; also if it was seen to run,
 * and says only then, in a farewell that was late, that it restarts. */
static bool presence_is_barred(const SimTimely *timely, const SimNode *node) {
    const Machine *machine = sim_view_machine(timely->cluster->view, node->id);
    if (!machine || machine->status == MACHINE_STATUS_LEFT)
        return false;
    return machine->status == MACHINE_STATUS_RUNNING ||
           (!streq_ptr(machine->boot_id, node->boot_id) &&
            changed(timely, KEY_MACHINE, node->id, NULL) > node->booted_usec);
}

static bool presence_is_former(const SimTimely *timely, const SimNode *node) {
    const Machine *machine = sim_view_machine(timely->cluster->view, node->id);
    return machine && !streq_ptr(machine->boot_id, node->boot_id);
}

/* A former boot that restarts is waited for for a lease time, from the first look on. */
static void look_at_presence(SimTimely *timely, const SimNode *node) {
    usec_t healed = healed_since(timely, node);
    if (healed == USEC_INFINITY || presence_is_barred(timely, node))
        return;
    if (presence_is_former(timely, node))
        healed += timely->cluster->agent_ttl_usec;
    wait_since(timely, CONCERN_PRESENCE,
               later(healed, changed(timely, KEY_MACHINE, node->id, NULL)), "its presence",
               node->id);
}

/* --- orders --- */

/* Since when the agent can carry out that order. */
static usec_t order_since(const SimTimely *timely, const SimNode *node, const Order *order) {
    const Machine *machine = sim_view_machine(timely->cluster->view, node->id);
    usec_t healed = healed_since(timely, node);
    if (!machine || machine->status != MACHINE_STATUS_RUNNING || healed == USEC_INFINITY ||
        !streq(machine->boot_id, node->boot_id))
        return USEC_INFINITY;
    return later(later(healed, changed(timely, KEY_MACHINE, node->id, NULL)),
                 changed(timely, KEY_SCHEDULE, node->id, order->name));
}

static bool order_is_carried_out(const SimTimely *timely, SimNode *node, const Order *order) {
    const UnitState *state = sim_view_state(timely->cluster->view, node->id, order->name);
    bool is_error = state && state->job == JOB_RESULT_ERROR;
    return order->desired != LAUNCH_STATE_LAUNCHED || is_error ||
           sim_check_was_meddled_with(timely->check, node, order->name) ||
           sim_check_has_other_file(timely->check, node, order->name) ||
           streq_ptr(fake_systemd_started_hash(node->systemd, order->name), order->hash);
}

/* It may have to wait until it has surely stopped elsewhere (sim-actions.c judges that it does). */
static bool unit_is_apart(const char *name) {
    const SimUnit *unit = sim_unit_find(name);
    return unit && unit->runs_once;
}

static void look_at_order(SimTimely *timely, const Order *order) {
    SimNode *node = sim_find_node(timely->cluster, order->machine_id);
    usec_t since = order_since(timely, node, order);
    if (!order_is_carried_out(timely, node, order))
        wait_since(timely, CONCERN_ORDER, since, order->name, node->id);
    if (order->desired == LAUNCH_STATE_INACTIVE && since != USEC_INFINITY)
        wait_since(timely, CONCERN_WITHDRAWAL, later(since, timely->leader_since), order->name,
                   node->id);
}

static usec_t mismatch_since(SimTimely *timely, const char *key, const char *active) {
    Mismatch *mismatch = map_get(timely->mismatches, key);
    if (mismatch && streq(mismatch->active, active))
        return mismatch->since;
    mismatch = sim_must(calloc(1, sizeof(Mismatch)));
    mismatch->since = loop_now(timely->cluster->loop);
    snprintf(mismatch->active, sizeof(mismatch->active), "%s", active);
    if (map_put(timely->mismatches, key, mismatch) < 0)
        abort();
    return mismatch->since;
}

/* A state that changes while it is published is counted anew. */
static void look_at_state(SimTimely *timely, const Order *order) {
    SimNode *node = sim_find_node(timely->cluster, order->machine_id);
    const UnitState *state = sim_view_state(timely->cluster->view, node->id, order->name);
    const char *active = fake_systemd_active(node->systemd, order->name);
    _cleanup_free_ char *key = sim_must(str_printf("%s/%s", node->id, order->name));
    if (streq_ptr(state ? state->active : NULL, active) ||
        sim_check_has_other_file(timely->check, node, order->name)) {
        map_remove(timely->mismatches, key);
        return;
    }
    usec_t since = mismatch_since(timely, key, str_or(active, ""));
    usec_t order_usec = order_since(timely, node, order);
    if (order_usec != USEC_INFINITY)
        wait_since(timely, CONCERN_STATE,
                   later(since, order_usec + concerns[CONCERN_ORDER].bound_usec), order->name,
                   node->id);
}

/* A machine without a presence gets nothing told, and is given up. */
static void look_at_drain(SimTimely *timely, const Order *order) {
    const SimView *view = timely->cluster->view;
    const Machine *machine = sim_view_machine(view, order->machine_id);
    const SimUnit *unit = sim_unit_find(order->name);
    usec_t now = loop_realtime(timely->cluster->loop);
    Maintenance wanted;
    if (!sim_view_wants(view, order->machine_id, &wanted) || wanted.deadline_usec == 0 ||
        wanted.deadline_usec > now || !machine || machine->status != MACHINE_STATUS_RUNNING ||
        !unit || unit->is_global || order->desired == LAUNCH_STATE_INACTIVE)
        return;
    usec_t since =
        later(timely->leader_since, changed(timely, KEY_MACHINE, order->machine_id, NULL));
    since = later(since, changed(timely, KEY_MAINTENANCE, order->machine_id, NULL));
    since = later(since, changed(timely, KEY_REBOOT, order->machine_id, NULL));
    since = later(since, changed(timely, KEY_UNIT, NULL, order->name));
    since = later(since, loop_now(timely->cluster->loop) - (now - wanted.deadline_usec));
    if (timely->leader_since != USEC_INFINITY)
        wait_since(timely, CONCERN_DRAIN, since, order->name, order->machine_id);
}

/* --- places --- */

/* What takes the place of another is waited for, and the other may have nowhere to go. */
static bool unit_needs_place(const SimTimely *timely, const Unit *unit) {
    const SimUnit *known = sim_unit_find(unit->name);
    return unit->desired != LAUNCH_STATE_INACTIVE && known && !known->is_global &&
           !unit_is_apart(unit->name) && !sim_replaces_any(timely->cluster->view, unit->name) &&
           !unit_name_is_template(unit->name) &&
           sim_view_count_orders(timely->cluster->view, unit->name) == 0;
}

/* What a unit that is destroyed conflicts with nobody can read any more, but who knew it: it has to
 * leave first. */
static bool machine_has_to_let_go(const SimTimely *timely, const SimNode *node) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(timely->cluster->view, KEY_SCHEDULE))
        if (order->desired == LAUNCH_STATE_INACTIVE && streq(order->machine_id, node->id))
            return true;
    return false;
}

static void look_at_unit(SimTimely *timely, const Unit *unit, usec_t since) {
    for (size_t i = 0; i < timely->cluster->n_nodes; i++) {
        const SimNode *node = &timely->cluster->nodes[i];
        if (!machine_has_to_let_go(timely, node) &&
            sim_could_go(timely->cluster->view, unit->name, node->id))
            wait_since(timely, CONCERN_PLACE, since, unit->name, node->id);
    }
}

/* Looked at once in each time in which nothing changes. */
static void look_at_places(SimTimely *timely) {
    usec_t changed_usec = sim_check_last_change_of_any(timely->check);
    usec_t since = later(timely->leader_since, changed_usec);
    const char *key;
    const Unit *unit;
    if (since == USEC_INFINITY || changed_usec == timely->judged_usec ||
        loop_now(timely->cluster->loop) <= since + concerns[CONCERN_PLACE].bound_usec)
        return;
    timely->judged_usec = changed_usec;
    MAP_FOREACH (key, unit, sim_view_all(timely->cluster->view, KEY_UNIT))
        if (unit_needs_place(timely, unit))
            look_at_unit(timely, unit, since);
}

/* --- reboots --- */

/* Nothing of it is decided while anything else is. */
static void look_at_reboot(SimTimely *timely, const Reboot *reboot) {
    Loop *loop = timely->cluster->loop;
    usec_t due = sim_reboots_due(timely->cluster->view, reboot), now = loop_realtime(loop);
    usec_t since = later(timely->leader_since, sim_check_last_change_of_any(timely->check));
    if (since != USEC_INFINITY && due <= now)
        wait_since(timely, CONCERN_REBOOT,
                   due == 0 ? since : later(since, loop_now(loop) - (now - due)),
                   reboot_phase_to_string(reboot->phase), reboot->machine_id);
}

void sim_timely_step(SimTimely *timely) {
    const char *key;
    const Order *order;
    const Reboot *reboot;
    if (loop_now(timely->cluster->loop) < timely->next_usec)
        return;
    timely->next_usec = loop_now(timely->cluster->loop) + LOOK_EVERY_USEC;
    timely->leader_since = leader_since(timely);
    look_at_leader(timely);
    for (size_t i = 0; i < timely->cluster->n_nodes; i++)
        look_at_presence(timely, &timely->cluster->nodes[i]);
    MAP_FOREACH (key, order, sim_view_all(timely->cluster->view, KEY_SCHEDULE)) {
        if (unit_is_apart(order->name))
            continue;
        look_at_gone(timely, order);
        look_at_drain(timely, order);
        look_at_order(timely, order);
        look_at_state(timely, order);
    }
    look_at_places(timely);
    MAP_FOREACH (key, reboot, sim_view_all(timely->cluster->view, KEY_REBOOT))
        look_at_reboot(timely, reboot);
}

SimTimely *sim_timely_new(SimCluster *cluster, SimCheck *check, SimTrace *trace,
                          SimReport *report) {
    SimTimely *timely = sim_must(calloc(1, sizeof(SimTimely)));
    *timely = (SimTimely){.cluster = cluster,
                          .check = check,
                          .trace = trace,
                          .report = report,
                          .mismatches = sim_must(map_new(free))};
    return timely;
}

void sim_timely_free(SimTimely *timely) {
    if (!timely)
        return;
    map_free(timely->mismatches);
    free(timely);
}
