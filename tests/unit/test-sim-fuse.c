#include "fleetd/store/memory-store.h"
#include "tests/fakes/fake-unit-manager.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/sim-fuse.h"
#include "tests/unit/cmocka-test.h"

typedef struct Fixture {
    Loop *loop;
    Store *memory;
    FakeSystemd *systemd;
    SimFuse *fuse;
    UnitManager *unit_manager;
    unsigned n_answers, n_blown;
} Fixture;

static void on_blown(void *userdata) {
    ((Fixture *) userdata)->n_blown++;
}

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(Fixture));
    *state = fixture;
    UnitManager *inner;
    fixture->loop = virtual_loop_new(1);
    assert_int_equal(memory_store_new(fixture->loop, &fixture->memory), 0);
    assert_int_equal(fake_systemd_new(fixture->loop, &fixture->systemd), 0);
    fixture->fuse = sim_fuse_new(fixture->loop, fixture->memory, on_blown, fixture);
    assert_int_equal(fake_unit_manager_new(fixture->systemd, &inner), 0);
    fixture->unit_manager = sim_fuse_unit_manager_take(fixture->fuse, inner);
    return 0;
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    unit_manager_free(fixture->unit_manager);
    sim_fuse_free(fixture->fuse);
    fake_systemd_free(fixture->systemd);
    store_free(fixture->memory);
    virtual_loop_free(fixture->loop);
    free(fixture);
    return 0;
}

static void on_txn(_unused_ int r, _unused_ const StoreTxnResult *result, void *userdata) {
    ((Fixture *) userdata)->n_answers++;
}

static void on_list(_unused_ int r, _unused_ const UnitStatus *const *statuses, _unused_ size_t n,
                    void *userdata) {
    ((Fixture *) userdata)->n_answers++;
}

static StoreOp *put(Fixture *fixture) {
    StoreOp *op = NULL;
    const StoreWrite write = {.kind = STORE_PUT, .key = "key", .value = "value"};
    const StoreTxn txn = {.writes = &write, .n_writes = 1};
    assert_int_equal(store_txn(sim_fuse_store(fixture->fuse), &txn, on_txn, fixture, &op), 0);
    return op;
}

static void list(Fixture *fixture) {
    assert_int_equal(unit_manager_list(fixture->unit_manager, on_list, fixture), 0);
}

static void unset_fuse_lets_all_through(void **state) {
    Fixture *fixture = *state;
    put(fixture);
    list(fixture);
    virtual_loop_advance(fixture->loop, USEC_PER_SEC);
    assert_int_equal(fixture->n_answers, 2);
    assert_int_equal(fixture->n_blown, 0);
    assert_int_equal(sim_fuse_count(fixture->fuse), 2);
}

static void fuse_blows_at_its_call_and_nothing_gets_out_any_more(void **state) {
    Fixture *fixture = *state;
    sim_fuse_set(fixture->fuse, 2);
    put(fixture);
    list(fixture);
    StoreOp *op = put(fixture);
    assert_int_equal(fixture->n_blown, 0); /* not from inside the call */
    virtual_loop_advance(fixture->loop, USEC_PER_SEC);
    assert_int_equal(fixture->n_answers, 1);
    assert_int_equal(fixture->n_blown, 1);
    store_op_cancel(op);
}

static void blown_fuse_that_is_set_anew_is_whole(void **state) {
    Fixture *fixture = *state;
    sim_fuse_set(fixture->fuse, 1);
    put(fixture);
    virtual_loop_advance(fixture->loop, 0);
    sim_fuse_set(fixture->fuse, 0);
    put(fixture);
    list(fixture);
    virtual_loop_advance(fixture->loop, USEC_PER_SEC);
    assert_int_equal(fixture->n_answers, 2);
    assert_int_equal(fixture->n_blown, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unset_fuse_lets_all_through, setup, teardown),
        cmocka_unit_test_setup_teardown(fuse_blows_at_its_call_and_nothing_gets_out_any_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(blown_fuse_that_is_set_anew_is_whole, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
