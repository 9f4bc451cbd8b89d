#include "tests/sim/sim-forecasts.h"

#include "fleetd/base/strv.h"
#include "tests/sched/told.h"
#include "tests/sim/sim-forecast-wish.h"

#define FORECASTS_PERCENT 50
#define CASES 3
#define FORECAST_USEC (5 * USEC_PER_SEC)

/* What was asked of a fleetd that has no time just then is asked for again. */
#define TRY_USEC (6 * USEC_PER_SEC)
#define TRIES 10

static SimRandom forecasts_random(uint64_t seed) {
    SimRandom random = {~seed + 2}; /* of nothing else */
    return random;
}

bool sim_forecasts_are_due(uint64_t seed) {
    SimRandom random = forecasts_random(seed);
    return sim_random_chance(&random, FORECASTS_PERCENT);
}

/* --- asking what would happen --- */

typedef struct Answer {
    Sim *sim;
    const SimWish *wish;
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

static bool foretell(SimForecasts *forecasts, SimWish *wish, Answer *answer) {
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
    const SimWish *wish;
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

static bool request(SimForecasts *forecasts, const SimWish *wish) {
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
static SimForecastEnd find_end(const SimWish *wish, const Forecast *forecast, bool is_any_waiting) {
    bool is_any_moving = count_changes(forecast, FORECAST_MOVE) > 0;
    if (count_changes(forecast, FORECAST_STOP) > 1 && (is_any_waiting || is_any_moving))
        return SIM_FORECAST_OPEN_ROOM;
    if (leave_two_machines(forecast))
        return SIM_FORECAST_OPEN_TURNS;
    return wish->drained[0] && forecast->n_changes > 1 ? SIM_FORECAST_PACED : SIM_FORECAST_EQUAL;
}

static SimForecastEnd compare(const Told *before, const Told *after, const Forecast *forecast,
                              SimForecastEnd end, char **ret_complaint) {
    if (end == SIM_FORECAST_EQUAL || end == SIM_FORECAST_PACED)
        *ret_complaint = told_compare(before, after, forecast, end == SIM_FORECAST_PACED);
    return *ret_complaint ? SIM_FORECAST_WRONG : end;
}

static bool try_one(SimForecasts *forecasts) {
    Sim *sim = forecasts->sim;
    _cleanup_sim_wish_ SimWish wish = {};
    _cleanup_answer_ Answer answer = {.sim = sim, .wish = &wish};
    sim_wish_choose(forecasts, &wish);
    sim_trace(&sim->trace, "users ask what would come of %s, %s", wish.what.name,
              wish.drained[0]        ? "drained"
              : wish.wish.is_removal ? "destroyed"
                                     : launch_state_to_string(wish.what.desired));
    _cleanup_(told_freep) Told *before = take(sim);
    bool is_any_waiting = map_size(sim_view_all(sim->cluster->view, KEY_PENDING)) > 0;
    if (!foretell(forecasts, &wish, &answer) || !request(forecasts, &wish))
        return false;
    _cleanup_(told_freep) Told *after = take(sim);
    SimForecastEnd end = find_end(&wish, &answer.forecast, is_any_waiting);
    _cleanup_free_ char *complaint = NULL;
    end = compare(before, after, &answer.forecast, end, &complaint);
    sim->report.n_forecasts[end]++;
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
