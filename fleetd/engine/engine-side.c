/* What is written beside the plan: when it may be, and what the plan and the kinds of it have to
 * know of each other. */
#include "fleetd/engine/engine-internal.h"

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

static void on_through(void *userdata) {
    engine_look(userdata);
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

/* Which file a machine has of a global unit, and what may be in two places, is as a deployment's
 * record says: until that is told, what is decided could be of one that is overtaken. */
bool engine_is_rolling_out(const Engine *engine) {
    return mirror_revision(engine->mirror) < rollouts_revision(engine->rollouts);
}

bool engine_writes_beside(const Engine *engine) {
    return reboots_is_writing(engine->reboots) || rollouts_revision(engine->rollouts) == INT64_MAX;
}

void engine_look_beside(Engine *engine) {
    reboots_look(engine->reboots);
    retries_look(engine->retries);
    rebalancing_look(engine->rebalancing);
    rollouts_look(engine->rollouts);
    scales_look(engine->scales);
}

int engine_open_side_work(Engine *engine) {
    const SideWorkOptions options = {.store = engine->store,
                                     .loop = engine->loop,
                                     .leadership = engine->leadership,
                                     .feed = engine->feed,
                                     .cluster = engine->cluster,
                                     .metrics = engine->metrics,
                                     .is_ready = is_settled,
                                     .is_held_back = is_held,
                                     .on_told = on_told,
                                     .on_unsure = on_unsure,
                                     .on_through = on_through,
                                     .userdata = engine};
    SideWorkOptions of_rollouts = options, of_scales = options;
    of_rollouts.is_ready = may_roll_out;
    of_scales.is_held_back = is_rolling_out;
    int r = reboots_new(&options, &engine->reboots);
    if (r >= 0)
        r = rollouts_new(&of_rollouts, &engine->rollouts);
    if (r >= 0)
        r = scales_new(&of_scales, &engine->scales);
    if (r >= 0)
        r = retries_new(&options, &engine->retries);
    if (r >= 0)
        r = rebalancing_new(&options, &engine->rebalancing);
    return r;
}

void engine_close_side_work(Engine *engine) {
    reboots_free(TAKE_PTR(engine->reboots));
    rollouts_free(TAKE_PTR(engine->rollouts));
    scales_free(TAKE_PTR(engine->scales));
    retries_free(TAKE_PTR(engine->retries));
    rebalancing_free(TAKE_PTR(engine->rebalancing));
}
