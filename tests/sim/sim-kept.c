/* All of it could be where it was, before the store was lost, with the same files and the same
 * desired states. And an orphan holds its place against what does not bear it, so it makes no
 * difference who is asked for first, or that all requests are new. So every order has to come back
 * where it was. Only these may be touched:
 *
 *   what did not run      it is started, if its order's start did not come to an end before
 *   what runs by itself   somebody has started it; an order to load it may end it
 *   what its guard ended  fleetd was away for too long, or is slow; it is started again, on its
 *                         machine */
#include "tests/sim/sim-kept.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-units.h"

#include <stdio.h>

typedef struct KeptPlace {
    SimNode *node;
    const SimUnit *unit;
    LaunchState desired;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    bool is_running; /* by its order */
} KeptPlace;

struct SimKept {
    SimCluster *cluster;
    SimTrace *trace;
    Map *places;                     /* KeptPlace by "<machine>/<unit>" */
    size_t n_seen[SIM_NODES_MAX];    /* actions */
    bool may_be_late[SIM_NODES_MAX]; /* to say that it is in the cluster, before guards act */
};

static KeptPlace *place_new(SimCluster *cluster, const Order *order) {
    KeptPlace *place = sim_must(calloc(1, sizeof(KeptPlace)));
    SimNode *node = sim_find_node(cluster, order->machine_id);
    *place = (KeptPlace){.node = node,
                         .unit = sim_unit_find(order->name),
                         .desired = order->desired,
                         .is_running = order->desired == LAUNCH_STATE_LAUNCHED &&
                                       sim_node_has(node, order->name)};
    snprintf(place->hash, sizeof(place->hash), "%s", order->hash);
    return place;
}

static KeptPlace *find_place(const SimKept *kept, const SimNode *node, const char *name) {
    _cleanup_free_ char *key = sim_must(str_printf("%s/%s", node->id, name));
    return map_get(kept->places, key);
}

/* NULL also for what may be anywhere, or was nowhere. */
static const SimNode *find_other_place(const SimKept *kept, const SimNode *node, const char *name) {
    for (size_t i = 0; i < kept->cluster->n_nodes; i++) {
        const KeptPlace *place = find_place(kept, &kept->cluster->nodes[i], name);
        if (place && place->node != node && !place->unit->is_global)
            return place->node;
    }
    return NULL;
}

/* --- what is done --- */

static bool was_ended_by_guard(const SimKept *kept, const KeptPlace *place, const char *action) {
    return kept->may_be_late[place->node - kept->cluster->nodes] && place->unit->runs_once &&
           strncmp(action, "stop ", 5) == 0 &&
           sim_guard_may_stop(place->node->systemd, place->unit->name);
}

static void judge_touch(SimKept *kept, KeptPlace *place, const char *action) {
    if (!place->is_running)
        return;
    if (was_ended_by_guard(kept, place, action))
        place->is_running = false;
    else
        sim_trace_fail(kept->trace,
                       "%s ran on %s when the store was lost, and was not left alone: %s",
                       place->unit->name, place->node->id, action);
}

static void judge(SimKept *kept, SimNode *node, const char *action) {
    const char *name = strchr(action, ' ');
    if (!name)
        return;
    KeptPlace *place = find_place(kept, node, ++name);
    const SimNode *other = place ? NULL : find_other_place(kept, node, name);
    if (place)
        judge_touch(kept, place, action);
    else if (other)
        sim_trace_fail(kept->trace, "%s was on %s when the store was lost, and %s does this: %s",
                       name, other->id, node->id, action);
}

void sim_kept_note_late(SimKept *kept, const SimNode *node) {
    kept->may_be_late[node - kept->cluster->nodes] = true;
}

void sim_kept_step(SimKept *kept) {
    for (size_t i = 0; kept && i < kept->cluster->n_nodes; i++) {
        SimNode *node = &kept->cluster->nodes[i];
        char *const *actions = fake_script_actions(fake_systemd_script(node->systemd));
        if (!sim_node_runs(node))
            sim_kept_note_late(kept, node);
        while (actions && actions[kept->n_seen[i]])
            judge(kept, node, actions[kept->n_seen[i]++]);
    }
}

/* --- what it comes to --- */

static void check_place(const SimKept *kept, const KeptPlace *place) {
    const char *name = place->unit->name;
    const Order *order = sim_view_order(kept->cluster->view, place->node->id, name);
    if (!order || order->desired != place->desired || !streq(order->hash, place->hash))
        sim_trace_fail(kept->trace, "the order for %s on %s is not back", name, place->node->id);
    if (place->is_running && !sim_node_has(place->node, name))
        sim_trace_fail(kept->trace, "%s does not run on %s any more", name, place->node->id);
}

void sim_kept_check_rest(const SimKept *kept) {
    const char *key;
    const KeptPlace *place;
    MAP_FOREACH (key, place, kept->places)
        check_place(kept, place);
}

/* --- making --- */

/* A deployment that waits for a user may keep what was there before beside what is wanted. */
static bool is_as_wanted(const SimView *view, const Order *order) {
    const Unit *unit = sim_view_unit(view, order->name);
    bool is_alone =
        sim_unit_find(order->name)->is_global || sim_view_count_orders(view, order->name) == 1;
    return unit && streq(order->hash, unit->hash) && order->restart == unit->restart && is_alone;
}

SimKept *sim_kept_new(SimCluster *cluster, SimTrace *trace) {
    SimKept *kept = sim_must(calloc(1, sizeof(SimKept)));
    const char *key;
    const Order *order;
    *kept = (SimKept){.cluster = cluster, .trace = trace, .places = sim_must(map_new(free))};
    MAP_FOREACH (key, order, sim_view_all(cluster->view, KEY_SCHEDULE))
        if (is_as_wanted(cluster->view, order) &&
            map_put(kept->places, key, place_new(cluster, order)) < 0)
            abort();
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        char *const *actions = fake_script_actions(fake_systemd_script(cluster->nodes[i].systemd));
        kept->n_seen[i] = strv_length(actions);
    }
    return kept;
}

void sim_kept_free(SimKept *kept) {
    if (!kept)
        return;
    map_free(kept->places);
    free(kept);
}
