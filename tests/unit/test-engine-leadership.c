#include "fleetd/store/memory-store.h"
#include "tests/fakes/rewound-store.h"
#include "tests/unit/engine-test.h"

#define LEADER_TTL (5 * USEC_PER_SEC)

static size_t decisions_of(SimCluster *cluster, const SimNode *node) {
    return cluster->n_decisions[node - cluster->nodes];
}

static bool another_leads(void *userdata) {
    SimNode *old = userdata;
    for (size_t i = 0; i < old->cluster->n_nodes; i++)
        if (&old->cluster->nodes[i] != old && sim_node_leads(&old->cluster->nodes[i]))
            return true;
    return false;
}

static void crash_of_the_leader_is_made_good_after_its_lease(void **state) {
    SimCluster *cluster = *state;
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    assert_true(sim_cluster_wait(cluster, another_leads, leader, LEADER_TTL + USEC_PER_SEC));
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_non_null(sim_where_ordered(cluster, "a.service"));
}

static void leader_that_stops_hands_over_at_once(void **state) {
    SimCluster *cluster = *state;
    SimNode *leader = sim_leader(cluster);
    sim_node_stop(leader);
    assert_true(sim_cluster_wait(cluster, another_leads, leader, USEC_PER_SEC / 2));
}

static void restarted_leader_leads_on_without_waiting_for_its_old_lease(void **state) {
    SimCluster *cluster = *state;
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_node_start(leader);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_ptr_equal(sim_leader(cluster), leader);
    engine_test_start(cluster, "a.service", SLEEPER);
    sim_cluster_run(cluster, 3 * LEADER_TTL);
    assert_ptr_equal(sim_leader(cluster), leader);
}

static void leader_that_was_paused_past_its_lease_writes_nothing(void **state) {
    SimCluster *cluster = *state;
    SimNode *old = sim_leader(cluster);
    engine_test_start_many(cluster, 6);
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_node_pause(old); /* in the middle of a decision */
    assert_true(sim_cluster_wait(cluster, another_leads, old, 2 * LEADER_TTL));
    size_t n_decisions = decisions_of(cluster, old);
    sim_put(cluster, "b.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_destroy(cluster, "u1.service");
    sim_node_resume(old);
    engine_test_run_single(cluster, "a.service", 60 * USEC_PER_SEC);
    assert_int_equal(decisions_of(cluster, old), n_decisions);
    assert_ptr_not_equal(sim_leader(cluster), old);
    assert_non_null(sim_where_runs(cluster, "a.service"));
    assert_non_null(sim_where_runs(cluster, "b.service"));
    engine_test_expect_gone(cluster, "u1.service");
}

static void leader_that_is_cut_off_decides_nothing(void **state) {
    SimCluster *cluster = *state;
    SimNode *old = sim_leader(cluster);
    engine_test_start_many(cluster, 6);
    sim_node_cut_off(old, -ETIMEDOUT);
    assert_true(sim_cluster_wait(cluster, another_leads, old, 2 * LEADER_TTL));
    size_t n_decisions = decisions_of(cluster, old);
    sim_cluster_run(cluster, 3 * SIM_TTL);
    sim_node_cut_off(old, 0);
    sim_cluster_run(cluster, 2 * SIM_TTL);
    assert_int_equal(decisions_of(cluster, old), n_decisions);
    assert_non_null(sim_leader(cluster));
}

/* Leader and another machine lose power, and the one that is left has seen the store answer all the
 * time: it knows that both had their lease time. */
static void new_leader_that_saw_a_steady_store_waits_for_no_second_lease(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    sim_cluster_run(cluster, SIM_TTL);
    SimNode *leader = sim_leader(cluster), *missing = engine_test_follower(cluster, NULL);
    sim_node_cut_power(missing);
    sim_node_cut_power(leader);
    sim_cluster_run(cluster, SIM_TTL + USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(sim_leader(cluster)->systemd), 3);
}

static SimNode *remaining(SimCluster *cluster, const SimNode *one, const SimNode *other) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (&cluster->nodes[i] != one && &cluster->nodes[i] != other)
            return &cluster->nodes[i];
    return NULL;
}

/* The same, but the one that is left has just come: for all that it knows the store was away
 * before. */
static void new_leader_that_has_just_come_gives_missing_machines_a_whole_lease_time(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    sim_cluster_run(cluster, SIM_TTL);
    SimNode *leader = sim_leader(cluster), *missing = engine_test_follower(cluster, NULL);
    SimNode *left = remaining(cluster, leader, missing);
    sim_node_cut_power(missing);
    sim_node_cut_power(leader);
    sim_node_crash(left);
    sim_cluster_run(cluster, SIM_TTL - 2 * USEC_PER_SEC);
    sim_node_start(left);
    sim_cluster_run(cluster, SIM_TTL - USEC_PER_SEC);
    assert_null(sim_view_machine(cluster->view, missing->id));
    assert_int_equal(fake_systemd_count_running(left->systemd), 1);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    assert_int_equal(fake_systemd_count_running(left->systemd), 3);
}

/* Nobody led when it went, and who leads next has just come: the machine's own word is enough. */
static void machine_that_went_down_is_not_waited_for_by_the_next_leader(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 6);
    SimNode *leader = sim_leader(cluster), *leaving = engine_test_follower(cluster, NULL);
    SimNode *next = remaining(cluster, leader, leaving);
    sim_node_crash(next);
    sim_node_start(next);
    sim_cluster_run(cluster, USEC_PER_SEC);
    sim_node_crash(leader);
    sim_node_shut_down(leaving);
    sim_cluster_run(cluster, LEADER_TTL + 2 * USEC_PER_SEC);
    assert_ptr_equal(sim_leader(cluster), next);
    for (size_t i = 1; i <= 6; i++) {
        char name[sizeof("u1.service")];
        snprintf(name, sizeof(name), "u%zu.service", i);
        assert_non_null(sim_where_ordered(cluster, name));
        assert_ptr_not_equal(sim_where_ordered(cluster, name), leaving);
    }
}

/* Its lease ran out while it was cut off, and it hears so from all sides at once. */
static void leader_without_rivals_leads_again_after_any_absence(_unused_ void **state) {
    SimCluster *cluster = sim_cluster_new(1, 1);
    SimNode *node = &cluster->nodes[0];
    StoreFaults faults = {.latency_max_usec = 50 * USEC_PER_MSEC, .timeout_usec = USEC_PER_SEC};
    faulty_store_set_faults(node->link, &faults);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    for (size_t i = 0; i < 100; i++) {
        sim_node_cut_off(node, i % 2 ? -ETIMEDOUT : -ECONNRESET);
        sim_cluster_run(cluster, LEADER_TTL / 2 + i * 100 * USEC_PER_MSEC);
        sim_node_cut_off(node, 0);
        sim_cluster_run(cluster, 2 * LEADER_TTL);
        assert_true(sim_node_leads(node));
    }
    sim_cluster_free(cluster);
}

static bool key_is_there(void *userdata) {
    return sim_view_leader_revision(((SimCluster *) userdata)->view) > 0;
}

/* It is stopped when it has heard of its key, but not of its election, and then the key is gone. */
static void candidate_that_hears_of_its_election_last_is_a_candidate_again(_unused_ void **state) {
    for (uint64_t seed = 1; seed <= 50; seed++) { /* for the ways to take as long as that needs */
        SimCluster *cluster = sim_cluster_new(1, seed);
        SimNode *node = &cluster->nodes[0];
        StoreFaults faults = {.latency_max_usec = 300 * USEC_PER_MSEC,
                              .timeout_usec = 20 * USEC_PER_SEC};
        faulty_store_set_faults(node->link, &faults);
        sim_cluster_boot(cluster);
        assert_true(sim_cluster_wait(cluster, key_is_there, cluster, LEADER_TTL));
        sim_cluster_run(cluster, 150 * USEC_PER_MSEC);
        sim_node_pause(node);
        sim_cluster_run(cluster, LEADER_TTL + USEC_PER_SEC);
        sim_node_cut_off(node, 0); /* watches are heard before answers */
        sim_node_resume(node);
        sim_cluster_run(cluster, 4 * LEADER_TTL);
        assert_true(sim_node_leads(node));
        assert_true(key_is_there(cluster));
        sim_cluster_free(cluster);
    }
}

static bool node_leads(void *userdata) {
    return sim_node_leads(userdata);
}

/* The store forgets that there ever was a key before the leader has heard of it in any way but as
 * the answer to its own request. */
static void leader_whose_key_came_and_went_unseen_leads_again(_unused_ void **state) {
    SimCluster *cluster = sim_cluster_new(1, 1);
    SimNode *node = &cluster->nodes[0];
    sim_cluster_boot(cluster);
    assert_true(sim_cluster_wait(cluster, key_is_there, cluster, LEADER_TTL));
    faulty_store_break_watches(node->link, -ECONNRESET);
    assert_true(sim_cluster_wait(cluster, node_leads, node, 50 * USEC_PER_MSEC));
    sim_node_cut_off(node, -ECONNRESET);
    sim_cluster_run(cluster, 2 * SIM_TTL);
    assert_false(key_is_there(cluster));
    memory_store_compact(cluster->store, sim_view_revision(cluster->view));
    sim_node_cut_off(node, 0);
    sim_cluster_run(cluster, SIM_TTL);
    assert_true(sim_node_leads(node));
    assert_true(key_is_there(cluster));
    sim_cluster_free(cluster);
}

/* The mirror of the key hears that it is gone, at a revision long past, before the lease does. */
static void leader_whose_store_lost_its_data_leads_again(void **state) {
    SimCluster *cluster = sim_cluster_new(1, 1);
    SimNode *node = &cluster->nodes[0];
    Store *empty;
    assert_int_equal(memory_store_new(cluster->store_loop, &empty), 0);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    engine_test_start(cluster, "a.service", SLEEPER);
    faulty_store_set_inner(node->link, empty);
    sim_cluster_run(cluster, 4 * LEADER_TTL);
    assert_true(sim_node_leads(node));
    StoreSync sync = cluster->sync;
    sync.store = empty;
    _cleanup_free_ char *leader = store_sync_get(&sync, "leader");
    assert_non_null(leader);
    sim_node_crash(node);
    faulty_store_set_inner(node->link, node->tap);
    store_free(empty);
    sim_cluster_free(cluster);
}

static int64_t leader_revision(SimCluster *cluster) {
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(store_sync_range(&cluster->sync, &(StoreRange){.key = "leader"}, &result), 0);
    assert_int_equal(result.n_entries, 1);
    return result.entries[0].mod_revision;
}

static void restore_as_another_history(Store *rewound, SimNode *node) {
    rewound_store_restore(rewound, node->tap);
}

static void rewind_revisions(Store *rewound, SimNode *node) {
    rewound_store_rewind(rewound);
}

/* Nobody's lease ran out, and units run on, but nothing that was learnt before counts. */
static void work_with_restored_store(int64_t ahead, void (*restore)(Store *, SimNode *)) {
    SimCluster *cluster = sim_cluster_new(1, 1);
    SimNode *node = &cluster->nodes[0];
    Store *rewound;
    assert_int_equal(rewound_store_new(node->tap, ahead, &rewound), 0);
    faulty_store_set_inner(node->link, rewound);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    engine_test_start(cluster, "a.service", SLEEPER);
    size_t n_touches = sim_count_touches(cluster);
    int64_t elected_revision = leader_revision(cluster);
    restore(rewound, node);
    faulty_store_break_watches(node->link, -ECONNRESET);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    assert_true(leader_revision(cluster) > elected_revision);
    engine_test_start(cluster, "b.service", SLEEPER);
    assert_true(sim_node_has(node, "a.service"));
    sim_node_crash(node);
    faulty_store_set_inner(node->link, node->tap);
    store_free(rewound);
    sim_cluster_free(cluster);
}

/* What was acknowledged lately is gone. */
static void store_that_was_restored_from_a_backup_is_worked_with(_unused_ void **state) {
    work_with_restored_store(1000, rewind_revisions);
}

/* Others have written so much meanwhile that revisions do not show it. */
static void store_that_has_come_further_since_it_was_restored_is_worked_with(
    _unused_ void **state) {
    work_with_restored_store(0, restore_as_another_history);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(crash_of_the_leader_is_made_good_after_its_lease),
        ENGINE_TEST(leader_that_stops_hands_over_at_once),
        ENGINE_TEST(restarted_leader_leads_on_without_waiting_for_its_old_lease),
        ENGINE_TEST(leader_that_was_paused_past_its_lease_writes_nothing),
        ENGINE_TEST(leader_that_is_cut_off_decides_nothing),
        cmocka_unit_test(leader_without_rivals_leads_again_after_any_absence),
        cmocka_unit_test(candidate_that_hears_of_its_election_last_is_a_candidate_again),
        cmocka_unit_test(leader_whose_key_came_and_went_unseen_leads_again),
        ENGINE_TEST(new_leader_that_saw_a_steady_store_waits_for_no_second_lease),
        ENGINE_TEST(machine_that_went_down_is_not_waited_for_by_the_next_leader),
        ENGINE_TEST(new_leader_that_has_just_come_gives_missing_machines_a_whole_lease_time),
        cmocka_unit_test(store_that_was_restored_from_a_backup_is_worked_with),
        cmocka_unit_test(store_that_has_come_further_since_it_was_restored_is_worked_with),
        cmocka_unit_test(leader_whose_store_lost_its_data_leads_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
