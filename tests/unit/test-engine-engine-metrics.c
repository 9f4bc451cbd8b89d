/* The engine's numbers, in a simulated cluster. */
#include "fleetd/model/keys.h"
#include "tests/unit/engine-test.h"
#include "tests/unit/metrics-check.h"

static int setup(void **state) {
    SimCluster *cluster = sim_cluster_new(3, 1);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        cluster->nodes[i].metrics = metrics_new();
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_non_null(sim_leader(cluster));
    *state = cluster;
    return 0;
}

static int teardown(void **state) {
    SimCluster *cluster = *state;
    Metrics *metrics[SIM_NODES_MAX];
    size_t n = cluster->n_nodes;
    for (size_t i = 0; i < n; i++)
        metrics[i] = cluster->nodes[i].metrics;
    sim_cluster_free(cluster);
    for (size_t i = 0; i < n; i++)
        metrics_free(metrics[i]);
    return 0;
}

static void leader_counts_the_cluster_and_others_do_not(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    sim_put(cluster, "b.service", SLEEPER, LAUNCH_STATE_LOADED);
    sim_put(cluster, "c.service", SLEEPER "[X-Fleet]\nMachineMetadata=no=where\n",
            LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    Metrics *leader = sim_leader(cluster)->metrics;
    assert_metric(leader, "fleet_engine_is_leader 1");
    assert_metric(leader, "fleet_cluster_units{desired_state=\"launched\"} 2");
    assert_metric(leader, "fleet_cluster_units{desired_state=\"loaded\"} 1");
    assert_metric(leader, "fleet_cluster_units_pending 1");
    assert_metric(leader, "fleet_cluster_rollouts{phase=\"done\"} 0");
    assert_metric(leader, "fleet_cluster_machines{status=\"running\"} 3");
    assert_metric(leader, "fleet_engine_task_count_total{type=\"attemptscheduleunit\"} 2");
    assert_no_metric(leader, "fleet_engine_leader_start_time 0");

    Metrics *follower = engine_test_follower(cluster, NULL)->metrics;
    assert_metric(follower, "fleet_engine_is_leader 0");
    assert_metric(follower, "fleet_engine_leader_start_time 0");
    assert_no_metric(follower, "fleet_cluster_units");
    assert_no_metric(follower, "fleet_cluster_machines");
}

static void unit_that_is_to_leave_counts_once(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_metric(sim_leader(cluster)->metrics,
                  "fleet_engine_task_count_total{type=\"unscheduleunit\"} 1");
}

static void machine_that_is_missing_is_away_and_then_gone(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    sim_node_cut_power(engine_test_follower(cluster, NULL));
    sim_cluster_run(cluster, SIM_TTL + USEC_PER_SEC);
    Metrics *leader = sim_leader(cluster)->metrics;
    assert_metric(leader, "fleet_cluster_machines{status=\"running\"} 2");
    sim_cluster_run(cluster, 2 * SIM_TTL);
    assert_metric(leader, "fleet_cluster_machines{status=\"away\"} 0");
    assert_metric(leader, "fleet_engine_reconcile_failure_count_total{type=\"machine_away\"} 1");
}

/* The store takes nothing from the leader while it decides. */
static void decision_that_cannot_be_written_is_a_failure(void **state) {
    SimCluster *cluster = *state;
    SimNode *leader = sim_leader(cluster);
    faulty_store_set_faults(leader->link, &(StoreFaults){.lost_answer_permille = 1000,
                                                         .timeout_usec = USEC_PER_SEC / 2});
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_metric(leader->metrics,
                  "fleet_engine_task_failure_count_total{type=\"attemptscheduleunit\"} 1");
    assert_metric(leader->metrics,
                  "fleet_engine_reconcile_failure_count_total{type=\"schedule\"} 1");
}

/* Its only machine gets no units just now. */
static void retry_is_counted_when_it_comes_to_pass(void **state) {
    static const char text[] =
        SLEEPER "[X-Fleet]\nReschedule=on-failure\nMachineMetadata=only=here\n";
    static const char name[] = "a.service";
    SimCluster *cluster = *state;
    SimNode *node = engine_test_follower(cluster, NULL), *leader = sim_leader(cluster);
    sim_set_metadata(cluster, node, "only", "here");
    const FakeBehaviour fails = {.start_result = JOB_RESULT_FAILED};
    assert_int_equal(fake_script_set_behaviour(fake_systemd_script(node->systemd), name, &fails),
                     0);
    sim_put(cluster, name, text, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_metric(leader->metrics, "fleet_engine_unit_failure_count_total 1");
    _cleanup_free_ char *key = key_maintenance(node->id);
    assert_int_equal(store_sync_put(&cluster->sync, key, "{}", 0), 0);
    sim_cluster_run(cluster, 2 * USEC_PER_MINUTE);
    assert_metric(leader->metrics, "fleet_engine_unit_retry_count_total 0");
    assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_metric(leader->metrics, "fleet_engine_unit_retry_count_total 1");
}

/* By how each of them has ended. */
static void moves_are_counted(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = engine_test_follower(cluster, NULL);
    sim_node_shut_down(late);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    engine_test_start_many(cluster, 3);
    sim_node_boot(late);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(
        store_sync_put(&cluster->sync, "rebalance", "{\"sinceUsec\":1,\"phase\":\"wanted\"}", 0),
        0);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_metric(sim_leader(cluster)->metrics,
                  "fleet_engine_rebalance_move_count_total{phase=\"moved\"} 1");
}

#define METRICS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        METRICS_TEST(leader_counts_the_cluster_and_others_do_not),
        METRICS_TEST(unit_that_is_to_leave_counts_once),
        METRICS_TEST(machine_that_is_missing_is_away_and_then_gone),
        METRICS_TEST(decision_that_cannot_be_written_is_a_failure),
        METRICS_TEST(retry_is_counted_when_it_comes_to_pass),
        METRICS_TEST(moves_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
