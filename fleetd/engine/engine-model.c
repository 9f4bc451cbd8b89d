/* The cluster as the store has it: a mirror of all of it is fed to the scheduler's model, and
 * machines that have orders and no presence are waited for. */
#include "fleetd/base/log.h"
#include "fleetd/engine/engine-internal.h"
#include "fleetd/sched/plan.h"

#include <errno.h>

static bool engine_takes_changes(const Engine *engine) {
    return engine->state == ENGINE_LOADING || engine_has_model(engine);
}

bool engine_has_model(const Engine *engine) {
    return engine->state == ENGINE_READY || engine->state == ENGINE_WRITING ||
           engine->state == ENGINE_CATCHING_UP;
}

/* --- machines that are missing --- */

/* A presence is gone when its lease ran out, and so had its machine a whole lease time to renew it.
 * But a store can take presences away that were renewed in time (lease.h), and anybody can delete
 * them: a machine that lives is back after a few answers of the store. */
#define RETURN_USEC (250 * USEC_PER_MSEC)
/* The leader's lease is shorter, and is lost to such a store first: that a new one was elected is a
 * sign of it, and the others may need longer. Where a machine is really lost together with the
 * leader that it had, this passes before its lease ends. */
#define RETURN_MAX_USEC (2 * USEC_PER_SEC)

static usec_t patience_with_the_first(const Engine *engine) {
    return MIN(engine->agent_ttl_usec / 5, RETURN_MAX_USEC);
}

/* What this fleetd saw of the store before it led counts as well: a leader that has just been
 * elected, by a store that has answered all the time, need not wait to know that a machine had its
 * lease time. That its own presence is not there says that presences mean nothing just now. */
static usec_t on_steady_since(void *userdata) {
    Engine *engine = userdata;
    if (feed_find_presence(engine->feed, engine->machine_id) == FEED_PRESENCE_NONE)
        return USEC_INFINITY;
    return MAX(engine->steady_since(engine->userdata), leadership_last_gap(engine->leadership));
}

void engine_give_up(Engine *engine, const char *machine_id) {
    log_write(LOG_NOTICE, (LogFields){.machine = machine_id},
              "Machine %s is gone; its units are placed anew", machine_id);
    engine_metrics_failed(engine->metrics, "machine_away");
    engine_check(engine, cluster_remove_machine(engine->cluster, machine_id, false));
    engine_look(engine);
}

static void log_held(const Engine *engine, const char *machine_id) {
    const LogFields fields = {.machine = machine_id};
    unsigned long long left = brake_left_usec(engine->brake) / USEC_PER_SEC;
    if (left > 0)
        log_write(LOG_WARNING, fields,
                  "Machine %s is gone, and so are too many others at once: its units are held for "
                  "%llu s, unless it comes back ('fleetctl failover --now' does not wait)",
                  machine_id, left);
    else
        log_write(LOG_WARNING, fields,
                  "Machine %s is gone, as were too many others at once: its units are placed anew "
                  "in its turn, unless it comes back",
                  machine_id);
}

static void on_machine_gone(const char *machine_id, void *userdata) {
    Engine *engine = userdata;
    if (brake_holds(engine->brake, machine_id))
        log_held(engine, machine_id);
    else
        engine_give_up(engine, machine_id);
}

static void on_machine_here(const char *id, void *userdata) {
    Engine *engine = userdata;
    absence_remove(engine->absence, id);
    engine_check(engine, brake_machine_is_here(engine->brake, id));
}

/* Whoever said that it left is taken at its word. A presence that cannot be read did not run out:
 * somebody wrote over it, and its machine may be about to write it anew. */
static int engine_miss(Engine *engine, const char *id, usec_t patience_usec) {
    FeedPresence presence = feed_find_presence(engine->feed, id);
    bool has_left = presence == FEED_PRESENCE_LEFT;
    if (cluster_is_gone(engine->cluster,
                        id)) /* and so it is, but it may have taken its word back */
        return cluster_remove_machine(engine->cluster, id, has_left);
    if (has_left || !cluster_has_orders(engine->cluster, id)) {
        absence_remove(engine->absence, id);
        return cluster_remove_machine(engine->cluster, id, has_left);
    }
    return absence_add(engine->absence, id,
                       presence == FEED_PRESENCE_UNREADABLE ? engine->agent_ttl_usec
                                                            : patience_usec);
}

static void on_machine_away(const char *id, void *userdata) {
    Engine *engine = userdata;
    bool has_left = feed_find_presence(engine->feed, id) == FEED_PRESENCE_LEFT ||
                    !cluster_has_orders(engine->cluster, id);
    log_write(LOG_INFO, (LogFields){.machine = id},
              has_left ? "Machine %s has left" : "Machine %s has no presence any more", id);
    if (feed_find_presence(engine->feed, id) == FEED_PRESENCE_LEFT)
        brake_machine_left(engine->brake, id);
    else
        brake_machine_vanished(engine->brake, id);
    engine_check(engine, engine_miss(engine, id, RETURN_USEC));
}

/* Orders of machines without a presence, once all of both is known. */
static int engine_find_missing(Engine *engine) {
    _cleanup_free_ const char **ids = NULL;
    int r = cluster_missing_machines(engine->cluster, &ids);
    for (const char **id = ids; r >= 0 && *id; id++)
        r = engine_miss(engine, *id, patience_with_the_first(engine));
    return r;
}

/* Later than that, nobody but a stranger orders anything of a machine that is not there. */
static void on_machine_missing(const char *id, void *userdata) {
    Engine *engine = userdata;
    if (engine_has_model(engine) && !absence_has(engine->absence, id))
        engine_check(engine, engine_miss(engine, id, RETURN_USEC));
}

/* --- orders that are suspended --- */

static void on_order(const Key *key, const Order *order, int64_t revision, void *userdata) {
    Engine *engine = userdata;
    engine_check(engine,
                 suspension_set(engine->suspension, key->machine_id, key->name, order, revision));
}

static void on_order_over(const char *machine_id, const char *name, void *userdata) {
    Engine *engine = userdata;
    log_write(LOG_NOTICE, (LogFields){.unit = name, .machine = machine_id},
              "Machine %s, which is gone, has surely stopped unit '%s' by now", machine_id, name);
    engine_check(engine, cluster_end_order(engine->cluster, machine_id, name));
    engine_look(engine);
}

/* --- machines that are drained --- */

static void on_maintenance(const char *id, const Maintenance *maintenance, void *userdata) {
    Engine *engine = userdata;
    deadlines_remove(engine->drains, id);
    if (!maintenance || !maintenance->is_draining || maintenance->deadline_usec == 0)
        return;
    usec_t now = loop_realtime(engine->loop);
    usec_t left = maintenance->deadline_usec > now ? maintenance->deadline_usec - now : 0;
    engine_check(engine, deadlines_set(engine->drains, id, left));
}

static void on_drain_over(const char *id, void *userdata) {
    Engine *engine = userdata;
    log_write(LOG_NOTICE, (LogFields){.machine = id},
              "The time to drain machine %s is over; what is still there leaves now", id);
    engine_check(engine, cluster_end_drain(engine->cluster, id));
    engine_look(engine);
}

static void on_brake(const BrakeRecord *record, int64_t revision, void *userdata) {
    Engine *engine = userdata;
    engine_check(engine, engine_take_brake_record(engine, record, revision));
}

/* --- what is written beside the plan: reboots, deployments, scales, failures, moves --- */

static bool is_settled(int64_t revision, void *userdata) {
    const Engine *engine = userdata;
    return engine->state == ENGINE_READY && !cluster_has_work(engine->cluster) &&
           mirror_is_synced(engine->mirror) && mirror_revision(engine->mirror) >= revision;
}

static bool is_held(void *userdata) {
    const Engine *engine = userdata;
    return brake_count_held(engine->brake) > 0;
}

static void on_unsure(void *userdata) {
    Engine *engine = userdata;
    if (engine_has_model(engine))
        engine_load_later(engine, ENGINE_UNSURE, ENGINE_RETRY_USEC);
}

static void on_told(int r, void *userdata) {
    Engine *engine = userdata;
    engine_check(engine, r);
    engine_look(engine);
}

/* Deployments go over the instances that there are, and scales make some of the file that the
 * template has: neither decides while the other one's write has yet to be told. */
static bool may_roll_out(int64_t revision, void *userdata) {
    const Engine *engine = userdata;
    return is_settled(MAX(revision, scales_revision(engine->scales)), userdata);
}

static bool is_rolling_out(void *userdata) {
    return engine_is_rolling_out(userdata);
}

static void on_through(void *userdata) {
    engine_look(userdata);
}

static int engine_open_scales(Engine *engine) {
    ScalesOptions options = {.store = engine->store,
                             .loop = engine->loop,
                             .leadership = engine->leadership,
                             .feed = engine->feed,
                             .metrics = engine->metrics,
                             .is_ready = is_settled,
                             .is_held_back = is_rolling_out,
                             .on_through = on_through,
                             .userdata = engine};
    return scales_new(&options, &engine->scales);
}

static int engine_open_side_work(Engine *engine) {
    const SideWorkOptions options = {.store = engine->store,
                                     .loop = engine->loop,
                                     .leadership = engine->leadership,
                                     .feed = engine->feed,
                                     .cluster = engine->cluster,
                                     .metrics = engine->metrics,
                                     .is_ready = is_settled,
                                     .is_held_back = is_held,
                                     .on_told = on_told,
                                     .userdata = engine};
    int r = retries_new(&options, &engine->retries);
    return r < 0 ? r : rebalancing_new(&options, &engine->rebalancing);
}

/* --- hearing of changes --- */

static void on_put(const StoreEntry *entry, void *userdata) {
    Engine *engine = userdata;
    if (engine_takes_changes(engine))
        engine_check(engine, feed_put(engine->feed, entry));
}

static void on_delete(const char *key, _unused_ int64_t revision, void *userdata) {
    Engine *engine = userdata;
    if (engine_takes_changes(engine))
        engine_check(engine, feed_delete(engine->feed, key));
}

static void engine_model_is_whole(Engine *engine, int64_t revision) {
    log_write(LOG_INFO, (LogFields){.revision = revision},
              "Deciding, from revision %lld of the store on", (long long) revision);
    engine_enter(engine, ENGINE_READY);
    int r = feed_learn_all_leaving(engine->feed);
    if (r >= 0)
        r = engine_find_missing(engine);
    engine_check(engine, r < 0 ? r : engine_adopt_brake(engine));
}

static void on_synced(int64_t revision, void *userdata) {
    Engine *engine = userdata;
    if (engine->state == ENGINE_LOADING)
        engine_model_is_whole(engine, revision);
    if (!engine_has_model(engine))
        return;
    collector_look(engine->collector);
    engine_on_told(engine, revision);
}

/* --- making --- */

static int engine_make_model(Engine *engine) {
    static const FeedCallbacks feed_callbacks = {.on_machine_here = on_machine_here,
                                                 .on_machine_away = on_machine_away,
                                                 .on_machine_missing = on_machine_missing,
                                                 .on_order = on_order,
                                                 .on_maintenance = on_maintenance,
                                                 .on_brake = on_brake};
    static const RebootsCallbacks reboots_callbacks = {
        .is_ready = is_settled, .is_held = is_held, .on_unsure = on_unsure};
    static const RolloutsCallbacks rollouts_callbacks = {.is_ready = may_roll_out,
                                                         .is_held = is_held,
                                                         .on_unsure = on_unsure,
                                                         .on_through = on_through};
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced};
    engine->cluster = cluster_new(engine->agent_ttl_usec);
    if (!engine->cluster)
        return -ENOMEM;
    int r = feed_new(engine->cluster, &feed_callbacks, engine, &engine->feed);
    if (r >= 0)
        r = absence_new(engine->loop, engine->agent_ttl_usec, on_steady_since, on_machine_gone,
                        engine, &engine->absence);
    if (r >= 0)
        r = engine_open_brake(engine);
    if (r >= 0)
        r = suspension_new(engine->loop, on_order_over, engine, &engine->suspension);
    if (r >= 0)
        r = deadlines_new(engine->loop, on_drain_over, engine, &engine->drains);
    if (r >= 0)
        r = reboots_new(engine->store, engine->loop, engine->leadership, engine->feed,
                        engine->cluster, &reboots_callbacks, engine, &engine->reboots);
    if (r >= 0)
        r = rollouts_new(engine->store, engine->loop, engine->leadership, engine->feed,
                         engine->cluster, &rollouts_callbacks, engine, &engine->rollouts);
    if (r >= 0)
        r = engine_open_scales(engine);
    if (r >= 0)
        r = engine_open_side_work(engine);
    if (r >= 0)
        r = writer_new(engine->store, engine_on_written, engine, &engine->writer);
    if (r >= 0)
        r = collector_new(engine->store, engine->loop, engine->leadership, engine->feed,
                          &engine->collector);
    if (r >= 0)
        r = mirror_new(
            engine->store, engine->loop,
            &(MirrorKeys){.prefix = "", .before = KEY_FIRST_OF_PAST, .cuts = key_kind_cuts},
            &mirror_callbacks, engine, &engine->mirror);
    return r;
}

int engine_open_model(Engine *engine) {
    int r = engine_make_model(engine);
    if (r < 0)
        engine_close_model(engine);
    return r;
}

void engine_close_model(Engine *engine) {
    collector_free(TAKE_PTR(engine->collector));
    writer_free(TAKE_PTR(engine->writer));
    absence_free(TAKE_PTR(engine->absence));
    engine_close_brake(engine);
    suspension_free(TAKE_PTR(engine->suspension));
    deadlines_free(TAKE_PTR(engine->drains));
    reboots_free(TAKE_PTR(engine->reboots));
    rollouts_free(TAKE_PTR(engine->rollouts));
    scales_free(TAKE_PTR(engine->scales));
    retries_free(TAKE_PTR(engine->retries));
    rebalancing_free(TAKE_PTR(engine->rebalancing));
    mirror_free(TAKE_PTR(engine->mirror));
    feed_free(TAKE_PTR(engine->feed));
    cluster_free(TAKE_PTR(engine->cluster));
}
