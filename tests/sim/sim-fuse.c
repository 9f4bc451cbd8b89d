#include "tests/sim/sim-fuse.h"

#include "fleetd/base/map.h"

#include <errno.h>
#include <stdlib.h>

typedef struct FusedUnitManager {
    UnitManager base;
    SimFuse *fuse;
    UnitManager *inner;
} FusedUnitManager;

struct SimFuse {
    Store store; /* first: a Store is the fuse */
    Store *inner;
    FusedUnitManager unit_manager; /* of the one fleetd at a time */
    StoreOp dead;                  /* stands for all operations that were never begun */
    Timer *timer;
    void (*on_blown)(void *userdata);
    void *userdata;
    Loop *loop;
    Map *stops; /* name -> usec_t: when the one fleetd asked for it, and for no start since */
    uint64_t n_calls, n_left; /* 0: it is not set */
    bool is_blown;
};

/* Counts a call; false: it does not get through. */
static bool fuse_passes(SimFuse *fuse) {
    fuse->n_calls++;
    if (!fuse->is_blown && fuse->n_left > 0 && --fuse->n_left == 0) {
        fuse->is_blown = true;
        timer_start(fuse->timer, 0);
    }
    return !fuse->is_blown;
}

/* --- the store: what gets through is the inner store's operation --- */

static int fuse_swallow(SimFuse *fuse, StoreOp **ret) {
    if (ret)
        *ret = &fuse->dead;
    return 0;
}

static int fuse_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                      StoreOp **ret) {
    SimFuse *fuse = (SimFuse *) store;
    return fuse_passes(fuse) ? store_range(fuse->inner, range, done, userdata, ret)
                             : fuse_swallow(fuse, ret);
}

static int fuse_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                    StoreOp **ret) {
    SimFuse *fuse = (SimFuse *) store;
    return fuse_passes(fuse) ? store_txn(fuse->inner, txn, done, userdata, ret)
                             : fuse_swallow(fuse, ret);
}

static int fuse_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                            StoreOp **ret) {
    SimFuse *fuse = (SimFuse *) store;
    return fuse_passes(fuse) ? store_lease_grant(fuse->inner, ttl, done, userdata, ret)
                             : fuse_swallow(fuse, ret);
}

static int fuse_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                            StoreOp **ret) {
    SimFuse *fuse = (SimFuse *) store;
    return fuse_passes(fuse) ? store_lease_renew(fuse->inner, lease, done, userdata, ret)
                             : fuse_swallow(fuse, ret);
}

static int fuse_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                             StoreOp **ret) {
    SimFuse *fuse = (SimFuse *) store;
    return fuse_passes(fuse) ? store_lease_revoke(fuse->inner, lease, done, userdata, ret)
                             : fuse_swallow(fuse, ret);
}

static int fuse_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                      void *userdata, StoreOp **ret) {
    SimFuse *fuse = (SimFuse *) store;
    return fuse_passes(fuse) ? store_watch(fuse->inner, watch, callbacks, userdata, ret)
                             : fuse_swallow(fuse, ret);
}

static void fuse_cancel(_unused_ StoreOp *dead) {
}

static const StoreVTable store_vtable = {
    .range = fuse_range,
    .txn = fuse_txn,
    .lease_grant = fuse_lease_grant,
    .lease_renew = fuse_lease_renew,
    .lease_revoke = fuse_lease_revoke,
    .watch = fuse_watch,
    .cancel = fuse_cancel,
};

/* --- systemd --- */

static FusedUnitManager *from_base(UnitManager *base) {
    return (FusedUnitManager *) base;
}

static void fused_set_callbacks(UnitManager *base, const UnitManagerCallbacks *callbacks,
                                void *userdata) {
    unit_manager_set_callbacks(from_base(base)->inner, callbacks, userdata);
}

static int fused_list(UnitManager *base, UnitManagerListDone done, void *userdata) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_list(um->inner, done, userdata) : 0;
}

static int fused_write(UnitManager *base, const UnitFileWrite *files, size_t n,
                       UnitManagerDone done, void *userdata) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_write(um->inner, files, n, done, userdata) : 0;
}

static int fused_remove(UnitManager *base, const char *name, UnitManagerDone done, void *userdata) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_remove(um->inner, name, done, userdata) : 0;
}

static int fused_start(UnitManager *base, const char *name, UnitManagerJobDone done,
                       void *userdata) {
    FusedUnitManager *um = from_base(base);
    map_remove(um->fuse->stops, name);
    return fuse_passes(um->fuse) ? unit_manager_start(um->inner, name, done, userdata) : 0;
}

static int fused_stop(UnitManager *base, const char *name, UnitManagerJobDone done,
                      void *userdata) {
    FusedUnitManager *um = from_base(base);
    if (map_put(um->fuse->stops, name, (void *) (uintptr_t) loop_now(um->fuse->loop)) < 0)
        abort(); /* out of memory in a test */
    return fuse_passes(um->fuse) ? unit_manager_stop(um->inner, name, done, userdata) : 0;
}

static int fused_restart(UnitManager *base, const char *name, UnitManagerJobDone done,
                         void *userdata) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_restart(um->inner, name, done, userdata) : 0;
}

static int fused_is_stopping(UnitManager *base, void (*done)(bool is_stopping, void *userdata),
                             void *userdata) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_is_stopping(um->inner, done, userdata) : 0;
}

/* What is done at once must not be done any more; it cannot be without an answer. */
static int fused_vouch(UnitManager *base, const char *name, usec_t at_usec,
                       usec_t stop_after_usec) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_vouch(um->inner, name, at_usec, stop_after_usec)
                                 : -ENOTCONN;
}

static int fused_claim(UnitManager *base, const char *name, const char *cluster) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_claim(um->inner, name, cluster) : -ENOTCONN;
}

static int fused_note_health(UnitManager *base, const char *name, const char *health) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_note_health(um->inner, name, health) : -ENOTCONN;
}

static int fused_note_restart(UnitManager *base, const char *name, int64_t restart) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_note_restart(um->inner, name, restart) : -ENOTCONN;
}

static int fused_common_cluster(UnitManager *base, char **ret) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_common_cluster(um->inner, ret) : -ENOTCONN;
}

static int fused_reboot(UnitManager *base, UnitManagerDone done, void *userdata) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_reboot(um->inner, done, userdata) : 0;
}

static int fused_read(UnitManager *base, const char *name, char **ret_text, size_t *ret_size) {
    FusedUnitManager *um = from_base(base);
    return fuse_passes(um->fuse) ? unit_manager_read(um->inner, name, ret_text, ret_size)
                                 : -ENOTCONN;
}

static void fused_free(UnitManager *base) {
    unit_manager_free(from_base(base)->inner);
}

static const UnitManagerVTable unit_manager_vtable = {
    .set_callbacks = fused_set_callbacks,
    .list = fused_list,
    .write = fused_write,
    .remove = fused_remove,
    .start = fused_start,
    .stop = fused_stop,
    .restart = fused_restart,
    .note_health = fused_note_health,
    .note_restart = fused_note_restart,
    .vouch = fused_vouch,
    .claim = fused_claim,
    .common_cluster = fused_common_cluster,
    .read = fused_read,
    .is_stopping = fused_is_stopping,
    .reboot = fused_reboot,
    .free = fused_free,
};

UnitManager *sim_fuse_unit_manager_take(SimFuse *fuse, UnitManager *inner) {
    map_clear(fuse->stops);
    fuse->unit_manager =
        (FusedUnitManager){.base.vtable = &unit_manager_vtable, .fuse = fuse, .inner = inner};
    return &fuse->unit_manager.base;
}

/* --- the fuse --- */

static void on_timer(void *userdata) {
    SimFuse *fuse = userdata;
    fuse->on_blown(fuse->userdata);
}

void sim_fuse_set(SimFuse *fuse, uint64_t n) {
    timer_stop(fuse->timer);
    fuse->n_left = n;
    fuse->is_blown = false;
}

uint64_t sim_fuse_count(const SimFuse *fuse) {
    return fuse->n_calls;
}

usec_t sim_fuse_stopped_at(const SimFuse *fuse, const char *name) {
    return (usec_t) (uintptr_t) map_get(fuse->stops, name);
}

Store *sim_fuse_store(SimFuse *fuse) {
    return &fuse->store;
}

SimFuse *sim_fuse_new(Loop *loop, Store *inner, void (*on_blown)(void *userdata), void *userdata) {
    SimFuse *fuse = malloc(sizeof(SimFuse));
    if (!fuse)
        abort();
    *fuse = (SimFuse){
        .store.vtable = &store_vtable, .inner = inner, .on_blown = on_blown, .userdata = userdata};
    fuse->loop = loop;
    fuse->stops = map_new(NULL);
    fuse->dead.store = &fuse->store;
    if (!fuse->stops || timer_new(loop, on_timer, fuse, &fuse->timer) < 0)
        abort();
    return fuse;
}

void sim_fuse_free(SimFuse *fuse) {
    timer_free(fuse->timer);
    map_free(fuse->stops);
    free(fuse);
}
