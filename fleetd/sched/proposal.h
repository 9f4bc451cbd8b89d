/* Moves that even the load out. Nobody moves for it unless somebody asks: what runs stays where it
 * is, else, while its machine fits.
 *
 * What helps is what placing goes by (rank.h): spreading, then preferring, then the load; of units
 * that reserve memory or CPU the share that is reserved, of others how many units a machine has.
 * Each move makes the first of these that it changes better, whatever becomes of those behind it,
 * and goes to the best machine, as if the moves before it were made: so there is an end. In such a
 * row a unit may move more than once; proposed is where it comes to stay. A proposal after all were
 * made is empty, but for one case: who has moved, and would then follow a third that leaves, is
 * left to the next, lest the two wait for each other. Pure, and of the same cluster always the
 * same. */
#pragma once

#include "fleetd/sched/cluster.h"

typedef struct ProposedMove {
    const char *unit, *from, *to; /* of the cluster, until the next event */
} ProposedMove;

/* At most max_moves, the one that helps most first; no unit twice. One may have to wait until
 * another one has left. Stay put: global units, those
 * that follow others (MachineOf=) or are followed, as they would have to move together, those that
 * are bound to a machine or replace others, what is not up and running as ordered, or has
 * failed; and those of a group whose budget is used up by others than those that are on their way.
 * The caller frees. -ENOMEM. */
int cluster_propose_moves(Cluster *cluster, size_t max_moves, ProposedMove **ret, size_t *ret_n);
