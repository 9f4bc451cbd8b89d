/* Requests: on their way, at the store, answered, or lost on either way. */
#include "fleetd/store/store-request.h"
#include "tests/fakes/faulty-internal.h"
#include "tests/fakes/store-copy.h"

#include <errno.h>

typedef struct Request Request;

typedef struct RequestKind {
    int (*send)(Request *request); /* to the inner store */
    void (*answer)(Request *request);
} RequestKind;

typedef enum RequestPhase {
    REQUEST_ON_ITS_WAY,
    REQUEST_AT_STORE,
    REQUEST_ANSWERED,
    REQUEST_LOST,
} RequestPhase;

struct Request {
    FaultyOp op;
    const RequestKind *kind;
    RequestPhase phase;
    usec_t begun_at;
    StoreRange *range;
    StoreTxn *txn;
    int64_t lease;
    usec_t ttl_usec;

    int r;
    StoreRangeResult range_result;
    StoreTxnResult txn_result;

    StoreRangeDone range_done;
    StoreTxnDone txn_done;
    StoreLeaseDone lease_done;
    void *userdata;
};

static void request_free(FaultyOp *op) {
    Request *request = (Request *) op;
    free(request->range);
    free(request->txn);
    store_range_result_done(&request->range_result);
}

static void request_finish(Request *request) {
    faulty_op_remove(&request->op);
    request->kind->answer(request);
    faulty_op_free(&request->op);
}

static void request_lose(Request *request) {
    FaultyStore *store = faulty_op_store(&request->op);
    usec_t end = request->begun_at + store->faults.timeout_usec, now = loop_now(store->loop);
    bool is_silent = store->cut == 0 || store->cut == -ETIMEDOUT;
    request->phase = REQUEST_LOST;
    request->r = is_silent ? -ETIMEDOUT : store->cut;
    timer_start(request->op.timer, is_silent && end > now ? end - now : 0);
}

static void request_send(Request *request) {
    request->phase = REQUEST_AT_STORE;
    request->r = request->kind->send(request);
    if (request->r < 0)
        request_finish(request);
}

/* The inner store has answered. */
static void request_answered(Request *request, int r) {
    request->op.inner = NULL;
    request->r = r;
    request->phase = REQUEST_ANSWERED;
    timer_start(request->op.timer, faulty_store_latency(faulty_op_store(&request->op)));
}

static void request_wake(FaultyOp *op) {
    Request *request = (Request *) op;
    FaultyStore *store = faulty_op_store(op);
    bool is_back = request->phase == REQUEST_ANSWERED;
    if (request->phase == REQUEST_LOST)
        request_finish(request);
    else if (store->cut != 0 ||
             faulty_store_chance(store, is_back ? store->faults.lost_answer_permille
                                                : store->faults.lost_request_permille))
        request_lose(request);
    else if (is_back)
        request_finish(request);
    else
        request_send(request);
}

static int request_begin(Store *store, const Request *values, StoreOp **ret) {
    static const FaultyOpKind kind = {.wake = request_wake, .free = request_free};
    Request *request = malloc(sizeof(Request));
    if (!request)
        return -ENOMEM;
    *request = *values;
    request->begun_at = loop_now(((FaultyStore *) store)->loop);
    int r = faulty_op_begin(store, &request->op, &kind, ret);
    if (r < 0)
        free(request);
    return r;
}

static Store *request_inner(Request *request) {
    return faulty_op_store(&request->op)->inner;
}

/* Ranges */

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    Request *request = userdata;
    if (result)
        request->range_result = store_range_result_copy(result);
    request_answered(request, r);
}

static int range_send(Request *request) {
    return store_range(request_inner(request), request->range, on_range, request,
                       &request->op.inner);
}

static void range_answer(Request *request) {
    request->range_done(request->r, request->r < 0 ? NULL : &request->range_result,
                        request->userdata);
}

int faulty_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                 StoreOp **ret) {
    static const RequestKind kind = {range_send, range_answer};
    Request request = {.kind = &kind, .range_done = done, .userdata = userdata};
    int r = store_range_copy(range, &request.range);
    if (r >= 0)
        r = request_begin(store, &request, ret);
    if (r < 0)
        free(request.range);
    return r;
}

/* Transactions */

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    Request *request = userdata;
    if (result)
        request->txn_result = *result;
    request_answered(request, r);
}

static int txn_send(Request *request) {
    return store_txn(request_inner(request), request->txn, on_txn, request, &request->op.inner);
}

static void txn_answer(Request *request) {
    request->txn_done(request->r, request->r < 0 ? NULL : &request->txn_result, request->userdata);
}

int faulty_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
               StoreOp **ret) {
    static const RequestKind kind = {txn_send, txn_answer};
    Request request = {.kind = &kind, .txn_done = done, .userdata = userdata};
    int r = store_txn_check(txn);
    if (r >= 0)
        r = store_txn_copy(txn, &request.txn);
    if (r >= 0)
        r = request_begin(store, &request, ret);
    if (r < 0)
        free(request.txn);
    return r;
}

/* Leases */

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    Request *request = userdata;
    request->lease = lease;
    request->ttl_usec = ttl_usec;
    request_answered(request, r);
}

static int grant_send(Request *request) {
    return store_lease_grant(request_inner(request), request->ttl_usec, on_lease, request,
                             &request->op.inner);
}

static int renew_send(Request *request) {
    return store_lease_renew(request_inner(request), request->lease, on_lease, request,
                             &request->op.inner);
}

static int revoke_send(Request *request) {
    return store_lease_revoke(request_inner(request), request->lease, on_lease, request,
                              &request->op.inner);
}

static void lease_answer(Request *request) {
    request->lease_done(request->r, request->lease, request->ttl_usec, request->userdata);
}

int faulty_lease_grant(Store *store, usec_t ttl, StoreLeaseDone done, void *userdata,
                       StoreOp **ret) {
    static const RequestKind kind = {grant_send, lease_answer};
    Request request = {.kind = &kind, .ttl_usec = ttl, .lease_done = done, .userdata = userdata};
    return request_begin(store, &request, ret);
}

int faulty_lease_renew(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                       StoreOp **ret) {
    static const RequestKind kind = {renew_send, lease_answer};
    Request request = {.kind = &kind, .lease = lease, .lease_done = done, .userdata = userdata};
    return request_begin(store, &request, ret);
}

int faulty_lease_revoke(Store *store, int64_t lease, StoreLeaseDone done, void *userdata,
                        StoreOp **ret) {
    static const RequestKind kind = {revoke_send, lease_answer};
    Request request = {.kind = &kind, .lease = lease, .lease_done = done, .userdata = userdata};
    return request_begin(store, &request, ret);
}
