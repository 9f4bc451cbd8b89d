#include "fleetd/store/embedded-store.h"

#include "fleetd/store/embedded-db.h"
#include "fleetd/store/local-store.h"

#include <errno.h>

static int commit(void *userdata, int64_t revision, const StoreChange *changes, size_t n_changes) {
    return embedded_db_commit(userdata, revision, changes, n_changes);
}

static void close_db(void *userdata) {
    embedded_db_close(userdata);
}

static const LocalBackend embedded_backend = {.commit = commit, .free = close_db};

int embedded_store_open(Loop *loop, const char *path, Store **ret, Error *reterr) {
    _cleanup_(embedded_db_closep) EmbeddedDb *db = NULL;
    int r = embedded_db_open(path, &db, reterr);
    if (r < 0)
        return r;

    /* One on: at this revision, the keys went that were under a lease. */
    _cleanup_(version_map_freep) VersionMap *versions =
        version_map_new(embedded_db_revision(db) + 1);
    if (!versions)
        return -ENOMEM;
    r = embedded_db_load(db, versions, reterr);
    if (r >= 0)
        r = local_store_new_take(loop, versions, &embedded_backend, db, ret);
    if (r < 0)
        return r;
    TAKE_PTR(versions);
    TAKE_PTR(db);
    return 0;
}
