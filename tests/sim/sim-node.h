/* One machine of a simulated cluster: its systemd, which outlives fleetd but not a reboot, its way
 * to the store, and at times a fleetd: the production agent and engine, put together as
 * fleetd/daemon.c does. */
#pragma once

#include "fleetd/agent/agent.h"
#include "fleetd/engine/engine.h"
#include "tests/fakes/fake-systemd.h"
#include "tests/fakes/faulty-store.h"
#include "tests/sim/sim-guard.h"
#include "tests/sim/tap-store.h"

#define SIM_TTL (10 * USEC_PER_SEC) /* of presences */
#define SIM_GRACE (60 * USEC_PER_SEC)

struct SimCluster;

typedef struct SimNode {
    struct SimCluster *cluster; /* whose it is; for who looks at it */
    Loop *world;
    Loop *loop;  /* fleetd's: it can be paused */
    Store *tap;  /* tells what of this machine arrives at the store */
    Store *link; /* the network */
    Store *way;  /* what fleetd sees */
    Machine machine;
    char id[MACHINE_ID_LENGTH + 1], boot_id[MACHINE_ID_LENGTH + 1], address[16];
    unsigned n_boots;
    bool is_on;
    FakeSystemd *systemd;
    SimGuard *guard; /* runs while the machine is on */

    /* fleetd, NULL while none runs */
    UnitManager *unit_manager;
    Agent *agent;
    Engine *engine;
    Metrics *metrics; /* of fleetd; NULL: it counts nothing */
    PresenceFarewell farewell;
    bool is_leaving;
    Timer *end; /* of fleetd, after its farewell, or when that takes too long */
} SimNode;

/* number, from 1, makes its id. It is off. Out of memory ends the program, here and below. */
void sim_node_init(SimNode *node, unsigned number, Loop *world, Store *store, TapOnTxn on_txn,
                   void *userdata);
void sim_node_done(SimNode *node);

/* The machine. Booting starts fleetd. */
void sim_node_boot(SimNode *node);
void sim_node_cut_power(SimNode *node);
void sim_node_shut_down(SimNode *node); /* fleetd says goodbye first, if one runs; takes a while */

/* fleetd, on a machine that is on. */
void sim_node_start(SimNode *node);
void sim_node_crash(SimNode *node);
void sim_node_stop(SimNode *node); /* cleanly; takes a while */
bool sim_node_runs(const SimNode *node);
bool sim_node_leads(const SimNode *node);
void sim_node_pause(SimNode *node);
void sim_node_resume(SimNode *node);

/* r as for faulty_store_cut(); 0 heals. */
void sim_node_cut_off(SimNode *node, int r);

bool sim_node_has(SimNode *node, const char *unit); /* systemd runs it */
size_t sim_node_count(SimNode *node, FakeAction action);
/* Memory for tests: never NULL. */
void *sim_must(void *pointer);
void sim_must_be_zero(int r);
