/* Leading, and the states that an engine goes through (engine-internal.h). */
#include "fleetd/base/log.h"
#include "fleetd/engine/engine-internal.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>

/* A leader must be missed before a machine is: whoever lost both at once would else wait for one
 * lease after the other. */
#define LEADER_TTL_MIN_USEC (2 * USEC_PER_SEC)
#define LEADER_TTL_MAX_USEC (5 * USEC_PER_SEC)

/* --- states --- */

#define BIT(state) (1u << (state))
#define ALWAYS (BIT(ENGINE_FOLLOWING) | BIT(ENGINE_LOADING))
#define WITH_MODEL (ALWAYS | BIT(ENGINE_UNSURE))

static const unsigned next_states[_ENGINE_STATE_MAX] = {
    [ENGINE_FOLLOWING] = ALWAYS,
    [ENGINE_LOADING] = WITH_MODEL | BIT(ENGINE_READY) | BIT(ENGINE_STALE),
    [ENGINE_READY] = WITH_MODEL | BIT(ENGINE_WRITING),
    [ENGINE_WRITING] = WITH_MODEL | BIT(ENGINE_CATCHING_UP) | BIT(ENGINE_STALE),
    [ENGINE_CATCHING_UP] = WITH_MODEL | BIT(ENGINE_READY),
    [ENGINE_STALE] = ALWAYS,
    [ENGINE_UNSURE] = ALWAYS,
};

void engine_enter(Engine *engine, EngineState state) {
    assert(next_states[engine->state] & BIT(state));
    timer_stop(engine->timer);
    engine->state = state;
}

void engine_load_later(Engine *engine, EngineState state, usec_t delay_usec) {
    engine_enter(engine, state);
    timer_start(engine->timer, delay_usec);
}

void engine_check(Engine *engine, int r) {
    if (r >= 0 || engine->state == ENGINE_STALE || engine->state == ENGINE_UNSURE)
        return;
    engine_metrics_failed(engine->metrics, "run");
    log_error("Failed to keep the model of the cluster: %s; loading it anew", strerror(-r));
    engine_load_later(engine, ENGINE_UNSURE, ENGINE_RETRY_USEC);
}

static void engine_follow(Engine *engine) {
    engine_close_model(engine);
    engine_enter(engine, ENGINE_FOLLOWING);
}

static void engine_load(Engine *engine) {
    engine_close_model(engine);
    engine_enter(engine, ENGINE_LOADING);
    int r = engine_open_model(engine);
    if (r >= 0)
        return;
    log_error("Failed to begin deciding: %s", strerror(-r));
    engine_load_later(engine, ENGINE_STALE, ENGINE_RETRY_USEC);
}

/* What the store holds is only worth reading when nothing can come after it that was decided before
 * (docs/architecture.md, promise 3): being elected anew, under another fence, loads. */
static void engine_renew(Engine *engine) {
    engine_follow(engine);
    leadership_renew_fence(engine->leadership);
}

static void on_timer(void *userdata) {
    Engine *engine = userdata;
    if (engine->state == ENGINE_READY)
        engine_plan(engine);
    else if (engine->state == ENGINE_STALE)
        engine_load(engine);
    else if (engine->state == ENGINE_UNSURE)
        engine_renew(engine);
}

/* --- leading --- */

static void on_elected(void *userdata) {
    Engine *engine = userdata;
    engine->leader_since_usec = loop_realtime(engine->loop);
    engine_load(engine);
}

/* Another leads now, for long perhaps: malloc, too, is to let go of what the model took. */
static void on_deposed(void *userdata) {
    engine_follow(userdata);
    malloc_trim(0);
}

static void collect(Metrics *metrics, void *userdata) {
    const Engine *engine = userdata;
    engine_metrics_collect(metrics, engine_is_leader(engine) ? engine->leader_since_usec : 0,
                           engine_has_model(engine) ? engine->cluster : NULL, engine->feed,
                           engine->brake ? brake_count_held(engine->brake) : 0);
}

bool engine_is_leader(const Engine *engine) {
    return leadership_is_elected(engine->leadership);
}

int engine_resign(Engine *engine, void (*done)(int r, void *userdata), void *userdata) {
    engine_follow(engine);
    return leadership_resign(engine->leadership, done, userdata);
}

int engine_new(const EngineOptions *options, Engine **ret) {
    static const LeadershipCallbacks leadership_callbacks = {.on_elected = on_elected,
                                                             .on_deposed = on_deposed};
    _cleanup_(engine_freep) Engine *engine = calloc(1, sizeof(Engine));
    if (!engine)
        return -ENOMEM;
    *engine = (Engine){
        .store = options->store,
        .loop = options->loop,
        .machine_id = strdup(options->machine_id),
        .agent_ttl_usec = options->agent_ttl_usec,
        .failover_hold_usec = options->failover_hold_usec,
        .steady_since = options->steady_since,
        .userdata = options->userdata,
        .metrics = options->metrics,
    };
    if (!engine->machine_id)
        return -ENOMEM;
    usec_t ttl_usec =
        MAX(MIN(options->agent_ttl_usec / 2, LEADER_TTL_MAX_USEC), LEADER_TTL_MIN_USEC);
    int r = timer_new(engine->loop, on_timer, engine, &engine->timer);
    if (r >= 0)
        r = leadership_new(engine->store, engine->loop, engine->machine_id, ttl_usec,
                           &leadership_callbacks, engine, &engine->leadership);
    if (r < 0)
        return r;
    engine_metrics_declare(engine->metrics);
    engine->metric_source = metrics_add_source(engine->metrics, collect, engine);
    *ret = TAKE_PTR(engine);
    return 0;
}

void engine_free(Engine *engine) {
    if (!engine)
        return;
    engine_close_model(engine);
    metric_source_free(engine->metric_source);
    leadership_free(engine->leadership);
    timer_free(engine->timer);
    free(engine->machine_id);
    free(engine);
}
