#include "fleetd/store/memory-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/tap-store.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

typedef struct TapTest {
    Loop *loop;
    Store *memory, *tap;
    StoreSync through, direct;
    size_t n_seen;
} TapTest;

static void on_txn(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    TapTest *test = userdata;
    test->n_seen += result->succeeded;
    assert_int_equal(txn->n_writes, 1);
}

static int setup(void **state) {
    TapTest *test = calloc(1, sizeof(TapTest));
    assert_non_null(test);
    test->loop = virtual_loop_new(1);
    assert_int_equal(memory_store_new(test->loop, &test->memory), 0);
    assert_int_equal(tap_store_new(test->loop, test->memory, on_txn, test, &test->tap), 0);
    test->through = (StoreSync){test->tap, test->loop, virtual_loop_run_until};
    test->direct = (StoreSync){test->memory, test->loop, virtual_loop_run_until};
    *state = test;
    return 0;
}

static int teardown(void **state) {
    TapTest *test = *state;
    store_free(test->tap);
    store_free(test->memory);
    virtual_loop_free(test->loop);
    free(test);
    return 0;
}

static void expect_key(TapTest *test, const char *value) {
    _cleanup_free_ char *found = store_sync_get(&test->direct, "key");
    assert_true(streq_ptr(found, value));
}

static void everything_passes_and_transactions_are_told(void **state) {
    TapTest *test = *state;
    int64_t lease;
    assert_int_equal(store_sync_put(&test->through, "key", "1", 0), 0);
    assert_int_equal(test->n_seen, 1);
    expect_key(test, "1");
    assert_int_equal(store_sync_grant(&test->through, USEC_PER_SEC, &lease, NULL), 0);
    assert_int_equal(store_sync_renew(&test->through, lease), 0);
    assert_int_equal(store_sync_revoke(&test->through, lease), 0);
    assert_int_equal(store_sync_renew(&test->through, lease), -ENOKEY);
}

static void on_answer(_unused_ int r, _unused_ const StoreTxnResult *result,
                      _unused_ void *userdata) {
    fail(); /* it was cancelled */
}

static void cancelled_transaction_takes_effect_unheard(void **state) {
    TapTest *test = *state;
    StoreWrite write = {.kind = STORE_PUT, .key = "key", .value = "1"};
    StoreOp *op;
    assert_int_equal(
        store_txn(test->tap, &(StoreTxn){.writes = &write, .n_writes = 1}, on_answer, NULL, &op),
        0);
    store_op_cancel(op);
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    expect_key(test, "1");
}

static void late_transaction_is_given_up_first_and_takes_effect_then(void **state) {
    TapTest *test = *state;
    tap_store_set_late(test->tap, 1000, USEC_PER_SEC);
    assert_int_equal(store_sync_put(&test->through, "key", "1", 0), -ETIMEDOUT);
    expect_key(test, NULL);
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    expect_key(test, "1");
}

int main(void) {
#define TAP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TAP_TEST(everything_passes_and_transactions_are_told),
        TAP_TEST(cancelled_transaction_takes_effect_unheard),
        TAP_TEST(late_transaction_is_given_up_first_and_takes_effect_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
