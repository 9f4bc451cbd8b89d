/* Units that fail, on a simulated cluster: on some machine their process ends as it is told to. */
#include "fleetd/base/strv.h"
#include "fleetd/model/failures.h"
#include "fleetd/model/keys.h"
#include "tests/unit/engine-test.h"

#define FILE_TEXT SLEEPER "Restart=on-failure\n"
#define NAME "a.service"

/* Its start is done, and a moment later it is failed, as after its last restart by systemd. */
static void set_broken(SimNode *node, bool is_broken) {
    const FakeBehaviour behaviour = {.life_usec = is_broken ? 100 * USEC_PER_MSEC : 0};
    assert_int_equal(
        fake_script_set_behaviour(fake_systemd_script(node->systemd), NAME, &behaviour), 0);
}

static Failures *failures_of(SimCluster *cluster) {
    _cleanup_free_ char *key = key_failures(NAME);
    _cleanup_free_ char *value = store_sync_get(&cluster->sync, key);
    Failures *failures = NULL;
    if (value)
        assert_int_equal(failures_parse(NAME, value, strlen(value), &failures, NULL), 0);
    return failures;
}

static uint64_t count_failures(SimCluster *cluster) {
    _cleanup_(failures_freep) Failures *failures = failures_of(cluster);
    return failures_count(failures);
}

static usec_t next_try(SimCluster *cluster) {
    _cleanup_(failures_freep) Failures *failures = failures_of(cluster);
    const FailurePlace *next = failures_next(failures);
    return next ? next->next_usec : 0;
}

/* Where it is, and fails from now on. */
static SimNode *start_and_break(SimCluster *cluster, const char *text) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        set_broken(&cluster->nodes[i], true);
    assert_int_not_equal(sim_put(cluster, NAME, text, LAUNCH_STATE_LAUNCHED), 0);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    SimNode *node = sim_where_ordered(cluster, NAME);
    assert_non_null(node);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        set_broken(&cluster->nodes[i], &cluster->nodes[i] == node);
    return node;
}

static void unit_that_fails_is_tried_elsewhere_after_a_while(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_break(cluster, FILE_TEXT);
    assert_int_equal(count_failures(cluster), 1);
    assert_true(next_try(cluster) > loop_realtime(cluster->loop) + 27 * USEC_PER_SEC);
    sim_cluster_run(cluster, 26 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_ordered(cluster, NAME), node);
    engine_test_run_single(cluster, NAME, 5 * USEC_PER_SEC);
    SimNode *next = sim_where_runs(cluster, NAME);
    assert_non_null(next);
    assert_ptr_not_equal(next, node);
    assert_int_equal(count_failures(cluster), 1);
    assert_int_equal(next_try(cluster), 0);
    sim_cluster_run(cluster, 10 * USEC_PER_MINUTE);
    assert_int_equal(count_failures(cluster), 0);
    assert_ptr_equal(sim_where_runs(cluster, NAME), next);
}

static void unit_whose_author_wants_no_retries_is_left(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_break(cluster, SLEEPER);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    assert_int_equal(count_failures(cluster), 0);
    assert_ptr_equal(sim_where_ordered(cluster, NAME), node);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_START), 1);
}

static void next_leader_keeps_the_time(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_break(cluster, FILE_TEXT);
    usec_t next = next_try(cluster);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    sim_node_crash(sim_leader(cluster));
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(next_try(cluster), next);
    assert_ptr_equal(sim_where_ordered(cluster, NAME), node);
    engine_test_run_single(cluster, NAME, 15 * USEC_PER_SEC);
    assert_ptr_not_equal(sim_where_runs(cluster, NAME), node);
    assert_non_null(sim_where_runs(cluster, NAME));
}

static void unit_that_fits_on_one_machine_is_tried_there_again(void **state) {
    SimCluster *cluster = *state;
    _cleanup_free_ char *text =
        str_printf("%s[X-Fleet]\nMachineID=%s\n", FILE_TEXT, cluster->nodes[1].id);
    SimNode *node = start_and_break(cluster, text);
    assert_ptr_equal(node, &cluster->nodes[1]);
    set_broken(node, false);
    sim_cluster_run(cluster, 32 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, NAME), node);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_START), 2);
    assert_int_equal(count_failures(cluster), 1);
}

static void delays_grow(void **state) {
    SimCluster *cluster = *state;
    _cleanup_free_ char *text =
        str_printf("%s[X-Fleet]\nMachineID=%s\n", FILE_TEXT, cluster->nodes[1].id);
    SimNode *node = start_and_break(cluster, text);
    sim_cluster_run(cluster, (30 + 60 + 120 + 240 + 10) * USEC_PER_SEC);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_START), 5);
    assert_int_equal(count_failures(cluster), 5);
}

static void global_unit_is_started_anew_where_it_failed(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = &cluster->nodes[2];
    set_broken(node, true);
    sim_put(cluster, NAME, FILE_TEXT "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    assert_int_equal(count_failures(cluster), 1);
    set_broken(node, false);
    sim_cluster_run(cluster, 32 * USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, NAME), 3);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_START), 2);
    assert_int_equal(sim_node_count(&cluster->nodes[0], FAKE_ACTION_START), 1);
}

/* systemd restarts it by itself, again and again. */
static void unit_that_goes_in_a_circle_is_left_to_systemd(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, NAME, FILE_TEXT);
    for (size_t i = 0; i < 40; i++) {
        fake_systemd_set_state(node->systemd, NAME, "failed", "failed", "exit-code");
        sim_cluster_run(cluster, 300 * USEC_PER_MSEC);
        fake_systemd_set_state(node->systemd, NAME, "active", "running", "success");
        sim_cluster_run(cluster, 300 * USEC_PER_MSEC);
    }
    assert_int_equal(count_failures(cluster), 0);
    assert_ptr_equal(sim_where_runs(cluster, NAME), node);
}

/* What passes is no failure, also where one has passed before. */
static void each_failure_has_its_moment_to_pass(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, NAME, FILE_TEXT);
    for (size_t i = 0; i < 3; i++) {
        fake_systemd_set_state(node->systemd, NAME, "failed", "failed", "exit-code");
        sim_cluster_run(cluster, 300 * USEC_PER_MSEC);
        fake_systemd_set_state(node->systemd, NAME, "active", "running", "success");
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        assert_int_equal(count_failures(cluster), 0);
    }
}

static void destroyed_unit_leaves_nothing_behind(void **state) {
    SimCluster *cluster = *state;
    start_and_break(cluster, FILE_TEXT);
    assert_int_equal(count_failures(cluster), 1);
    sim_destroy(cluster, NAME);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(count_failures(cluster), 0);
    engine_test_expect_gone(cluster, NAME);
}

static void record_that_cannot_be_read_is_written_anew(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = start_and_break(cluster, FILE_TEXT);
    assert_int_equal(store_sync_put(&cluster->sync, "failures/" NAME, "garbage", 0), 0);
    assert_int_equal(store_sync_put(&cluster->sync, "failures/other.service", "garbage", 0), 0);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    assert_int_equal(count_failures(cluster), 1);
    _cleanup_free_ char *other = store_sync_get(&cluster->sync, "failures/other.service");
    assert_null(other);
    sim_cluster_run(cluster, 32 * USEC_PER_SEC);
    assert_ptr_not_equal(sim_where_runs(cluster, NAME), node);
    assert_non_null(sim_where_runs(cluster, NAME));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(unit_that_fails_is_tried_elsewhere_after_a_while),
        ENGINE_TEST(unit_whose_author_wants_no_retries_is_left),
        ENGINE_TEST(next_leader_keeps_the_time),
        ENGINE_TEST(unit_that_fits_on_one_machine_is_tried_there_again),
        ENGINE_TEST(delays_grow),
        ENGINE_TEST(global_unit_is_started_anew_where_it_failed),
        ENGINE_TEST(unit_that_goes_in_a_circle_is_left_to_systemd),
        ENGINE_TEST(each_failure_has_its_moment_to_pass),
        ENGINE_TEST(destroyed_unit_leaves_nothing_behind),
        ENGINE_TEST(record_that_cannot_be_read_is_written_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
