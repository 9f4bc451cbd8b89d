/* Leases. A lease keeps the keys that were put under it; it may name one that has left it (its put
 * failed in the end), so that the entry's own lease decides when the lease ends. */
#include "fleetd/store/local-internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Until the next try, when the end of a lease could not be committed. */
#define EXPIRE_RETRY_USEC USEC_PER_SEC

struct Lease {
    LocalStore *store;
    int64_t id;
    usec_t ttl_usec;
    Timer *expiry;
    Map *keys; /* a set */
};

typedef struct LeaseOp {
    LocalOp op;
    int64_t lease;
    usec_t ttl_usec;
    StoreLeaseDone done;
    void *userdata;
} LeaseOp;

typedef struct LeaseKey {
    char text[24];
} LeaseKey;

static LeaseKey lease_key(int64_t id) {
    LeaseKey key;
    snprintf(key.text, sizeof(key.text), "%" PRIx64, (uint64_t) id);
    return key;
}

Lease *local_lease_find(const LocalStore *store, int64_t id) {
    return map_get(store->leases, lease_key(id).text);
}

int local_lease_attach(Lease *lease, const char *key) {
    int r = map_put(lease->keys, key, NULL);
    return r < 0 ? r : 0;
}

void local_leases_update(LocalStore *store, const StoreChange *changes, size_t n_changes) {
    for (size_t i = 0; i < n_changes; i++) {
        int64_t before = changes[i].before ? changes[i].before->lease : 0;
        Lease *lease = before != 0 && before != changes[i].entry->lease
                           ? local_lease_find(store, before)
                           : NULL;
        if (lease)
            map_remove(lease->keys, changes[i].entry->key);
    }
}

void local_leases_extend(LocalStore *store) {
    const char *key;
    Lease *lease;
    MAP_FOREACH (key, lease, store->leases)
        timer_start(lease->expiry, lease->ttl_usec);
}

void local_lease_free(Lease *lease) {
    if (!lease)
        return;
    timer_free(lease->expiry);
    map_free(lease->keys);
    free(lease);
}
DEFINE_POINTER_CLEANUP(Lease, local_lease_free)

static int lease_stage_deletes(Lease *lease) {
    VersionMap *versions = lease->store->versions;
    _cleanup_free_ const char **keys = NULL;
    int r = map_sorted_keys(lease->keys, &keys);
    for (const char **key = keys; r >= 0 && *key; key++) {
        const StoreEntry *entry = version_map_get(versions, *key);
        if (entry && entry->lease == lease->id)
            r = version_map_stage_delete(versions, *key);
    }
    return r;
}

/* Deletes its keys, at one revision, and then the lease. */
static int lease_end(Lease *lease) {
    LocalStore *store = lease->store;
    int r = lease_stage_deletes(lease);
    if (r < 0)
        version_map_drop(store->versions);
    else
        r = local_store_commit(store);
    if (r < 0)
        return r;
    map_remove(store->leases, lease_key(lease->id).text);
    return 0;
}

static void lease_expire(void *userdata) {
    Lease *lease = userdata;
    if (lease_end(lease) < 0)
        timer_start(lease->expiry, EXPIRE_RETRY_USEC);
}

/* By chance, so that a lease from before a restart is never taken for one of now. */
static int64_t choose_id(LocalStore *store) {
    int64_t id;
    do
        id = (int64_t) (loop_random(store->loop) & INT64_MAX);
    while (id == 0 || local_lease_find(store, id));
    return id;
}

static int lease_new(LocalStore *store, usec_t ttl_usec, Lease **ret) {
    _cleanup_(local_lease_freep) Lease *lease = calloc(1, sizeof(Lease));
    if (!lease)
        return -ENOMEM;
    lease->store = store;
    lease->id = choose_id(store);
    lease->ttl_usec = ttl_usec;
    lease->keys = map_new(NULL);
    if (!lease->keys)
        return -ENOMEM;
    int r = timer_new(store->loop, lease_expire, lease, &lease->expiry);
    if (r >= 0)
        r = map_put(store->leases, lease_key(lease->id).text, lease);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(lease);
    return 0;
}

static void lease_op_free(LocalOp *op) {
    free(op);
}

static void lease_op_finish(LeaseOp *op, int r) {
    local_op_remove(&op->op);
    op->done(r, op->lease, op->ttl_usec, op->userdata);
    lease_op_free(&op->op);
}

static void grant_run(LocalOp *base) {
    LeaseOp *op = (LeaseOp *) base;
    Lease *lease = NULL;
    int r = lease_new(local_op_store(base), op->ttl_usec, &lease);
    if (r >= 0) {
        op->lease = lease->id;
        timer_start(lease->expiry, lease->ttl_usec);
    }
    lease_op_finish(op, r);
}

static void renew_run(LocalOp *base) {
    LeaseOp *op = (LeaseOp *) base;
    Lease *lease = local_lease_find(local_op_store(base), op->lease);
    if (lease) {
        op->ttl_usec = lease->ttl_usec;
        timer_start(lease->expiry, lease->ttl_usec);
    }
    lease_op_finish(op, lease ? 0 : -ENOKEY);
}

static void revoke_run(LocalOp *base) {
    LeaseOp *op = (LeaseOp *) base;
    Lease *lease = local_lease_find(local_op_store(base), op->lease);
    lease_op_finish(op, lease ? lease_end(lease) : -ENOKEY);
}

static int lease_op_begin(Store *store, const LocalOpKind *kind, const LeaseOp *values,
                          StoreOp **ret) {
    LeaseOp *op = malloc(sizeof(LeaseOp));
    if (!op)
        return -ENOMEM;
    *op = *values;
    local_op_begin((LocalStore *) store, &op->op, kind, ret);
    return 0;
}

static usec_t round_up_to_seconds(usec_t usec) {
    usec_t seconds = usec / USEC_PER_SEC + (usec % USEC_PER_SEC > 0);
    return MAX(seconds, (usec_t) 1) * USEC_PER_SEC;
}

int local_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                      StoreOp **ret) {
    static const LocalOpKind kind = {.run = grant_run, .free = lease_op_free};
    LeaseOp op = {.ttl_usec = round_up_to_seconds(ttl), .done = done, .userdata = userdata};
    return lease_op_begin(store, &kind, &op, ret);
}

int local_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                      StoreOp **ret) {
    static const LocalOpKind kind = {.run = renew_run, .free = lease_op_free};
    LeaseOp op = {.lease = lease, .done = done, .userdata = userdata};
    return lease_op_begin(store, &kind, &op, ret);
}

int local_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                       StoreOp **ret) {
    static const LocalOpKind kind = {.run = revoke_run, .free = lease_op_free};
    LeaseOp op = {.lease = lease, .done = done, .userdata = userdata};
    return lease_op_begin(store, &kind, &op, ret);
}
