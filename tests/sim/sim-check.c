/* Who may write what is judged when a transaction is done; orders, when a revision is; and units,
 * when their systemd has acted. An agent acts on what it last heard: as long as its own lease
 * surely lives, so what it does is held against all that its orders said in that time. */
#include "tests/sim/sim-check.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-units.h"

#include <stdio.h>

/* How old what an agent acts on may be: a lease, and what is under way. */
#define STALE_USEC (SIM_TTL + 3 * USEC_PER_SEC)

typedef struct Word {    /* what an order said, and until when */
    LaunchState desired; /* also inactive when there was none */
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    usec_t until;
} Word;

/* A pair of machine and unit. */
typedef struct Place {
    Word *words; /* of the past, oldest first */
    size_t n_words;
    Word now;
    bool is_cut_off;       /* its order was taken away while the machine had no presence */
    bool was_meddled_with; /* since its last start */
} Place;

struct SimCheck {
    SimCluster *cluster;
    SimTrace *trace;
    Map *places;                  /* by "<machine>/<unit>" */
    Map *changes;                 /* key -> usec_t: when it last changed */
    Map *new_orders;              /* the places that were given one at this revision, a set */
    size_t n_seen[SIM_NODES_MAX]; /* actions */
    int64_t leader_revision;
    const SimNode *leader; /* who wrote the leader's key last */
};

static void place_free(void *p) {
    Place *place = p;
    free(place->words);
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

/* --- who wrote it --- */

static bool key_begins(const char *key, const char *prefix) {
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

static bool txn_is_fenced(const SimCheck *check, const StoreTxn *txn, const SimNode *node) {
    for (size_t i = 0; i < txn->n_compares; i++)
        if (streq(txn->compares[i].key, KEY_LEADER_TEXT) &&
            txn->compares[i].target == STORE_COMPARE_MOD_REVISION &&
            txn->compares[i].number == check->leader_revision)
            return node == check->leader;
    return false;
}

static bool may_write(const SimCheck *check, const StoreTxn *txn, const StoreWrite *write,
                      const SimNode *node) {
    _cleanup_free_ char *state = sim_must(key_state_prefix(node->id));
    _cleanup_free_ char *machine = sim_must(key_machine(node->id));
    const char *key = write->key;
    if (write->kind == STORE_DELETE_PREFIX)
        return false;
    if (key_begins(key, "schedule/") || key_begins(key, "pending/"))
        return txn_is_fenced(check, txn, node);
    if (key_begins(key, "file/"))
        return write->kind == STORE_DELETE && txn_is_fenced(check, txn, node);
    return key_begins(key, state) || streq(key, machine) || streq(key, KEY_LEADER_TEXT);
}

static void on_txn(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    const SimNode *node = userdata;
    SimCheck *check = node->cluster->userdata;
    if (!result->succeeded)
        return;
    for (size_t i = 0; i < txn->n_writes; i++) {
        if (!may_write(check, txn, &txn->writes[i], node))
            sim_trace_fail(check->trace, "machine %s wrote %s, which it must not", node->id,
                           txn->writes[i].key);
        if (streq(txn->writes[i].key, KEY_LEADER_TEXT)) {
            check->leader_revision = result->revision;
            check->leader = node;
        }
    }
}

/* --- orders --- */

static char *change_key(KeyKind kind, const char *machine_id, const char *name) {
    return sim_must(str_printf("%d/%s/%s", kind, str_or(machine_id, ""), str_or(name, "")));
}

static usec_t last_change(const SimCheck *check, KeyKind kind, const char *machine_id,
                          const char *name) {
    _cleanup_free_ char *key = change_key(kind, machine_id, name);
    return (usec_t) (uintptr_t) map_get(check->changes, key);
}

static void place_say(SimCheck *check, Place *place, const Order *order) {
    usec_t now = loop_now(check->cluster->loop);
    while (place->n_words > 0 && place->words[0].until + STALE_USEC < now)
        memmove(place->words, place->words + 1, --place->n_words * sizeof(Word));
    place->words = sim_must(realloc(place->words, (place->n_words + 1) * sizeof(Word)));
    place->now.until = now;
    place->words[place->n_words++] = place->now;
    place->now = (Word){.desired = order ? order->desired : LAUNCH_STATE_INACTIVE};
    if (order)
        snprintf(place->now.hash, sizeof(place->now.hash), "%s", order->hash);
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
    if (last_change(check, KEY_MACHINE, key->machine_id, NULL) < cluster->store_away_usec)
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
    if (is_here)
        sim_trace_fail(check->trace, "the order for %s was taken from machine %s, which runs it",
                       key->name, key->machine_id);
    place->is_cut_off = true;
}

static void on_change(const Key *key, const void *old, const void *new, void *userdata) {
    SimCheck *check = userdata;
    _cleanup_free_ char *name = change_key(key->kind, key->machine_id, key->name);
    usec_t now = loop_now(check->cluster->loop);
    if (map_put(check->changes, name, (void *) (uintptr_t) now) < 0)
        abort();
    if (key->kind != KEY_SCHEDULE)
        return;
    Place *place = need_place(check, key->machine_id, key->name);
    place_say(check, place, new);
    if (!new)
        check_taken_order(check, key, place);
    _cleanup_free_ char *pair = sim_must(str_printf("%s/%s", key->machine_id, key->name));
    if (!old && map_put(check->new_orders, pair, NULL) < 0)
        abort();
}

/* The engine decides on what it has heard: what changed just now it may not have. */
static bool has_settled(const SimCheck *check, KeyKind kind, const char *machine_id,
                        const char *name) {
    return last_change(check, kind, machine_id, name) + STALE_USEC < loop_now(check->cluster->loop);
}

static void check_fit(SimCheck *check, const Order *order) {
    _cleanup_free_ char *why = NULL;
    const SimView *view = check->cluster->view;
    if (!has_settled(check, KEY_MACHINE, order->machine_id, NULL) ||
        !has_settled(check, KEY_METADATA, order->machine_id, "disk"))
        return;
    for (size_t i = 0; sim_unit(i); i++)
        if (!has_settled(check, KEY_UNIT, NULL, sim_unit(i)->name))
            return;
    if (!sim_fits(view, order->name, order->machine_id, &why))
        sim_trace_fail(check->trace, "%s is ordered on %s, where it does not fit: %s", order->name,
                       order->machine_id, why);
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

static bool word_says(const Word *word, LaunchState desired, const char *hash) {
    return word->desired == desired && (!hash || streq(word->hash, hash));
}

/* Whether lately any word on the place was to launch that file; or, is_other, was anything else. */
static bool was_said(SimCheck *check, const Place *place, const char *hash, bool is_other) {
    usec_t now = loop_now(check->cluster->loop);
    if (word_says(&place->now, LAUNCH_STATE_LAUNCHED, hash) != is_other)
        return true;
    for (size_t i = 0; i < place->n_words; i++)
        if (place->words[i].until + STALE_USEC >= now &&
            word_says(&place->words[i], LAUNCH_STATE_LAUNCHED, hash) != is_other)
            return true;
    return false;
}

static void check_start(SimCheck *check, SimNode *node, const char *name, Place *place) {
    const SimUnit *unit = sim_unit_find(name);
    const char *hash = fake_systemd_started_hash(node->systemd, name);
    place->is_cut_off = place->was_meddled_with = false;
    if (hash && !was_said(check, place, hash, false))
        sim_trace_fail(check->trace, "%s was started on %s without an order", name, node->id);
    for (size_t i = 0; unit && !unit->is_global && i < check->cluster->n_nodes; i++) {
        SimNode *other = &check->cluster->nodes[i];
        if (other != node && sim_node_has(other, name) &&
            !need_place(check, other->id, name)->is_cut_off)
            sim_trace_fail(check->trace, "%s was started on %s while it runs on %s", name, node->id,
                           other->id);
    }
}

static void check_stop(SimCheck *check, SimNode *node, const char *name, const Place *place) {
    const char *hash = fake_systemd_started_hash(node->systemd, name);
    if (!was_said(check, place, hash, true))
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
    if (key_begins(action, "start "))
        check_start(check, node, name, place);
    else if (key_begins(action, "stop ") || key_begins(action, "remove "))
        check_stop(check, node, name, place);
}

void sim_check_step(SimCheck *check) {
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

bool sim_check_was_meddled_with(const SimCheck *check, const SimNode *node, const char *unit) {
    return need_place((SimCheck *) check, node->id, unit)->was_meddled_with;
}

SimCheck *sim_check_new(SimCluster *cluster, SimTrace *trace) {
    static const SimViewHooks hooks = {.on_change = on_change, .on_revision = on_revision};
    SimCheck *check = sim_must(calloc(1, sizeof(SimCheck)));
    *check = (SimCheck){
        .cluster = cluster,
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
