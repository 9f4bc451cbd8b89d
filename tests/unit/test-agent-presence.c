/* On a simulated machine, whose requests take their time and overtake each other. */
#include "tests/sim/sim-cluster.h"
#include "tests/unit/cmocka-test.h"

#define FAREWELL_MAX \
    (3 * USEC_PER_SEC) /* of three answers, and the leader's; fleetd would wait 5 s */

static void leave_and_expect_an_end(uint64_t seed, void (*leave)(SimNode *node)) {
    SimCluster *cluster = sim_cluster_new(1, seed);
    SimNode *node = &cluster->nodes[0];
    StoreFaults slow = {.latency_max_usec = 100 * USEC_PER_MSEC, .timeout_usec = 5 * USEC_PER_SEC};
    faulty_store_set_faults(node->link, &slow);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC + seed * 10 * USEC_PER_MSEC);
    leave(node);
    sim_cluster_run(cluster, FAREWELL_MAX);
    assert_false(sim_node_runs(node));
    sim_cluster_free(cluster);
}

/* The lease is revoked; a renewal that is under way then says that it is lost. */
static void farewell_ends_also_if_a_renewal_comes_too_late(_unused_ void **state) {
    for (uint64_t seed = 1; seed <= 400; seed++)
        leave_and_expect_an_end(seed, sim_node_shut_down);
}

static void restart_ends_whenever_it_comes(_unused_ void **state) {
    for (uint64_t seed = 1; seed <= 400; seed++)
        leave_and_expect_an_end(seed, sim_node_stop);
}

static bool is_registered(void *userdata) {
    SimNode *node = userdata;
    return sim_view_machine(node->cluster->view, node->id);
}

static bool is_gone(void *userdata) {
    return !is_registered(userdata);
}

/* News of it may come before the answer to the write that it undid. */
static void presence_that_is_deleted_right_after_it_was_written_is_written_anew(
    _unused_ void **state) {
    for (uint64_t seed = 1; seed <= 50; seed++) {
        SimCluster *cluster = sim_cluster_new(1, seed);
        SimNode *node = &cluster->nodes[0];
        StoreFaults slow = {.latency_max_usec = 100 * USEC_PER_MSEC,
                            .timeout_usec = 5 * USEC_PER_SEC};
        _cleanup_free_ char *key = key_machine(node->id);
        faulty_store_set_faults(node->link, &slow);
        sim_cluster_boot(cluster);
        assert_true(sim_cluster_wait(cluster, is_registered, node, 5 * USEC_PER_SEC));
        assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
        assert_true(sim_cluster_wait(cluster, is_gone, node, 0));
        assert_true(sim_cluster_wait(cluster, is_registered, node, 5 * USEC_PER_SEC));
        sim_cluster_free(cluster);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(farewell_ends_also_if_a_renewal_comes_too_late),
        cmocka_unit_test(restart_ends_whenever_it_comes),
        cmocka_unit_test(presence_that_is_deleted_right_after_it_was_written_is_written_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
