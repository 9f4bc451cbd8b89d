/* Operations: when and how often they call back. */
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

typedef struct Calls {
    StoreFixture *fixture;
    size_t n;
    size_t n_wanted;
    int r; /* of the last */
} Calls;

static void called(Calls *calls, int r) {
    calls->n++;
    calls->r = r;
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    called(userdata, r);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    called(userdata, r);
}

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    called(userdata, r);
}

static void on_created(int64_t revision, void *userdata) {
    called(userdata, 0);
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    called(userdata, 0);
}

static void on_closed(int r, void *userdata) {
    called(userdata, r);
}

#define N_KINDS 6

/* One operation of each kind, all at once; a watch calls back once, when it stands. */
static void begin_all(Store *store, Calls *calls, StoreOp *ops[N_KINDS]) {
    static const StoreWatchCallbacks callbacks = {
        .on_created = on_created, .on_events = on_events, .on_closed = on_closed};
    StoreRange range = {.key = "", .is_prefix = true};
    StoreWatch watch = {.key = "watched"};
    StoreWrite write = {.kind = STORE_PUT, .key = "a", .value = "1"};
    StoreTxn txn = {.writes = &write, .n_writes = 1};
    size_t i = 0;
    assert_int_equal(store_range(store, &range, on_range, calls, &ops[i++]), 0);
    assert_int_equal(store_txn(store, &txn, on_txn, calls, &ops[i++]), 0);
    assert_int_equal(store_lease_grant(store, USEC_PER_SEC, on_lease, calls, &ops[i++]), 0);
    assert_int_equal(store_lease_renew(store, 4711, on_lease, calls, &ops[i++]), 0);
    assert_int_equal(store_lease_revoke(store, 4711, on_lease, calls, &ops[i++]), 0);
    assert_int_equal(store_watch(store, &watch, &callbacks, calls, &ops[i++]), 0);
    assert_int_equal(i, N_KINDS);
}

static bool calls_have_come(void *userdata) {
    Calls *calls = userdata;
    return calls->n >= calls->n_wanted;
}

static void wait_for_calls(Calls *calls, size_t n_wanted) {
    const StoreSync *sync = &calls->fixture->sync;
    calls->n_wanted = n_wanted;
    assert_true(sync->run_until(sync->loop, calls_have_come, calls, STORE_SYNC_MAX_USEC));
}

static void callback_comes_once_and_not_from_inside_the_call(void **state) {
    StoreFixture *fixture = *state;
    Calls calls = {.fixture = fixture};
    StoreOp *ops[N_KINDS] = {};
    begin_all(fixture->sync.store, &calls, ops);
    assert_int_equal(calls.n, 0);
    wait_for_calls(&calls, N_KINDS);
    for (int i = 0; i < 5; i++)
        fixture_put(fixture, "a", "2");
    assert_int_equal(calls.n, N_KINDS);
    store_op_cancel(ops[N_KINDS - 1]); /* the watch */
}

static void cancelled_operation_does_not_call_back(void **state) {
    StoreFixture *fixture = *state;
    Calls calls = {.fixture = fixture};
    StoreOp *ops[N_KINDS] = {};
    begin_all(fixture->sync.store, &calls, ops);
    for (size_t i = 0; i < N_KINDS; i++)
        store_op_cancel(ops[i]);
    store_op_cancel(NULL);
    for (int i = 0; i < 5; i++)
        fixture_put(fixture, "watched", "2");
    assert_int_equal(calls.n, 0);
}

static void cancelling_one_leaves_the_others(void **state) {
    StoreFixture *fixture = *state;
    for (size_t cancelled = 0; cancelled < N_KINDS; cancelled++) {
        Calls calls = {.fixture = fixture};
        StoreOp *ops[N_KINDS] = {};
        begin_all(fixture->sync.store, &calls, ops);
        store_op_cancel(TAKE_PTR(ops[cancelled]));
        wait_for_calls(&calls, N_KINDS - 1);
        for (int i = 0; i < 5; i++)
            fixture_put(fixture, "b", "2");
        assert_int_equal(calls.n, N_KINDS - 1);
        store_op_cancel(ops[N_KINDS - 1]); /* the watch */
    }
}

static void freeing_the_store_cancels_everything(void **state) {
    StoreFixture *fixture = *state;
    Calls calls = {.fixture = fixture};
    StoreOp *ops[N_KINDS] = {};
    begin_all(fixture->sync.store, &calls, ops);
    store_free(TAKE_PTR(fixture->sync.store));
    calls.n_wanted = 1;
    assert_false(
        fixture->sync.run_until(fixture->sync.loop, calls_have_come, &calls, 100 * USEC_PER_MSEC));
}

static void chain(int r, const StoreTxnResult *result, void *userdata) {
    Calls *calls = userdata;
    assert_int_equal(r, 0);
    called(calls, r);
    StoreWrite write = {.kind = STORE_PUT, .key = "chain", .value = "x"};
    if (calls->n < 10)
        assert_int_equal(store_txn(calls->fixture->sync.store,
                                   &(StoreTxn){.writes = &write, .n_writes = 1}, chain, calls,
                                   NULL),
                         0);
}

static void callback_may_begin_another_operation(void **state) {
    StoreFixture *fixture = *state;
    Calls calls = {.fixture = fixture};
    assert_int_equal(store_txn(fixture->sync.store, &(StoreTxn){}, chain, &calls, NULL), 0);
    wait_for_calls(&calls, 10);
    assert_value(fixture, "chain", "x");
}

const StoreTest store_op_tests[] = {
    STORE_TEST(callback_comes_once_and_not_from_inside_the_call),
    STORE_TEST(cancelled_operation_does_not_call_back),
    STORE_TEST(cancelling_one_leaves_the_others),
    STORE_TEST(freeing_the_store_cancels_everything),
    STORE_TEST(callback_may_begin_another_operation),
    {},
};
