/* Small transactions that come together are one for the store behind, and nobody can tell. */
#include "fleetd/store/gathering-store.h"

#include "fleetd/store/memory-store.h"
#include "tests/fakes/gated-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

typedef struct Fixture {
    Store *memory;
    GatedStore *gated;
    Store *gathering;
    StoreSync sync; /* of what is behind */
} Fixture;

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(Fixture));
    Loop *loop = virtual_loop_new(1);
    *state = fixture;
    int r = memory_store_new(loop, &fixture->memory);
    if (r < 0)
        return r;
    fixture->sync = (StoreSync){fixture->memory, loop, virtual_loop_run_until};
    fixture->gated = gated_store_new(fixture->memory, loop);
    return gathering_store_new(&fixture->gated->store, loop, &fixture->gathering);
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    store_free(fixture->gathering);
    store_free(&fixture->gated->store);
    store_free(fixture->memory);
    virtual_loop_free(fixture->sync.loop);
    free(fixture);
    return 0;
}

static void assert_value(const Fixture *fixture, const char *key, const char *expected) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    assert_true(streq_ptr(value, expected));
}

/* A request for a unit is a file, a value, and a comparison. */

#define N_MANY 30

typedef struct Request {
    char key[16];
    int64_t expected; /* the revision at which the key is to stand */
    int r;
    unsigned n_answers;
    bool succeeded;
    StoreOp *op;
} Request;

static void on_done(int r, const StoreTxnResult *result, void *userdata) {
    Request *request = userdata;
    request->op = NULL;
    request->n_answers++;
    request->r = r;
    request->succeeded = r >= 0 && result->succeeded;
}

static void request_send(const Fixture *fixture, Request *request, const char *value) {
    const StoreCompare compare = {request->key, STORE_COMPARE_MOD_REVISION, request->expected};
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "file", .value = "text"},
        {.kind = STORE_PUT, .key = request->key, .value = value},
    };
    const StoreTxn txn = {
        .compares = &compare, .n_compares = 1, .writes = writes, .n_writes = ELEMENTSOF(writes)};
    assert_int_equal(store_txn(fixture->gathering, &txn, on_done, request, &request->op), 0);
}

static void requests_send(const Fixture *fixture, Request *requests, size_t n) {
    for (size_t i = 0; i < n; i++) {
        snprintf(requests[i].key, sizeof(requests[i].key), "unit%zu", i);
        request_send(fixture, &requests[i], "value");
    }
}

static void what_comes_together_is_one_transaction(void **state) {
    Fixture *fixture = *state;
    Request requests[N_MANY] = {};
    requests_send(fixture, requests, N_MANY);
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 1);
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal(requests[i].n_answers, 1);
        assert_true(requests[i].succeeded);
        assert_value(fixture, requests[i].key, "value");
    }
}

static void what_one_is_refused_for_holds_up_no_other(void **state) {
    Fixture *fixture = *state;
    Request requests[N_MANY] = {};
    requests[7].expected = 4711;
    requests_send(fixture, requests, N_MANY);
    virtual_loop_advance(fixture->sync.loop, 0);
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal(requests[i].n_answers, 1);
        assert_int_equal(requests[i].r, 0);
        assert_int_equal(requests[i].succeeded, i != 7);
        assert_value(fixture, requests[i].key, i == 7 ? NULL : "value");
    }
}

static void two_of_one_key_are_told_apart(void **state) {
    Fixture *fixture = *state;
    Request first = {.key = "unit"}, second = {.key = "unit"};
    request_send(fixture, &first, "first");
    request_send(fixture, &second, "second");
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_true(first.succeeded && !second.succeeded);
    assert_value(fixture, "unit", "first");
}

static void each_hears_of_a_failure(void **state) {
    Fixture *fixture = *state;
    Request requests[N_MANY] = {};
    fixture->gated->gates[GATE_TXN] = -ETIMEDOUT;
    requests_send(fixture, requests, N_MANY);
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 1);
    for (size_t i = 0; i < N_MANY; i++)
        assert_true(requests[i].n_answers == 1 && requests[i].r == -ETIMEDOUT);
}

static void what_comes_while_one_is_under_way_is_the_next(void **state) {
    Fixture *fixture = *state;
    Request requests[N_MANY] = {};
    Request alone = {.key = "alone"};
    fixture->gated->gates[GATE_TXN] = GATE_SWALLOWED;
    request_send(fixture, &alone, "value");
    virtual_loop_advance(fixture->sync.loop, 0);
    fixture->gated->gates[GATE_TXN] = GATE_OPEN;
    requests_send(fixture, requests, N_MANY);
    virtual_loop_advance(fixture->sync.loop, USEC_PER_SEC);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 1);
    assert_int_equal(alone.n_answers + requests[0].n_answers, 0);
}

static void whoever_has_given_up_hears_nothing(void **state) {
    Fixture *fixture = *state;
    Request requests[3] = {};
    requests_send(fixture, requests, 3);
    store_op_cancel(requests[1].op);
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_int_equal(requests[0].n_answers + requests[2].n_answers, 2);
    assert_int_equal(requests[1].n_answers, 0);
    assert_value(fixture, "unit1", NULL);
}

/* A store that never answers, and users who have waited long enough. */
static void nobody_waits_for_what_everybody_has_given_up(void **state) {
    Fixture *fixture = *state;
    Request requests[2] = {};
    Request next = {.key = "next"};
    fixture->gated->gates[GATE_TXN] = GATE_SILENT;
    requests_send(fixture, requests, 2);
    virtual_loop_advance(fixture->sync.loop, 0);
    fixture->gated->gates[GATE_TXN] = GATE_OPEN;
    request_send(fixture, &next, "value");
    store_op_cancel(requests[0].op);
    virtual_loop_advance(fixture->sync.loop, USEC_PER_SEC);
    assert_int_equal(next.n_answers, 0);
    store_op_cancel(requests[1].op);
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_true(next.succeeded);
    assert_int_equal(requests[0].n_answers + requests[1].n_answers, 0);
}

/* What takes a unit away takes all below a prefix, too. */
static void destruction_send(const Fixture *fixture, Request *request, const char *prefix) {
    const StoreCompare compare = {request->key, STORE_COMPARE_MOD_REVISION, request->expected};
    const StoreWrite writes[] = {
        {.kind = STORE_DELETE, .key = request->key},
        {.kind = STORE_DELETE_PREFIX, .key = prefix},
    };
    const StoreTxn txn = {
        .compares = &compare, .n_compares = 1, .writes = writes, .n_writes = ELEMENTSOF(writes)};
    assert_int_equal(store_txn(fixture->gathering, &txn, on_done, request, &request->op), 0);
}

static void request_exists(const Fixture *fixture, Request *request, const char *key) {
    snprintf(request->key, sizeof(request->key), "%s", key);
    assert_int_equal(store_sync_put(&fixture->sync, key, "value", 0), 0);
    request->expected = store_sync_revision(&fixture->sync);
}

static void destructions_are_one_transaction(void **state) {
    Fixture *fixture = *state;
    Request requests[2] = {};
    request_exists(fixture, &requests[0], "unit0");
    request_exists(fixture, &requests[1], "unit1");
    assert_int_equal(store_sync_put(&fixture->sync, "version0/1", "v", 0), 0);
    assert_int_equal(store_sync_put(&fixture->sync, "version1/1", "v", 0), 0);
    destruction_send(fixture, &requests[0], "version0/");
    destruction_send(fixture, &requests[1], "version1/");
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 1);
    assert_true(requests[0].succeeded && requests[1].succeeded);
    assert_value(fixture, "version0/1", NULL);
    assert_value(fixture, "version1/1", NULL);
    assert_value(fixture, "unit0", NULL);
}

/* In whichever order they come: a store refuses to put what it deletes in one transaction. */
static void what_is_below_a_prefix_of_another_waits(void **state) {
    Fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        Request destruction = {}, creation = {};
        request_exists(fixture, &destruction, "unit0");
        snprintf(creation.key, sizeof(creation.key), "version0/%d", i);
        fixture->gated->counts[GATE_TXN] = 0;
        if (i == 0)
            request_send(fixture, &creation, "new");
        destruction_send(fixture, &destruction, "version0/");
        if (i == 1)
            request_send(fixture, &creation, "new");
        virtual_loop_advance(fixture->sync.loop, 0);
        assert_int_equal(fixture->gated->counts[GATE_TXN], 2);
        assert_true(destruction.succeeded && creation.succeeded);
        assert_value(fixture, creation.key, i == 0 ? NULL : "new");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_together_is_one_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(what_one_is_refused_for_holds_up_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(two_of_one_key_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(each_hears_of_a_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_while_one_is_under_way_is_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(destructions_are_one_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_below_a_prefix_of_another_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(whoever_has_given_up_hears_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_waits_for_what_everybody_has_given_up, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
