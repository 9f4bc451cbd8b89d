/* On a simulated machine, as what is published goes wrong on the way to the store only. */
#include "fleetd/agent/publisher.h"
#include "fleetd/base/strv.h"
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

/* A publisher alone. The agent takes its place anew whenever a write is unsure, and so has all
 * written anew. */
typedef struct Place {
    Publisher *publisher;
    int64_t lease, revision;
    Loop *loop;
    Store *memory, *way;
    GatedStore *gated; /* counts */
    StoreSync sync;
    char *state_key;
} Place;

static void on_idle(_unused_ void *userdata) {
}

static void on_unsure(void *userdata) {
    Place *place = userdata;
    publisher_set_place(place->publisher, place->lease, place->revision);
}

static int place_open(void **state) {
    static const PublisherCallbacks callbacks = {on_idle, on_unsure, on_unsure};
    static const char id[] = "11111111111111111111111111111111";
    _cleanup_free_ char *key = key_machine(id);
    Place *place = calloc(1, sizeof(Place));
    place->state_key = key_state(id, "a.service");
    place->loop = virtual_loop_new(1);
    assert_int_equal(memory_store_new(place->loop, &place->memory), 0);
    assert_int_equal(faulty_store_new(place->loop, place->memory, &place->way), 0);
    faulty_store_set_faults(place->way, &(StoreFaults){.timeout_usec = USEC_PER_SEC});
    place->gated = gated_store_new(place->way, place->loop);
    place->sync = (StoreSync){place->memory, place->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_grant(&place->sync, 60 * USEC_PER_MINUTE, &place->lease, NULL), 0);
    assert_int_equal(store_sync_put(&place->sync, key, "here", place->lease), 0);
    place->revision = store_sync_revision(&place->sync);
    assert_int_equal(
        publisher_new(&place->gated->store, place->loop, id, &callbacks, place, &place->publisher),
        0);
    publisher_set_place(place->publisher, place->lease, place->revision);
    virtual_loop_advance(place->loop, 0);
    *state = place;
    return 0;
}

static int place_close(void **state) {
    Place *place = *state;
    publisher_free(place->publisher);
    store_free(&place->gated->store);
    store_free(place->way);
    store_free(place->memory);
    virtual_loop_free(place->loop);
    free(place->state_key);
    free(place);
    return 0;
}

static void place_set(Place *place, const char *value) {
    assert_int_equal(publisher_set(place->publisher, place->state_key, value), 0);
}

static void place_set_passing(Place *place, const char *value) {
    assert_int_equal(publisher_set_passing(place->publisher, place->state_key, value), 0);
}

/* How many transactions the next while takes. */
static unsigned place_count(Place *place, usec_t usec) {
    place->gated->counts[GATE_TXN] = 0;
    virtual_loop_advance(place->loop, usec);
    return place->gated->counts[GATE_TXN];
}

static void expect_stored(Place *place, const char *value) {
    _cleanup_free_ char *stored = store_sync_get(&place->sync, place->state_key);
    assert_string_equal(stored, value);
}

static void states_that_are_late_are_written_less_and_less_often(void **state) {
    Place *place = *state;
    place_set(place, "1");
    faulty_store_cut(place->way, -ETIMEDOUT);
    virtual_loop_advance(place->loop, USEC_PER_MINUTE);
    assert_in_range(place_count(place, 5 * USEC_PER_MINUTE), 5 * 60 / 5, 5 * 60 / 2);
    faulty_store_cut(place->way, 0);
    virtual_loop_advance(place->loop, 5 * USEC_PER_SEC);
    expect_stored(place, "1");
    place_set(place, "2");
    assert_int_equal(place_count(place, 0), 1); /* all is well again */
}

static void one_change_after_another_is_written_at_once(void **state) {
    static const char *const values[] = {"1", "2"};
    for (size_t i = 0; i < 100; i++) {
        place_set(*state, values[i % 2]);
        assert_int_equal(place_count(*state, 0), 1);
        expect_stored(*state, values[i % 2]);
        virtual_loop_advance(((Place *) *state)->loop, 40 * USEC_PER_MSEC);
    }
}

static void passing_value_is_written_with_what_comes_of_it(void **state) {
    place_set_passing(*state, "step");
    assert_int_equal(place_count(*state, 50 * USEC_PER_MSEC), 0);
    place_set(*state, "end");
    assert_int_equal(place_count(*state, 0), 1);
    expect_stored(*state, "end");
    assert_int_equal(place_count(*state, USEC_PER_SEC), 0);
}

static void passing_value_that_stays_is_written_soon(void **state) {
    place_set_passing(*state, "step");
    assert_int_equal(place_count(*state, 100 * USEC_PER_MSEC), 1);
    expect_stored(*state, "step");
}

static void many_changes_gather(void **state) {
    Place *place = *state;
    unsigned n = 0;
    for (size_t i = 0; i < 500; i++) {
        _cleanup_free_ char *key = str_printf("%s-%zu", place->state_key, i);
        assert_int_equal(publisher_set(place->publisher, key, "1"), 0);
        n += place_count(place, 2 * USEC_PER_MSEC);
    }
    n += place_count(place, 40 * USEC_PER_MSEC); /* the last of them waits no longer */
    assert_in_range(n, 20, 40);
    assert_int_equal(place_count(place, USEC_PER_SEC), 0);
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_that_arrives_too_late_does_not_undo_a_newer_one),
        PLACE_TEST(states_that_are_late_are_written_less_and_less_often),
        PLACE_TEST(one_change_after_another_is_written_at_once),
        PLACE_TEST(passing_value_is_written_with_what_comes_of_it),
        PLACE_TEST(passing_value_that_stays_is_written_soon),
        PLACE_TEST(many_changes_gather),
        cmocka_unit_test(states_are_told_in_the_end_however_many_answers_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
