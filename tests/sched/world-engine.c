/* The engine's side of the world: feeding, planning, writing, and what every plan must keep to. */
#include "fleetd/base/strv.h"
#include "tests/sched/oracle.h"
#include "tests/sched/world.h"

#include <stdio.h>

typedef struct Feed {
    char kind; /* first letter of machine, unit, order, state, pending; c: maintenance, f: failures
                */
    void *value;
} Feed;

static size_t feed_collect(const Map *map, char kind, Feed *feeds, size_t n) {
    const char *key;
    void *value;
    MAP_FOREACH (key, value, map)
        feeds[n++] = (Feed){kind, value};
    return n;
}

static int feed_tell_maintenance(Cluster *cluster, const Maintenance *maintenance) {
    int r = cluster_put_maintenance(cluster, maintenance);
    return r < 0 || maintenance->deadline_usec == 0
               ? r
               : cluster_end_drain(cluster, maintenance->machine_id);
}

static void feed_tell(Cluster *cluster, const Feed *feed) {
    WorldUnit *unit = feed->value;
    int r = -1;
    if (feed->kind == 'm')
        r = cluster_put_machine(cluster, feed->value);
    else if (feed->kind == 'u')
        r = cluster_put_unit_take(cluster, &unit->unit, world_requirements(unit));
    else if (feed->kind == 'o')
        r = cluster_put_order(cluster, feed->value);
    else if (feed->kind == 's')
        r = cluster_put_state(cluster, feed->value);
    else if (feed->kind == 'c')
        r = feed_tell_maintenance(cluster, feed->value);
    else if (feed->kind == 'f')
        r = cluster_put_failures(cluster, feed->value);
    else if (feed->kind == 'p')
        r = cluster_put_pending(cluster, feed->value);
    must(r == 0);
}

void world_restart_engine(World *world, size_t (*shuffle)(void *userdata, size_t n),
                          void *userdata) {
    world_trace("restart");
    cluster_free(world->cluster);
    world->cluster = cluster_new(0);
    must(world->cluster);
    size_t n_max = map_size(world->machines) + map_size(world->units) + map_size(world->orders) +
                   map_size(world->states) + map_size(world->pendings) +
                   map_size(world->maintenances) + map_size(world->failures);
    _cleanup_free_ Feed *feeds = calloc(n_max + 1, sizeof(Feed));
    must(feeds);
    size_t n = feed_collect(world->machines, 'm', feeds, 0);
    n = feed_collect(world->units, 'u', feeds, n);
    n = feed_collect(world->orders, 'o', feeds, n);
    n = feed_collect(world->states, 's', feeds, n);
    n = feed_collect(world->pendings, 'p', feeds, n);
    n = feed_collect(world->maintenances, 'c', feeds, n);
    n = feed_collect(world->failures, 'f', feeds, n);
    for (; n > 0; n--) {
        size_t i = shuffle ? shuffle(userdata, n) : 0;
        feed_tell(world->cluster, &feeds[i]);
        memmove(&feeds[i], &feeds[i + 1], (n - i - 1) * sizeof(Feed));
    }

    Cluster *cluster = TAKE_PTR(world->cluster); /* what was not heard yet is read already */
    world->cluster = cluster_new(0);
    world_tell(world, world->n_events);
    cluster_free(world->cluster);
    world->cluster = cluster;
}

void world_give_up_missing(World *world) {
    _cleanup_free_ const char **ids = NULL;
    must(cluster_missing_machines(world->cluster, &ids) == 0);
    for (size_t i = 0; ids[i]; i++) {
        _cleanup_free_ char *id = strdup(ids[i]); /* the cluster may forget it */
        must(cluster_remove_machine(world->cluster, id, false) == 0);
    }
}

static char *order_key(const Order *order) {
    char *key = str_printf("%s/%s", order->machine_id, order->name);
    must(key);
    return key;
}

/* An order on a live machine goes only after the agent has answered that withdrawal, unless it was
 * that of a replacer that has never been allowed to start. */
static void check_deletion(const World *world, const Order *order) {
    if (!world_is_live(world, order->machine_id))
        return;
    _cleanup_free_ char *key = order_key(order);
    bool may_start = order->desired != LAUNCH_STATE_INACTIVE && !strstr(order->reason, "waits for");
    if (may_start || map_has(world->running, key))
        world_fail("%s is deleted while it may run", key);
}

/* The comparison that a void order asks for: the machine may have come back, unheard as yet. */
static bool transaction_fails(const World *world, const PlanStep *step) {
    return step->is_void && world_is_live(world, step->order->machine_id) && world->n_events > 0;
}

static void trace_step(const PlanStep *step) {
    const Order *order = step->order;
    if (!order)
        world_trace("  pending %s: %s", step->pending->name, str_or(step->pending->summary, "-"));
    else
        world_trace("  %s %s/%s %s @%" PRIi64 ": %s",
                    step->kind == PLAN_PUT_ORDER ? "order" : "no order", order->machine_id,
                    order->name, launch_state_to_string(order->desired), order->unit_revision,
                    order->reason);
}

static void write_order(World *world, const Order *order) {
    _cleanup_free_ char *key = order_key(order);
    Order *copy = calloc(1, sizeof(Order));
    must(copy);
    *copy = (Order){.machine_id = strdup(order->machine_id),
                    .name = strdup(order->name),
                    .hash = strdup(order->hash),
                    .reason = strdup(order->reason),
                    .desired = order->desired,
                    .unit_revision = order->unit_revision,
                    .restart = order->restart,
                    .stop_within_usec = order->stop_within_usec,
                    .is_suspended = order->is_suspended};
    must(map_put(world->orders, key, copy) >= 0);
    must(cluster_put_order(world->cluster, order) == 0);
}

static void delete_order(World *world, const Order *order) {
    _cleanup_free_ char *key = order_key(order);
    const Order *old = map_get(world->orders, key);
    must(old);
    check_deletion(world, old);
    map_remove(world->orders, key);
    must(cluster_remove_order(world->cluster, order->machine_id, order->name) == 0);
}

static void write_pending(World *world, const Pending *pending) {
    _cleanup_free_ char *text = pending_format(pending);
    Pending *copy = NULL;
    must(text && pending_parse(pending->name, text, strlen(text), &copy, NULL) == 0);
    must(map_put(world->pendings, pending->name, copy) >= 0);
    must(cluster_put_pending(world->cluster, pending) == 0);
}

static void delete_pending(World *world, const Pending *pending) {
    must(map_remove(world->pendings, pending->name));
    must(cluster_remove_pending(world->cluster, pending->name) == 0);
}

static void write_step(World *world, const PlanStep *step) {
    trace_step(step);
    if (step->kind == PLAN_PUT_ORDER)
        write_order(world, step->order);
    else if (step->kind == PLAN_DELETE_ORDER)
        delete_order(world, step->order);
    else if (step->kind == PLAN_PUT_PENDING)
        write_pending(world, step->pending);
    else
        delete_pending(world, step->pending);
}

/* No key twice, and only a unit's move is joined: from one order to another, of which the former
 * may be deleted at once. */
static void check_plan(const Plan *plan) {
    _cleanup_(map_freep) Map *seen = map_new(NULL);
    for (size_t i = 0; i < plan->n_steps; i++) {
        const PlanStep *step = &plan->steps[i];
        _cleanup_free_ char *key =
            step->order ? order_key(step->order) : strdup(step->pending->name);
        must(map_put(seen, key, seen) == 1);
        if (!step->is_joined)
            continue;
        must(i > 0 && step->order && step[-1].order);
        must(streq(step->order->name, step[-1].order->name));
        must(step->kind == PLAN_PUT_ORDER || step[-1].kind == PLAN_PUT_ORDER);
    }
}

/* What is taken back for a drain, and was not down before, is no more than the budget allows. What
 * agents have not said yet the engine cannot know. */
static void check_budgets(const World *world, const Plan *plan) {
    if (world->n_events > 0 || map_size(world->maintenances) == 0)
        return;
    _cleanup_(oracle_freep) Oracle *oracle = oracle_new(world);
    for (size_t i = 0; i < plan->n_steps; i++) {
        const Order *order = plan->steps[i].order;
        if (plan->steps[i].kind == PLAN_PUT_ORDER && order->desired == LAUNCH_STATE_INACTIVE &&
            strncmp(order->reason, "its machine is being drained", 28) == 0)
            oracle_take_down(oracle, order);
    }
}

static unsigned priority_of(const World *world, const char *name) {
    const WorldUnit *unit = map_get(world->units, name);
    must(unit);
    Requirements *requirements = world_requirements(unit);
    unsigned priority = requirements->ranking.priority;
    requirements_free(requirements);
    return priority;
}

/* Who is pushed away has a lower priority than the one for whom, who gets an order there in the
 * same plan. */
static void check_pushes(const World *world, const Plan *plan) {
    static const char makes_room[] = "makes room for ";
    for (size_t i = 0; i < plan->n_steps && world->n_events == 0; i++) {
        const Order *order = plan->steps[i].order;
        const char *end = order ? strstr(order->reason, " (Preempt)") : NULL;
        if (!end || plan->steps[i].kind != PLAN_PUT_ORDER ||
            order->desired != LAUNCH_STATE_INACTIVE)
            continue;
        const char *name = order->reason + strlen(makes_room);
        _cleanup_free_ char *pusher = strndup(name, (size_t) (end - name));
        bool is_given = false;
        for (size_t j = 0; j < plan->n_steps; j++)
            is_given |= plan->steps[j].order && streq(plan->steps[j].order->name, pusher) &&
                        streq(plan->steps[j].order->machine_id, order->machine_id);
        if (!is_given || priority_of(world, order->name) >= priority_of(world, pusher))
            world_fail("%s is pushed away for %s", order->name, pusher);
    }
}

Plan *world_plan(World *world, size_t max_units) {
    Plan *plan;
    must(cluster_plan(world->cluster, max_units, &plan) == 0);
    must(max_units > 0 || !cluster_has_work(world->cluster));
    check_plan(plan);
    check_budgets(world, plan);
    check_pushes(world, plan);
    bool has_work = cluster_has_work(world->cluster);
    for (size_t i = 0; i < plan->n_steps; i++) {
        if (transaction_fails(world, &plan->steps[i])) {
            world_restart_engine(world, NULL, NULL);
            return plan;
        }
        write_step(world, &plan->steps[i]);
    }
    must(cluster_has_work(world->cluster) == has_work); /* own writes are no news */
    return plan;
}
