/* Who may write what: each machine its own presence and states, and decisions only the one that
 * leads, under its fence (docs/architecture.md, "the store"). */
#pragma once

#include "tests/sim/sim-node.h"

typedef struct SimWriters { /* all zero at first */
    const SimNode *leader;  /* who wrote the leader's key last */
    int64_t leader_revision;
} SimWriters;

/* To be told of every transaction, in order. A key that the machine must not write; NULL: it is all
 * right. */
const char *sim_writers_judge(SimWriters *writers, const SimNode *node, const StoreTxn *txn,
                              const StoreTxnResult *result);
