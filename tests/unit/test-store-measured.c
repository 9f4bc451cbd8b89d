/* A measured store is a store like any other, and its numbers are right. */
#include "fleetd/store/measured-store.h"

#include "fleetd/store/memory-store.h"
#include "tests/fakes/gated-store.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/metrics-check.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>

typedef struct Inner {
    Metrics *metrics;
    Store *memory;
    GatedStore *gated;
} Inner;

static void compact(StoreFixture *fixture, int64_t revision) {
    memory_store_compact(((Inner *) fixture->userdata)->memory, revision);
}

static int setup_parts(void **state) {
    StoreFixture *fixture = calloc(1, sizeof(StoreFixture));
    Inner *inner = calloc(1, sizeof(Inner));
    Loop *loop = virtual_loop_new(1);
    *fixture = (StoreFixture){.sync = {.loop = loop, .run_until = virtual_loop_run_until},
                              .compact = compact,
                              .userdata = inner};
    *state = fixture;
    inner->metrics = metrics_new();
    return memory_store_new(loop, &inner->memory);
}

static int setup(void **state) {
    int r = setup_parts(state);
    StoreFixture *fixture = *state;
    Inner *inner = fixture->userdata;
    return r < 0 ? r
                 : measured_store_new(inner->memory, fixture->sync.loop, inner->metrics,
                                      &fixture->sync.store);
}

static int setup_gated(void **state) {
    int r = setup_parts(state);
    StoreFixture *fixture = *state;
    Inner *inner = fixture->userdata;
    inner->gated = gated_store_new(inner->memory, fixture->sync.loop);
    return r < 0 ? r
                 : measured_store_new(&inner->gated->store, fixture->sync.loop, inner->metrics,
                                      &fixture->sync.store);
}

/* A measured store frees the one behind it, a gate does not. */
static int teardown(void **state) {
    StoreFixture *fixture = *state;
    Inner *inner = fixture->userdata;
    store_free(fixture->sync.store);
    if (inner->gated)
        store_free(inner->memory);
    metrics_free(inner->metrics);
    virtual_loop_free(fixture->sync.loop);
    free(inner);
    free(fixture);
    return 0;
}

static void assert_line(StoreFixture *fixture, const char *line) {
    assert_metric(((Inner *) fixture->userdata)->metrics, line);
}

static void requests_are_counted_by_what_they_ask(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease;
    assert_int_equal(store_sync_put(&fixture->sync, "a", "1", 0), 0);
    assert_int_equal(store_sync_put(&fixture->sync, "b", "1", 0), 0);
    assert_value(fixture, "a", "1");
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "a b");
    assert_int_equal(store_sync_grant(&fixture->sync, USEC_PER_SEC, &lease, NULL), 0);
    assert_int_equal(store_sync_renew(&fixture->sync, lease), 0);
    assert_int_equal(store_sync_revoke(&fixture->sync, lease), 0);
    assert_line(fixture, "fleet_registry_operation_count_total{type=\"set\"} 2");
    assert_line(fixture, "fleet_registry_operation_count_total{type=\"get\"} 1");
    assert_line(fixture, "fleet_registry_operation_count_total{type=\"get_all\"} 1");
    assert_line(fixture, "fleet_registry_operation_count_total{type=\"lease_grant\"} 1");
    assert_line(fixture, "fleet_registry_operation_count_total{type=\"lease_renew\"} 1");
    assert_line(fixture, "fleet_registry_operation_count_total{type=\"lease_revoke\"} 1");
    assert_line(fixture, "fleet_registry_operation_duration_second_count{ops=\"set\"} 2");
}

static void failures_are_counted_by_request_and_by_error(void **state) {
    StoreFixture *fixture = *state;
    ((Inner *) fixture->userdata)->gated->gates[GATE_TXN] = -ETIMEDOUT;
    assert_int_equal(store_sync_put(&fixture->sync, "a", "1", 0), -ETIMEDOUT);
    assert_line(fixture, "fleet_registry_operation_failed_count_total{type=\"set\"} 1");
    assert_line(fixture, "fleet_store_errors_total{error=\"ETIMEDOUT\"} 1");
    _cleanup_free_ char *text = metrics_format(((Inner *) fixture->userdata)->metrics);
    assert_null(strstr(text, "fleet_registry_operation_count_total{"));
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    fail_msg("a request that was given up was answered");
}

static void request_that_is_given_up_is_not_counted(void **state) {
    StoreFixture *fixture = *state;
    StoreOp *op;
    ((Inner *) fixture->userdata)->gated->gates[GATE_RANGE] = GATE_SILENT;
    assert_int_equal(
        store_range(fixture->sync.store, &(StoreRange){.key = "a"}, on_range, NULL, &op), 0);
    store_op_cancel(op);
    _cleanup_free_ char *text = metrics_format(((Inner *) fixture->userdata)->metrics);
    assert_null(strstr(text, "{type="));
}

static void watch_that_tells_of_own_writes_has_a_lag(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync,
                                          &(StoreWatch){.key = "a", .is_prefix = true}),
                     0);
    virtual_loop_advance(fixture->sync.loop, 0);
    fixture_put(fixture, "a1", "1");
    fixture_put(fixture, "b1", "1");
    virtual_loop_advance(fixture->sync.loop, 0);
    assert_line(fixture, "fleet_store_watch_lag_seconds_count 1");
    assert_line(fixture, "fleet_store_watch_behind_seconds 0");
}

static bool never(void *userdata) {
    return false;
}

/* The store's own events come through the gate at once, so a write behind a mute watch is made by
 * hand: the answer says a revision that no event follows. */
static void watch_that_tells_nothing_falls_behind(void **state) {
    StoreFixture *fixture = *state;
    Inner *inner = fixture->userdata;
    _cleanup_recorder_ WatchRecorder recorder = {};
    inner->gated->gates[GATE_WATCH] = GATE_SILENT;
    assert_int_equal(
        watch_recorder_start(
            &recorder, &fixture->sync,
            &(StoreWatch){.key = "a", .start_revision = store_sync_revision(&fixture->sync) + 1}),
        0);
    fixture_put(fixture, "a", "1");
    virtual_loop_run_until(fixture->sync.loop, never, NULL, 7 * USEC_PER_SEC);
    assert_line(fixture, "fleet_store_watch_behind_seconds 7");
    gated_store_break(inner->gated, -ECONNRESET);
    assert_line(fixture, "fleet_store_watch_behind_seconds 0");
    assert_line(fixture, "fleet_registry_operation_failed_count_total{type=\"watch\"} 1");
}

static void without_a_registry_it_is_the_inner_store(void **state) {
    StoreFixture *fixture = *state;
    Store *store;
    assert_int_equal(measured_store_new(fixture->sync.store, fixture->sync.loop, NULL, &store), 0);
    assert_ptr_equal(store, fixture->sync.store);
}

#define MEASURED_TEST(test) cmocka_unit_test_setup_teardown(test, setup_gated, teardown)

int main(void) {
    const struct CMUnitTest own_tests[] = {
        MEASURED_TEST(requests_are_counted_by_what_they_ask),
        MEASURED_TEST(failures_are_counted_by_request_and_by_error),
        MEASURED_TEST(request_that_is_given_up_is_not_counted),
        MEASURED_TEST(watch_that_tells_of_own_writes_has_a_lag),
        MEASURED_TEST(watch_that_tells_nothing_falls_behind),
        MEASURED_TEST(without_a_registry_it_is_the_inner_store),
    };
    return store_conformance_run(setup, teardown, NULL, NULL, own_tests, ELEMENTSOF(own_tests));
}
