#include "fleetd/model/keys.h"
#include "fleetd/model/unit-file.h"
#include "tests/unit/engine-test.h"

static void put_garbage(SimCluster *cluster, const char *key) {
    static const char *const values[] = {"", "{", "[]", "null", "{\"hash\":7}", "\xff\xfe", "x"};
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        assert_int_equal(store_sync_put(&cluster->sync, key, values[i], 0), 0);
        sim_cluster_run(cluster, 50 * USEC_PER_MSEC);
    }
}

static void garbage_under_keys_is_skipped(void **state) {
    static const char *const keys[] = {
        "unit/bad.service",
        "unit/bad",
        "unit/",
        "unit/../x.service",
        "file/da39a3ee5e6b4b0d3255bfef95601890afd80700",
        "file/short",
        "machine/00000000000000000000000000000099",
        "machine/x",
        "metadata/00000000000000000000000000000001/",
        "metadata/00000000000000000000000000000001/a=b",
        "schedule/00000000000000000000000000000001/bad.service",
        "schedule/00000000000000000000000000000002/",
        "schedule/",
        "state/00000000000000000000000000000001/bad.service",
        "pending/bad.service",
        "future/thing",
        "",
        "zzz",
    };
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    size_t n_touches = sim_count_touches(cluster);
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        put_garbage(cluster, keys[i]);
    assert_non_null(sim_leader(cluster));
    assert_int_equal(sim_count_touches(cluster), n_touches);
    engine_test_start(cluster, "a.service", SLEEPER);
    sim_node_crash(sim_leader(cluster)); /* a new leader reads all of it at once */
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    engine_test_start(cluster, "b.service", SLEEPER);
}

static void garbage_over_a_unit_keeps_it_running_until_it_is_readable_again(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, "a.service", SLEEPER);
    size_t n_touches = sim_count_touches(cluster);
    put_garbage(cluster, "unit/a.service");
    sim_cluster_run(cluster, 30 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), node);
}

/* Its presence cannot be read, so it counts as missing; what was ordered there is placed anew. */
static void machine_that_is_not_readable_keeps_no_unit(void **state) {
    static const char id[] = "00000000000000000000000000000099";
    SimCluster *cluster = *state;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(SLEEPER, strlen(SLEEPER), hash), 0);
    Order order = {.machine_id = (char *) id,
                   .name = (char *) "a.service",
                   .hash = hash,
                   .desired = LAUNCH_STATE_LAUNCHED,
                   .reason = (char *) "an earlier leader said so"};
    _cleanup_free_ char *key = key_schedule(id, "a.service"), *machine = key_machine(id),
                        *value = order_format(&order);
    assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
    assert_int_equal(store_sync_put(&cluster->sync, machine, "{\"a newer\":\"form\"", 0), 0);
    sim_node_crash(sim_leader(cluster)); /* the next one finds it missing */
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 3 * SIM_TTL);
    assert_non_null(sim_where_runs(cluster, "a.service"));
}

static void metadata_without_measure_stops_nobody(void **state) {
    SimCluster *cluster = *state;
    for (unsigned i = 0; i < METADATA_PAIRS_MAX + 10; i++) {
        char key[32];
        snprintf(key, sizeof(key), "k%u", i);
        sim_set_metadata(cluster, &cluster->nodes[0], key, "v");
    }
    engine_test_start(cluster, "a.service", SLEEPER);
}

static void unit_is_placed_when_its_file_comes_after_it(void **state) {
    SimCluster *cluster = *state;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(SLEEPER, strlen(SLEEPER), hash), 0);
    Unit unit = {.name = (char *) "a.service", .hash = hash, .desired = LAUNCH_STATE_LAUNCHED};
    _cleanup_free_ char *value = unit_format(&unit), *file = key_file(hash);
    assert_int_equal(store_sync_put(&cluster->sync, "unit/a.service", value, 0), 0);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(sim_view_count_orders(cluster->view, "a.service"), 0);
    assert_int_equal(store_sync_put(&cluster->sync, file, SLEEPER, 0), 0);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_non_null(sim_where_runs(cluster, "a.service"));
}

static void file_that_is_not_what_its_hash_says_runs_nowhere(void **state) {
    SimCluster *cluster = *state;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(SLEEPER, strlen(SLEEPER), hash), 0);
    Unit unit = {.name = (char *) "a.service", .hash = hash, .desired = LAUNCH_STATE_LAUNCHED};
    _cleanup_free_ char *value = unit_format(&unit), *file = key_file(hash);
    assert_int_equal(store_sync_put(&cluster->sync, file, SLEEPER "# changed\n", 0), 0);
    assert_int_equal(store_sync_put(&cluster->sync, "unit/a.service", value, 0), 0);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "a.service"), 0);
}

/* What the API set wins over the machine's own. */
static void metadata_of_the_api_win_until_they_are_removed(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = &cluster->nodes[1];
    sim_node_stop(node);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(metadata_set(&node->machine.metadata, "zone", "a"), 0);
    sim_node_start(node);
    sim_cluster_run(cluster, USEC_PER_SEC);
    SimNode *where =
        engine_test_start(cluster, "a.service", SLEEPER "[X-Fleet]\nMachineMetadata=zone=a\n");
    assert_ptr_equal(where, node);
    sim_set_metadata(cluster, node, "zone", "b");
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "a.service"), 0);
    sim_set_metadata(cluster, node, "zone", NULL);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), node);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(garbage_under_keys_is_skipped),
        ENGINE_TEST(machine_that_is_not_readable_keeps_no_unit),
        ENGINE_TEST(metadata_without_measure_stops_nobody),
        ENGINE_TEST(garbage_over_a_unit_keeps_it_running_until_it_is_readable_again),
        ENGINE_TEST(unit_is_placed_when_its_file_comes_after_it),
        ENGINE_TEST(file_that_is_not_what_its_hash_says_runs_nowhere),
        ENGINE_TEST(metadata_of_the_api_win_until_they_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
