/* Machines that vanish at once, on a simulated cluster: what stands in the store of those that are
 * held. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/reboot.h"
#include "tests/unit/engine-test.h"

#define N_MACHINES 3
#define HOLD_USEC (60 * USEC_PER_SEC)
#define START_USEC (8 * USEC_PER_SEC)
#define LATENCY_USEC (10 * USEC_PER_MSEC)
#define SEEDS 20 /* what is told first, a write or its answer, is chance */

static SimCluster *cluster_new(uint64_t seed) {
    SimCluster *cluster = sim_cluster_new(N_MACHINES, seed);
    const StoreFaults faults = {.latency_max_usec = LATENCY_USEC,
                                .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    cluster->failover_hold_usec = HOLD_USEC;
    for (size_t i = 0; i < N_MACHINES; i++)
        faulty_store_set_faults(cluster->nodes[i].link, &faults);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    sim_put(cluster, "g.service", SLEEPER "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "g.service"), N_MACHINES);
    return cluster;
}

static void all_but_the_leader_vanish(SimCluster *cluster) {
    SimNode *leader = sim_leader(cluster);
    for (size_t i = 0; i < N_MACHINES; i++)
        if (&cluster->nodes[i] != leader)
            sim_node_cut_power(&cluster->nodes[i]);
    sim_cluster_run(cluster, SIM_TTL + USEC_PER_SEC);
    assert_non_null(sim_view_brake(cluster->view));
}

static void record_goes_when_half_is_back(void **state) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        SimCluster *cluster = cluster_new(seed);
        all_but_the_leader_vanish(cluster);
        sim_node_boot(engine_test_follower(cluster, NULL));
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        assert_null(sim_view_brake(cluster->view));
        sim_cluster_free(cluster);
    }
}

static void record_goes_when_the_time_is_over(void **state) {
    SimCluster *cluster = cluster_new(1);
    all_but_the_leader_vanish(cluster);
    sim_cluster_run(cluster, HOLD_USEC - 5 * USEC_PER_SEC);
    assert_non_null(sim_view_brake(cluster->view));
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_null(sim_view_brake(cluster->view));
    assert_int_equal(sim_view_count_orders(cluster->view, "g.service"), 1);
    sim_cluster_free(cluster);
}

static size_t count_orders(const SimCluster *cluster, const SimNode *node) {
    size_t n = 0;
    for (unsigned i = 1; i <= N_MACHINES; i++) {
        _cleanup_free_ char *name = str_printf("u%u.service", i);
        n += sim_view_order(cluster->view, node->id, name) != NULL;
    }
    return n;
}

/* One unit on each machine, that is slow to start. */
static SimCluster *cluster_with_units(void) {
    SimCluster *cluster = cluster_new(1);
    const FakeBehaviour slow = {.start_usec = START_USEC};
    for (unsigned i = 1; i <= N_MACHINES; i++) {
        _cleanup_free_ char *name = str_printf("u%u.service", i);
        for (size_t m = 0; m < N_MACHINES; m++)
            fake_script_set_behaviour(fake_systemd_script(cluster->nodes[m].systemd), name, &slow);
        sim_put(cluster, name, SLEEPER, LAUNCH_STATE_LAUNCHED);
        sim_cluster_run(cluster, START_USEC + USEC_PER_SEC);
    }
    return cluster;
}

static void next_machine_is_given_up_when_the_units_of_the_last_run(void **state) {
    SimCluster *cluster = cluster_with_units();
    SimNode *leader = sim_leader(cluster);
    assert_int_equal(count_orders(cluster, leader), 1);
    all_but_the_leader_vanish(cluster);
    while (count_orders(cluster, leader) == 1)
        sim_cluster_run(cluster, 100 * USEC_PER_MSEC);
    sim_cluster_run(cluster, START_USEC - USEC_PER_SEC);
    assert_int_equal(count_orders(cluster, leader), 2);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    assert_int_equal(count_orders(cluster, leader), 3);
    sim_cluster_free(cluster);
}

/* It leads again as soon as its former lease is over, and knows that nobody is there a lease time
 * later. */
static void next_leader_goes_on_where_the_former_was(void **state) {
    SimCluster *cluster = cluster_with_units();
    SimNode *leader = sim_leader(cluster);
    all_but_the_leader_vanish(cluster);
    usec_t until = sim_view_brake(cluster->view)->until_usec;
    sim_cluster_run(cluster, until - loop_realtime(cluster->loop) - SIM_TTL / 2);
    sim_node_crash(leader);
    sim_node_start(leader);
    while (count_orders(cluster, leader) == 1) {
        sim_cluster_run(cluster, 100 * USEC_PER_MSEC);
        assert_non_null(sim_view_brake(cluster->view));
    }
    assert_true(loop_realtime(cluster->loop) > until);
    assert_true(loop_realtime(cluster->loop) < until + SIM_TTL);
    assert_int_equal(sim_view_brake(cluster->view)->until_usec, until);
    sim_cluster_run(cluster, START_USEC - USEC_PER_SEC);
    assert_int_equal(count_orders(cluster, leader), 2);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    assert_int_equal(count_orders(cluster, leader), 3);
    assert_null(sim_view_brake(cluster->view));
    sim_cluster_free(cluster);
}

/* --- what is not begun meanwhile --- */

static void ask_for_reboot(SimCluster *cluster, const SimNode *node) {
    const Reboot reboot = {.boot_id = (char *) node->boot_id,
                           .since_usec = loop_realtime(cluster->loop),
                           .phase_since_usec = loop_realtime(cluster->loop),
                           .max_parallel = 1,
                           .timeout_usec = REBOOT_TIMEOUT_DEFAULT_USEC};
    _cleanup_free_ char *key = key_reboot(node->id), *value = reboot_format(&reboot);
    assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
}

static void assert_reboot(SimCluster *cluster, const SimNode *node, RebootPhase phase,
                          const char *why) {
    const Reboot *reboot = sim_view_reboot(cluster->view, node->id);
    assert_non_null(reboot);
    assert_int_equal(reboot->phase, phase);
    if (!streq_ptr(reboot->why, why))
        fail_msg("%s", reboot->why);
}

#define HELD "too many machines have vanished at once, and none is rebooted until that is settled"

static void last_machine_is_not_rebooted_before_others_are_back(void **state) {
    SimCluster *cluster = cluster_new(1);
    SimNode *leader = sim_leader(cluster);
    all_but_the_leader_vanish(cluster);
    ask_for_reboot(cluster, leader);
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);
    assert_reboot(cluster, leader, REBOOT_WAITING, HELD);
    assert_int_equal(sim_node_count(leader, FAKE_ACTION_REBOOT), 0);
    sim_node_boot(engine_test_follower(cluster, NULL));
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_reboot(cluster, leader, REBOOT_REBOOTING, NULL);
    assert_int_equal(sim_node_count(leader, FAKE_ACTION_REBOOT), 1);
    sim_cluster_free(cluster);
}

static void machine_that_drains_stays_up_until_others_are_back(void **state) {
    SimCluster *cluster = cluster_new(1);
    SimNode *leader = sim_leader(cluster);
    sim_set_metadata(cluster, leader, "only", "here");
    engine_test_start(cluster, "stays.service", SLEEPER "[X-Fleet]\nMachineMetadata=only=here\n");
    ask_for_reboot(cluster, leader);
    all_but_the_leader_vanish(cluster);
    assert_reboot(cluster, leader, REBOOT_DRAINING, HELD);
    sim_destroy(cluster, "stays.service");
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);
    assert_int_equal(engine_test_count_orders_on(cluster, leader), 1); /* the global one */
    assert_reboot(cluster, leader, REBOOT_DRAINING, HELD);
    assert_int_equal(sim_node_count(leader, FAKE_ACTION_REBOOT), 0);
    sim_node_boot(engine_test_follower(cluster, NULL));
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_reboot(cluster, leader, REBOOT_REBOOTING, NULL);
    sim_cluster_free(cluster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_goes_when_half_is_back),
        cmocka_unit_test(record_goes_when_the_time_is_over),
        cmocka_unit_test(next_machine_is_given_up_when_the_units_of_the_last_run),
        cmocka_unit_test(next_leader_goes_on_where_the_former_was),
        cmocka_unit_test(last_machine_is_not_rebooted_before_others_are_back),
        cmocka_unit_test(machine_that_drains_stays_up_until_others_are_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
