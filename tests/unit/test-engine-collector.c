#include "fleetd/base/strv.h"
#include "fleetd/model/unit-version.h"
#include "tests/unit/engine-test.h"

#define OTHER "[Service]\nExecStart=/bin/sleep 1d\n"

static size_t count_files(SimCluster *cluster) {
    return map_size(sim_view_all(cluster->view, KEY_FILE));
}

static void count_deletions(const StoreTxn *txn, _unused_ const StoreTxnResult *result,
                            void *userdata) {
    const SimNode *node = userdata;
    size_t *n = node->cluster->userdata;
    for (size_t i = 0; i < txn->n_writes; i++)
        *n += txn->writes[i].kind == STORE_DELETE && strncmp(txn->writes[i].key, "file/", 5) == 0;
}

static void file_that_nobody_uses_goes_after_a_while(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    engine_test_start(cluster, "b.service", OTHER);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, 30 * USEC_PER_SEC);
    assert_int_equal(count_files(cluster), 2);
    sim_cluster_run(cluster, 3 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), 1);
    assert_non_null(sim_view_file(cluster->view, sim_view_unit(cluster->view, "b.service")->hash));
}

static void file_that_another_unit_uses_stays(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web@1.service", SLEEPER);
    engine_test_start(cluster, "web@2.service", SLEEPER);
    sim_destroy(cluster, "web@1.service");
    sim_put(cluster, "web@2.service", NULL, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, 10 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), 1);
}

static void file_of_a_replaced_unit_stays_until_the_unit_goes(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    engine_test_start(cluster, "a.service", OTHER);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), 2);
    assert_string_equal(
        sim_view_file(cluster->view, sim_view_unit(cluster->view, "a.service")->hash), OTHER);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), 0);
}

/* Nobody could tell which it was. */
static void file_of_a_version_that_cannot_be_read_goes(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE);
    sim_put(cluster, "a.service", OTHER, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(store_sync_put(&cluster->sync, "version/a.service/1", "x", 0), 0);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), 1);
}

/* The request comes while the collector's deletion is on its way. */
static void file_that_is_used_anew_in_the_last_moment_stays(void **state) {
    for (usec_t usec = 55 * USEC_PER_SEC; usec < 3 * USEC_PER_MINUTE; usec += 500 * USEC_PER_MSEC) {
        SimCluster *cluster = *state;
        SimNode *leader = sim_leader(cluster);
        StoreFaults slow = {.latency_min_usec = 400 * USEC_PER_MSEC,
                            .latency_max_usec = 400 * USEC_PER_MSEC,
                            .timeout_usec = 5 * USEC_PER_SEC};
        faulty_store_set_faults(leader->link, &slow);
        sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE);
        sim_cluster_run(cluster, USEC_PER_SEC);
        sim_destroy(cluster, "a.service");
        sim_cluster_run(cluster, usec);
        sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        assert_int_equal(count_files(cluster), 1);
        assert_non_null(sim_where_runs(cluster, "a.service"));
        engine_test_teardown(state);
        engine_test_setup(state);
    }
}

/* The leader cannot be sure that it still leads just when it would look. */
static void file_goes_also_if_the_store_was_away_for_a_moment(void **state) {
    for (usec_t usec = 50 * USEC_PER_SEC; usec < 60 * USEC_PER_SEC; usec += 100 * USEC_PER_MSEC) {
        SimCluster *cluster = *state;
        sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE);
        sim_destroy(cluster, "a.service");
        sim_cluster_run(cluster, usec);
        sim_cluster_freeze_store(cluster);
        sim_cluster_run(cluster, 4800 * USEC_PER_MSEC); /* no watch breaks */
        sim_cluster_thaw_store(cluster);
        sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
        assert_int_equal(count_files(cluster), 0);
        engine_test_teardown(state);
        engine_test_setup(state);
    }
}

/* Ten of the files become too old. */
static void replace_often(SimCluster *cluster) {
    for (int i = 0; i < UNIT_VERSIONS_KEPT + 10; i++) {
        _cleanup_free_ char *text = str_printf("[Service]\nExecStart=/bin/sleep %d\n", i);
        assert_true(sim_put(cluster, "a.service", text, LAUNCH_STATE_INACTIVE) > 0);
        sim_cluster_run(cluster, USEC_PER_SEC);
    }
}

static bool a_file_went(void *userdata) {
    return *(size_t *) userdata > 0;
}

/* What happens while others are deleted makes no difference. */
static void file_stays_for_a_while_also_if_others_go_just_now(void **state) {
    SimCluster *cluster = *state;
    size_t n_deletions = 0;
    engine_test_start(cluster, "b.service", OTHER);
    replace_often(cluster);
    cluster->userdata = &n_deletions;
    cluster->on_txn = count_deletions;
    assert_true(sim_cluster_wait(cluster, a_file_went, &n_deletions, 5 * USEC_PER_MINUTE));
    sim_destroy(cluster, "b.service");
    sim_cluster_run(cluster, 50 * USEC_PER_SEC);
    assert_int_equal(count_files(cluster), UNIT_VERSIONS_KEPT + 1);
    sim_cluster_run(cluster, 3 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), UNIT_VERSIONS_KEPT);
}

static void many_files_go_one_after_another(void **state) {
    SimCluster *cluster = *state;
    replace_often(cluster);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), UNIT_VERSIONS_KEPT);
    sim_node_crash(sim_leader(cluster)); /* the next one counts anew */
    sim_cluster_run(cluster, 10 * USEC_PER_MINUTE);
    assert_int_equal(count_files(cluster), UNIT_VERSIONS_KEPT);
}

/* Requests pass, but what became of them is not heard of. */
static void file_is_not_deleted_again_and_again_while_no_watch_stands(void **state) {
    SimCluster *cluster = *state;
    SimNode *leader = sim_leader(cluster);
    StoreFaults deaf = {.timeout_usec = 5 * USEC_PER_SEC, .broken_watch_permille = 1000};
    size_t n_deletions = 0;
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, USEC_PER_SEC);
    cluster->userdata = &n_deletions;
    cluster->on_txn = count_deletions;
    faulty_store_set_faults(leader->link, &deaf);
    sim_cluster_run(cluster, 4 * USEC_PER_MINUTE);
    assert_in_range(n_deletions, 1, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(file_that_nobody_uses_goes_after_a_while),
        ENGINE_TEST(file_that_another_unit_uses_stays),
        ENGINE_TEST(file_of_a_replaced_unit_stays_until_the_unit_goes),
        ENGINE_TEST(file_of_a_version_that_cannot_be_read_goes),
        ENGINE_TEST(file_that_is_used_anew_in_the_last_moment_stays),
        ENGINE_TEST(file_goes_also_if_the_store_was_away_for_a_moment),
        ENGINE_TEST(file_is_not_deleted_again_and_again_while_no_watch_stands),
        ENGINE_TEST(file_stays_for_a_while_also_if_others_go_just_now),
        ENGINE_TEST(many_files_go_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
