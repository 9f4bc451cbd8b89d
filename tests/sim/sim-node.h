/* One machine of a simulated cluster: its systemd, which outlives fleetd but not a reboot, its way
 * to the store, and at times a fleetd: the production agent, engine and API, put together as
 * fleetd/daemon.c does. */
#pragma once

#include "fleetd/agent/agent.h"
#include "fleetd/api/api.h"
#include "fleetd/engine/engine.h"
#include "tests/fakes/fake-prober.h"
#include "tests/fakes/fake-systemd.h"
#include "tests/fakes/faulty-store.h"
#include "tests/sim/sim-fuse.h"
#include "tests/sim/sim-guard.h"
#include "tests/sim/tap-store.h"

#define SIM_TTL (10 * USEC_PER_SEC) /* of presences */
/* So much longer than the shortest StopAfterDisconnect= (sim-units.c) that STOP_MARGIN_USEC does
 * not hide it when the two are mixed up. */
#define SIM_TTL_LONG (60 * USEC_PER_SEC)
#define SIM_GRACE (60 * USEC_PER_SEC)
#define SIM_API_TIMEOUT (4 * USEC_PER_SEC)
#define SIM_API_SLACK USEC_PER_SEC

struct SimCluster;

typedef struct SimNode {
    struct SimCluster *cluster; /* whose it is; for who looks at it */
    Loop *world;
    Loop *loop;  /* fleetd's: it can be paused */
    Store *tap;  /* tells what of this machine arrives at the store */
    Store *link; /* the network */
    Store *way;  /* as a client of the store has it */
    SimFuse *fuse;
    Machine machine;
    char id[MACHINE_ID_LENGTH + 1], boot_id[MACHINE_ID_LENGTH + 1], address[16];
    unsigned n_boots, n_goodbyes; /* the latter: the boot in which it last began to go down */
    bool is_on;
    usec_t booted_usec;
    FakeSystemd *systemd;
    FakeProber *prober; /* how its units answer */
    SimGuard *guard;    /* runs while the machine is on */

    /* fleetd, NULL while none runs */
    UnitManager *unit_manager;
    Agent *agent;
    Engine *engine;
    Api *api;
    Metrics *metrics; /* of fleetd; NULL: it counts nothing */
    PresenceFarewell farewell;
    bool is_leaving;
    Timer *end;     /* of fleetd, after its farewell, or when that takes too long */
    Timer *restart; /* of a fleetd that failed */

    /* Called before a fleetd ends in any way, and after one was killed by its fuse; may be NULL. */
    void (*before_end)(struct SimNode *node);
    void (*on_blown)(struct SimNode *node);
    void *userdata; /* of these two */

    /* What keeps it from being well, but for what can be looked up. */
    int cut;
    bool is_lossy, is_lagging, has_no_bus;
    usec_t taken_usec;         /* when its presence last went before its time */
    usec_t trouble_until_usec; /* the last of its troubles, that is over or has an end */
} SimNode;

/* number, from 1, makes its id. It is off. Out of memory ends the program, here and below. */
void sim_node_init(SimNode *node, unsigned number, Loop *world, Store *store, TapOnTxn on_txn,
                   void *userdata);
void sim_node_done(SimNode *node);

/* The machine. Booting starts fleetd. */
void sim_node_boot(SimNode *node);
void sim_node_cut_power(SimNode *node);
void sim_node_shut_down(SimNode *node); /* fleetd says goodbye first, if one runs; takes a while */

/* fleetd, on a machine that is on. One that cannot begin or go on ends, and is started again by
 * systemd. */
void sim_node_start(SimNode *node);
void sim_node_crash(SimNode *node);
void sim_node_stop(SimNode *node); /* cleanly; takes a while */
bool sim_node_runs(const SimNode *node);
bool sim_node_leads(const SimNode *node);
void sim_node_pause(SimNode *node);
void sim_node_resume(SimNode *node);

/* r as for faulty_store_cut(); 0 heals. */
void sim_node_cut_off(SimNode *node, int r);

/* Something goes wrong with it now, or does not any more; it may be felt for so long. */
void sim_node_note_trouble(SimNode *node, usec_t usec);
/* Since when nothing keeps it from its work: its fleetd runs, and has systemd, and a way to the
 * store that is slow at most. USEC_INFINITY: something does. */
usec_t sim_node_well_since(const SimNode *node);

bool sim_node_has(SimNode *node, const char *unit); /* systemd runs it */
size_t sim_node_count(SimNode *node, FakeAction action);
/* Memory for tests: never NULL. */
void *sim_must(void *pointer);
void sim_must_be_zero(int r);
