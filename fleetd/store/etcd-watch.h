/* A watch: one stream of answers. */
#pragma once

#include "fleetd/store/etcd-cluster.h"

int etcd_watch_start(EtcdCluster *cluster, const StoreWatch *watch,
                     const StoreWatchCallbacks *callbacks, void *userdata, StoreOp **ret);
void etcd_watch_cancel(StoreOp *op);

/* All watches on that member end, with r, from the loop. */
void etcd_watches_abandon(EtcdCluster *cluster, size_t endpoint, int r);
/* All watches of another history than this end, with -ESTALE, from the loop. */
void etcd_watches_leave_history(EtcdCluster *cluster, uint64_t history);
void etcd_watches_cancel_all(EtcdCluster *cluster);
