#include "tests/sim/sim-forecasts.h"

#include "fleetd/base/strv.h"
#include "fleetd/engine/forecasting.h"
#include "fleetd/model/unit-name.h"
#include "tests/sched/told.h"
#include "tests/sim/sim-units.h"

#define FORECASTS_PERCENT 50
#define CASES 3
#define FORECAST_USEC (5 * USEC_PER_SEC)

/* What was asked of a fleetd that has no time just then is asked for again. */
#define TRY_USEC (6 * USEC_PER_SEC)
#define TRIES 10

typedef struct SimForecasts {
    Sim *sim;
    SimRandom random;
} SimForecasts;

/* One request, in each of its forms. */
typedef struct Wish {
    SimRequestWhat what;
    char *text;
    UnitFile *file;
    ForecastWish wish; /* of a unit */
    char *drained[2];  /* else of a machine */
} Wish;

static void wish_done(Wish *wish) {
    free(wish->text);
    unit_file_unref(wish->file);
}
#define _cleanup_wish_ _cleanup_(wish_done)

static SimRandom forecasts_random(uint64_t seed) {
    SimRandom random = {~seed + 2}; /* of nothing else */
    return random;
}

bool sim_forecasts_are_due(const Sim *sim) {
    SimRandom random = forecasts_random(sim->seed);
    return sim_random_chance(&random, FORECASTS_PERCENT);
}

/* --- which request --- */

static void wish_for_file(SimForecasts *forecasts, const SimUnit *unit, LaunchState desired,
                          Wish *ret) {
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

static void wish_for_unit(SimForecasts *forecasts, Wish *ret) {
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

/* One that nothing is wanted of yet. */
static bool wish_for_drain(SimForecasts *forecasts, Wish *ret) {
    SimCluster *cluster = forecasts->sim->cluster;
    SimNode *node = &cluster->nodes[sim_random_below(&forecasts->random, cluster->n_nodes)];
    if (!sim_node_runs(node) || sim_view_maintenance(cluster->view, node->id))
        return false;
    ret->what = (SimRequestWhat){
        .kind = SIM_REQUEST_MAINTAIN, .name = node->id, .maintenance = {.is_draining = true}};
    ret->drained[0] = node->id;
    return true;
}

static void choose_wish(SimForecasts *forecasts, Wish *ret) {
    bool is_drain = sim_random_chance(&forecasts->random, 20);
    if (!is_drain || !wish_for_drain(forecasts, ret))
        wish_for_unit(forecasts, ret);
    ret->what.patience_usec = USEC_INFINITY;
}

/* --- asking what would happen --- */

typedef struct Answer {
    Sim *sim;
    const Wish *wish;
    bool is_there;
    Forecast forecast;
} Answer;

static void answer_done(Answer *answer) {
    forecast_done(&answer->forecast);
}
#define _cleanup_answer_ _cleanup_(answer_done)

static void on_forecast(int r, const Forecast *forecast, const char *why, void *userdata) {
    Answer *answer = userdata;
    answer->is_there = true;
    if (r < 0)
        sim_trace_fail(&answer->sim->trace, "nobody can tell what would come of %s: %s",
                       answer->wish->what.name, str_or(why, strerror(-r)));
    for (size_t i = 0; r >= 0 && i < forecast->n_changes; i++) {
        const ForecastChange *change = &forecast->changes[i];
        sim_must_be_zero(forecast_add(&answer->forecast, change));
        sim_trace(&answer->sim->trace, "told: %s %s %s -> %s: %s", change->name,
                  forecast_kind_to_string(change->kind), str_or(change->from, "-"),
                  str_or(change->to, "-"), change->reason);
    }
}

static bool is_there(void *userdata) {
    return ((Answer *) userdata)->is_there;
}

static bool foretell(SimForecasts *forecasts, Wish *wish, Answer *answer) {
    Sim *sim = forecasts->sim;
    ForecastRequest request = {
        .wishes = &wish->wish, .n_wishes = wish->drained[0] ? 0 : 1, .drained = wish->drained};
    const ForecastingOptions options = {.store = sim->cluster->store,
                                        .loop = sim->cluster->loop,
                                        .agent_ttl_usec = sim->cluster->agent_ttl_usec,
                                        .request = &request,
                                        .done = on_forecast,
                                        .userdata = answer};
    _cleanup_(forecasting_freep) Forecasting *forecasting = NULL;
    sim_must_be_zero(forecasting_begin(&options, &forecasting));
    if (!sim_pass_until(sim, is_there, answer, FORECAST_USEC))
        return false;
    if (!answer->is_there)
        sim_trace_fail(&sim->trace, "nobody tells what would come of %s", wish->what.name);
    return !sim->trace.failure;
}

/* --- making the request --- */

typedef struct Wanted {
    const SimCluster *cluster;
    const Wish *wish;
} Wanted;

static bool is_as_wanted(void *userdata) {
    const Wanted *wanted = userdata;
    const SimView *view = wanted->cluster->view;
    const SimRequestWhat *what = &wanted->wish->what;
    const Unit *unit = sim_view_unit(view, what->name);
    if (what->kind == SIM_REQUEST_MAINTAIN)
        return sim_view_maintenance(view, what->name) != NULL;
    if (what->kind == SIM_REQUEST_DELETE)
        return !unit;
    const UnitFile *file = wanted->wish->file;
    return unit && unit->desired == what->desired &&
           (!file || streq(unit->hash, unit_file_hash(file)));
}

static SimNode *choose_node(SimForecasts *forecasts) {
    SimCluster *cluster = forecasts->sim->cluster;
    size_t first = sim_random_below(&forecasts->random, cluster->n_nodes);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        SimNode *node = &cluster->nodes[(first + i) % cluster->n_nodes];
        if (node->api && !node->is_leaving)
            return node;
    }
    return NULL;
}

static bool request(SimForecasts *forecasts, const Wish *wish) {
    Sim *sim = forecasts->sim;
    Wanted wanted = {sim->cluster, wish};
    for (unsigned i = 0; i < TRIES && !is_as_wanted(&wanted); i++) {
        SimNode *node = choose_node(forecasts);
        if (node)
            sim_requests_ask(sim->requests, node, &wish->what);
        if (!sim_pass_until(sim, is_as_wanted, &wanted, TRY_USEC))
            return false;
    }
    if (!is_as_wanted(&wanted))
        sim_trace_fail(&sim->trace, "what users want of %s is not taken", wish->what.name);
    return !sim->trace.failure && sim_pass(sim, SIM_HEAL_USEC) && sim_await_units_rest(sim);
}

/* --- both --- */

static Told *take(const Sim *sim) {
    const SimView *view = sim->cluster->view;
    return told_take(sim_view_all(view, KEY_SCHEDULE), sim_view_all(view, KEY_PENDING));
}

/* What leaves one machine makes others leave a second one, and there are more that go. */
static bool leave_two_machines(const Forecast *forecast) {
    const char *first = NULL;
    size_t n = 0;
    bool are_two = false;
    for (size_t i = 0; i < forecast->n_changes; i++)
        if (forecast->changes[i].kind == FORECAST_MOVE) {
            are_two |= first && !streq(first, forecast->changes[i].from);
            first = forecast->changes[i].from;
            n++;
        }
    return are_two && n > 2;
}

static size_t count_changes(const Forecast *forecast, ForecastKind kind) {
    size_t n = 0;
    for (size_t i = 0; i < forecast->n_changes; i++)
        n += forecast->changes[i].kind == kind;
    return n;
}

/* Who is the first to be gone makes room before the others: of units that wait for room, also for
 * leaving another machine, or go as others are still leaving, nobody can tell then which of them
 * gets it, and where. */
static bool is_open(const Forecast *forecast, bool is_any_waiting) {
    bool is_any_moving = count_changes(forecast, FORECAST_MOVE) > 0;
    return (count_changes(forecast, FORECAST_STOP) > 1 && (is_any_waiting || is_any_moving)) ||
           leave_two_machines(forecast);
}

static bool try_one(SimForecasts *forecasts) {
    Sim *sim = forecasts->sim;
    _cleanup_wish_ Wish wish = {};
    _cleanup_answer_ Answer answer = {.sim = sim, .wish = &wish};
    choose_wish(forecasts, &wish);
    sim->report.n_forecasts++;
    sim_trace(&sim->trace, "users ask what would come of %s, %s", wish.what.name,
              wish.drained[0]        ? "drained"
              : wish.wish.is_removal ? "destroyed"
                                     : launch_state_to_string(wish.what.desired));
    _cleanup_(told_freep) Told *before = take(sim);
    bool is_any_waiting = map_size(sim_view_all(sim->cluster->view, KEY_PENDING)) > 0;
    if (!foretell(forecasts, &wish, &answer) || !request(forecasts, &wish))
        return false;
    _cleanup_(told_freep) Told *after = take(sim);
    bool is_paced = wish.drained[0] && answer.forecast.n_changes > 1;
    _cleanup_free_ char *complaint = is_open(&answer.forecast, is_any_waiting)
                                         ? NULL
                                         : told_compare(before, after, &answer.forecast, is_paced);
    if (complaint)
        sim_trace_fail(&sim->trace, "%s", complaint);
    return !complaint;
}

void sim_forecasts_happen(Sim *sim) {
    SimForecasts forecasts = {.sim = sim, .random = forecasts_random(sim->seed)};
    (void) sim_random(&forecasts.random); /* sim_forecasts_are_due() */
    for (size_t i = 0; i < CASES; i++)
        if (!try_one(&forecasts))
            return;
    sim_fate_rests(sim);
}
