#include "fleetd/store/memory-store.h"

#include "fleetd/store/local-internal.h"
#include "fleetd/store/local-store.h"

#include <errno.h>

int memory_store_new(Loop *loop, Store **ret) {
    _cleanup_(version_map_freep) VersionMap *versions = version_map_new(1); /* as an empty etcd */
    if (!versions)
        return -ENOMEM;
    int r = local_store_new_take(loop, versions, NULL, NULL, ret);
    if (r >= 0)
        TAKE_PTR(versions);
    return r;
}

void memory_store_compact(Store *store, int64_t revision) {
    local_store_compact(store, revision);
}

void memory_store_extend_leases(Store *store) {
    local_leases_extend((LocalStore *) store);
}
