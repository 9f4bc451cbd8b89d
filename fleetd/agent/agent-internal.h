/* What the parts of the agent share: agent.c hears of the world, agent-pass.c decides and begins
 * tasks. */
#pragma once

#include "fleetd/agent/agent-unit.h"
#include "fleetd/agent/agent.h"
#include "fleetd/agent/file-cache.h"
#include "fleetd/agent/publisher.h"
#include "fleetd/base/map.h"
#include "fleetd/store/mirror.h"

typedef struct WriteRun WriteRun; /* a batch of unit files on its way to the machine */

struct Agent {
    Store *store;
    Loop *loop;
    UnitManager *unit_manager;
    char *machine_id;
    char *order_prefix;
    usec_t restart_grace_usec;
    void (*on_registered)(void *userdata);
    void *userdata;

    Presence *presence;
    Publisher *publisher;
    FileCache *files;
    Mirror *orders;
    int64_t orders_revision;     /* of the store, as last told; only a restored one goes back */
    int64_t registered_revision; /* 0: not registered */
    int64_t former_lease;        /* to be revoked when all states stand under the new one */
    StoreOp *revoke;

    Map *units;  /* AgentUnit by name */
    Map *marked; /* names of units that the next pass looks at */
    Timer *pass;
    Timer *retry;
    usec_t retry_at_usec;
    bool is_listed;
    bool is_listing;       /* the answer is on its way */
    bool is_list_outdated; /* it was asked for before something that it may miss */
    bool is_leaving;

    WriteRun *writing;
    bool write_singly; /* a batch failed: find out which file it was */

    PresenceFarewell farewell;
    void (*left)(int r, void *userdata);
    void *left_userdata;
};

/* Has the next pass look at a unit, or at all of them. */
void agent_mark(Agent *agent, const char *name);
void agent_mark_all(Agent *agent);

/* Brings the unit's state, as it is now, to the store. */
void agent_publish(Agent *agent, const AgentUnit *unit);

/* Asks systemd for all units, or once more if it is being asked; nothing is begun before it has
 * answered. */
void agent_list(Agent *agent);

/* The pass timer's callback. */
void agent_on_pass(void *userdata);
/* Has all units looked at again at that time, or earlier. */
void agent_retry_at(Agent *agent, usec_t at_usec);

/* Nothing is marked, under way or unpublished that the former lease could still be needed for: it
 * may go. */
void agent_revoke_former(Agent *agent);

/* Takes a batch out of agent->writing without waiting for it. */
void agent_drop_write_run(Agent *agent, WriteRun *run);
void write_run_free(WriteRun *run);
