/* The cluster as the store has it: a mirror of all of it is fed to the scheduler's model. */
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
    static const FeedCallbacks feed_callbacks = {.on_machine_here = engine_on_machine_here,
                                                 .on_machine_away = engine_on_machine_away,
                                                 .on_machine_missing = engine_on_machine_missing,
                                                 .on_order = on_order,
                                                 .on_maintenance = on_maintenance,
                                                 .on_brake = on_brake};
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced};
    engine->cluster = cluster_new(engine->agent_ttl_usec);
    if (!engine->cluster)
        return -ENOMEM;
    int r = feed_new(engine->cluster, &feed_callbacks, engine, &engine->feed);
    if (r >= 0)
        r = absence_new(engine->loop, engine->agent_ttl_usec, engine_on_steady_since,
                        engine_on_machine_gone, engine, &engine->absence);
    if (r >= 0)
        r = engine_open_brake(engine);
    if (r >= 0)
        r = suspension_new(engine->loop, on_order_over, engine, &engine->suspension);
    if (r >= 0)
        r = deadlines_new(engine->loop, on_drain_over, engine, &engine->drains);
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
    engine_close_side_work(engine);
    mirror_free(TAKE_PTR(engine->mirror));
    feed_free(TAKE_PTR(engine->feed));
    cluster_free(TAKE_PTR(engine->cluster));
}
