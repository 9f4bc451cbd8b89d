/* Who may write what (docs/architecture.md, "the store"): each machine its own presence, its own
 * states while that presence stands, decisions only the one that leads, under its fence, and what
 * users ask for the fleetd that they asked. */
#pragma once

#include "tests/sim/sim-requests.h"

typedef struct SimWriters { /* all zero at first */
    const SimNode *leader;  /* who wrote the leader's key last */
    int64_t leader_revision;
    int64_t presence_leases[SIM_NODES_MAX]; /* that each wrote its presence under last */
} SimWriters;

/* To be told of every transaction, in order. A key that the machine must not write; NULL: it is all
 * right. */
const char *sim_writers_judge(SimWriters *writers, SimRequests *requests, const SimNode *node,
                              const StoreTxn *txn, const StoreTxnResult *result);
