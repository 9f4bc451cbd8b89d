/* What the leader writes of where units were, on a simulated cluster. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/past-placement.h"
#include "tests/unit/engine-test.h"

#define WEB "web.service"

/* NULL: nothing stands in that slot. The caller frees. */
static PastPlacement *past_of(SimCluster *cluster, const char *name, int64_t slot) {
    _cleanup_free_ char *key = key_past(name, slot);
    _cleanup_free_ char *value = store_sync_get(&cluster->sync, key);
    PastPlacement *past = NULL;
    if (value)
        assert_int_equal(past_placement_parse(value, strlen(value), &past, NULL), 0);
    return past;
}

static void assert_past(SimCluster *cluster, int64_t number, const SimNode *node, const char *why) {
    _cleanup_(past_placement_freep) PastPlacement *past =
        past_of(cluster, WEB, past_placement_slot(number));
    assert_non_null(past);
    assert_int_equal(past->number, number);
    assert_string_equal(past->machine_id, node->id);
    assert_non_null(strstr(past->why, why));
    assert_true(past->since_usec > 0);
    assert_true(past->since_usec <= past->until_usec);
    assert_true(past->until_usec <= loop_realtime(cluster->loop));
}

static const Order *order_of(SimCluster *cluster) {
    return sim_view_order(cluster->view, sim_where_ordered(cluster, WEB)->id, WEB);
}

static SimNode *drain(SimCluster *cluster, SimNode *node) {
    sim_maintain(cluster, node,
                 &(Maintenance){.machine_id = node->id, .is_draining = true, .since_usec = 1});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    sim_maintain(cluster, node, NULL);
    sim_cluster_run(cluster, USEC_PER_SEC);
    return sim_where_runs(cluster, WEB);
}

static void first_order_tells_since_when_and_of_no_past(void **state) {
    SimCluster *cluster = *state;
    usec_t before = loop_realtime(cluster->loop);
    engine_test_start(cluster, WEB, SLEEPER);
    const Order *order = order_of(cluster);
    assert_true(order->since_usec >= before);
    assert_int_equal(order->n_before, 0);
    assert_int_equal(order->version, 1);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_PAST)), 0);
}

/* As orders of an earlier version do, which count nothing; and so do those of a global unit whose
 * numbers are ten apart. */
static void placements_of_one_slot_end_together(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "all.service", SLEEPER "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(sim_view_count_orders(cluster->view, "all.service"), cluster->n_nodes);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const char *id = cluster->nodes[i].id;
        _cleanup_free_ char *key = key_schedule(id, "all.service");
        Order order = *sim_view_order(cluster->view, id, "all.service");
        order.since_usec = 0;
        order.n_before = 0;
        _cleanup_free_ char *value = order_format(&order);
        assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
    }
    sim_cluster_run(cluster, USEC_PER_SEC);
    sim_put(cluster, "all.service", NULL, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);
    assert_int_equal(sim_view_count_orders(cluster->view, "all.service"), 0);
    _cleanup_(past_placement_freep) PastPlacement *past = past_of(cluster, "all.service", 1);
    assert_non_null(past);
}

static void order_that_is_written_anew_is_the_same_placement(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, WEB, SLEEPER);
    usec_t since = order_of(cluster)->since_usec;
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    sim_put(cluster, WEB, SLEEPER, LAUNCH_STATE_LOADED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(order_of(cluster)->desired, LAUNCH_STATE_LOADED);
    assert_int_equal(order_of(cluster)->since_usec, since);
    assert_int_equal(order_of(cluster)->n_before, 0);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_PAST)), 0);
}

static void drained_unit_has_been_there(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, WEB, SLEEPER);
    SimNode *next = drain(cluster, node);
    assert_ptr_not_equal(next, node);
    assert_past(cluster, 1, node, "drained");
    assert_int_equal(order_of(cluster)->n_before, 1);
}

static bool is_elsewhere(void *userdata) {
    const SimNode *node = userdata;
    SimNode *where = sim_where_runs(node->cluster, WEB);
    return where && where != node;
}

/* The next leader counts on from what orders say. */
static void machine_that_is_gone_ends_it_also_under_the_next_leader(void **state) {
    SimCluster *cluster = *state;
    SimNode *first = engine_test_start(cluster, WEB, SLEEPER);
    SimNode *second = drain(cluster, first);
    sim_node_cut_power(second);
    assert_true(sim_cluster_wait(cluster, is_elsewhere, second, 5 * USEC_PER_MINUTE));
    assert_past(cluster, 1, first, "drained");
    assert_past(cluster, 2, second, "machine is gone");
    sim_node_boot(second);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_cluster_run(cluster, 2 * USEC_PER_MINUTE);
    sim_node_start(leader);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    int64_t n = order_of(cluster)->n_before;
    SimNode *last = sim_where_runs(cluster, WEB);
    assert_true(n >= 2);
    drain(cluster, last);
    assert_past(cluster, n + 1, last, "drained");
    assert_int_equal(order_of(cluster)->n_before, n + 1);
}

/* What waits has no order that could count. */
static void unit_that_waits_goes_on_counting(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, WEB, SLEEPER);
    _cleanup_free_ char *text = str_printf("%s[X-Fleet]\nMachineMetadata=disk=ssd\n", SLEEPER);
    sim_put(cluster, WEB, text, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_past(cluster, 1, node, "metadata disk is not set");
    assert_int_equal(sim_view_pending(cluster->view, WEB)->n_before, 1);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    sim_node_start(leader);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    sim_set_metadata(cluster, node, "disk", "ssd");
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(order_of(cluster)->n_before, 1);
}

static void last_ones_are_kept(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, WEB, SLEEPER);
    SimNode *was[PAST_PLACEMENTS_KEPT + 3] = {};
    for (size_t i = 1; i < ELEMENTSOF(was); i++) {
        was[i] = sim_where_runs(cluster, WEB);
        drain(cluster, was[i]);
    }
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_PAST)), PAST_PLACEMENTS_KEPT);
    for (size_t i = 3; i < ELEMENTSOF(was); i++)
        assert_past(cluster, (int64_t) i, was[i], "drained");
}

static void destroyed_unit_leaves_nothing_of_its_last_place(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, WEB, SLEEPER);
    sim_destroy(cluster, WEB);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    engine_test_expect_gone(cluster, WEB);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_PAST)), 0);
}

static void unloaded_unit_was_there_until_then(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, WEB, SLEEPER);
    sim_put(cluster, WEB, SLEEPER, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_past(cluster, 1, node, "unloaded");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(first_order_tells_since_when_and_of_no_past),
        ENGINE_TEST(order_that_is_written_anew_is_the_same_placement),
        ENGINE_TEST(placements_of_one_slot_end_together),
        ENGINE_TEST(drained_unit_has_been_there),
        ENGINE_TEST(machine_that_is_gone_ends_it_also_under_the_next_leader),
        ENGINE_TEST(unit_that_waits_goes_on_counting),
        ENGINE_TEST(last_ones_are_kept),
        ENGINE_TEST(destroyed_unit_leaves_nothing_of_its_last_place),
        ENGINE_TEST(unloaded_unit_was_there_until_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
