/* What the parts of the engine share: engine.c leads and holds its state, engine-model.c keeps the
 * cluster as the store has it, engine-machines.c waits for machines that are missing, engine-plan.c
 * decides and writes, and engine-side.c has written what is beside that.
 *
 * An engine waits for one thing at a time, and its state says for what:
 *
 *   state       waits for                        comes next
 *   ---------   ------------------------------   -------------------------------------------------
 *   FOLLOWING   being elected                    LOADING
 *   LOADING     the first list                   READY
 *   READY       work, and leading for sure       WRITING, when there is something to write
 *   WRITING     the store's answer               CATCHING_UP; STALE: overtaken; UNSURE: no answer
 *   CATCHING_UP hearing of its own writes        READY
 *   STALE       time to pass                     LOADING
 *   UNSURE      time to pass                     FOLLOWING, as it takes the leader's key anew
 *
 * From each state: FOLLOWING when it is deposed or resigns, LOADING when it is elected; and with a
 * model, UNSURE when that could not be kept. engine_enter() is the only place that changes it. */
#pragma once

#include "fleetd/engine/absence.h"
#include "fleetd/engine/brake.h"
#include "fleetd/engine/collector.h"
#include "fleetd/engine/deadlines.h"
#include "fleetd/engine/engine-metrics.h"
#include "fleetd/engine/engine.h"
#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"
#include "fleetd/engine/rebalancing.h"
#include "fleetd/engine/reboots.h"
#include "fleetd/engine/retries.h"
#include "fleetd/engine/rollouts.h"
#include "fleetd/engine/scales.h"
#include "fleetd/engine/suspension.h"
#include "fleetd/engine/writer.h"
#include "fleetd/store/mirror.h"

typedef enum EngineState {
    ENGINE_FOLLOWING,   /* it has no model, and none of its parts */
    ENGINE_LOADING,     /* the model is not whole yet */
    ENGINE_READY,       /* the model is whole, and knows of all that was written */
    ENGINE_WRITING,     /* a plan is on its way to the store */
    ENGINE_CATCHING_UP, /* it is there, and the mirror has yet to tell */
    ENGINE_STALE,       /* the model is not as the store: it is thrown away */
    ENGINE_UNSURE,      /* likewise; and a write that was given up may still be on its way */
    _ENGINE_STATE_MAX,
} EngineState;

struct Engine {
    Store *store;
    Loop *loop;
    char *machine_id;
    usec_t agent_ttl_usec;
    usec_t failover_hold_usec;
    usec_t (*steady_since)(void *userdata);
    void *userdata;
    Metrics *metrics;
    MetricSource *metric_source;
    Leadership *leadership;
    usec_t leader_since_usec; /* since 1970 */
    EngineState state;
    Timer *timer; /* READY: to plan; STALE, UNSURE: to load anew */

    /* While it leads. */
    Mirror *mirror;
    Cluster *cluster;
    Feed *feed;
    Absence *absence;
    Brake *brake;
    char *brake_text;       /* as it stands in the store; NULL: it does not, or is not readable */
    int64_t brake_revision; /* of its key; 0: there is none */
    StoreOp *brake_op;
    Timer *brake_timer;
    Suspension *suspension;
    Deadlines *drains; /* by machine: when what is still there has to go */
    Reboots *reboots;
    Rollouts *rollouts;
    Scales *scales;
    Retries *retries;
    Rebalancing *rebalancing;
    Writer *writer;
    Collector *collector;
    EngineRound round;        /* WRITING: whose plan */
    int64_t written_revision; /* CATCHING_UP: how far */
    bool was_refused;         /* the last plan that was written met a fence that did not hold */
};

#define ENGINE_RETRY_USEC (500 * USEC_PER_MSEC)

void engine_enter(Engine *engine, EngineState state);
/* STALE or UNSURE, for so long. Allowed inside callbacks of the parts, which live until then. */
void engine_load_later(Engine *engine, EngineState state, usec_t delay_usec);
/* What the model of the cluster is changed by failed: it is in an unknown state. */
void engine_check(Engine *engine, int r);

/* engine-model.c */
bool engine_has_model(const Engine *engine); /* whole, and as the store has it */
int engine_open_model(Engine *engine);
void engine_close_model(Engine *engine);

/* engine-machines.c */
void engine_give_up(Engine *engine, const char *machine_id); /* its units are placed anew */
/* Orders of machines without a presence, once all of both is known. */
int engine_find_missing(Engine *engine);
/* What feed and absence say. */
void engine_on_machine_here(const char *id, void *userdata);
void engine_on_machine_away(const char *id, void *userdata);
void engine_on_machine_missing(const char *id, void *userdata);
void engine_on_machine_gone(const char *machine_id, void *userdata);
usec_t engine_on_steady_since(void *userdata);

/* engine-brake.c */
int engine_open_brake(Engine *engine);
void engine_close_brake(Engine *engine);
int engine_take_brake_record(Engine *engine, const BrakeRecord *record, int64_t revision);
int engine_adopt_brake(
    Engine *engine); /* that of the former leader, once it is known who is missing */

/* engine-plan.c */
void engine_look(Engine *engine); /* something has changed: plan soon */
void engine_plan(Engine *engine); /* now */
void engine_on_written(int r, int64_t revision, void *userdata);
void engine_on_told(Engine *engine, int64_t revision); /* by the mirror, all up to it */

/* engine-side.c */
int engine_open_side_work(Engine *engine);
void engine_close_side_work(Engine *engine);
void engine_look_beside(Engine *engine);
bool engine_is_rolling_out(const Engine *engine); /* a step of a deployment has yet to be told */
/* What is given up with the model, and may still come. */
bool engine_writes_beside(const Engine *engine);
