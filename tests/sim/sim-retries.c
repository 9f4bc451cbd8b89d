/* What comes of units that fail, judged when the store has it: that each is tried anew only when
 * its time has come, that the time grows, and that where it failed it does not return while others
 * fit. */
#include "tests/sim/sim-check-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/failures.h"
#include "tests/sim/sim-fit.h"
#include "tests/sim/sim-units.h"

#define TRIED_ANEW "; it is tried anew"
#define FIRST_DELAY_USEC (30 * USEC_PER_SEC)
#define LAST_DELAY_USEC (60 * USEC_PER_MINUTE)

static const Failures *find_failures(const SimCheck *check, const char *name) {
    return map_get(sim_view_all(check->cluster->view, KEY_FAILURES), name);
}

static uint64_t count_on(const Failures *failures, const char *machine_id) {
    const FailurePlace *place = failures_find(failures, machine_id);
    return place ? place->count : 0;
}

/* --- when --- */

/* The record is as it was when that was decided: only then it is taken back. */
void sim_retries_judge_withdrawal(SimCheck *check, const Order *order) {
    const FailurePlace *place = failures_find(find_failures(check, order->name), order->machine_id);
    if (!strstr(order->reason, TRIED_ANEW))
        return;
    sim_brake_judge_beginning(check, order->name, "is tried anew");
    if (!place || place->next_usec == 0)
        sim_trace_fail(check->trace, "%s leaves %s as it failed there, and that was never noted",
                       order->name, order->machine_id);
    else if (place->next_usec > loop_realtime(check->cluster->loop))
        sim_trace_fail(check->trace, "%s leaves %s before it is to be tried anew", order->name,
                       order->machine_id);
}

/* --- later and later --- */

static usec_t delay_of(const SimUnit *unit, const Failures *failures, const FailurePlace *place) {
    uint64_t n = unit && unit->is_global ? place->count : failures_count(failures);
    usec_t delay = FIRST_DELAY_USEC;
    for (uint64_t i = 1; i < n; i++)
        delay = MIN(delay * 2, LAST_DELAY_USEC);
    return delay;
}

static void judge_place(SimCheck *check, const Failures *failures, const FailurePlace *place,
                        const FailurePlace *before) {
    usec_t delay = delay_of(sim_unit_find(failures->name), failures, place);
    if (place->count > (before ? before->count : 0) + 1)
        sim_trace_fail(check->trace, "%s failed twice on %s at a time", failures->name,
                       place->machine_id);
    if (place->next_usec != place->failed_usec + delay)
        sim_trace_fail(check->trace, "%s is tried anew after %llu s, instead of %llu",
                       failures->name,
                       (unsigned long long) (place->next_usec - place->failed_usec) / USEC_PER_SEC,
                       (unsigned long long) delay / USEC_PER_SEC);
}

void sim_retries_judge_record(SimCheck *check, const Failures *old, const Failures *new) {
    bool is_same_request = old && new && old->unit_revision == new->unit_revision;
    for (size_t i = 0; new &&i < new->n_places; i++) {
        const FailurePlace *place = &new->places[i];
        const FailurePlace *before = is_same_request ? failures_find(old, place->machine_id) : NULL;
        bool is_noted = place->next_usec > 0 && !(before && before->next_usec > 0);
        if (is_noted)
            judge_place(check, new, place, before);
    }
}

/* --- where --- */

static bool is_free_to_go(const SimView *view, const char *name) {
    Requirements *requirements = sim_get_requirements(view, name);
    bool is_free = requirements && !requirements->is_global && !requirements->machine_of &&
                   !requirements->machine_id && !requirements->replaces;
    requirements_free(requirements);
    return is_free;
}

/* What the engine surely knew of that machine, and nothing there has moved in this revision. */
static bool was_known(const SimCheck *check, const char *name, const char *machine_id) {
    if (!sim_check_has_settled(check, KEY_MACHINE, machine_id, NULL) ||
        !sim_check_has_settled(check, KEY_METADATA, machine_id, "disk") ||
        !sim_check_wants_have_settled(check, machine_id) ||
        !sim_check_has_settled(check, KEY_STATE, machine_id, name))
        return false;
    for (size_t i = 0; sim_unit(i); i++)
        if (!sim_check_has_settled(check, KEY_SCHEDULE, machine_id, sim_unit(i)->name) ||
            !sim_check_has_settled(check, KEY_UNIT, NULL, sim_unit(i)->name) ||
            !sim_check_has_settled(check, KEY_ORPHAN, machine_id, sim_unit(i)->name))
            return false;
    return true;
}

void sim_retries_judge_place(SimCheck *check, const Order *order) {
    const SimView *view = check->cluster->view;
    const Failures *failures = find_failures(check, order->name);
    const Unit *unit = sim_view_unit(view, order->name);
    if (!failures || !unit || failures->unit_revision < unit->revision ||
        !sim_check_has_settled(check, KEY_FAILURES, NULL, order->name) ||
        !is_free_to_go(view, order->name))
        return;
    for (size_t i = 0; i < check->cluster->n_nodes; i++) {
        const char *id = check->cluster->nodes[i].id;
        if (count_on(failures, id) < count_on(failures, order->machine_id) &&
            sim_could_go(view, order->name, id) && was_known(check, order->name, id))
            sim_trace_fail(check->trace, "%s is ordered on %s, where it failed, rather than on %s",
                           order->name, order->machine_id, id);
    }
}
