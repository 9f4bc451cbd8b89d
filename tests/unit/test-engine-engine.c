#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-file.h"
#include "tests/unit/engine-test.h"

#include <errno.h>

static bool presence_is_gone(void *userdata) {
    const SimNode *node = userdata;
    return !sim_view_machine(node->cluster->view, node->id);
}

/* --- placing --- */

static void submitted_unit_that_is_to_be_launched_runs(void **state) {
    engine_test_start(*state, "a.service", SLEEPER);
}

static void unit_goes_to_the_least_loaded_machine(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 5);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (engine_test_count_orders_on(cluster, &cluster->nodes[i]) == 1) {
            assert_ptr_equal(engine_test_start(cluster, "a.service", SLEEPER), &cluster->nodes[i]);
            return;
        }
    fail();
}

static void units_spread_over_the_machines(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 9);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(engine_test_count_orders_on(cluster, &cluster->nodes[i]), 3);
}

static void loaded_unit_is_placed_and_not_started(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LOADED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    SimNode *node = sim_where_ordered(cluster, "a.service");
    assert_non_null(node);
    assert_string_equal(fake_systemd_text(node->systemd, "a.service"), SLEEPER);
    assert_int_equal(sim_count_running(cluster, "a.service"), 0);
}

static void unit_that_fits_nowhere_says_why_and_runs_when_a_machine_fits(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "a.service", SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\n",
            LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    const Pending *pending = sim_view_pending(cluster->view, "a.service");
    assert_non_null(pending);
    assert_int_equal(pending->n_reasons, 3);
    assert_int_equal(sim_view_count_orders(cluster->view, "a.service"), 0);

    sim_set_metadata(cluster, &cluster->nodes[1], "disk", "ssd");
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_null(sim_view_pending(cluster->view, "a.service"));
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), &cluster->nodes[1]);
}

static void global_unit_runs_everywhere_also_on_machines_that_come_later(void **state) {
    SimCluster *cluster = *state;
    sim_node_cut_power(&cluster->nodes[2]);
    sim_cluster_run(cluster, 3 * SIM_TTL);
    sim_put(cluster, "g.service", SLEEPER "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "g.service"), 2);
    sim_node_boot(&cluster->nodes[2]);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "g.service"), 3);
}

/* --- stopping and moving --- */

static void destroyed_unit_is_stopped_and_leaves_nothing(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    engine_test_expect_gone(cluster, "a.service");
}

/* Nobody but its file says what it conflicts with, and users do not know it any more. */
static void destroyed_unit_bears_nothing_new_beside_it_also_under_the_next_leader(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_follower(cluster, NULL);
    _cleanup_free_ char *here = str_printf(SLEEPER "[X-Fleet]\nMachineID=%s\n", node->id);
    sim_set_metadata(cluster, node, "disk", "ssd");
    fake_script_set_behaviour(fake_systemd_script(node->systemd), "a.service",
                              &(FakeBehaviour){.stop_usec = 20 * USEC_PER_SEC});
    engine_test_start(cluster, "a.service",
                      SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\nConflicts=b*\n");
    sim_put(cluster, "b.service", here, LAUNCH_STATE_LAUNCHED);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    sim_node_crash(sim_leader(cluster));
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_non_null(sim_leader(cluster));
    assert_true(sim_node_has(node, "a.service"));
    assert_null(sim_where_ordered(cluster, "b.service"));
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "b.service"), node);
    engine_test_expect_gone(cluster, "a.service");
}

static void unit_that_is_to_be_inactive_leaves_its_machine(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    sim_put(cluster, "a.service", NULL, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    engine_test_expect_gone(cluster, "a.service");
    engine_test_start(cluster, "a.service", SLEEPER);
}

static int fail_to_write(FakeAction action, _unused_ const char *name, _unused_ void *userdata) {
    return action == FAKE_ACTION_WRITE ? -ENOSPC : 0;
}

static void unit_that_its_machine_cannot_write_is_destroyed_all_the_same(void **state) {
    SimCluster *cluster = *state;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        fake_script_set_fault(fake_systemd_script(cluster->nodes[i].systemd), fail_to_write, NULL);
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_non_null(sim_where_ordered(cluster, "a.service"));
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    engine_test_expect_gone(cluster, "a.service");
}

/* That it is not there, as it could not be written, is no leave to run it elsewhere: it may be
 * written by now. */
static void unit_that_its_machine_writes_at_last_does_not_run_twice(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_follower(cluster, NULL), *leader = sim_leader(cluster);
    sim_set_metadata(cluster, node, "disk", "ssd");
    sim_cluster_run(cluster, USEC_PER_SEC);
    StoreFaults slow = {.latency_min_usec = 500 * USEC_PER_MSEC,
                        .latency_max_usec = 500 * USEC_PER_MSEC,
                        .timeout_usec = 5 * USEC_PER_SEC};
    faulty_store_set_faults(node->link, &slow);
    fake_script_set_fault(fake_systemd_script(node->systemd), fail_to_write, NULL);
    sim_put(cluster, "a.service", SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\n",
            LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    fake_script_set_fault(fake_systemd_script(node->systemd), NULL, NULL);
    while (!sim_node_has(node, "a.service"))
        sim_cluster_run(cluster, 10 * USEC_PER_MSEC);
    sim_set_metadata(cluster, leader, "disk", "ssd");
    sim_set_metadata(cluster, node, "disk", NULL);
    sim_set_metadata(cluster, node, "zone", "a"); /* looks at its units once more */
    engine_test_run_single(cluster, "a.service", 20 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), leader);
}

/* The old machine takes its time to stop it; until then nobody else is given it. */
static void unit_moves_between_living_machines_without_running_twice(void **state) {
    SimCluster *cluster = *state;
    sim_set_metadata(cluster, &cluster->nodes[0], "disk", "ssd");
    SimNode *node =
        engine_test_start(cluster, "a.service", SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\n");
    assert_ptr_equal(node, &cluster->nodes[0]);
    fake_script_set_behaviour(fake_systemd_script(node->systemd), "a.service",
                              &(FakeBehaviour){.stop_usec = 20 * USEC_PER_SEC});
    sim_set_metadata(cluster, &cluster->nodes[1], "disk", "ssd");
    sim_set_metadata(cluster, &cluster->nodes[0], "disk", NULL);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    const Order *order = sim_view_order(cluster->view, node->id, "a.service");
    assert_non_null(order);
    assert_int_equal(order->desired, LAUNCH_STATE_INACTIVE);
    assert_ptr_equal(sim_where_ordered(cluster, "a.service"), node);
    engine_test_run_single(cluster, "a.service", 15 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), &cluster->nodes[1]);
    assert_null(sim_view_order(cluster->view, node->id, "a.service"));
}

/* --- machines that go --- */

static void power_cut_moves_units_right_after_the_lease_and_not_before(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    size_t n = engine_test_count_orders_on(cluster, node);
    assert_int_equal(n, 1);
    sim_node_cut_power(node);
    assert_true(sim_cluster_wait(cluster, presence_is_gone, node, SIM_TTL));
    assert_int_equal(engine_test_count_orders_on(cluster, node), 1);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 0);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("u%zu.service", i);
        assert_non_null(sim_where_runs(cluster, name));
    }
}

static void restart_of_every_fleetd_touches_no_unit(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    size_t n_touches = sim_count_touches(cluster);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        sim_node_stop(&cluster->nodes[i]);
        sim_cluster_run(cluster, 3 * SIM_TTL);
        assert_false(sim_node_runs(&cluster->nodes[i]));
        sim_node_start(&cluster->nodes[i]);
        sim_cluster_run(cluster, USEC_PER_SEC);
    }
    sim_cluster_run(cluster, 3 * USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_STATE)), 6);
}

static void crash_and_return_of_every_fleetd_touches_no_unit(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    size_t n_touches = sim_count_touches(cluster);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_crash(&cluster->nodes[i]);
    sim_cluster_run(cluster, SIM_TTL / 2);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_start(&cluster->nodes[i]);
    sim_cluster_run(cluster, 3 * USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void fleetd_that_does_not_come_back_from_a_restart_loses_its_units(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    sim_node_stop(node);
    sim_cluster_run(cluster, SIM_GRACE - SIM_TTL);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 1);
    sim_cluster_run(cluster, 2 * SIM_TTL);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 0);
}

static void shutdown_moves_units_at_once(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    sim_node_shut_down(node);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 0);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_SCHEDULE)), 3);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_STATE)), 3);
}

static void machine_that_comes_back_after_its_units_moved_stops_them(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    sim_node_cut_off(node, -ETIMEDOUT);
    sim_cluster_run(cluster, 3 * SIM_TTL);
    assert_int_equal(fake_systemd_count_running(node->systemd), 1); /* promise 1 */
    assert_int_equal(engine_test_count_orders_on(cluster, node), 0);
    sim_node_cut_off(node, 0);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(node->systemd), 0);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("u%zu.service", i);
        assert_non_null(sim_where_runs(cluster, name));
    }
}

static void rebooted_machine_starts_its_units_again(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    sim_node_shut_down(node);
    sim_cluster_run(cluster, 20 * USEC_PER_MSEC);
    assert_false(node->is_on);
    sim_node_boot(node);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("u%zu.service", i);
        assert_non_null(sim_where_runs(cluster, name));
    }
}

/* As of a transaction that deletes what somebody else has deleted, where other users of the same
 * etcd have written meanwhile: fleet's watches never come to that revision. */
static void on_txn_of_no_effect(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    SimNode *node = userdata;
    if (strncmp(txn->writes[0].key, "schedule/", 9) != 0)
        return;
    node->cluster->on_txn = NULL;
    ((StoreTxnResult *) result)->has_changed = false;
    ((StoreTxnResult *) result)->revision += 1000;
}

static void engine_goes_on_after_a_write_without_effect(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    cluster->on_txn = on_txn_of_no_effect;
    sim_put(cluster, "b.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_null(cluster->on_txn);
    sim_put(cluster, "c.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_non_null(sim_where_runs(cluster, "c.service"));
}

/* What fleetctl start asks for, when nobody has the file any more. */
static const Pending *start_without_the_file(SimCluster *cluster, LaunchState before) {
    sim_put(cluster, "a.service", SLEEPER, before);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    char hash[UNIT_FILE_HASH_LENGTH + 1] = "";
    assert_int_equal(unit_file_hash_text(SLEEPER, strlen(SLEEPER), hash), 0);
    _cleanup_free_ char *key = key_file(hash);
    assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    int64_t revision = sim_put(cluster, "a.service", NULL, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    const Pending *pending = sim_view_pending(cluster->view, "a.service");
    assert_true(!pending || pending->unit_revision == revision);
    return pending;
}

#define FILE_IS_LOST \
    "its unit file is not in the store: submit it again with its file, or destroy it"

/* Whoever waits for it would else wait for ever, and nobody but the leader's log says why. */
static void unit_whose_file_is_lost_says_why_it_is_not_placed(void **state) {
    SimCluster *cluster = *state;
    const Pending *pending = start_without_the_file(cluster, LAUNCH_STATE_INACTIVE);
    assert_non_null(pending);
    assert_string_equal(pending->summary, FILE_IS_LOST);
    assert_int_equal(sim_view_count_orders(cluster->view, "a.service"), 0);
    engine_test_start(cluster, "a.service", SLEEPER);
    assert_null(sim_view_pending(cluster->view, "a.service"));
}

static void loaded_unit_whose_file_is_lost_says_why_it_is_not_started(void **state) {
    SimCluster *cluster = *state;
    const Pending *pending = start_without_the_file(cluster, LAUNCH_STATE_LOADED);
    assert_non_null(pending);
    assert_string_equal(pending->summary, FILE_IS_LOST);
    assert_int_equal(sim_view_count_orders(cluster->view, "a.service"), 1);
}

static void running_unit_whose_file_is_lost_runs_on(void **state) {
    SimCluster *cluster = *state;
    start_without_the_file(cluster, LAUNCH_STATE_LAUNCHED);
    assert_non_null(sim_where_runs(cluster, "a.service"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(submitted_unit_that_is_to_be_launched_runs),
        ENGINE_TEST(unit_goes_to_the_least_loaded_machine),
        ENGINE_TEST(units_spread_over_the_machines),
        ENGINE_TEST(loaded_unit_is_placed_and_not_started),
        ENGINE_TEST(unit_that_fits_nowhere_says_why_and_runs_when_a_machine_fits),
        ENGINE_TEST(global_unit_runs_everywhere_also_on_machines_that_come_later),
        ENGINE_TEST(destroyed_unit_is_stopped_and_leaves_nothing),
        ENGINE_TEST(destroyed_unit_bears_nothing_new_beside_it_also_under_the_next_leader),
        ENGINE_TEST(unit_that_is_to_be_inactive_leaves_its_machine),
        ENGINE_TEST(unit_that_its_machine_cannot_write_is_destroyed_all_the_same),
        ENGINE_TEST(unit_that_its_machine_writes_at_last_does_not_run_twice),
        ENGINE_TEST(unit_moves_between_living_machines_without_running_twice),
        ENGINE_TEST(power_cut_moves_units_right_after_the_lease_and_not_before),
        ENGINE_TEST(restart_of_every_fleetd_touches_no_unit),
        ENGINE_TEST(crash_and_return_of_every_fleetd_touches_no_unit),
        ENGINE_TEST(fleetd_that_does_not_come_back_from_a_restart_loses_its_units),
        ENGINE_TEST(shutdown_moves_units_at_once),
        ENGINE_TEST(machine_that_comes_back_after_its_units_moved_stops_them),
        ENGINE_TEST(rebooted_machine_starts_its_units_again),
        ENGINE_TEST(engine_goes_on_after_a_write_without_effect),
        ENGINE_TEST(unit_whose_file_is_lost_says_why_it_is_not_placed),
        ENGINE_TEST(loaded_unit_whose_file_is_lost_says_why_it_is_not_started),
        ENGINE_TEST(running_unit_whose_file_is_lost_runs_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
