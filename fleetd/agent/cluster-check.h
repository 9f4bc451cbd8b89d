/* Whose store is this? A store that lost its data, or was replaced by another one, answers like any
 * other; only the id under `cluster` tells it apart. The key is made by whoever looks first, in a
 * transaction, and never changes; one that cannot be read is made anew, with another id: whoever
 * remembers the former one then keeps what he has. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct ClusterCheck ClusterCheck;

/* on_known: cluster_check_id() has its answer; called once per cluster_check_ask(),
 * unless it is forgotten before. */
int cluster_check_new(Store *store, Loop *loop, void (*on_known)(void *userdata), void *userdata,
                      ClusterCheck **ret);
void cluster_check_free(ClusterCheck *check);
DEFINE_POINTER_CLEANUP(ClusterCheck, cluster_check_free)

/* What was known before does not count any more, also if the answer is on its way. */
void cluster_check_forget(ClusterCheck *check);
/* Forgets, and asks until the store answers. */
void cluster_check_ask(ClusterCheck *check);
/* As of a time after the last cluster_check_ask(). NULL: not known. */
const char *cluster_check_id(const ClusterCheck *check);
