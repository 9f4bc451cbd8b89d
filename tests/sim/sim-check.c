/* Who may write what is judged when a transaction is done; orders, when a revision is; and units,
 * when their systemd has acted. An agent acts on what it last heard: as long as its own lease
 * surely lives, so what it does is held against all that its orders said in that time. */
#include "tests/sim/sim-check.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-units.h"
#include "tests/sim/sim-words.h"
#include "tests/sim/sim-writers.h"

/* A pair of machine and unit. */
typedef struct Place {
    SimWords words;
    bool is_cut_off;       /* its order was taken away while the machine had no presence */
    bool was_meddled_with; /* since its last start */
    bool has_other_file;   /* likewise */
    bool may_fail;         /* a start of it */
    unsigned boot;         /* of that start */
} Place;

struct SimCheck {
    SimCluster *cluster;
    SimRequests *requests;
    SimTrace *trace;
    Map *places;                  /* by "<machine>/<unit>" */
    Map *changes;                 /* key -> usec_t: when it last changed */
    usec_t changed_usec;          /* when anything last did */
    Map *new_orders;              /* the places that were given one at this revision, a set */
    size_t n_seen[SIM_NODES_MAX]; /* actions */
    SimWriters writers;
};

static void place_free(void *p) {
    Place *place = p;
    sim_words_done(&place->words);
    free(place);
}

static Place *need_place(SimCheck *check, const char *machine_id, const char *name) {
    _cleanup_free_ char *key = sim_must(str_printf("%s/%s", machine_id, name));
    Place *place = map_get(check->places, key);
    if (place)
        return place;
    place = sim_must(calloc(1, sizeof(Place)));
    if (map_put(check->places, key, place) < 0)
        abort();
    return place;
}

static void on_txn(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    const SimNode *node = userdata;
    SimCheck *check = node->cluster->userdata;
    const char *key = sim_writers_judge(&check->writers, check->requests, node, txn, result);
    if (key)
        sim_trace_fail(check->trace, "machine %s wrote %s, which it must not", node->id, key);
}

/* --- orders --- */

static char *change_key(KeyKind kind, const char *machine_id, const char *name) {
    return sim_must(str_printf("%d/%s/%s", kind, str_or(machine_id, ""), str_or(name, "")));
}

usec_t sim_check_last_change(const SimCheck *check, KeyKind kind, const char *machine_id,
                             const char *name) {
    _cleanup_free_ char *key = change_key(kind, machine_id, name);
    return (usec_t) (uintptr_t) map_get(check->changes, key);
}

usec_t sim_check_last_change_of_any(const SimCheck *check) {
    return check->changed_usec;
}

static SimNode *find_node(SimCluster *cluster, const char *id) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (streq(cluster->nodes[i].id, id))
            return &cluster->nodes[i];
    return NULL;
}

/* A machine that the store lost while it was away is given up only when it had its time to come
 * back. */
static void check_given_up(SimCheck *check, const Key *key) {
    const SimCluster *cluster = check->cluster;
    if (sim_check_last_change(check, KEY_MACHINE, key->machine_id, NULL) < cluster->store_away_usec)
        return;
    if (loop_now(cluster->loop) < cluster->store_back_usec + SIM_TTL)
        sim_trace_fail(check->trace, "machine %s was given up before it could come back",
                       key->machine_id);
}

/* A machine that is there is never just robbed of its order: it has stopped the unit before. */
static void check_taken_order(SimCheck *check, const Key *key, Place *place) {
    const Machine *machine = sim_view_machine(check->cluster->view, key->machine_id);
    SimNode *node = find_node(check->cluster, key->machine_id);
    bool is_here = machine && machine->status != MACHINE_STATUS_LEFT;
    if (!machine)
        check_given_up(check, key);
    if (!node || !sim_node_has(node, key->name))
        return;
    if (is_here && !place->was_meddled_with && !place->has_other_file)
        sim_trace_fail(check->trace, "the order for %s was taken from machine %s, which runs it",
                       key->name, key->machine_id);
    place->is_cut_off = true;
}

/* Only a machine that goes down may say that it leaves: what it has is given to others. */
static void check_goodbye(SimCheck *check, const Machine *machine) {
    const SimNode *node = find_node(check->cluster, machine->id);
    if (machine->status == MACHINE_STATUS_LEFT && streq(machine->boot_id, node->boot_id) &&
        node->n_goodbyes != node->n_boots)
        sim_trace_fail(check->trace, "machine %s says that it leaves, and stays", machine->id);
}

/* Who leads is not replaced before its lease has run out, but by its own later run. */
static void check_succession(SimCheck *check, const char *old, const char *new) {
    if (old && new && !streq(old, new))
        sim_trace_fail(check->trace, "the leader's key was taken from %s by %s", old, new);
}

static void check_lost_file(SimCheck *check, const char *hash) {
    const char *name;
    const Unit *unit;
    MAP_FOREACH (name, unit, sim_view_all(check->cluster->view, KEY_UNIT))
        if (streq(unit->hash, hash))
            sim_trace_fail(check->trace, "the file of %s was deleted", name);
}

static void check_change(SimCheck *check, const Key *key, const void *old, const void *new) {
    if (key->kind == KEY_UNIT)
        sim_requests_note_unit(check->requests, key->name, new,
                               sim_view_revision(check->cluster->view));
    else if (key->kind == KEY_MACHINE && new)
        check_goodbye(check, new);
    else if (key->kind == KEY_LEADER)
        check_succession(check, old, new);
    else if (key->kind == KEY_FILE && !new)
        check_lost_file(check, key->name);
}

static void on_change(const Key *key, const void *old, const void *new, void *userdata) {
    SimCheck *check = userdata;
    _cleanup_free_ char *name = change_key(key->kind, key->machine_id, key->name);
    usec_t now = loop_now(check->cluster->loop);
    if (map_put(check->changes, name, (void *) (uintptr_t) now) < 0)
        abort();
    check->changed_usec = now;
    check_change(check, key, old, new);
    if (key->kind != KEY_SCHEDULE)
        return;
    Place *place = need_place(check, key->machine_id, key->name);
    sim_words_say(&place->words, now, new);
    if (!new)
        check_taken_order(check, key, place);
    _cleanup_free_ char *pair = sim_must(str_printf("%s/%s", key->machine_id, key->name));
    if (!old && map_put(check->new_orders, pair, NULL) < 0)
        abort();
}

/* The engine decides on what it has heard: what changed just now it may not have. */
static bool has_settled(const SimCheck *check, KeyKind kind, const char *machine_id,
                        const char *name) {
    return sim_check_last_change(check, kind, machine_id, name) + SIM_STALE_USEC <
           loop_now(check->cluster->loop);
}

/* What the engine decides on besides orders, which nobody else writes. */
static bool ground_has_settled(const SimCheck *check, const Order *order, const char *other) {
    return has_settled(check, KEY_MACHINE, order->machine_id, NULL) &&
           has_settled(check, KEY_METADATA, order->machine_id, "disk") &&
           has_settled(check, KEY_UNIT, NULL, order->name) &&
           (!other || has_settled(check, KEY_UNIT, NULL, other));
}

static void check_fit(SimCheck *check, const Order *order) {
    _cleanup_(sim_misfit_done) SimMisfit misfit =
        sim_find_misfit(check->cluster->view, order->name, order->machine_id);
    if (misfit.why && ground_has_settled(check, order, misfit.other))
        sim_trace_fail(check->trace, "%s is ordered on %s, where it does not fit: %s (%s)",
                       order->name, order->machine_id, misfit.why, str_or(misfit.other, "itself"));
}

static void check_new_order(SimCheck *check, const char *pair) {
    const SimView *view = check->cluster->view;
    const Order *order = map_get(sim_view_all(view, KEY_SCHEDULE), pair);
    if (!order)
        return;
    const SimUnit *unit = sim_unit_find(order->name);
    if (order->desired != LAUNCH_STATE_INACTIVE)
        check_fit(check, order);
    if (unit && !unit->is_global && sim_view_count_orders(view, order->name) > 1)
        sim_trace_fail(check->trace, "%s has orders on two machines", order->name);
}

static void on_revision(_unused_ int64_t revision, void *userdata) {
    SimCheck *check = userdata;
    const char *pair;
    _unused_ void *value;
    MAP_FOREACH (pair, value, check->new_orders)
        check_new_order(check, pair);
    map_clear(check->new_orders);
}

/* --- what machines do --- */

static bool place_may_run_on(const Place *place) {
    return place->is_cut_off || place->was_meddled_with || place->has_other_file;
}

static void check_runs_alone(SimCheck *check, const SimNode *node, const char *name) {
    const SimUnit *unit = sim_unit_find(name);
    for (size_t i = 0; unit && !unit->is_global && i < check->cluster->n_nodes; i++) {
        SimNode *other = &check->cluster->nodes[i];
        if (other != node && sim_node_has(other, name) &&
            !place_may_run_on(need_place(check, other->id, name)))
            sim_trace_fail(check->trace, "%s was started on %s while it runs on %s", name, node->id,
                           other->id);
    }
}

/* Since when what its orders said may still be acted on: as long as its lease can live. And when an
 * agent has registered, it hears all orders anew before it acts. */
static usec_t heard_since(const SimCheck *check, const SimNode *node) {
    usec_t lately = sim_cluster_lease_since(check->cluster) - SIM_UNDER_WAY_USEC;
    usec_t registered = sim_check_last_change(check, KEY_MACHINE, node->id, NULL);
    return MAX(lately, MAX(registered, VIRTUAL_LOOP_START) - SIM_UNDER_WAY_USEC);
}

/* Who is not in the cluster leaves everything as it is. If its lease was taken away before its
 * time it takes that long to know of it. */
static void check_is_present(SimCheck *check, const SimNode *node, const char *action) {
    usec_t since = sim_check_last_change(check, KEY_MACHINE, node->id, NULL);
    if (since == check->cluster->leases_taken_usec)
        since += SIM_TTL;
    if (!sim_view_machine(check->cluster->view, node->id) &&
        loop_now(node->world) > since + SIM_UNDER_WAY_USEC)
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

/* An order is good for one start in each life of the machine. */
static void check_start(SimCheck *check, SimNode *node, const char *name, Place *place) {
    const char *hash = fake_systemd_started_hash(node->systemd, name);
    usec_t since = heard_since(check, node);
    bool had_other_file = place->has_other_file;
    place->is_cut_off = place->was_meddled_with = place->has_other_file = false;
    if (place->boot != node->n_boots)
        place->words.taken = 0;
    place->boot = node->n_boots;
    place->was_meddled_with = is_overdue(node, name);
    if (place->was_meddled_with)
        return; /* by fate, in the moment before the guard acts, which judges it */
    bool is_known = hash && !had_other_file;
    if (is_known && !sim_words_said_launch(&place->words, since, hash))
        sim_trace_fail(check->trace, "%s was started on %s without an order", name, node->id);
    if (is_known && !unit_is_guarded(name) && !sim_words_take_launch(&place->words, since, hash))
        sim_trace_fail(check->trace, "%s was started on %s twice for one order", name, node->id);
    check_runs_alone(check, node, name);
}

/* What must never run twice, by its guard, which stops rather too much if it cannot read what was
 * vouched for; or before its machine says goodbye. */
static bool may_stop_without_order(SimNode *node, const char *name) {
    bool goes_down = node->is_leaving && node->farewell == PRESENCE_LEFT;
    const FakeGuardHost *host = sim_guard_host(node->guard);
    bool is_blind = host && fake_guard_host_is_blind(host);
    return unit_is_guarded(name) && (goes_down || is_blind || is_overdue(node, name));
}

static void check_stop(SimCheck *check, SimNode *node, const char *name, const Place *place) {
    const char *hash = fake_systemd_started_hash(node->systemd, name);
    if (!hash || place->has_other_file) /* what runs is not what fleet has started */
        return;
    if (may_stop_without_order(node, name))
        return;
    if (!sim_words_said_otherwise(&place->words, heard_since(check, node), hash))
        sim_trace_fail(check->trace, "%s was stopped on %s although it is ordered to run", name,
                       node->id);
}

static void check_action(SimCheck *check, SimNode *node, const char *action) {
    const char *name = strchr(action, ' ');
    sim_trace(check->trace, "machine %u: %s", (unsigned) (node - check->cluster->nodes + 1),
              action);
    if (!name)
        return;
    Place *place = need_place(check, node->id, ++name);
    if (!may_stop_without_order(node, name))
        check_is_present(check, node, action);
    if (strncmp(action, "start ", 6) == 0)
        check_start(check, node, name, place);
    else if (strncmp(action, "stop ", 5) == 0 || strncmp(action, "remove ", 7) == 0)
        check_stop(check, node, name, place);
}

/* Whatever systemd calls it, as long as a process of it can be there. */
static void check_runs_once(SimCheck *check) {
    for (size_t i = 0; sim_unit(i); i++)
        if (sim_unit(i)->runs_once && sim_count_running(check->cluster, sim_unit(i)->name) > 1)
            sim_trace_fail(check->trace, "%s runs on two machines", sim_unit(i)->name);
}

void sim_check_step(SimCheck *check) {
    check_runs_once(check);
    for (size_t i = 0; i < check->cluster->n_nodes; i++) {
        SimNode *node = &check->cluster->nodes[i];
        char *const *actions = fake_script_actions(fake_systemd_script(node->systemd));
        while (actions && actions[check->n_seen[i]])
            check_action(check, node, actions[check->n_seen[i]++]);
    }
}

void sim_check_note_meddling(SimCheck *check, const SimNode *node, const char *unit) {
    need_place(check, node->id, unit)->was_meddled_with = true;
}

void sim_check_note_failing_starts(SimCheck *check, const SimNode *node, const char *unit) {
    need_place(check, node->id, unit)->may_fail = true;
}

void sim_check_note_other_file(SimCheck *check, const SimNode *node, const char *unit) {
    need_place(check, node->id, unit)->has_other_file = true;
}

bool sim_check_has_other_file(const SimCheck *check, const SimNode *node, const char *unit) {
    return need_place((SimCheck *) check, node->id, unit)->has_other_file;
}

bool sim_check_was_meddled_with(const SimCheck *check, const SimNode *node, const char *unit) {
    const Place *place = need_place((SimCheck *) check, node->id, unit);
    return place->was_meddled_with || place->may_fail;
}

SimCheck *sim_check_new(SimCluster *cluster, SimRequests *requests, SimTrace *trace) {
    static const SimViewHooks hooks = {.on_change = on_change, .on_revision = on_revision};
    SimCheck *check = sim_must(calloc(1, sizeof(SimCheck)));
    *check = (SimCheck){
        .cluster = cluster,
        .requests = requests,
        .trace = trace,
        .places = sim_must(map_new(place_free)),
        .changes = sim_must(map_new(NULL)),
        .new_orders = sim_must(map_new(NULL)),
    };
    sim_view_set_hooks(cluster->view, &hooks, check);
    cluster->on_txn = on_txn;
    cluster->userdata = check;
    return check;
}

void sim_check_free(SimCheck *check) {
    if (!check)
        return;
    map_free(check->places);
    map_free(check->changes);
    map_free(check->new_orders);
    free(check);
}
