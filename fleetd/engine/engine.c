#include "fleetd/engine/engine.h"

#include "fleetd/base/log.h"
#include "fleetd/engine/absence.h"
#include "fleetd/engine/collector.h"
#include "fleetd/engine/engine-metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"
#include "fleetd/engine/writer.h"
#include "fleetd/sched/plan.h"
#include "fleetd/store/mirror.h"

#include <errno.h>

/* A leader must be missed before a machine is: whoever lost both at once would else wait for one
 * lease after the other. */
#define LEADER_TTL_MIN_USEC (2 * USEC_PER_SEC)
#define LEADER_TTL_MAX_USEC (5 * USEC_PER_SEC)
#define PLAN_UNITS_MAX 2000 /* at a time, so that the loop stays responsive */
#define RELOAD_USEC (500 * USEC_PER_MSEC)

struct Engine {
    Store *store;
    Loop *loop;
    char *machine_id;
    usec_t agent_ttl_usec;
    usec_t (*steady_since)(void *userdata);
    void *userdata;
    Metrics *metrics;
    MetricSource *metric_source;
    Leadership *leadership;
    usec_t leader_since_usec; /* since 1970 */
    Timer *plan;
    Timer *reload;

    /* While it leads. */
    Mirror *mirror;
    Cluster *cluster;
    Feed *feed;
    Absence *absence;
    Writer *writer;
    Collector *collector;
    EngineRound round;        /* whose plan is being written */
    int64_t written_revision; /* the mirror must have told it before the next plan */
    bool is_loaded;           /* the first list has come */
    bool is_broken;           /* the cluster is not as the store: it is to be thrown away */
    bool was_refused;         /* the last plan that was written met a fence that did not hold */
    bool needs_fence;         /* a write that was given up may still be on its way to the store */
};

static void engine_unload(Engine *engine) {
    timer_stop(engine->plan);
    timer_stop(engine->reload);
    collector_free(TAKE_PTR(engine->collector));
    writer_free(TAKE_PTR(engine->writer));
    absence_free(TAKE_PTR(engine->absence));
    mirror_free(TAKE_PTR(engine->mirror));
    feed_free(TAKE_PTR(engine->feed));
    cluster_free(TAKE_PTR(engine->cluster));
    engine->written_revision = 0;
    engine->is_loaded = engine->is_broken = engine->needs_fence = false;
}

/* From inside callbacks of the parts that it replaces: later. Until then nothing is decided. */
static void engine_reload_later(Engine *engine, usec_t delay_usec) {
    engine->is_broken = true;
    timer_stop(engine->plan);
    timer_start_if_idle(engine->reload, delay_usec);
}

static void engine_check(Engine *engine, int r) {
    if (r >= 0 || engine->is_broken)
        return;
    engine->needs_fence = true;
    engine_metrics_failed(engine->metrics, "run");
    log_error("Failed to keep the model of the cluster: %s; loading it anew", strerror(-r));
    engine_reload_later(engine, RELOAD_USEC);
}

/* --- deciding --- */

static void engine_log_step(const PlanStep *step) {
    const Order *order = step->order;
    switch (step->kind) {
    case PLAN_PUT_ORDER:
        log_write(LOG_DEBUG, (LogFields){.unit = order->name, .machine = order->machine_id},
                  "Unit '%s' is ordered to be %s on %s: %s", order->name,
                  launch_state_to_string(order->desired), order->machine_id,
                  str_or(order->reason, "no reason given"));
        break;
    case PLAN_DELETE_ORDER:
        log_write(LOG_DEBUG, (LogFields){.unit = order->name, .machine = order->machine_id},
                  "Unit '%s' is not ordered on %s any more: %s", order->name, order->machine_id,
                  str_or(order->reason, "no reason given"));
        break;
    case PLAN_PUT_PENDING:
        log_unit(LOG_DEBUG, step->pending->name, "Unit '%s' waits: %s", step->pending->name,
                 step->pending->summary);
        break;
    default:
        break;
    }
}

/* Decides nothing on a model that is not whole, not up to date with its own last decision, or not
 * surely its to decide on. */
static bool engine_may_plan(const Engine *engine) {
    return engine->is_loaded && !engine->is_broken && mirror_is_synced(engine->mirror) &&
           !writer_is_busy(engine->writer) &&
           mirror_revision(engine->mirror) >= engine->written_revision &&
           leadership_is_sure(engine->leadership);
}

static int engine_plan(Engine *engine) {
    _cleanup_(plan_freep) Plan *plan = NULL;
    usec_t begun_usec = loop_now(engine->loop);
    int r = cluster_plan(engine->cluster, PLAN_UNITS_MAX, &plan);
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_steps && log_is_enabled(LOG_DEBUG); i++)
        engine_log_step(&plan->steps[i]);
    engine->round = engine_round_begin(plan, begun_usec);
    if (plan->n_steps > 0)
        return writer_write(engine->writer, plan, leadership_fence(engine->leadership),
                            engine->feed);
    engine_round_end(&engine->round, 0, engine->metrics, loop_now(engine->loop));
    if (cluster_has_work(engine->cluster))
        timer_start_if_idle(engine->plan, 0);
    return 0;
}

static void on_plan(void *userdata) {
    Engine *engine = userdata;
    if (engine_may_plan(engine))
        engine_check(engine, engine_plan(engine));
    else if (engine->is_loaded && !engine->is_broken && engine_is_leader(engine) &&
             !leadership_is_sure(engine->leadership))
        timer_start(engine->plan,
                    RELOAD_USEC); /* contact with the store may come back without any event */
}

static void engine_trigger(Engine *engine) {
    if (engine->is_loaded && !engine->is_broken && cluster_has_work(engine->cluster))
        timer_start_if_idle(engine->plan, 0);
}

/* A fence that does not hold is a change that was overtaken, and looked at anew at once; a second
 * one in a row is not explained by that, and must not become a loop that keeps the store busy. */
static void engine_write_failed(Engine *engine, int r) {
    bool was_overtaken = r == -ESTALE && !engine->was_refused;
    log_write(was_overtaken ? LOG_INFO : LOG_WARNING, (LogFields){},
              "Failed to write decisions: %s; looking at the cluster anew",
              r == -ESTALE ? "the cluster has changed meanwhile" : strerror(-r));
    engine->was_refused = r == -ESTALE;
    engine->needs_fence = !was_overtaken;
    engine_reload_later(engine, was_overtaken ? 0 : RELOAD_USEC);
}

static void on_plan_written(int r, int64_t revision, void *userdata) {
    Engine *engine = userdata;
    engine_round_end(&engine->round, r, engine->metrics, loop_now(engine->loop));
    if (r < 0) {
        engine_write_failed(engine, r);
        return;
    }
    engine->was_refused = false;
    engine->written_revision = revision;
    engine_trigger(engine);
}

/* --- machines that are missing --- */

/* What this fleetd saw of the store before it led counts as well: a leader that has just been
 * elected, by a store that has answered all the time, need not wait to know that a machine had its
 * lease time. */
static usec_t on_steady_since(void *userdata) {
    Engine *engine = userdata;
    return MAX(engine->steady_since(engine->userdata), leadership_last_gap(engine->leadership));
}

static void on_machine_gone(const char *machine_id, void *userdata) {
    Engine *engine = userdata;
    log_write(LOG_NOTICE, (LogFields){.machine = machine_id},
              "Machine %s is gone; its units are placed anew", machine_id);
    engine_metrics_failed(engine->metrics, "machine_away");
    engine_check(engine, cluster_remove_machine(engine->cluster, machine_id));
    engine_trigger(engine);
}

static void on_machine_here(const char *id, void *userdata) {
    Engine *engine = userdata;
    absence_remove(engine->absence, id);
}

static void on_machine_away(const char *id, bool is_surely_gone, void *userdata) {
    Engine *engine = userdata;
    if (is_surely_gone || !cluster_has_orders(engine->cluster, id)) {
        log_write(LOG_INFO, (LogFields){.machine = id}, "Machine %s has left", id);
        absence_remove(engine->absence, id);
        engine_check(engine, cluster_remove_machine(engine->cluster, id));
    } else {
        log_write(LOG_INFO, (LogFields){.machine = id}, "Machine %s has no presence any more", id);
        engine_check(engine, absence_add(engine->absence, id));
    }
}

/* Orders of machines without a presence, once all of both is known. Whoever said that it left is
 * taken at its word, as when it says so now. */
static int engine_find_missing(Engine *engine) {
    _cleanup_free_ const char **ids = NULL;
    int r = cluster_missing_machines(engine->cluster, &ids);
    for (const char **id = ids; r >= 0 && *id; id++)
        r = feed_machine_has_left(engine->feed, *id) ? cluster_remove_machine(engine->cluster, *id)
                                                     : absence_add(engine->absence, *id);
    return r;
}

/* --- hearing of changes --- */

static void on_put(const StoreEntry *entry, void *userdata) {
    Engine *engine = userdata;
    if (!engine->is_broken)
        engine_check(engine, feed_put(engine->feed, entry));
}

static void on_delete(const char *key, _unused_ int64_t revision, void *userdata) {
    Engine *engine = userdata;
    if (!engine->is_broken)
        engine_check(engine, feed_delete(engine->feed, key));
}

static void on_synced(int64_t revision, void *userdata) {
    Engine *engine = userdata;
    if (engine->is_broken)
        return;
    if (!engine->is_loaded) {
        engine->is_loaded = true;
        log_write(LOG_INFO, (LogFields){.revision = revision},
                  "Deciding, from revision %lld of the store on", (long long) revision);
        engine_check(engine, engine_find_missing(engine));
    }
    collector_look(engine->collector);
    engine_trigger(engine);
}

/* --- leading --- */

static int engine_load_parts(Engine *engine) {
    static const FeedCallbacks feed_callbacks = {.on_machine_here = on_machine_here,
                                                 .on_machine_away = on_machine_away};
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced};
    engine->cluster = cluster_new();
    if (!engine->cluster)
        return -ENOMEM;
    int r = feed_new(engine->cluster, &feed_callbacks, engine, &engine->feed);
    if (r >= 0)
        r = absence_new(engine->loop, engine->agent_ttl_usec, on_steady_since, on_machine_gone,
                        engine, &engine->absence);
    if (r >= 0)
        r = writer_new(engine->store, on_plan_written, engine, &engine->writer);
    if (r >= 0)
        r = collector_new(engine->store, engine->loop, engine->leadership, engine->feed,
                          &engine->collector);
    if (r >= 0)
        r = mirror_new(engine->store, engine->loop, "", 0, &mirror_callbacks, engine,
                       &engine->mirror);
    return r;
}

static void engine_load(Engine *engine) {
    int r = engine_load_parts(engine);
    if (r < 0) {
        engine_unload(engine);
        log_error("Failed to begin deciding: %s", strerror(-r));
        engine_reload_later(engine, RELOAD_USEC);
    }
}

/* What the store holds is only worth reading when nothing can come after it that was decided before
 * (docs/architecture.md, promise 3). */
static void on_reload(void *userdata) {
    Engine *engine = userdata;
    bool needs_fence = engine->needs_fence;
    engine_unload(engine);
    if (!engine_is_leader(engine))
        return;
    if (needs_fence)
        leadership_renew_fence(engine->leadership); /* and on_elected() loads */
    else
        engine_load(engine);
}

static void on_elected(void *userdata) {
    Engine *engine = userdata;
    engine->leader_since_usec = loop_realtime(engine->loop);
    engine_unload(engine);
    engine_load(engine);
}

static void on_deposed(void *userdata) {
    engine_unload(userdata);
}

static void collect(Metrics *metrics, void *userdata) {
    const Engine *engine = userdata;
    engine_metrics_collect(metrics, engine_is_leader(engine) ? engine->leader_since_usec : 0,
                           engine->is_loaded ? engine->cluster : NULL, engine->feed);
}

bool engine_is_leader(const Engine *engine) {
    return leadership_is_elected(engine->leadership);
}

int engine_resign(Engine *engine, void (*done)(int r, void *userdata), void *userdata) {
    engine_unload(engine);
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
        .steady_since = options->steady_since,
        .userdata = options->userdata,
        .metrics = options->metrics,
    };
    if (!engine->machine_id)
        return -ENOMEM;
    usec_t ttl_usec =
        MAX(MIN(options->agent_ttl_usec / 2, LEADER_TTL_MAX_USEC), LEADER_TTL_MIN_USEC);
    int r = timer_new(engine->loop, on_plan, engine, &engine->plan);
    if (r >= 0)
        r = timer_new(engine->loop, on_reload, engine, &engine->reload);
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
    if (engine->plan && engine->reload)
        engine_unload(engine);
    metric_source_free(engine->metric_source);
    leadership_free(engine->leadership);
    timer_free(engine->plan);
    timer_free(engine->reload);
    free(engine->machine_id);
    free(engine);
}
