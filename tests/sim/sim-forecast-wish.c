#include "tests/sim/sim-forecast-wish.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "tests/sim/sim-units.h"

void sim_wish_done(SimWish *wish) {
    free(wish->text);
    unit_file_unref(wish->file);
}

static void wish_for_file(SimForecasts *forecasts, const SimUnit *unit, LaunchState desired,
                          SimWish *ret) {
    unsigned version = (unsigned) sim_random_below(&forecasts->random, 4);
    ret->text = sim_must(sim_unit_text(unit, version));
    sim_must_be_zero(unit_file_parse(ret->text, strlen(ret->text), &ret->file, NULL));
    ret->what.text = ret->text;
    ret->what.desired = ret->wish.desired = desired;
    ret->wish.file = ret->file;
}

static LaunchState some_state(SimRandom *random) {
    return sim_random_chance(random, 70) ? LAUNCH_STATE_LAUNCHED
                                         : (LaunchState) sim_random_below(random, 2);
}

/* What leaders do about a number of instances follows a request in its own time, and is not told.
 */
static bool is_of_scale(const SimView *view, const char *name) {
    const Map *scales = sim_view_all(view, KEY_SCALE);
    _cleanup_free_ char *template = NULL;
    if (unit_name_is_instance(name))
        sim_must_be_zero(unit_name_template(name, &template));
    return map_has(scales, name) || (template && map_has(scales, template));
}

/* What waits to leave a machine does so as soon as it is down: whether it is seen to be while it
 * gets another file depends on the machine. */
static bool waits_to_leave(const SimCluster *cluster, const char *name) {
    const Map *orders = sim_view_all(cluster->view, KEY_SCHEDULE);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const char *id = cluster->nodes[i].id;
        const Maintenance *maintenance = sim_view_maintenance(cluster->view, id);
        _cleanup_free_ char *key = sim_must(str_printf("%s/%s", id, name));
        if (maintenance && maintenance->is_draining && map_has(orders, key))
            return true;
    }
    return false;
}

/* What leaders do about a deployment they do in their own time, and that is not told. */
static bool is_being_deployed(const SimView *view, const char *name) {
    const char *key;
    const Rollout *rollout;
    MAP_FOREACH (key, rollout, sim_view_all(view, KEY_ROLLOUT)) {
        bool is_of_it = streq(key, name);
        for (size_t i = 0; i < rollout->n_units; i++)
            is_of_it |= streq(rollout->units[i].name, name);
        if (is_of_it && !rollout_phase_is_over(rollout->phase))
            return true;
    }
    return false;
}

static const SimUnit *choose_unit(SimForecasts *forecasts) {
    const SimUnit *unit;
    do {
        unit = sim_unit(sim_random_below(&forecasts->random, sim_units_count()));
    } while (is_of_scale(forecasts->sim->cluster->view, unit->name) ||
             waits_to_leave(forecasts->sim->cluster, unit->name) ||
             is_being_deployed(forecasts->sim->cluster->view, unit->name));
    return unit;
}

static void wish_for_unit(SimForecasts *forecasts, SimWish *ret) {
    const SimUnit *unit = choose_unit(forecasts);
    bool is_known = sim_view_unit(forecasts->sim->cluster->view, unit->name) != NULL;
    LaunchState desired = some_state(&forecasts->random);
    ret->what = (SimRequestWhat){.kind = SIM_REQUEST_PUT, .name = unit->name, .desired = desired};
    ret->wish = (ForecastWish){.name = (char *) unit->name, .desired = desired};
    if (is_known && sim_random_chance(&forecasts->random, 25)) {
        ret->what.kind = SIM_REQUEST_DELETE;
        ret->wish.is_removal = true;
    } else if (!is_known || sim_random_chance(&forecasts->random, 60))
        wish_for_file(forecasts, unit, desired, ret);
}

/* Who leaves a deployment lets the next machine have its turn, which is not told. */
static bool leaves_deployment(const SimView *view, const char *machine_id) {
    _unused_ const char *name;
    const Rollout *rollout;
    MAP_FOREACH (name, rollout, sim_view_all(view, KEY_ROLLOUT))
        if (rollout->is_global && !rollout_phase_is_over(rollout->phase) &&
            rollout_find_unit(rollout, machine_id))
            return true;
    return false;
}

/* One that nothing is wanted of yet. */
static bool wish_for_drain(SimForecasts *forecasts, SimWish *ret) {
    SimCluster *cluster = forecasts->sim->cluster;
    SimNode *node = &cluster->nodes[sim_random_below(&forecasts->random, cluster->n_nodes)];
    if (!sim_node_runs(node) || sim_view_maintenance(cluster->view, node->id) ||
        leaves_deployment(cluster->view, node->id))
        return false;
    ret->what = (SimRequestWhat){
        .kind = SIM_REQUEST_MAINTAIN, .name = node->id, .maintenance = {.is_draining = true}};
    ret->drained[0] = node->id;
    return true;
}

void sim_wish_choose(SimForecasts *forecasts, SimWish *ret) {
    bool is_drain = sim_random_chance(&forecasts->random, 20);
    if (!is_drain || !wish_for_drain(forecasts, ret))
        wish_for_unit(forecasts, ret);
    ret->what.patience_usec = USEC_INFINITY;
}
