/* What the parts of the local store know of one another: local-store.c runs operations in turn,
 * local-request.c, local-lease.c and local-watch.c are the operations. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/store/local-store.h"

#include <sys/queue.h>

typedef struct LocalOp LocalOp;
typedef struct Lease Lease;
typedef TAILQ_HEAD(LocalOpList, LocalOp) LocalOpList;

typedef struct LocalOpKind {
    /* Its turn, from the loop. Whatever it calls back comes last: the callback may cancel the
     * operation or free the store. */
    void (*run)(LocalOp *op);
    void (*free)(LocalOp *op);
} LocalOpKind;

struct LocalOp {
    StoreOp op;
    const LocalOpKind *kind;
    TAILQ_ENTRY(LocalOp) all_link, ready_link;
    bool is_ready;
};

struct LocalStore {
    Store store;
    Loop *loop;
    VersionMap *versions;
    const LocalBackend *backend;
    void *backend_userdata;
    Map *leases;       /* lease_key() -> Lease */
    LocalOpList ops;   /* all */
    LocalOpList ready; /* those that have something to do, first come first served */
    Timer *turn;       /* runs the first of them */
};

static inline LocalStore *local_op_store(const LocalOp *op) {
    return (LocalStore *) op->op.store;
}

/* Enters a new operation and makes it ready; ret may be NULL. */
void local_op_begin(LocalStore *store, LocalOp *op, const LocalOpKind *kind, StoreOp **ret);
void local_op_make_ready(LocalOp *op);
/* Takes it off all lists; the caller frees it. */
void local_op_remove(LocalOp *op);

/* Does what is staged. 0; or a negative errno, and it is dropped. */
int local_store_commit(LocalStore *store);

int local_range(Store *, const StoreRange *, StoreRangeDone, void *userdata, StoreOp **ret);
int local_txn(Store *, const StoreTxn *, StoreTxnDone, void *userdata, StoreOp **ret);
int local_lease_grant(Store *, usec_t ttl, StoreLeaseDone, void *userdata, StoreOp **ret);
int local_lease_renew(Store *, int64_t lease, StoreLeaseDone, void *userdata, StoreOp **ret);
int local_lease_revoke(Store *, int64_t lease, StoreLeaseDone, void *userdata, StoreOp **ret);
int local_watch(Store *, const StoreWatch *, const StoreWatchCallbacks *, void *userdata,
                StoreOp **ret);

/* NULL when it does not exist (any more). */
Lease *local_lease_find(const LocalStore *store, int64_t id);
/* Notes that the key comes under the lease; before that is certain, as it may fail. -ENOMEM. */
int local_lease_attach(Lease *lease, const char *key);
/* Drops from their leases the keys that these changes take away from them. */
void local_leases_update(LocalStore *store, const StoreChange *changes, size_t n_changes);
void local_leases_extend(LocalStore *store); /* each by its whole time from now on */
void local_lease_free(Lease *lease);

/* Makes the watches ready that these changes, about to be applied, concern. */
void local_watches_notify(LocalStore *store, const StoreChange *changes, size_t n_changes);
