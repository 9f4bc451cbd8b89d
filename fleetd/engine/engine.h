/* The engine: on one machine at a time it decides where units run. It takes part in the election;
 * once elected it mirrors the store into a Cluster, plans whenever something changed, and writes
 * the plan, fenced. It stops at once when it does not lead any more. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Engine Engine;

typedef struct EngineOptions {
    Store *store;
    Loop *loop;
    const char *machine_id;
    usec_t failover_hold_usec; /* how long nobody is given up when too many vanish (brake.h); 0: not
                                  at all */
    usec_t agent_ttl_usec; /* how long a machine without presence may take to come back, and what
                              a shorter StopAfterDisconnect= counts as */
    /* Since when the store has answered this fleetd steadily, whoever led meanwhile:
     * agent_steady_since(). */
    usec_t (*steady_since)(void *userdata);
    void *userdata;
    Metrics *metrics; /* NULL: nothing is counted */
} EngineOptions;

int engine_new(const EngineOptions *options, Engine **ret);
/* Its leadership, if any, runs out by itself. */
void engine_free(Engine *engine);
DEFINE_POINTER_CLEANUP(Engine, engine_free)

bool engine_is_leader(const Engine *engine);

/* Stops deciding and gives leadership back. done is called once, unless this returns an error (it
 * did not lead: -ENOTCONN). */
int engine_resign(Engine *engine, void (*done)(int r, void *userdata), void *userdata);
