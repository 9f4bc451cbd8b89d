#include "tests/fakes/store-sync.h"

#include <errno.h>

typedef struct Answer {
    bool has_come;
    int r;
    StoreTxnResult txn;
    StoreRangeResult range;
    int64_t lease;
    usec_t ttl_usec;
} Answer;

static bool answer_has_come(void *userdata) {
    return ((Answer *) userdata)->has_come;
}

/* r, op: what beginning the operation gave. */
static int answer_wait(const StoreSync *sync, Answer *answer, int r, StoreOp *op) {
    if (r < 0)
        return r;
    if (!sync->run_until(sync->loop, answer_has_come, answer, STORE_SYNC_MAX_USEC)) {
        store_op_cancel(op);
        return -ETIME;
    }
    return answer->r;
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    Answer *answer = userdata;
    answer->has_come = true;
    answer->r = r;
    if (result)
        answer->txn = *result;
}

int store_sync_txn(const StoreSync *sync, const StoreTxn *txn, StoreTxnResult *ret) {
    Answer answer = {};
    StoreOp *op = NULL;
    int r = store_txn(sync->store, txn, on_txn, &answer, &op);
    r = answer_wait(sync, &answer, r, op);
    if (r >= 0 && ret)
        *ret = answer.txn;
    return r;
}

static int sync_write(const StoreSync *sync, const StoreWrite *write) {
    return store_sync_txn(sync, &(StoreTxn){.writes = write, .n_writes = 1}, NULL);
}

int store_sync_put(const StoreSync *sync, const char *key, const char *value, int64_t lease) {
    StoreWrite write = {.kind = STORE_PUT, .key = key, .value = value, .lease = lease};
    return sync_write(sync, &write);
}

int store_sync_delete(const StoreSync *sync, const char *key) {
    return sync_write(sync, &(StoreWrite){.kind = STORE_DELETE, .key = key});
}

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    Answer *answer = userdata;
    answer->has_come = true;
    answer->r = r;
    answer->lease = lease;
    answer->ttl_usec = ttl_usec;
}

int store_sync_grant(const StoreSync *sync, usec_t ttl_usec, int64_t *ret_lease,
                     usec_t *ret_ttl_usec) {
    Answer answer = {};
    StoreOp *op = NULL;
    int r = store_lease_grant(sync->store, ttl_usec, on_lease, &answer, &op);
    r = answer_wait(sync, &answer, r, op);
    if (r >= 0 && ret_lease)
        *ret_lease = answer.lease;
    if (r >= 0 && ret_ttl_usec)
        *ret_ttl_usec = answer.ttl_usec;
    return r;
}

int store_sync_renew(const StoreSync *sync, int64_t lease) {
    Answer answer = {};
    StoreOp *op = NULL;
    int r = store_lease_renew(sync->store, lease, on_lease, &answer, &op);
    return answer_wait(sync, &answer, r, op);
}

int store_sync_revoke(const StoreSync *sync, int64_t lease) {
    Answer answer = {};
    StoreOp *op = NULL;
    int r = store_lease_revoke(sync->store, lease, on_lease, &answer, &op);
    return answer_wait(sync, &answer, r, op);
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    Answer *answer = userdata;
    answer->has_come = true;
    answer->r = r;
    if (result)
        answer->range = store_range_result_copy(result);
}

int store_sync_range(const StoreSync *sync, const StoreRange *range, StoreRangeResult *ret) {
    Answer answer = {};
    StoreOp *op = NULL;
    int r = store_range(sync->store, range, on_range, &answer, &op);
    r = answer_wait(sync, &answer, r, op);
    if (r >= 0 && ret)
        *ret = answer.range;
    else
        store_range_result_done(&answer.range);
    return r;
}

char *store_sync_get(const StoreSync *sync, const char *key) {
    _cleanup_range_ StoreRangeResult result = {};
    int r = store_sync_range(sync, &(StoreRange){.key = key}, &result);
    return r >= 0 && result.n_entries == 1 ? strdup(result.entries[0].value) : NULL;
}

int64_t store_sync_revision(const StoreSync *sync) {
    _cleanup_range_ StoreRangeResult result = {};
    int r = store_sync_range(sync, &(StoreRange){.key = "any"}, &result);
    return r < 0 ? r : result.revision;
}
