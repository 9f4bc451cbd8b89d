/* The store inside this process, shared by the in-memory and the embedded backend: versions,
 * leases and watches; what makes it last is the backend's. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"
#include "fleetd/store/version-map.h"

typedef struct LocalStore LocalStore;

typedef struct LocalBackend {
    /* Makes the changes of one transaction last, before anybody sees them. A negative errno: they
     * did not happen, and whoever asked for them is told. */
    int (*commit)(void *userdata, int64_t revision, const StoreChange *changes, size_t n_changes);
    void (*free)(void *userdata);
} LocalBackend;

/* Takes over versions and, with a backend (NULL: nothing lasts), userdata; not on failure. */
int local_store_new_take(Loop *loop, VersionMap *versions, const LocalBackend *backend,
                         void *userdata, Store **ret);

/* See version_map_compact(). Not from inside a callback of the store. */
void local_store_compact(Store *store, int64_t revision);
