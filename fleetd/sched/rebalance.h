/* Moves that even the load out, by what least loaded means (rank.h): of units that reserve memory
 * or CPU, by share; of others, by how many units a machine has. Nobody moves for it unless somebody
 * asks: stays where it is, else, while its machine fits. Each move makes the more loaded of the two
 * machines less loaded than it was, and the other one not as loaded as that, so that a second
 * proposal after all were made is empty. Pure, and of the same cluster always the same. */
#pragma once

#include "fleetd/sched/cluster.h"

typedef struct RebalanceMove {
    const char *name, *from, *to; /* of the cluster, until the next event */
} RebalanceMove;

/* At most max_moves, the one that helps most first; no unit twice. The caller frees. -ENOMEM. */
int cluster_propose_moves(Cluster *cluster, size_t max_moves, RebalanceMove **ret, size_t *ret_n);
