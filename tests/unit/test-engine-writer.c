/* Decisions on their way to the store, while the world changes. */
#include "fleetd/base/strv.h"
#include "tests/unit/engine-test.h"

#define SLOW_USEC (500 * USEC_PER_MSEC) /* of each way: within what etcd_request_timeout allows */

static void slow_down(SimNode *node) {
    StoreFaults slow = {.latency_min_usec = SLOW_USEC,
                        .latency_max_usec = SLOW_USEC,
                        .timeout_usec = 5 * USEC_PER_SEC};
    faulty_store_set_faults(node->link, &slow);
}

static bool presence_is_gone(void *userdata) {
    const SimNode *node = userdata;
    return !sim_view_machine(node->cluster->view, node->id);
}

/* Its presence ran out, and the order to move its units is on its way; it comes back so much after
 * its presence went. Either it keeps them, or it sees them gone before it acts. */
static void return_after(SimCluster *cluster, usec_t usec) {
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    const Order *order = NULL;
    const char *key;
    MAP_FOREACH (key, order, sim_view_all(cluster->view, KEY_SCHEDULE))
        if (streq(order->machine_id, node->id))
            break;
    _cleanup_free_ char *name = strdup(order->name);
    size_t n_stops = sim_node_count(node, FAKE_ACTION_STOP);

    slow_down(sim_leader(cluster));
    sim_node_cut_off(node, -ECONNREFUSED);
    assert_true(sim_cluster_wait(cluster, presence_is_gone, node, 2 * SIM_TTL));
    sim_cluster_run(cluster, usec);
    sim_node_cut_off(node, 0);
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);

    SimNode *where = sim_where_runs(cluster, name);
    assert_non_null(where);
    assert_ptr_equal(sim_where_ordered(cluster, name), where);
    if (where == node)
        assert_int_equal(sim_node_count(node, FAKE_ACTION_STOP), n_stops);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_SCHEDULE)), 3);
}

static void machine_that_returns_while_its_orders_are_taken_away_has_them_or_not(void **state) {
    for (usec_t usec = 0; usec <= 4 * SLOW_USEC; usec += SLOW_USEC / 10) {
        return_after(*state, usec);
        engine_test_teardown(state);
        engine_test_setup(state);
    }
}

static void machine_that_returns_before_the_decision_arrives_keeps_its_units(void **state) {
    SimCluster *cluster = *state;
    engine_test_start_many(cluster, 3);
    SimNode *node = engine_test_follower(cluster, NULL);
    slow_down(sim_leader(cluster));
    sim_node_crash(node);
    assert_true(sim_cluster_wait(cluster, presence_is_gone, node, 2 * SIM_TTL));
    sim_cluster_run(cluster, SLOW_USEC + SLOW_USEC / 2); /* the leader knows, and has decided */
    assert_int_equal(engine_test_count_orders_on(cluster, node), 1);
    sim_node_start(node);
    size_t n_touches = sim_count_touches(cluster);
    sim_cluster_run(cluster, 30 * USEC_PER_SEC);
    assert_int_equal(engine_test_count_orders_on(cluster, node), 1);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void plan_larger_than_a_transaction_is_written_whole(void **state) {
    SimCluster *cluster = *state;
    sim_node_crash(sim_leader(cluster)); /* whoever leads next decides on all of them at once */
    for (unsigned i = 0; i < 400; i++) {
        _cleanup_free_ char *name = str_printf("many@%u.service", i);
        assert_int_not_equal(sim_put(cluster, name, SLEEPER, LAUNCH_STATE_LAUNCHED), 0);
    }
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        n += fake_systemd_count_running(cluster->nodes[i].systemd);
    assert_int_equal(n, 400);
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_SCHEDULE)), 400);
}

static int64_t order_created(const StoreRangeResult *orders, const char *name) {
    for (size_t i = 0; i < orders->n_entries; i++)
        if (streq(strrchr(orders->entries[i].key, '/') + 1, name))
            return orders->entries[i].create_revision;
    fail_msg("no order for %s", name);
    return 0;
}

/* Whatever becomes of the leader between two of its transactions, nothing stands in the store that
 * rests on what does not: so what was decided last is not written before what was decided first. */
static void followers_are_not_ordered_before_the_unit_that_they_follow(void **state) {
    SimCluster *cluster = *state;
    _cleanup_range_ StoreRangeResult orders = {};
    const StoreRange range = {.key = "schedule/", .is_prefix = true};
    StoreFaults slow = {.latency_max_usec = SLOW_USEC, .timeout_usec = 5 * USEC_PER_SEC};
    sim_node_crash(sim_leader(cluster)); /* whoever leads next decides on all of them at once */
    assert_int_not_equal(sim_put(cluster, "main.service", SLEEPER, LAUNCH_STATE_LAUNCHED), 0);
    for (unsigned i = 0; i < 400; i++) {
        _cleanup_free_ char *name = str_printf("follower@%u.service", i);
        assert_int_not_equal(sim_put(cluster, name, SLEEPER "[X-Fleet]\nMachineOf=main.service\n",
                                     LAUNCH_STATE_LAUNCHED),
                             0);
    }
    for (size_t i = 0; i < cluster->n_nodes; i++)
        faulty_store_set_faults(cluster->nodes[i].link, &slow);
    sim_cluster_run(cluster, 60 * USEC_PER_SEC);
    assert_int_equal(store_sync_range(&cluster->sync, &range, &orders), 0);
    assert_int_equal(orders.n_entries, 401);
    int64_t created = order_created(&orders, "main.service");
    for (size_t i = 0; i < orders.n_entries; i++)
        assert_true(orders.entries[i].create_revision >= created);
}

static void decision_whose_answer_is_lost_is_looked_up_anew(void **state) {
    SimCluster *cluster = *state;
    StoreFaults faults = {.timeout_usec = USEC_PER_SEC, .lost_answer_permille = 300};
    faulty_store_set_faults(sim_leader(cluster)->link, &faults);
    for (size_t i = 0; i < 20; i++) {
        _cleanup_free_ char *name = str_printf("u%zu.service", i);
        assert_int_not_equal(sim_put(cluster, name, SLEEPER, LAUNCH_STATE_LAUNCHED), 0);
        engine_test_run_single(cluster, name, 30 * USEC_PER_SEC);
        assert_non_null(sim_where_runs(cluster, name));
    }
}

static bool has_two_orders(void *userdata) {
    SimCluster *cluster = userdata;
    const char *name;
    _unused_ const Unit *unit;
    MAP_FOREACH (name, unit, sim_view_all(cluster->view, KEY_UNIT))
        if (sim_view_count_orders(cluster->view, name) > 1)
            return true;
    return false;
}

/* Its sender has given it up, and has decided otherwise since. */
static void decision_that_arrives_too_late_has_no_effect(void **state) {
    SimCluster *cluster = *state;
    SimNode *first = &cluster->nodes[0], *second = &cluster->nodes[1];
    Store *way = sim_leader(cluster)->way;
    for (size_t i = 0; i < 10; i++) { /* how much too late, is up to chance */
        _cleanup_free_ char *name = str_printf("a%zu.service", i);
        sim_set_metadata(cluster, first, "disk", "ssd");
        sim_set_metadata(cluster, second, "disk", NULL);
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        tap_store_set_late(way, 1000, 2 * USEC_PER_SEC);
        sim_put(cluster, name, SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\n",
                LAUNCH_STATE_LAUNCHED);
        sim_cluster_run(cluster, USEC_PER_SEC);
        tap_store_set_late(way, 0, 2 * USEC_PER_SEC);
        sim_set_metadata(cluster, second, "disk", "ssd");
        sim_set_metadata(cluster, first, "disk", NULL);
        assert_false(sim_cluster_wait(cluster, has_two_orders, cluster, 10 * USEC_PER_SEC));
        assert_ptr_equal(sim_where_runs(cluster, name), second);
    }
}

/* The decision to give the unit to the second machine was lost. What the engine thought to have
 * written must not be what it goes on from. */
static void event_after_a_lost_decision_is_not_decided_on_before_all_is_looked_up(void **state) {
    SimCluster *cluster = *state;
    SimNode *first = engine_test_follower(cluster, NULL), *second = sim_leader(cluster);
    static const char text[] = SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\n";
    fake_script_set_behaviour(fake_systemd_script(first->systemd), "a.service",
                              &(FakeBehaviour){.stop_usec = 5 * USEC_PER_SEC});
    sim_set_metadata(cluster, first, "disk", "ssd");
    engine_test_start(cluster, "a.service", text);
    sim_set_metadata(cluster, first, "disk", NULL);
    sim_set_metadata(cluster, second, "disk", "ssd");
    sim_cluster_run(cluster, 4900 * USEC_PER_MSEC);
    StoreFaults faults = {.timeout_usec = USEC_PER_SEC, .lost_request_permille = 1000};
    faulty_store_set_faults(second->link, &faults);
    sim_cluster_run(cluster, 200 * USEC_PER_MSEC); /* it stops, and what is decided then is lost */
    faulty_store_set_faults(second->link, &(StoreFaults){.timeout_usec = USEC_PER_SEC});
    sim_cluster_run(cluster, 1000 * USEC_PER_MSEC); /* that is found out */
    assert_ptr_equal(sim_where_ordered(cluster, "a.service"), first);
    sim_put(cluster, "a.service", text, LAUNCH_STATE_LAUNCHED);
    assert_false(sim_cluster_wait(cluster, has_two_orders, cluster, 20 * USEC_PER_SEC));
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(machine_that_returns_while_its_orders_are_taken_away_has_them_or_not),
        ENGINE_TEST(machine_that_returns_before_the_decision_arrives_keeps_its_units),
        ENGINE_TEST(plan_larger_than_a_transaction_is_written_whole),
        ENGINE_TEST(followers_are_not_ordered_before_the_unit_that_they_follow),
        ENGINE_TEST(decision_whose_answer_is_lost_is_looked_up_anew),
        ENGINE_TEST(event_after_a_lost_decision_is_not_decided_on_before_all_is_looked_up),
        ENGINE_TEST(decision_that_arrives_too_late_has_no_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
