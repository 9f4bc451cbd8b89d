/* Deciding: on a model that is whole and up to date with the last decision, one plan at a time is
 * made and written. */
#include "fleetd/base/log.h"
#include "fleetd/engine/engine-internal.h"
#include "fleetd/sched/plan.h"

#include <errno.h>

#define PLAN_UNITS_MAX 2000 /* at a time, so that the loop stays responsive */

static void log_step(const PlanStep *step) {
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

void engine_look(Engine *engine) {
    if (engine->state != ENGINE_READY)
        return;
    if (cluster_has_work(engine->cluster)) {
        timer_start_if_idle(engine->timer, 0);
        return;
    }
    engine_look_beside(engine);
}

static int engine_write(Engine *engine, const Plan *plan) {
    for (size_t i = 0; i < plan->n_steps && log_is_enabled(LOG_DEBUG); i++)
        log_step(&plan->steps[i]);
    engine_enter(engine, ENGINE_WRITING);
    return writer_write(engine->writer, plan, leadership_fence(engine->leadership), engine->feed,
                        loop_realtime(engine->loop));
}

static int engine_try_plan(Engine *engine) {
    _cleanup_(plan_freep) Plan *plan = NULL;
    usec_t begun_usec = loop_now(engine->loop);
    int r = cluster_plan(engine->cluster, PLAN_UNITS_MAX, &plan);
    if (r < 0)
        return r;
    engine->round = engine_round_begin(plan, begun_usec);
    if (plan->n_steps > 0)
        return engine_write(engine, plan);
    engine_round_end(&engine->round, 0, engine->metrics, loop_now(engine->loop));
    engine_look(engine);
    return 0;
}

/* With a mirror that lost contact the model may be out of date: its return looks again, as does
 * what comes of a deployment's write. Being sure to lead may come back without any event. */
void engine_plan(Engine *engine) {
    if (!mirror_is_synced(engine->mirror) || engine_is_rolling_out(engine))
        return;
    if (leadership_is_sure(engine->leadership))
        engine_check(engine, engine_try_plan(engine));
    else
        timer_start(engine->timer, ENGINE_RETRY_USEC);
}

/* A fence that does not hold is a change that was overtaken, and looked at anew at once; a second
 * one in a row is not explained by that, and must not become a loop that keeps the store busy. */
static void engine_write_failed(Engine *engine, int r) {
    bool was_overtaken = r == -ESTALE && !engine->was_refused;
    log_write(was_overtaken ? LOG_INFO : LOG_WARNING, (LogFields){},
              "Failed to write decisions: %s; looking at the cluster anew",
              r == -ESTALE ? "the cluster has changed meanwhile" : strerror(-r));
    engine->was_refused = r == -ESTALE;
    if (was_overtaken && !engine_writes_beside(engine))
        engine_load_later(engine, ENGINE_STALE, 0);
    else
        engine_load_later(engine, ENGINE_UNSURE, ENGINE_RETRY_USEC);
}

void engine_on_told(Engine *engine, int64_t revision) {
    if (engine->state == ENGINE_CATCHING_UP && revision >= engine->written_revision)
        engine_enter(engine, ENGINE_READY);
    engine_look(engine);
}

void engine_on_written(int r, int64_t revision, void *userdata) {
    Engine *engine = userdata;
    engine_round_end(&engine->round, r, engine->metrics, loop_now(engine->loop));
    if (engine->state != ENGINE_WRITING)
        return; /* the model is given up already, and with it all that was decided on it */
    if (r < 0) {
        engine_write_failed(engine, r);
        return;
    }
    engine->was_refused = false;
    engine->written_revision = revision;
    engine_enter(engine, ENGINE_CATCHING_UP);
    engine_on_told(engine, mirror_revision(engine->mirror));
}
