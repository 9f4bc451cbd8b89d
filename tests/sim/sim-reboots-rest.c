/* Reboots, judged when nothing else happens: whether each may stay as it is, and since when it
 * should go on. */
#include "tests/sim/sim-budget.h"
#include "tests/sim/sim-reboots.h"

/* --- what holds in the end --- */

static bool is_here(const SimView *view, const char *id) {
    const Machine *machine = sim_view_machine(view, id);
    return machine && machine->status != MACHINE_STATUS_LEFT;
}

static bool is_before(const Reboot *a, const Reboot *b) {
    return a->since_usec < b->since_usec ||
           (a->since_usec == b->since_usec && strcmp(a->machine_id, b->machine_id) < 0);
}

static bool is_next(const SimView *view, const Reboot *reboot) {
    const char *id;
    const Reboot *other;
    MAP_FOREACH (id, other, sim_view_all(view, KEY_REBOOT))
        if (other->phase == REBOOT_WAITING && is_here(view, id) && is_before(other, reboot))
            return false;
    return is_here(view, reboot->machine_id);
}

static bool is_back(const SimView *view, const Reboot *reboot) {
    return is_here(view, reboot->machine_id) &&
           !streq(sim_view_machine(view, reboot->machine_id)->boot_id, reboot->boot_id);
}

static bool all_are_up(const SimView *view, const char *machine_id) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE))
        if (streq(order->machine_id, machine_id) && order->desired == LAUNCH_STATE_LAUNCHED &&
            !sim_order_is_available(view, order))
            return false;
    return true;
}

/* None begins while machines are held. */
static const char *why_not_waiting(const SimView *view, const Reboot *reboot) {
    bool is_its_turn = is_next(view, reboot) && !sim_view_brake(view) &&
                       sim_reboots_count_under_way(view) < reboot->max_parallel;
    return is_its_turn ? "waits, although it is its turn" : NULL;
}

/* What stays is judged as if people had drained the machine (sim-drained.c). */
static const char *why_not_draining(const SimView *view, const Reboot *reboot) {
    if (is_back(view, reboot))
        return "drains a machine that is back";
    return sim_view_brake(view) || sim_reboots_find_ordinary(view, reboot->machine_id)
               ? NULL
               : "drains a machine that has no units";
}

static const char *why_not_failed(const SimView *view, const Reboot *reboot) {
    if (!reboot->why)
        return "has failed, and nobody says why";
    if (!is_back(view, reboot))
        return NULL;
    if (!reboot->has_returned)
        return "has failed, although its machine is back";
    return all_are_up(view, reboot->machine_id) ? "has failed, although all is up" : NULL;
}

/* NULL: it may stay as it is, as long as nothing else happens. */
static const char *why_not_at_rest(const SimView *view, const Reboot *reboot) {
    static const char *(*const judges[_REBOOT_PHASE_MAX])(const SimView *, const Reboot *) = {
        [REBOOT_WAITING] = why_not_waiting,
        [REBOOT_DRAINING] = why_not_draining,
        [REBOOT_FAILED] = why_not_failed,
    };
    return judges[reboot->phase] ? judges[reboot->phase](view, reboot) : "does not come to an end";
}

void sim_reboots_check_rest(const SimCluster *cluster, SimTrace *trace) {
    const char *id;
    const Reboot *reboot;
    MAP_FOREACH (id, reboot, sim_view_all(cluster->view, KEY_REBOOT)) {
        const char *why_not = why_not_at_rest(cluster->view, reboot);
        if (why_not)
            sim_trace_fail(trace, "the reboot of %s %s", id, why_not);
    }
}

/* --- what is done in time --- */

/* That it has failed is said when its time is over. */
static usec_t phase_end(const Reboot *reboot) {
    return reboot->phase_since_usec + reboot->timeout_usec;
}

usec_t sim_reboots_due(const SimView *view, const Reboot *reboot) {
    switch (reboot->phase) {
    case REBOOT_REBOOTING:
        return is_back(view, reboot) ? 0 : phase_end(reboot);
    case REBOOT_RETURNING:
        return is_back(view, reboot) && all_are_up(view, reboot->machine_id) ? 0
                                                                             : phase_end(reboot);
    default:
        return why_not_at_rest(view, reboot) ? 0 : USEC_INFINITY;
    }
}

/* --- how long all of it may take --- */

/* A task is tried once more, a stop hangs, what must never run twice is waited for, and a unit
 * leaves for one that leaves for one that leaves (sim-run.c): all that on each machine in turn. */
#define LEAVING_USEC ((64 + 90 + 75 + 3 * 25) * USEC_PER_SEC)

usec_t sim_reboots_limit(const SimView *view) {
    usec_t sum = 0;
    const char *id;
    const Reboot *reboot;
    MAP_FOREACH (id, reboot, sim_view_all(view, KEY_REBOOT))
        sum += reboot->drain_usec + LEAVING_USEC + 2 * reboot->timeout_usec;
    return sum;
}
