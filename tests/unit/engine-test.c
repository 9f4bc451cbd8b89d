#include "tests/unit/engine-test.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/virtual-loop.h"

int engine_test_setup(void **state) {
    SimCluster *cluster = sim_cluster_new(3, 1);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_non_null(sim_leader(cluster));
    *state = cluster;
    return 0;
}

int engine_test_teardown(void **state) {
    sim_cluster_free(*state);
    return 0;
}

SimNode *engine_test_start(SimCluster *cluster, const char *name, const char *text) {
    assert_int_not_equal(sim_put(cluster, name, text, LAUNCH_STATE_LAUNCHED), 0);
    sim_cluster_run(cluster, USEC_PER_SEC);
    SimNode *node = sim_where_runs(cluster, name);
    assert_non_null(node);
    assert_ptr_equal(sim_where_ordered(cluster, name), node);
    return node;
}

void engine_test_start_many(SimCluster *cluster, size_t n) {
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = str_printf("u%zu.service", i);
        engine_test_start(cluster, name, SLEEPER);
    }
}

SimNode *engine_test_follower(SimCluster *cluster, const char *unit) {
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        SimNode *node = &cluster->nodes[i];
        if (!sim_node_leads(node) && (!unit || sim_node_has(node, unit)))
            return node;
    }
    return NULL;
}

void engine_test_expect_gone(SimCluster *cluster, const char *name) {
    assert_int_equal(sim_view_count_orders(cluster->view, name), 0);
    assert_null(sim_view_pending(cluster->view, name));
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        assert_null(sim_view_state(cluster->view, cluster->nodes[i].id, name));
        assert_null(fake_systemd_text(cluster->nodes[i].systemd, name));
        assert_false(sim_node_has(&cluster->nodes[i], name));
    }
}

void engine_test_run_single(SimCluster *cluster, const char *name, usec_t usec) {
    usec_t end = loop_now(cluster->loop) + usec;
    while (loop_now(cluster->loop) < end && virtual_loop_step(cluster->loop))
        assert_true(sim_count_running(cluster, name) <= 1);
}
