/* The cluster store, as fleet needs it: a map of keys to values with revisions, transactions,
 * leases and watches. The terms and guarantees are etcd v3's; other backends keep them. Everything
 * is asynchronous: a callback is called exactly once, never from inside the call that started it,
 * and never after the operation was cancelled.
 *
 * Results: 0; or negative: the store did not answer (-ETIMEDOUT, -ECONNREFUSED, -EHOSTUNREACH,
 * ...), refused (-EACCES), or broke its protocol (-EPROTO). A range that is more than one answer
 * can hold is -EMSGSIZE: ask for fewer entries. After an error of a write it is unknown whether it
 * took effect, or still will: even after writes that were acknowledged meanwhile, unless a
 * comparison fences it.
 *
 * Revisions count within one history. A store that was restored from a snapshot begins another: it
 * has forgotten what came later, and counts on from there, perhaps past revisions that it gave to
 * something else before. What was learnt of one history says nothing about another. */
#pragma once

#include "fleetd/base/time-units.h"
#include "fleetd/model/stored-record.h"

typedef struct Store Store;
typedef struct StoreOp StoreOp; /* an operation under way, or a watch */

typedef struct StoreEntry {
    const char *key;
    const char *value; /* NUL-terminated for convenience; may hold NULs */
    size_t value_size;
    int64_t create_revision;
    int64_t mod_revision;
    int64_t lease; /* 0: none */
} StoreEntry;

/* As the model reads it. Borrows. */
static inline StoredText store_entry_text(const StoreEntry *entry) {
    return (StoredText){
        .key = entry->key,
        .value = entry->value,
        .size = entry->value_size,
        .revision = entry->mod_revision,
        .lease = entry->lease,
    };
}

typedef struct StoreRange {
    const char *key;
    bool is_prefix;     /* every key that starts with it; "" is all */
    const char *before; /* of these only those before this one, which begins so, too; NULL: all */
    const char *after;  /* only keys behind this one, for paging; NULL: from the start */
    size_t limit;       /* 0: all */
    int64_t revision;   /* as of then; 0: now, linearizable. Compacted: -ESTALE */
    bool is_keys_only;
} StoreRange;

typedef struct StoreRangeResult {
    int64_t revision;          /* of the store when it answered */
    uint64_t history;          /* that this is of; 0: the store never has another one */
    const StoreEntry *entries; /* in order of keys */
    size_t n_entries;
    bool has_more; /* the limit cut it short */
} StoreRangeResult;

static inline size_t store_range_result_bytes(const StoreRangeResult *result) {
    size_t sum = 0;
    for (size_t i = 0; i < result->n_entries; i++)
        sum += strlen(result->entries[i].key) + result->entries[i].value_size;
    return sum;
}

typedef enum StoreCompareTarget {
    STORE_COMPARE_CREATE_REVISION, /* 0: the key must not exist */
    STORE_COMPARE_MOD_REVISION,    /* likewise */
    STORE_COMPARE_LEASE,
} StoreCompareTarget;

typedef struct StoreCompare { /* holds when the key's target equals the number */
    const char *key;
    StoreCompareTarget target;
    int64_t number;
} StoreCompare;

typedef enum StoreWriteKind {
    STORE_PUT,
    STORE_DELETE, /* of an absent key: no effect, no error */
    STORE_DELETE_PREFIX,
} StoreWriteKind;

typedef struct StoreWrite {
    StoreWriteKind kind;
    const char *key;
    const char *value; /* of PUT; NUL-terminated text if value_size is 0 */
    size_t value_size;
    int64_t lease;         /* of PUT; 0: none */
    const char *only_with; /* of PUT; NULL, or it is done only if that key was there before */
} StoreWrite;

/* All or nothing: the writes are done, in order and at one revision, if every comparison holds. */
typedef struct StoreTxn {
    const StoreCompare *compares;
    size_t n_compares; /* at most STORE_TXN_MAX */
    const StoreWrite *writes;
    size_t n_writes; /* at most STORE_TXN_MAX */
} StoreTxn;

/* etcd's default --max-txn-ops; one less with a write that depends on another key. */
#define STORE_TXN_MAX 128

typedef struct StoreTxnResult {
    bool succeeded;   /* false: a comparison did not hold and nothing was written */
    bool has_changed; /* false: neither did it, or it deleted only what was not there */
    int64_t revision; /* of the store after it; without a change of somebody's last one, which no
                         watch has to tell of when others use the store as well */
} StoreTxnResult;

typedef enum StoreEventKind {
    STORE_EVENT_PUT,
    STORE_EVENT_DELETE, /* only entry.key and entry.mod_revision are set */
} StoreEventKind;

typedef struct StoreEvent {
    StoreEventKind kind;
    StoreEntry entry;
} StoreEvent;

typedef struct StoreWatch {
    const char *key;
    bool is_prefix;
    const char *before;     /* likewise as of a range */
    int64_t start_revision; /* events from this revision on; 0: from now on */
    uint64_t history;       /* that start_revision is of; 0: whichever there is */
} StoreWatch;

/* Everything pointed to is the store's, for the time of the callback. result is NULL when r < 0. */
typedef void (*StoreRangeDone)(int r, const StoreRangeResult *result, void *userdata);
/* -ENOKEY: a lease of a write does not exist (any more); nothing was written. */
typedef void (*StoreTxnDone)(int r, const StoreTxnResult *result, void *userdata);
/* lease is valid when r is 0. -ENOKEY: the lease does not exist (any more). */
typedef void (*StoreLeaseDone)(int r, int64_t lease, usec_t ttl_usec, void *userdata);

typedef struct StoreWatchCallbacks {
    /* The watch stands: nothing from start_revision on will be missed. At most once, before any
     * event. */
    void (*on_created)(int64_t revision, void *userdata);
    /* Events in order of revision; those of one revision are never split over two calls. revision
     * is that of the last. */
    void (*on_events)(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata);
    /* The watch has ended: -ESTALE, start_revision is compacted or the store is of another history,
     * and the caller must list anew, which tells the history; else contact was lost and it may
     * watch again from the last revision + 1. Called once; the operation is gone. */
    void (*on_closed)(int r, void *userdata);
} StoreWatchCallbacks;

typedef struct StoreVTable {
    int (*range)(Store *, const StoreRange *, StoreRangeDone, void *userdata, StoreOp **ret);
    int (*txn)(Store *, const StoreTxn *, StoreTxnDone, void *userdata, StoreOp **ret);
    int (*lease_grant)(Store *, usec_t ttl, StoreLeaseDone, void *userdata, StoreOp **ret);
    int (*lease_renew)(Store *, int64_t lease, StoreLeaseDone, void *userdata, StoreOp **ret);
    int (*lease_revoke)(Store *, int64_t lease, StoreLeaseDone, void *userdata, StoreOp **ret);
    int (*watch)(Store *, const StoreWatch *, const StoreWatchCallbacks *, void *userdata,
                 StoreOp **ret);
    void (*cancel)(StoreOp *);
    void (*free)(Store *);
} StoreVTable;

/* Implementations embed these as their first member. */
struct Store {
    const StoreVTable *vtable;
};
struct StoreOp {
    Store *store;
};

/* Each returns 0 when the operation is under way, or a negative errno (-ENOMEM, -E2BIG for a
 * transaction over STORE_TXN_MAX, -EINVAL for one that puts a key which another of its writes puts
 * or deletes: etcd refuses it) when it could not begin: then no callback comes. Arguments are
 * copied. *ret is valid until the callback is called (a watch's: on_closed) and may be NULL if it
 * will never be cancelled. */
static inline int store_range(Store *store, const StoreRange *range, StoreRangeDone done,
                              void *userdata, StoreOp **ret) {
    return store->vtable->range(store, range, done, userdata, ret);
}
static inline int store_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                            StoreOp **ret) {
    return store->vtable->txn(store, txn, done, userdata, ret);
}
/* TTLs are whole seconds in etcd: rounded up; the store may grant more (etcd: at least 2 s or so).
 */
static inline int store_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                                    StoreOp **ret) {
    return store->vtable->lease_grant(store, ttl, done, userdata, ret);
}
/* Counts anew from when the store handled it, so surely from when this was called. */
static inline int store_lease_renew(Store *store, int64_t lease, StoreLeaseDone done,
                                    void *userdata, StoreOp **ret) {
    return store->vtable->lease_renew(store, lease, done, userdata, ret);
}
/* Deletes the lease and every key under it. */
static inline int store_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done,
                                     void *userdata, StoreOp **ret) {
    return store->vtable->lease_revoke(store, lease, done, userdata, ret);
}
static inline int store_watch(Store *store, const StoreWatch *watch,
                              const StoreWatchCallbacks *callbacks, void *userdata, StoreOp **ret) {
    return store->vtable->watch(store, watch, callbacks, userdata, ret);
}
/* No callback comes any more; a write may take effect all the same. NULL is fine; allowed from
 * inside callbacks. */
static inline void store_op_cancel(StoreOp *op) {
    if (op)
        op->store->vtable->cancel(op);
}
/* Cancels what is under way. */
static inline void store_free(Store *store) {
    if (store)
        store->vtable->free(store);
}
DEFINE_POINTER_CLEANUP(Store, store_free)
