/* The store goes away for longer than every lease: promise 1. */
#include "tests/unit/engine-test.h"

#define OUTAGE_USEC (60 * USEC_PER_SEC)

static size_t start_units(SimCluster *cluster) {
    engine_test_start_many(cluster, 9);
    return sim_count_touches(cluster);
}

static void expect_untouched(SimCluster *cluster, size_t n_touches) {
    assert_int_equal(sim_count_touches(cluster), n_touches);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(fake_systemd_count_running(cluster->nodes[i].systemd), 3);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_SCHEDULE)), 9);
}

static void expect_untouched_afterwards(SimCluster *cluster, size_t n_touches) {
    expect_untouched(cluster, n_touches);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    expect_untouched(cluster, n_touches);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_STATE)), 9);
    engine_test_start(cluster, "later.service", SLEEPER);
}

static void store_that_comes_back_with_its_leases_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    size_t n_touches = start_units(cluster);
    sim_cluster_freeze_store(cluster);
    sim_cluster_run(cluster, OUTAGE_USEC);
    expect_untouched(cluster, n_touches);
    sim_cluster_thaw_store(cluster);
    expect_untouched_afterwards(cluster, n_touches);
}

static void store_that_let_all_leases_run_out_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    size_t n_touches = start_units(cluster);
    sim_cluster_cut_off(cluster, -ETIMEDOUT);
    sim_cluster_run(cluster, OUTAGE_USEC);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_MACHINE)), 0);
    expect_untouched(cluster, n_touches);
    sim_cluster_cut_off(cluster, 0);
    expect_untouched_afterwards(cluster, n_touches);
}

static void store_that_refuses_connections_meanwhile_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    size_t n_touches = start_units(cluster);
    sim_cluster_cut_off(cluster, -ECONNREFUSED);
    sim_cluster_run(cluster, OUTAGE_USEC);
    expect_untouched(cluster, n_touches);
    sim_cluster_cut_off(cluster, 0);
    expect_untouched_afterwards(cluster, n_touches);
}

static void first_machine_that_is_back_is_not_given_everything(void **state) {
    SimCluster *cluster = *state;
    size_t n_touches = start_units(cluster);
    sim_cluster_cut_off(cluster, -ETIMEDOUT);
    sim_cluster_run(cluster, OUTAGE_USEC);
    sim_node_cut_off(&cluster->nodes[0], 0);
    sim_cluster_run(cluster, SIM_TTL * 4 / 5); /* the others are late, and still in time */
    assert_true(sim_node_leads(&cluster->nodes[0]));
    expect_untouched(cluster, n_touches);
    sim_cluster_cut_off(cluster, 0);
    expect_untouched_afterwards(cluster, n_touches);
}

static void outages_one_after_the_other_change_nothing(void **state) {
    SimCluster *cluster = *state;
    size_t n_touches = start_units(cluster);
    for (size_t i = 0; i < 8; i++) {
        sim_cluster_cut_off(cluster, i % 2 ? -ETIMEDOUT : -ECONNRESET);
        sim_cluster_run(cluster, (7 + 3 * i) * USEC_PER_SEC);
        sim_cluster_cut_off(cluster, 0);
        sim_cluster_run(cluster, (i + 1) * USEC_PER_SEC);
    }
    expect_untouched_afterwards(cluster, n_touches);
}

static void machine_that_stays_away_after_an_outage_is_given_up_at_last(void **state) {
    SimCluster *cluster = *state;
    start_units(cluster);
    sim_cluster_cut_off(cluster, -ETIMEDOUT);
    sim_cluster_run(cluster, OUTAGE_USEC);
    sim_node_cut_power(&cluster->nodes[2]);
    sim_cluster_cut_off(cluster, 0);
    sim_cluster_run(cluster, SIM_TTL);
    assert_int_equal(fake_systemd_count_running(cluster->nodes[0].systemd), 3);
    sim_cluster_run(cluster, SIM_TTL + 5 * USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(cluster->nodes[0].systemd) +
                         fake_systemd_count_running(cluster->nodes[1].systemd),
                     9);
}

/* A store that takes leases away which were renewed in time. */

static void slow_ways(SimCluster *cluster) {
    StoreFaults faults = {.latency_min_usec = 2 * USEC_PER_MSEC,
                          .latency_max_usec = 10 * USEC_PER_MSEC,
                          .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    for (size_t i = 0; i < cluster->n_nodes; i++)
        faulty_store_set_faults(cluster->nodes[i].link, &faults);
}

static void expect_untouched_without(SimCluster *cluster, const char *prefix,
                                     const char *other_prefix) {
    slow_ways(cluster);
    size_t n_touches = start_units(cluster);
    sim_cluster_run(cluster, SIM_TTL);
    sim_cluster_take_leases(cluster, prefix);
    if (other_prefix)
        sim_cluster_take_leases(cluster, other_prefix);
    sim_cluster_run(cluster, 2 * SIM_TTL);
    expect_untouched(cluster, n_touches);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_MACHINE)), 3);
}

static void leases_that_are_all_taken_away_change_nothing(void **state) {
    expect_untouched_without(*state, "", NULL);
}

static void lease_of_a_follower_that_is_taken_away_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    _cleanup_free_ char *key = key_machine(engine_test_follower(cluster, NULL)->id);
    expect_untouched_without(cluster, key, NULL);
}

static void lease_of_the_leader_that_is_taken_away_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    _cleanup_free_ char *key = key_machine(sim_leader(cluster)->id);
    expect_untouched_without(cluster, key, NULL);
}

static void leadership_that_is_taken_away_with_a_lease_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    _cleanup_free_ char *key = key_machine(engine_test_follower(cluster, NULL)->id);
    expect_untouched_without(cluster, KEY_LEADER_TEXT, key);
}

static void machine_without_presence_is_given_nothing_new(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *missing = engine_test_follower(cluster, NULL);
    engine_test_start(cluster, "more@1.service", SLEEPER);
    engine_test_start(cluster, "more@2.service", SLEEPER);
    engine_test_start(cluster, "more@3.service", SLEEPER);
    sim_node_crash(missing);
    sim_cluster_freeze_store(cluster); /* so that it is not given up at once */
    sim_cluster_run(cluster, OUTAGE_USEC);
    sim_cluster_thaw_store(cluster);
    while (sim_view_machine(cluster->view, missing->id))
        sim_cluster_run(cluster, 100 * USEC_PER_MSEC);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(missing->systemd), 2);
    for (unsigned i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof(name), "new@%u.service", i);
        assert_int_not_equal(sim_put(cluster, name, SLEEPER, LAUNCH_STATE_LAUNCHED), 0);
        sim_cluster_run(cluster, 100 * USEC_PER_MSEC);
        assert_non_null(sim_where_runs(cluster, name));
        assert_null(sim_view_order(cluster->view, missing->id, name));
    }
    assert_int_equal(engine_test_count_orders_on(cluster, missing), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(store_that_comes_back_with_its_leases_changes_nothing),
        ENGINE_TEST(store_that_let_all_leases_run_out_changes_nothing),
        ENGINE_TEST(store_that_refuses_connections_meanwhile_changes_nothing),
        ENGINE_TEST(first_machine_that_is_back_is_not_given_everything),
        ENGINE_TEST(outages_one_after_the_other_change_nothing),
        ENGINE_TEST(leases_that_are_all_taken_away_change_nothing),
        ENGINE_TEST(lease_of_a_follower_that_is_taken_away_changes_nothing),
        ENGINE_TEST(lease_of_the_leader_that_is_taken_away_changes_nothing),
        ENGINE_TEST(leadership_that_is_taken_away_with_a_lease_changes_nothing),
        ENGINE_TEST(machine_without_presence_is_given_nothing_new),
        ENGINE_TEST(machine_that_stays_away_after_an_outage_is_given_up_at_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
