/* What the parts of the faulty store know of one another. */
#pragma once

#include "tests/fakes/faulty-store.h"

#include <sys/queue.h>

typedef struct FaultyOp FaultyOp;

typedef struct FaultyOpKind {
    void (*wake)(FaultyOp *op); /* its timer */
    void (*cut)(FaultyOp *op);  /* the store was cut off, or is no longer; may be NULL */
    void (*interrupt)(FaultyOp *op, int r); /* of watches: to be closed; may be NULL */
    void (*free)(FaultyOp *op);             /* what is its own; the rest is freed after it */
} FaultyOpKind;

struct FaultyOp {
    StoreOp op;
    const FaultyOpKind *kind;
    TAILQ_ENTRY(FaultyOp) link;
    StoreOp *inner; /* once it got through */
    Timer *timer;
};

typedef struct FaultyStore {
    Store store;
    Loop *loop;
    Store *inner;
    StoreFaults faults;
    int cut; /* 0: the way is free */
    usec_t cut_since;
    TAILQ_HEAD(, FaultyOp) ops;
} FaultyStore;

static inline FaultyStore *faulty_op_store(const FaultyOp *op) {
    return (FaultyStore *) op->op.store;
}

/* Enters a new operation, which is woken after a latency. -ENOMEM: the caller frees it. */
int faulty_op_begin(Store *store, FaultyOp *op, const FaultyOpKind *kind, StoreOp **ret);
void faulty_op_remove(FaultyOp *op); /* from the store; then free it */
void faulty_op_free(FaultyOp *op);

usec_t faulty_store_latency(FaultyStore *store);
bool faulty_store_chance(FaultyStore *store, unsigned permille);

int faulty_range(Store *, const StoreRange *, StoreRangeDone, void *userdata, StoreOp **ret);
int faulty_txn(Store *, const StoreTxn *, StoreTxnDone, void *userdata, StoreOp **ret);
int faulty_lease_grant(Store *, usec_t ttl, StoreLeaseDone, void *userdata, StoreOp **ret);
int faulty_lease_renew(Store *, int64_t lease, StoreLeaseDone, void *userdata, StoreOp **ret);
int faulty_lease_revoke(Store *, int64_t lease, StoreLeaseDone, void *userdata, StoreOp **ret);
int faulty_watch(Store *, const StoreWatch *, const StoreWatchCallbacks *, void *userdata,
                 StoreOp **ret);
