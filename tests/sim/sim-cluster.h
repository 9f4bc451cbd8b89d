/* Whole fleetds around one store, on a virtual clock, with the hands of the users and of fate. */
#pragma once

#include "tests/fakes/store-sync.h"
#include "tests/sim/sim-node.h"
#include "tests/sim/sim-view.h"

#define SIM_NODES_MAX 8

/* After any trouble: what was lost is missed after its timeout, what was late arrives up to as long
 * again later (5 s each, sim-fate-store.c), and what waits for its next try begins it (2 s). */
#define SIM_HEAL_USEC (12 * USEC_PER_SEC)

typedef struct SimCluster {
    Loop *loop;
    Loop *store_loop; /* can be frozen, and the leases with it */
    Store *store;
    StoreSync sync; /* the users' way to the store */
    SimView *view;
    SimNode nodes[SIM_NODES_MAX];
    size_t n_nodes;
    usec_t agent_ttl_usec;     /* of all machines; SIM_TTL, unless it is set before they boot */
    usec_t failover_hold_usec; /* likewise; 0: no brake, unless it is set */
    bool is_store_away;        /* for all at once */
    bool is_store_lost;        /* just now: nobody has taken away what goes */
    usec_t store_away_usec;
    usec_t store_back_usec; /* when it last came back after so long that it cost renewals */
    usec_t store_here_usec; /* when it last came back after any time */
    /* Leases lived longer than they should from then until then. */
    usec_t odd_since_usec, odd_until_usec;

    /* Transactions of each machine that were carried out and wrote keys of the engine. */
    size_t n_decisions[SIM_NODES_MAX];
    TapOnTxn on_txn; /* may be NULL; its userdata is the node */
    void *userdata;  /* of who looks on */
} SimCluster;

/* All machines are off. */
SimCluster *sim_cluster_new(size_t n_nodes, uint64_t seed);
void sim_cluster_free(SimCluster *cluster);
void sim_cluster_boot(SimCluster *cluster); /* all machines */
void sim_cluster_run(SimCluster *cluster, usec_t usec);
/* Since when the machine is well, and the store is there for all; USEC_INFINITY: either is not. */
usec_t sim_cluster_well_since(const SimCluster *cluster, const SimNode *node);
bool sim_cluster_wait(SimCluster *cluster, bool (*predicate)(void *userdata), void *userdata,
                      usec_t max_usec);

/* The store for all at once; r as for faulty_store_cut(). Frozen, it loses no time: leases have
 * what they had left when it is back. */
void sim_cluster_cut_off(SimCluster *cluster, int r);
void sim_cluster_freeze_store(SimCluster *cluster);
void sim_cluster_thaw_store(SimCluster *cluster);
void sim_cluster_extend_leases(SimCluster *cluster); /* each counts its whole time anew */
/* Ends the leases that the presences and the leader's key of that prefix stand under, although they
 * were renewed: as a leader of etcd's does that stood still, and wakes up when another one leads.
 * One that nobody renews, as that of a farewell, ends at the same time for any leader. */
void sim_cluster_take_leases(SimCluster *cluster, const char *prefix);

/* Everything in it is gone, all at once: somebody has deleted it; or, with_leases, another store
 * stands in its place, which is empty. */
void sim_cluster_lose_store(SimCluster *cluster, bool with_leases);

/* Since when a lease that lives may have lived without being renewed. */
usec_t sim_cluster_lease_since(const SimCluster *cluster);

/* Users' requests, as the API writes them. The unit's new revision; 0: somebody else was faster.
 * text NULL: as it is. */
int64_t sim_put(SimCluster *cluster, const char *name, const char *text, LaunchState desired);
void sim_destroy(SimCluster *cluster, const char *name);
void sim_set_metadata(SimCluster *cluster, const SimNode *node, const char *key,
                      const char *value); /* NULL removes */
void sim_maintain(SimCluster *cluster, const SimNode *node,
                  const Maintenance *maintenance); /* NULL: nothing any more */

SimNode *sim_find_node(SimCluster *cluster, const char *id); /* NULL: no such machine */
/* NULL: none, or several. */
SimNode *sim_where_runs(SimCluster *cluster, const char *unit);
SimNode *sim_where_ordered(SimCluster *cluster, const char *unit);
size_t sim_count_running(SimCluster *cluster, const char *unit); /* machines that run it */
SimNode *sim_leader(SimCluster *cluster); /* NULL: none, or several think so */
/* Starts, stops and removals of units, on all machines, since the beginning. */
size_t sim_count_touches(SimCluster *cluster);
