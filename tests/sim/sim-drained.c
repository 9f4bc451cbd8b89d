#include "tests/sim/sim-drained.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-budget.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-units.h"

typedef struct Drained {
    SimCluster *cluster;
    SimTrace *trace;
    const char *machine_id;
    const Maintenance *maintenance;
    bool is_over;    /* its time */
    size_t n_others; /* orders of units that are not global */
} Drained;

static bool is_down(const Unit *unit, const void *userdata) {
    return !sim_is_available(userdata, unit->name);
}

static bool could_leave(const Drained *drained, const Order *order) {
    const SimView *view = drained->cluster->view;
    bool has_room =
        !sim_may_be_up(view, order->name) || sim_budget_has_room(view, order->name, is_down, view);
    if (!has_room || sim_replaces_any(view, order->name)) /* others may have nowhere to go */
        return false;
    for (size_t i = 0; i < drained->cluster->n_nodes; i++) {
        const char *id = drained->cluster->nodes[i].id;
        bool has_it = sim_view_order(view, id, order->name) != NULL; /* with its former file */
        if (!has_it && sim_could_go(view, order->name, id))
            return true;
    }
    return false;
}

/* A deployment keeps it until its next one is updated; or for ever, if that has failed. */
static bool is_former(const SimView *view, const Order *order) {
    const Unit *unit = sim_view_unit(view, order->name);
    return unit && (!streq(unit->hash, order->hash) || order->restart < unit->restart);
}

static void check_ordinary(const Drained *drained, const Order *order) {
    if (drained->is_over)
        sim_trace_fail(drained->trace, "%s is on %s, although its time there is over", order->name,
                       order->machine_id);
    else if (!is_former(drained->cluster->view, order) && could_leave(drained, order))
        sim_trace_fail(drained->trace, "%s stays on %s, which is drained, and could leave",
                       order->name, order->machine_id);
    else if (!strstr(order->reason, ORDER_STAYS))
        sim_trace_fail(drained->trace, "%s stays on %s, which is drained, and nobody says why",
                       order->name, order->machine_id);
}

static void check_global(const Drained *drained, const Order *order) {
    bool may_stay =
        drained->maintenance->ignore_global || (drained->n_others > 0 && !drained->is_over);
    if (!may_stay)
        sim_trace_fail(drained->trace, "the global %s stays on %s, which is drained", order->name,
                       order->machine_id);
}

static bool order_is_global(const Order *order) {
    const SimUnit *unit = sim_unit_find(order->name);
    return unit && unit->is_global;
}

static void check_machine(Drained *drained) {
    const Map *orders = sim_view_all(drained->cluster->view, KEY_SCHEDULE);
    const char *id = drained->machine_id, *key;
    const Order *order;
    MAP_FOREACH (key, order, orders)
        drained->n_others += streq(order->machine_id, id) && !order_is_global(order);
    MAP_FOREACH (key, order, orders)
        if (streq(order->machine_id, id)) {
            if (order_is_global(order))
                check_global(drained, order);
            else
                check_ordinary(drained, order);
        }
}

/* Before a deadline has passed nothing is at rest. */
void sim_check_drained_rest(SimCluster *cluster, SimTrace *trace) {
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const char *id = cluster->nodes[i].id;
        Maintenance wanted;
        if (!sim_view_wants(cluster->view, id, &wanted) || !wanted.is_draining)
            continue;
        Drained drained = {.cluster = cluster,
                           .trace = trace,
                           .machine_id = id,
                           .maintenance = &wanted,
                           .is_over = wanted.deadline_usec > 0};
        if (wanted.deadline_usec > loop_realtime(cluster->loop))
            sim_trace_fail(trace, "the time to drain %s is not over", id);
        check_machine(&drained);
    }
}
