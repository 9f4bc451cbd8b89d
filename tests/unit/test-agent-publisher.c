/* On a simulated machine, as what is published goes wrong on the way to the store only. */
#include "fleetd/agent/publisher.h"
#include "fleetd/model/keys.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/gated-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/sim-cluster.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define SLEEPER "[Service]\nExecStart=/bin/sleep infinity\n"
#define TIMEOUT_USEC (2 * USEC_PER_SEC)

static void expect_truth(SimCluster *cluster, const char *name) {
    SimNode *node = &cluster->nodes[0];
    const UnitState *state = sim_view_state(cluster->view, node->id, name);
    assert_non_null(state);
    assert_string_equal(state->active, fake_systemd_active(node->systemd, name));
}

static SimCluster *start(void) {
    SimCluster *cluster = sim_cluster_new(1, 1);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, USEC_PER_SEC);
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    expect_truth(cluster, "a.service");
    return cluster;
}

static void enter(SimCluster *cluster, const char *active, const char *sub) {
    assert_int_equal(
        fake_systemd_set_state(cluster->nodes[0].systemd, "a.service", active, sub, NULL), 0);
}

static void state_that_arrives_too_late_does_not_undo_a_newer_one(_unused_ void **state) {
    SimCluster *cluster = start();
    for (size_t i = 0; i < 10; i++) { /* how much too late, is up to chance */
        tap_store_set_late(cluster->nodes[0].way, 1000, TIMEOUT_USEC);
        enter(cluster, "failed", "failed");
        sim_cluster_run(cluster, TIMEOUT_USEC / 2);
        tap_store_set_late(cluster->nodes[0].way, 0, TIMEOUT_USEC);
        enter(cluster, "active", "running");
        sim_cluster_run(cluster, 5 * TIMEOUT_USEC);
        expect_truth(cluster, "a.service");
    }
    sim_cluster_free(cluster);
}

static void states_are_told_in_the_end_however_many_answers_are_lost(_unused_ void **state) {
    SimCluster *cluster = start();
    StoreFaults faults = {.timeout_usec = USEC_PER_SEC,
                          .lost_request_permille = 200,
                          .lost_answer_permille = 300,
                          .broken_watch_permille = 200};
    faulty_store_set_faults(cluster->nodes[0].link, &faults);
    for (size_t i = 0; i < 20; i++) {
        enter(cluster, i % 2 ? "active" : "failed", i % 2 ? "running" : "failed");
        sim_cluster_run(cluster, 40 * USEC_PER_SEC);
        expect_truth(cluster, "a.service");
    }
    sim_cluster_free(cluster);
}

/* The agent takes its place anew whenever a write is unsure, and so has all written anew. */
typedef struct Place {
    Publisher *publisher;
    int64_t lease, revision;
} Place;

static void on_idle(_unused_ void *userdata) {
}

static void on_unsure(void *userdata) {
    Place *place = userdata;
    publisher_set_place(place->publisher, place->lease, place->revision);
}

static const PublisherCallbacks callbacks = {on_idle, on_unsure, on_unsure};

static void states_that_are_late_are_written_less_and_less_often(_unused_ void **state) {
    static const char id[] = "11111111111111111111111111111111";
    _cleanup_free_ char *key = key_machine(id), *state_key = key_state(id, "a.service");
    Place place = {};
    Store *memory, *way;
    Loop *loop = virtual_loop_new(1);
    assert_int_equal(memory_store_new(loop, &memory), 0);
    assert_int_equal(faulty_store_new(loop, memory, &way), 0);
    faulty_store_set_faults(way, &(StoreFaults){.timeout_usec = USEC_PER_SEC});
    GatedStore *gated = gated_store_new(way, loop); /* counts */
    StoreSync sync = {memory, loop, virtual_loop_run_until};
    assert_int_equal(store_sync_grant(&sync, 60 * USEC_PER_MINUTE, &place.lease, NULL), 0);
    assert_int_equal(store_sync_put(&sync, key, "here", place.lease), 0);
    place.revision = store_sync_revision(&sync);
    assert_int_equal(publisher_new(&gated->store, loop, id, &callbacks, &place, &place.publisher),
                     0);
    publisher_set_place(place.publisher, place.lease, place.revision);
    assert_int_equal(publisher_set(place.publisher, state_key, "1"), 0);
    faulty_store_cut(way, -ETIMEDOUT);
    virtual_loop_advance(loop, USEC_PER_MINUTE);
    gated->counts[GATE_TXN] = 0;
    virtual_loop_advance(loop, 5 * USEC_PER_MINUTE);
    unsigned n_later = gated->counts[GATE_TXN];
    assert_in_range(n_later, 5 * 60 / 5, 5 * 60 / 2);
    faulty_store_cut(way, 0);
    virtual_loop_advance(loop, 5 * USEC_PER_SEC);
    _cleanup_free_ char *value = store_sync_get(&sync, state_key);
    assert_string_equal(value, "1");
    gated->counts[GATE_TXN] = 0;
    publisher_set(place.publisher, state_key, "2");
    virtual_loop_advance(loop, 0);
    assert_int_equal(gated->counts[GATE_TXN], 1); /* all is well again */
    publisher_free(place.publisher);
    store_free(&gated->store);
    store_free(way);
    store_free(memory);
    virtual_loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_that_arrives_too_late_does_not_undo_a_newer_one),
        cmocka_unit_test(states_that_are_late_are_written_less_and_less_often),
        cmocka_unit_test(states_are_told_in_the_end_however_many_answers_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
