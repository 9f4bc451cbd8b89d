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
        "version/bad.service/1",
        "version/bad.service/",
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

#define ZONED SLEEPER "[X-Fleet]\nMachineMetadata=zone=a\n"

typedef char *(*KeyOf)(const SimNode *node);

static char *unit_of(_unused_ const SimNode *node) {
    return key_unit("a.service");
}

static char *file_of(_unused_ const SimNode *node) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(ZONED, strlen(ZONED), hash), 0);
    return key_file(hash);
}

static char *machine_of(const SimNode *node) {
    return key_machine(node->id);
}

static char *metadata_of(const SimNode *node) {
    return key_metadata(node->id, "zone");
}

static char *order_of(const SimNode *node) {
    return key_schedule(node->id, "a.service");
}

static char *state_of(const SimNode *node) {
    return key_state(node->id, "a.service");
}

static char *pending_of(_unused_ const SimNode *node) {
    return key_pending("a.service");
}

static char *leader_of(_unused_ const SimNode *node) {
    return strdup(KEY_LEADER_TEXT);
}

static char *cluster_of(_unused_ const SimNode *node) {
    return strdup(KEY_CLUSTER_TEXT);
}

static char *orphan_of(const SimNode *node) {
    return key_orphan(node->id, "a.service");
}

static char *maintenance_of(const SimNode *node) {
    return key_maintenance(node->id);
}

static char *reboot_of(const SimNode *node) {
    return key_reboot(node->id);
}

/* Whoever leads now, and whoever leads next and reads all of it at once. */
static void assert_untouched_by_garbage(SimCluster *cluster, const SimNode *node, const char *key) {
    size_t n_touches = sim_count_touches(cluster);
    if (strncmp(key, "metadata/", strlen("metadata/")) != 0) /* of which nearly all is good */
        put_garbage(cluster, key);
    assert_int_equal(store_sync_put(&cluster->sync, key, "\xff\xfe", 0), 0);
    sim_cluster_run(cluster, 3 * SIM_TTL);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    SimNode *leader = sim_leader(cluster);
    assert_non_null(leader);
    sim_node_crash(leader);
    sim_node_start(leader);
    sim_cluster_run(cluster, 3 * SIM_TTL);
    if (sim_count_touches(cluster) != n_touches)
        fail_msg("a unit was touched: '%s'", key);
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), node);
    assert_int_equal(sim_count_running(cluster, "a.service"), 1);
}

/* As the API would, which reads the store itself. */
static void put_loaded_unit(SimCluster *cluster) {
    _cleanup_free_ char *unit = unit_of(NULL), *file = file_of(NULL);
    _cleanup_free_ char *value =
        unit_format(&(Unit){.hash = file + strlen("file/"), .desired = LAUNCH_STATE_LOADED});
    assert_int_equal(store_sync_put(&cluster->sync, file, ZONED, 0), 0);
    assert_int_equal(store_sync_put(&cluster->sync, unit, value, 0), 0);
}

static void garbage_over_anything_touches_no_unit(_unused_ void **state) {
    static const KeyOf keys[] = {unit_of,    file_of,   machine_of,     metadata_of,
                                 order_of,   state_of,  pending_of,     leader_of,
                                 cluster_of, orphan_of, maintenance_of, reboot_of};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        SimCluster *cluster = sim_cluster_new(3, i + 1);
        sim_cluster_boot(cluster);
        sim_cluster_run(cluster, 3 * SIM_TTL); /* so that all is known that takes its time */
        sim_set_metadata(cluster, &cluster->nodes[1], "zone", "a");
        sim_cluster_run(cluster, USEC_PER_SEC);
        SimNode *node = engine_test_start(cluster, "a.service", ZONED);
        _cleanup_free_ char *key = keys[i](node);
        assert_untouched_by_garbage(cluster, node, key);
        engine_test_start(cluster, "b.service", SLEEPER); /* and the others go on */
        sim_set_metadata(cluster, node, "zone", "a");
        put_loaded_unit(cluster); /* is repaired, and goes on */
        sim_cluster_run(cluster, 3 * SIM_TTL);
        if (sim_count_running(cluster, "a.service") != 0)
            fail_msg("it is not repaired: '%s'", key);
        sim_cluster_free(cluster);
    }
}

static void engines_own_keys_are_written_anew(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, "a.service", SLEEPER);
    sim_put(cluster, "w.service", SLEEPER "[X-Fleet]\nMachineMetadata=no=where\n",
            LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    static const char pending[] = "pending/w.service";
    _cleanup_free_ char *order = order_of(node);
    const char *const keys[] = {order, pending};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        put_garbage(cluster, keys[i]);
        sim_cluster_run(cluster, USEC_PER_SEC);
        _cleanup_free_ char *value = store_sync_get(&cluster->sync, keys[i]);
        assert_non_null(strstr(value, "unitRevision"));
    }
    put_garbage(cluster, "pending/nobody.service");
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_null(store_sync_get(&cluster->sync, "pending/nobody.service"));
}

static void garbage_order_elsewhere_starts_no_second_unit(void **state) {
    SimCluster *cluster = *state;
    const SimNode *node = engine_test_start(cluster, "a.service", SLEEPER);
    size_t n_touches = sim_count_touches(cluster);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        _cleanup_free_ char *key = order_of(&cluster->nodes[i]);
        if (&cluster->nodes[i] == node)
            continue;
        put_garbage(cluster, key);
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        assert_null(store_sync_get(&cluster->sync, key));
    }
    put_garbage(cluster, "schedule/00000000000000000000000000000099/a.service");
    sim_cluster_run(cluster, 3 * SIM_TTL);
    assert_null(
        store_sync_get(&cluster->sync, "schedule/00000000000000000000000000000099/a.service"));
    assert_int_equal(sim_count_touches(cluster), n_touches);
    assert_int_equal(sim_count_running(cluster, "a.service"), 1);
}

/* Its own file must still be there when somebody repairs it. */
/* What is there cannot be told, but that it is: it is placed nowhere else, and can be taken over.
 */
static void garbage_orphan_is_a_unit_that_is_there(void **state) {
    SimCluster *cluster = *state;
    _cleanup_free_ char *key = key_orphan(cluster->nodes[2].id, "a.service");
    put_garbage(cluster, key);
    sim_cluster_run(cluster, USEC_PER_SEC);
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_ordered(cluster, "a.service"), &cluster->nodes[2]);
    assert_int_equal(sim_count_running(cluster, "a.service"), 1);
}

static void no_file_is_collected_while_a_unit_cannot_be_read(void **state) {
    SimCluster *cluster = *state;
    sim_set_metadata(cluster, &cluster->nodes[1], "zone", "a");
    engine_test_start(cluster, "a.service", ZONED);
    _cleanup_free_ char *file = file_of(NULL),
                        *good = store_sync_get(&cluster->sync, "unit/a.service");
    put_garbage(cluster, "unit/a.service");
    sim_cluster_run(cluster, 300 * USEC_PER_SEC);
    _cleanup_free_ char *text = store_sync_get(&cluster->sync, file);
    assert_non_null(text);
    assert_int_equal(store_sync_put(&cluster->sync, "unit/a.service", good, 0), 0);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "a.service"), 1);
}

/* Nobody leads by a key that nothing will ever take away. */
static void leader_key_of_nobody_is_taken_over(void **state) {
    static const char *const values[] = {"{\"machineID\":\"00000000000000000000000000000099\"}",
                                         "garbage"};
    SimCluster *cluster = *state;
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        assert_int_equal(store_sync_put(&cluster->sync, "leader", values[i], 0), 0);
        sim_cluster_run(cluster, 2 * USEC_PER_SEC);
        assert_non_null(sim_leader(cluster));
    }
    engine_test_start(cluster, "a.service", SLEEPER);
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
        cmocka_unit_test(garbage_over_anything_touches_no_unit),
        ENGINE_TEST(engines_own_keys_are_written_anew),
        ENGINE_TEST(garbage_order_elsewhere_starts_no_second_unit),
        ENGINE_TEST(garbage_orphan_is_a_unit_that_is_there),
        ENGINE_TEST(no_file_is_collected_while_a_unit_cannot_be_read),
        ENGINE_TEST(leader_key_of_nobody_is_taken_over),
        ENGINE_TEST(unit_is_placed_when_its_file_comes_after_it),
        ENGINE_TEST(file_that_is_not_what_its_hash_says_runs_nowhere),
        ENGINE_TEST(metadata_of_the_api_win_until_they_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
