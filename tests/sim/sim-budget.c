#include "tests/sim/sim-budget.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-fit.h"

/* Neither group is that of the other's template by chance: no unit has both. */
static bool are_of_one_group(const char *a, const Requirements *of_a, const char *b,
                             const Requirements *of_b) {
    const char *x = of_a->budget.group, *y = of_b->budget.group;
    if (x || y)
        return streq_ptr(x, y);
    return strchr(a, '@') && strncmp(a, b, strcspn(a, "@") + 1) == 0;
}

static size_t budget_max(const Budget *budget, size_t n) {
    return budget->is_percent ? n * budget->max_unavailable / 100 : budget->max_unavailable;
}

bool sim_budget_has_room(const SimView *view, const char *unit,
                         bool (*is_down)(const Unit *other, const void *userdata),
                         const void *userdata) {
    _cleanup_(requirements_freep) Requirements *requirements = sim_get_requirements(view, unit);
    size_t n = 1, n_down = 1;
    const char *name;
    const Unit *other;
    if (!requirements || requirements->is_global)
        return true;
    MAP_FOREACH (name, other, sim_view_all(view, KEY_UNIT)) {
        _cleanup_(requirements_freep) Requirements *others = sim_get_requirements(view, name);
        if (other->desired != LAUNCH_STATE_LAUNCHED || streq(name, unit) || !others ||
            others->is_global || !are_of_one_group(unit, requirements, name, others))
            continue;
        n++;
        n_down += is_down(other, userdata);
    }
    return n_down <= budget_max(&requirements->budget, n);
}

bool sim_share_budget(const SimView *view, const char *a, const char *b) {
    _cleanup_(requirements_freep) Requirements *of_a = sim_get_requirements(view, a);
    _cleanup_(requirements_freep) Requirements *of_b = sim_get_requirements(view, b);
    return of_a && of_b && are_of_one_group(a, of_a, b, of_b);
}

bool sim_order_is_available(const SimView *view, const Order *order) {
    const UnitState *state = sim_view_state(view, order->machine_id, order->name);
    return order->desired == LAUNCH_STATE_LAUNCHED && state && unit_state_is_up(state) &&
           state->unit_revision >= order->unit_revision && streq_ptr(state->hash, order->hash);
}

bool sim_is_available(const SimView *view, const char *unit) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE))
        if (streq(order->name, unit) && sim_order_is_available(view, order))
            return true;
    return false;
}

bool sim_may_be_up(const SimView *view, const char *unit) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE)) {
        const UnitState *state = sim_view_state(view, order->machine_id, unit);
        if (streq(order->name, unit) && order->desired != LAUNCH_STATE_INACTIVE && state &&
            unit_state_is_up(state))
            return true;
    }
    return false;
}
