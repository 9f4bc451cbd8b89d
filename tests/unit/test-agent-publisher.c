/* On a simulated machine, as what is published goes wrong on the way to the store only. */
#include "fleetd/model/keys.h"
#include "tests/sim/sim-cluster.h"
#include "tests/unit/cmocka-test.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_that_arrives_too_late_does_not_undo_a_newer_one),
        cmocka_unit_test(states_are_told_in_the_end_however_many_answers_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
