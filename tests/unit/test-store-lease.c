/* A lease, and what it says of the way to the store: here one whose answers take their time. */
#include "fleetd/store/lease.h"

#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define TTL_USEC (10 * USEC_PER_SEC)

typedef struct Fixture {
    Loop *loop;
    Store *memory, *way;
    Lease *lease;
    unsigned n_granted, n_lost;
} Fixture;

static void on_granted(int64_t id, void *userdata) {
    ((Fixture *) userdata)->n_granted++;
}

static void on_lost(void *userdata) {
    ((Fixture *) userdata)->n_lost++;
}

/* usec: of each way. The lease is asked for, and granted when an answer can be there. */
static void lease_begin(Fixture *fixture, usec_t usec) {
    StoreFaults slow = {
        .latency_min_usec = usec, .latency_max_usec = usec, .timeout_usec = 5 * USEC_PER_SEC};
    LeaseCallbacks callbacks = {.on_granted = on_granted, .on_lost = on_lost};
    faulty_store_set_faults(fixture->way, &slow);
    assert_int_equal(
        lease_new(fixture->way, fixture->loop, TTL_USEC, &callbacks, fixture, &fixture->lease), 0);
    virtual_loop_advance(fixture->loop, 2 * usec);
    assert_int_equal(fixture->n_granted, 1);
}

static int setup(void **state) {
    Fixture *fixture = calloc(1, sizeof(Fixture));
    *state = fixture;
    fixture->loop = virtual_loop_new(1);
    int r = memory_store_new(fixture->loop, &fixture->memory);
    return r < 0 ? r : faulty_store_new(fixture->loop, fixture->memory, &fixture->way);
}

static int teardown(void **state) {
    Fixture *fixture = *state;
    lease_free(fixture->lease);
    store_free(fixture->way);
    store_free(fixture->memory);
    virtual_loop_free(fixture->loop);
    free(fixture);
    return 0;
}

/* Runs on, and sees at each tenth of a second that there was no gap since it began. */
static void assert_steady_for(Fixture *fixture, usec_t usec) {
    usec_t begin = lease_steady_since(fixture->lease);
    assert_int_not_equal(begin, USEC_INFINITY);
    for (usec_t t = 0; t < usec; t += 100 * USEC_PER_MSEC) {
        virtual_loop_advance(fixture->loop, 100 * USEC_PER_MSEC);
        assert_int_equal(lease_steady_since(fixture->lease), begin);
        assert_true(lease_is_sure(fixture->lease));
    }
}

static void quick_store_is_steady(void **state) {
    lease_begin(*state, 0);
    assert_steady_for(*state, 60 * USEC_PER_SEC);
}

/* That each answer takes long is no reason to think that one was missed. */
static void slow_store_is_steady_too(void **state) {
    lease_begin(*state, 1 * USEC_PER_SEC);
    assert_steady_for(*state, 60 * USEC_PER_SEC);
}

static void store_slower_than_a_renewal_is_due_is_steady_too(void **state) {
    lease_begin(*state, 2 * USEC_PER_SEC);
    assert_steady_for(*state, 60 * USEC_PER_SEC);
}

/* What could have cost somebody his lease: as long as it takes two renewals to be due. */
static void outage_is_a_gap(void **state) {
    Fixture *fixture = *state;
    lease_begin(fixture, 0);
    assert_steady_for(fixture, 10 * USEC_PER_SEC);
    faulty_store_cut(fixture->way, -ECONNREFUSED);
    virtual_loop_advance(fixture->loop, 2 * TTL_USEC / 3);
    assert_int_equal(lease_steady_since(fixture->lease), USEC_INFINITY);
    faulty_store_cut(fixture->way, 0);
    usec_t end = loop_now(fixture->loop);
    virtual_loop_advance(fixture->loop, 1 * USEC_PER_SEC);
    assert_in_range(lease_steady_since(fixture->lease), end, end + USEC_PER_SEC);
    assert_int_equal(fixture->n_lost, 0);
}

static void lease_that_is_taken_away_is_a_gap(void **state) {
    Fixture *fixture = *state;
    lease_begin(fixture, 0);
    assert_steady_for(fixture, 10 * USEC_PER_SEC);
    StoreSync owner = {fixture->memory, fixture->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_revoke(&owner, lease_id(fixture->lease)), 0);
    usec_t taken = loop_now(fixture->loop);
    virtual_loop_advance(fixture->loop, TTL_USEC / 2);
    assert_int_equal(fixture->n_lost, 1);
    assert_int_equal(fixture->n_granted, 2);
    assert_in_range(lease_steady_since(fixture->lease), taken, loop_now(fixture->loop));
}

/* One whose renewals fail at once. */
typedef struct RefusingStore {
    Store store;
    Store *inner;
    unsigned n_renewals;
} RefusingStore;

static int refusing_grant(Store *store, usec_t ttl_usec, StoreLeaseDone done, void *userdata,
                          StoreOp **ret) {
    return store_lease_grant(((RefusingStore *) store)->inner, ttl_usec, done, userdata, ret);
}

static int refusing_renew(Store *store, _unused_ int64_t lease, _unused_ StoreLeaseDone done,
                          _unused_ void *userdata, _unused_ StoreOp **ret) {
    ((RefusingStore *) store)->n_renewals++;
    return -ETIMEDOUT;
}

/* It is tried again soon, and then not all the time, but often enough for the rule of gaps. */
static void store_that_fails_is_asked_less_and_less_often(void **state) {
    static const StoreVTable vtable = {.lease_grant = refusing_grant,
                                       .lease_renew = refusing_renew};
    Fixture *fixture = *state;
    RefusingStore refusing = {.store = {&vtable}, .inner = fixture->memory};
    LeaseCallbacks callbacks = {.on_granted = on_granted, .on_lost = on_lost};
    usec_t ttl_usec = 60 * USEC_PER_SEC, interval_usec = ttl_usec / 3;
    assert_int_equal(
        lease_new(&refusing.store, fixture->loop, ttl_usec, &callbacks, fixture, &fixture->lease),
        0);
    virtual_loop_advance(fixture->loop, interval_usec + 700 * USEC_PER_MSEC);
    assert_in_range(refusing.n_renewals, 2, 4);
    virtual_loop_advance(fixture->loop, 20 * USEC_PER_SEC);
    refusing.n_renewals = 0;
    virtual_loop_advance(fixture->loop, 60 * USEC_PER_SEC);
    assert_in_range(refusing.n_renewals, 60 / 2, 60 * 2); /* and not 300 times */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(quick_store_is_steady, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_store_is_steady_too, setup, teardown),
        cmocka_unit_test_setup_teardown(store_slower_than_a_renewal_is_due_is_steady_too, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(store_that_fails_is_asked_less_and_less_often, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(outage_is_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(lease_that_is_taken_away_is_a_gap, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
