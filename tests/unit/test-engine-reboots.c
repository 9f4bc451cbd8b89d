/* Reboots on a simulated cluster. The test plays systemd and the firmware: a machine whose agent
 * has asked for its reboot goes down, and boots. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/reboot.h"
#include "tests/sim/tap-store.h"
#include "tests/unit/engine-test.h"

#define STEP (100 * USEC_PER_MSEC)

static void ask(SimCluster *cluster, const SimNode *node, Reboot reboot) {
    _cleanup_free_ char *key = key_reboot(node->id);
    reboot.boot_id = (char *) node->boot_id;
    reboot.phase_since_usec = loop_realtime(cluster->loop);
    if (reboot.since_usec == 0)
        reboot.since_usec = reboot.phase_since_usec;
    reboot.max_parallel = MAX(reboot.max_parallel, (uint64_t) 1);
    if (reboot.timeout_usec == 0)
        reboot.timeout_usec = REBOOT_TIMEOUT_DEFAULT_USEC;
    _cleanup_free_ char *value = reboot_format(&reboot);
    assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
}

static void cancel(SimCluster *cluster, const SimNode *node) {
    _cleanup_free_ char *key = key_reboot(node->id);
    assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
}

/* NULL: there is none. The caller frees. */
static Reboot *reboot_of(SimCluster *cluster, const SimNode *node) {
    _cleanup_free_ char *key = key_reboot(node->id);
    _cleanup_free_ char *value = store_sync_get(&cluster->sync, key);
    Reboot *reboot = NULL;
    if (value)
        assert_int_equal(reboot_parse(node->id, value, strlen(value), &reboot, NULL), 0);
    return reboot;
}

static RebootPhase phase_of(SimCluster *cluster, const SimNode *node) {
    _cleanup_(reboot_freep) Reboot *reboot = reboot_of(cluster, node);
    return reboot ? reboot->phase : REBOOT_OVER;
}

static size_t count_under_way(SimCluster *cluster) {
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        RebootPhase phase = phase_of(cluster, &cluster->nodes[i]);
        n += phase != REBOOT_WAITING && phase != REBOOT_OVER;
    }
    return n;
}

/* Goes down as its systemd was asked to, and boots when it is off. */
static void play_machine(SimNode *node, unsigned n_boots) {
    if (node->n_boots == n_boots && sim_node_count(node, FAKE_ACTION_REBOOT) > 0 &&
        !node->is_leaving && node->is_on)
        sim_node_shut_down(node);
    if (!node->is_on)
        sim_node_boot(node);
}

/* All machines that do not stay are played until none is to be rebooted; how many were under way at
 * a time. */
static size_t play(SimCluster *cluster, usec_t max_usec) {
    unsigned n_boots[SIM_NODES_MAX];
    size_t most = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        n_boots[i] = cluster->nodes[i].n_boots;
    for (usec_t end = loop_now(cluster->loop) + max_usec; loop_now(cluster->loop) < end;) {
        size_t n_left = 0;
        sim_cluster_run(cluster, STEP);
        most = MAX(most, count_under_way(cluster));
        for (size_t i = 0; i < cluster->n_nodes; i++) {
            play_machine(&cluster->nodes[i], n_boots[i]);
            n_left += phase_of(cluster, &cluster->nodes[i]) != REBOOT_OVER;
        }
        if (n_left == 0)
            return most;
    }
    fail_msg("machines are not back");
    return 0;
}

static void machine_is_drained_rebooted_and_gets_units_again(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    SimNode *node = engine_test_follower(cluster, NULL);
    assert_int_not_equal(engine_test_count_orders_on(cluster, node), 0);
    ask(cluster, node, (Reboot){});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, node), REBOOT_REBOOTING);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 0);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_REBOOT), 1);
    play(cluster, USEC_PER_MINUTE);
    assert_int_equal(node->n_boots, 2);
    sim_put(cluster, "new.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "new.service"), node);
}

static void global_units_stay_until_the_machine_goes_down(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "g.service", SLEEPER "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    SimNode *node = engine_test_follower(cluster, NULL);
    ask(cluster, node, (Reboot){});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, node), REBOOT_REBOOTING);
    assert_true(sim_node_has(node, "g.service"));
    play(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_running(cluster, "g.service"), 3);
}

static void machines_have_their_turns_one_at_a_time(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        ask(cluster, &cluster->nodes[i], (Reboot){});
    assert_int_equal(play(cluster, 5 * USEC_PER_MINUTE), 1);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(cluster->nodes[i].n_boots, 2);
}

static void next_leader_goes_on(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    SimNode *node = engine_test_follower(cluster, NULL);
    ask(cluster, node, (Reboot){});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, node), REBOOT_REBOOTING);
    SimNode *leader = sim_leader(cluster);
    sim_node_cut_power(leader);
    sim_node_shut_down(node);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    play(cluster, 2 * USEC_PER_MINUTE);
    assert_int_equal(node->n_boots, 2);
}

static void machine_that_does_not_come_back_holds_the_others_up(void **state) {
    SimCluster *cluster = *state;
    SimNode *first = &cluster->nodes[0], *second = &cluster->nodes[1];
    ask(cluster, first, (Reboot){.timeout_usec = 30 * USEC_PER_SEC});
    sim_cluster_run(cluster, USEC_PER_SEC);
    ask(cluster, second, (Reboot){});
    sim_cluster_run(cluster, USEC_PER_SEC);
    sim_node_shut_down(first);
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, first), REBOOT_REBOOTING);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    _cleanup_(reboot_freep) Reboot *failed = reboot_of(cluster, first);
    assert_int_equal(failed->phase, REBOOT_FAILED);
    assert_string_equal(failed->why, "it did not come back in time");
    _cleanup_(reboot_freep) Reboot *waiting = reboot_of(cluster, second);
    assert_int_equal(waiting->phase, REBOOT_WAITING);
    _cleanup_free_ char *why = str_printf("machine %s comes first", first->id);
    assert_string_equal(waiting->why, why);
    sim_node_boot(first);
    play(cluster, 2 * USEC_PER_MINUTE);
    assert_int_equal(second->n_boots, 2);
}

static void cancelled_reboot_gives_its_place_back(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    static const char stays[] = SLEEPER "[X-Fleet]\nMachineMetadata=only=here\n";
    sim_set_metadata(cluster, node, "only", "here");
    engine_test_start(cluster, "stays.service", stays);
    ask(cluster, node, (Reboot){});
    sim_cluster_run(cluster, 30 * USEC_PER_SEC);
    _cleanup_(reboot_freep) Reboot *reboot = reboot_of(cluster, node);
    assert_int_equal(reboot->phase, REBOOT_DRAINING);
    assert_string_equal(reboot->why, "stays.service: 0 of 3 machines fit: 2 metadata only is not "
                                     "set; 1 is being drained: it is about to be rebooted");
    assert_true(sim_node_has(node, "stays.service"));
    cancel(cluster, node);
    sim_put(cluster, "new.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "new.service"), node);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_REBOOT), 0);
}

/* As fleetctl takes all of them back: those that wait first, and of them the last one. */
static void machine_that_waited_when_it_was_cancelled_is_not_rebooted(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = &cluster->nodes[0];
    sim_set_metadata(cluster, node, "only", "here");
    engine_test_start(cluster, "stays.service", SLEEPER "[X-Fleet]\nMachineMetadata=only=here\n");
    for (size_t i = 0; i < cluster->n_nodes; i++)
        ask(cluster, &cluster->nodes[i], (Reboot){});
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, node), REBOOT_DRAINING);
    for (size_t i = cluster->n_nodes; i > 0; i--) {
        assert_int_equal(count_under_way(cluster), 1);
        cancel(cluster, &cluster->nodes[i - 1]);
        sim_cluster_run(cluster, USEC_PER_SEC);
    }
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(sim_node_count(&cluster->nodes[i], FAKE_ACTION_REBOOT), 0);
}

static void with_a_deadline_what_fits_nowhere_else_ends(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_follower(cluster, NULL);
    sim_set_metadata(cluster, node, "only", "here");
    engine_test_start(cluster, "stays.service", SLEEPER "[X-Fleet]\nMachineMetadata=only=here\n");
    ask(cluster, node, (Reboot){.drain_usec = 20 * USEC_PER_SEC});
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, node), REBOOT_DRAINING);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, node), REBOOT_REBOOTING);
    play(cluster, USEC_PER_MINUTE);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "stays.service"), node);
}

static void units_that_are_not_up_again_fail_it(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "g.service", SLEEPER "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    SimNode *node = engine_test_follower(cluster, NULL);
    const FakeBehaviour fails = {.start_result = JOB_RESULT_FAILED};
    assert_int_equal(
        fake_script_set_behaviour(fake_systemd_script(node->systemd), "g.service", &fails), 0);
    ask(cluster, node, (Reboot){.timeout_usec = 20 * USEC_PER_SEC});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    sim_node_shut_down(node);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    sim_node_boot(node);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    _cleanup_(reboot_freep) Reboot *reboot = reboot_of(cluster, node);
    assert_int_equal(reboot->phase, REBOOT_FAILED);
    assert_string_equal(reboot->why, "units are not up: g.service");
    cancel(cluster, node);
    sim_cluster_run(cluster, USEC_PER_SEC);
}

static void what_users_want_of_the_machine_stays(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_follower(cluster, NULL);
    _cleanup_free_ char *key = key_maintenance(node->id);
    assert_int_equal(store_sync_put(&cluster->sync, key, "{}", 0), 0);
    ask(cluster, node, (Reboot){});
    sim_cluster_run(cluster, USEC_PER_SEC);
    play(cluster, USEC_PER_MINUTE);
    engine_test_start_many(cluster, 4);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 0);
}

static void unreadable_record_moves_nothing_and_holds_the_others_up(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    SimNode *node = engine_test_follower(cluster, NULL), *other = sim_leader(cluster);
    size_t n_touches = sim_count_touches(cluster);
    _cleanup_free_ char *key = key_reboot(node->id);
    assert_int_equal(store_sync_put(&cluster->sync, key, "\xff\xfe", 0), 0);
    ask(cluster, other, (Reboot){});
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    assert_int_equal(phase_of(cluster, other), REBOOT_WAITING);
    cancel(cluster, node);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(phase_of(cluster, other), REBOOT_REBOOTING);
}

#define LATE_USEC (2 * USEC_PER_SEC)
#define LATE_SEEDS 10 /* how late it is is chance */

/* The leader writes that it is the last machine's turn, and gives that up; others are asked for
 * that come before it. */
static void overtake(SimCluster *cluster) {
    Store *way = sim_leader(cluster)->way;
    usec_t before = loop_realtime(cluster->loop);
    sim_cluster_run(cluster, USEC_PER_SEC);
    tap_store_set_late(way, 1000, LATE_USEC);
    ask(cluster, &cluster->nodes[2], (Reboot){});
    sim_cluster_run(cluster, STEP);
    tap_store_set_late(way, 0, LATE_USEC);
    for (size_t i = 0; i < 2; i++)
        ask(cluster, &cluster->nodes[i], (Reboot){.since_usec = before});
}

static void place_is_not_given_twice_as_a_write_comes_late(_unused_ void **state) {
    for (uint64_t seed = 1; seed <= LATE_SEEDS; seed++) {
        SimCluster *cluster = sim_cluster_new(3, seed);
        sim_cluster_boot(cluster);
        sim_cluster_run(cluster, USEC_PER_SEC);
        overtake(cluster);
        for (usec_t end = loop_now(cluster->loop) + 10 * USEC_PER_SEC;
             loop_now(cluster->loop) < end;) {
            sim_cluster_run(cluster, STEP);
            assert_true(count_under_way(cluster) <= 1);
        }
        assert_int_equal(count_under_way(cluster), 1);
        sim_cluster_free(cluster);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(machine_is_drained_rebooted_and_gets_units_again),
        ENGINE_TEST(global_units_stay_until_the_machine_goes_down),
        ENGINE_TEST(machines_have_their_turns_one_at_a_time),
        ENGINE_TEST(next_leader_goes_on),
        ENGINE_TEST(machine_that_does_not_come_back_holds_the_others_up),
        ENGINE_TEST(cancelled_reboot_gives_its_place_back),
        ENGINE_TEST(machine_that_waited_when_it_was_cancelled_is_not_rebooted),
        ENGINE_TEST(with_a_deadline_what_fits_nowhere_else_ends),
        ENGINE_TEST(units_that_are_not_up_again_fail_it),
        ENGINE_TEST(what_users_want_of_the_machine_stays),
        ENGINE_TEST(unreadable_record_moves_nothing_and_holds_the_others_up),
        cmocka_unit_test(place_is_not_given_twice_as_a_write_comes_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
