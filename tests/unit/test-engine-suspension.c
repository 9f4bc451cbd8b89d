/* A machine is gone that may still run what must not run twice: promise 3. */
#include "tests/unit/engine-test.h"

#define NAME "once.service"
#define ONCE SLEEPER "TimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=30s\n"
#define STOP_WITHIN (35 * USEC_PER_SEC)
#define MARGIN (10 * USEC_PER_SEC) /* STOP_MARGIN_USEC */
#define SLACK (2 * USEC_PER_SEC)   /* to hear, to write, to start */

static SimNode *start_and_cut_off(SimCluster *cluster) {
    SimNode *node = engine_test_start(cluster, NAME, ONCE);
    sim_node_cut_off(node, -ETIMEDOUT);
    return node;
}

static bool runs_elsewhere(SimCluster *cluster, const SimNode *node) {
    const SimNode *found = sim_where_runs(cluster, NAME);
    return found && found != node;
}

static void run_until_suspended(SimCluster *cluster, const SimNode *node) {
    usec_t end = loop_now(cluster->loop) + USEC_PER_MINUTE;
    const Order *order;
    do {
        engine_test_run_single(cluster, NAME, 100 * USEC_PER_MSEC);
        order = sim_view_order(cluster->view, node->id, NAME);
        assert_non_null(order);
        assert_true(loop_now(cluster->loop) < end);
    } while (!order->is_suspended);
}

static void expect_moved_in_time(SimCluster *cluster, const SimNode *node) {
    engine_test_run_single(cluster, NAME, STOP_WITHIN + MARGIN - SLACK);
    assert_false(runs_elsewhere(cluster, node));
    engine_test_run_single(cluster, NAME, 2 * SLACK);
    assert_true(runs_elsewhere(cluster, node));
}

static void unit_moves_when_its_machine_has_surely_stopped_it(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_cut_off(cluster);
    run_until_suspended(cluster, node);
    const Order *order = sim_view_order(cluster->view, node->id, NAME);
    assert_int_equal(order->stop_within_usec, STOP_WITHIN);
    assert_non_null(strstr(order->reason, "waits for its machine, which is gone"));
    expect_moved_in_time(cluster, node);
    sim_node_cut_off(node, 0);
    engine_test_run_single(cluster, NAME, 2 * USEC_PER_MINUTE);
    assert_true(runs_elsewhere(cluster, node));
}

static void other_units_do_not_wait(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, NAME, ONCE);
    engine_test_start_many(cluster, 3);
    sim_node_cut_off(node, -ETIMEDOUT);
    run_until_suspended(cluster, node);
    sim_cluster_run(cluster, SLACK);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 1);
}

static void machine_that_is_back_in_time_keeps_it_untouched(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_cut_off(cluster);
    run_until_suspended(cluster, node);
    size_t n_touches = sim_count_touches(cluster);
    sim_node_cut_off(node, 0);
    engine_test_run_single(cluster, NAME, 5 * USEC_PER_MINUTE);
    assert_ptr_equal(sim_where_runs(cluster, NAME), node);
    assert_false(sim_view_order(cluster->view, node->id, NAME)->is_suspended);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void machine_that_is_back_before_the_move_starts_it_again(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_cut_off(cluster);
    run_until_suspended(cluster, node);
    engine_test_run_single(cluster, NAME, STOP_WITHIN);
    assert_int_equal(sim_count_running(cluster, NAME), 0);
    sim_node_cut_off(node, 0);
    engine_test_run_single(cluster, NAME, USEC_PER_MINUTE);
    assert_ptr_equal(sim_where_runs(cluster, NAME), node);
}

static void new_leader_counts_anew(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_cut_off(cluster);
    run_until_suspended(cluster, node);
    engine_test_run_single(cluster, NAME, STOP_WITHIN);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (sim_node_leads(&cluster->nodes[i]) && &cluster->nodes[i] != node)
            sim_node_crash(&cluster->nodes[i]);
    engine_test_run_single(cluster, NAME, STOP_WITHIN + MARGIN - SLACK);
    assert_false(runs_elsewhere(cluster, node));
    engine_test_run_single(cluster, NAME, 2 * SIM_TTL);
    assert_true(runs_elsewhere(cluster, node));
}

static void destroyed_unit_is_there_until_it_has_surely_stopped(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_cut_off(cluster);
    run_until_suspended(cluster, node);
    sim_destroy(cluster, NAME);
    sim_cluster_run(cluster, SLACK / 2);
    assert_int_equal(sim_view_count_orders(cluster->view, NAME), 1);
    assert_int_not_equal(sim_put(cluster, NAME, ONCE, LAUNCH_STATE_LAUNCHED), 0);
    expect_moved_in_time(cluster, node);
}

static void machine_that_shuts_down_has_stopped_it(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, NAME, ONCE);
    fake_script_set_behaviour(fake_systemd_script(node->systemd), NAME,
                              &(FakeBehaviour){.stop_usec = 3 * USEC_PER_SEC});
    sim_node_shut_down(node);
    engine_test_run_single(cluster, NAME, 3 * USEC_PER_SEC + SLACK);
    assert_true(runs_elsewhere(cluster, node));
}

/* It does not stop, so nothing is said; and the power goes when systemd has waited long enough. */
static void machine_that_shuts_down_and_cannot_stop_it_says_nothing(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, NAME, ONCE);
    fake_script_set_behaviour(fake_systemd_script(node->systemd), NAME,
                              &(FakeBehaviour){.stop_usec = USEC_INFINITY});
    sim_node_shut_down(node);
    run_until_suspended(cluster, node);
    expect_moved_in_time(cluster, node);
}

static void fleetd_that_is_dead_or_paused_does_not_matter(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, NAME, ONCE);
    sim_node_pause(node);
    run_until_suspended(cluster, node);
    expect_moved_in_time(cluster, node);
    sim_node_resume(node);
    engine_test_run_single(cluster, NAME, USEC_PER_MINUTE);
    node = sim_where_runs(cluster, NAME);
    sim_node_crash(node);
    run_until_suspended(cluster, node);
    expect_moved_in_time(cluster, node);
}

/* As its machine's lease lasts longer than its time, it counts as that; also of an order that was
 * written when the leader's agent_ttl was another. */
static void time_that_is_shorter_than_a_lease_counts_as_that(void **state) {
    static const char text[] = SLEEPER "TimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=1s\n";
    SimCluster *cluster = *state;
    const SimNode *node = engine_test_start(cluster, NAME, text);
    assert_int_equal(sim_view_order(cluster->view, node->id, NAME)->stop_within_usec,
                     SIM_TTL + 5 * USEC_PER_SEC);
    size_t n_touches = sim_count_touches(cluster);
    cluster->agent_ttl_usec = SIM_TTL_LONG;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        sim_node_crash(&cluster->nodes[i]);
        sim_node_start(&cluster->nodes[i]);
    }
    sim_cluster_run(cluster, 3 * SIM_TTL);
    assert_int_equal(sim_view_order(cluster->view, node->id, NAME)->stop_within_usec,
                     SIM_TTL_LONG + 5 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        ENGINE_TEST(unit_moves_when_its_machine_has_surely_stopped_it),
        ENGINE_TEST(time_that_is_shorter_than_a_lease_counts_as_that),
        ENGINE_TEST(other_units_do_not_wait),
        ENGINE_TEST(machine_that_is_back_in_time_keeps_it_untouched),
        ENGINE_TEST(machine_that_is_back_before_the_move_starts_it_again),
        ENGINE_TEST(new_leader_counts_anew),
        ENGINE_TEST(destroyed_unit_is_there_until_it_has_surely_stopped),
        ENGINE_TEST(machine_that_shuts_down_has_stopped_it),
        ENGINE_TEST(machine_that_shuts_down_and_cannot_stop_it_says_nothing),
        ENGINE_TEST(fleetd_that_is_dead_or_paused_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
