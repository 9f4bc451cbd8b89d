/* The agent: carries out this machine's orders (`schedule/<id>/`) through the unit manager, and
 * reports what became of them (`state/<id>/`). It needs to know nothing else of the cluster. While
 * the store cannot be reached it changes nothing (docs/architecture.md, promise 1). */
#pragma once

#include "fleetd/agent/presence.h"
#include "fleetd/base/metrics.h"
#include "fleetd/probe/prober.h"
#include "fleetd/systemd/unit-manager.h"

typedef struct Agent Agent;

typedef struct AgentOptions {
    Store *store;
    Loop *loop;
    UnitManager *unit_manager;
    Prober *prober;         /* NULL: nobody asks units for their health */
    const Machine *machine; /* copied */
    usec_t ttl_usec;        /* of its presence */
    usec_t restart_grace_usec;
    void (*on_registered)(void *userdata); /* this machine is in the cluster; may be NULL */
    /* The store is another cluster's than it was: nothing that was learnt of it counts.
     * on_registered follows. May be NULL. */
    void (*on_replaced)(void *userdata);
    void *userdata;
    Metrics *metrics; /* NULL: nothing is counted */
} AgentOptions;

/* Store, loop and prober must outlive the agent; the unit manager must be freed before it, as its
 * answers go to the agent. */
int agent_new(const AgentOptions *options, Agent **ret);

/* Drops everything at once; units are left as they are and the presence runs out by itself. */
void agent_free(Agent *agent);
DEFINE_POINTER_CLEANUP(Agent, agent_free)

/* Since when the store has answered this machine steadily (lease.h), whether registered or not. */
usec_t agent_steady_since(const Agent *agent);

/* Address and metadata have changed: tells the cluster at once. Its id is the same. -ENOMEM. */
int agent_set_machine(Agent *agent, const Machine *machine);

/* Begins no task any more and says goodbye to the cluster (presence.h); of LEFT only when all units
 * with StopAfterDisconnect= are down. done is called once, r < 0 if they are not, or the store did
 * not take it; free the agent then. */
int agent_leave(Agent *agent, PresenceFarewell farewell, void (*done)(int r, void *userdata),
                void *userdata);
/* How long units are given for that. */
usec_t agent_leave_limit(const Agent *agent, PresenceFarewell farewell);
