/* A whole cluster whose store forgets everything: nothing that runs is touched, also not when it is
 * taken back. */
#include "fleetd/model/keys.h"
#include "tests/sim/sim-cluster.h"
#include "tests/unit/cmocka-test.h"

#define SLEEPER "[Service]\nExecStart=/bin/sleep infinity\n"
#define OTHER "[Service]\nExecStart=/bin/sleep 1d\n"
#define FOLLOWER SLEEPER "[X-Fleet]\nMachineOf=a.service\n"
#define GLOBAL SLEEPER "[X-Fleet]\nGlobal=true\n"

static const struct {
    const char *name, *text;
} units[] = {
    {"a.service", SLEEPER}, {"b.service", FOLLOWER}, {"c.service", SLEEPER}, {"g.service", GLOBAL}};

static void forget_everything(SimCluster *cluster) {
    StoreWrite write = {.kind = STORE_DELETE_PREFIX, .key = ""};
    StoreTxn txn = {.writes = &write, .n_writes = 1};
    StoreTxnResult result;
    assert_int_equal(store_sync_txn(&cluster->sync, &txn, &result), 0);
    assert_true(result.has_changed);
}

static void put_all(SimCluster *cluster) {
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        sim_put(cluster, units[i].name, units[i].text, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
}

static SimCluster *start(void) {
    SimCluster *cluster = sim_cluster_new(3, 1);
    sim_cluster_boot(cluster);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    put_all(cluster);
    return cluster;
}

static size_t count_orphans(SimCluster *cluster, const char *name) {
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        _cleanup_free_ char *key = key_orphan(cluster->nodes[i].id, name);
        _cleanup_free_ char *value = store_sync_get(&cluster->sync, key);
        n += value != NULL;
    }
    return n;
}

static void nothing_is_touched_and_all_can_be_had_back(_unused_ void **state) {
    SimCluster *cluster = start();
    SimNode *places[ELEMENTSOF(units)];
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        places[i] = sim_where_runs(cluster, units[i].name);
    size_t n_touches = sim_count_touches(cluster);
    forget_everything(cluster);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_orphans(cluster, units[i].name), 1);
    assert_int_equal(count_orphans(cluster, "g.service"), 3);

    put_all(cluster);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(sim_where_ordered(cluster, units[i].name), places[i]);
        assert_int_equal(count_orphans(cluster, units[i].name), 0);
    }
    assert_int_equal(count_orphans(cluster, "g.service"), 0);

    sim_destroy(cluster, "c.service"); /* it is as any other again */
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, "c.service"), 0);
    sim_cluster_free(cluster);
}

static bool all_are_listed(void *userdata) {
    SimCluster *cluster = userdata;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (!sim_view_machine(cluster->view, cluster->nodes[i].id))
            return false;
    return true;
}

#define STEP_USEC (10 * USEC_PER_MSEC)

/* Under fleetds that run on; or that come back; or once more, when orphans were told of. */
static void lose_in_one_of_three_ways(SimCluster *cluster, size_t way) {
    for (size_t i = 0; way % 3 == 1 && i < cluster->n_nodes; i++)
        sim_node_crash(&cluster->nodes[i]);
    forget_everything(cluster);
    for (size_t i = 0; way % 3 == 1 && i < cluster->n_nodes; i++)
        sim_node_start(&cluster->nodes[i]);
    if (way % 3 == 2) {
        sim_cluster_run(cluster, USEC_PER_MINUTE);
        forget_everything(cluster);
    }
}

/* A machine is listed before it has said what it has. */
static void nobody_has_to_wait_for_more_than_the_machines(_unused_ void **state) {
    const StoreFaults slow = {.latency_min_usec = 5 * USEC_PER_MSEC,
                              .latency_max_usec = 40 * USEC_PER_MSEC,
                              .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
    for (usec_t delay = 0; delay < USEC_PER_SEC; delay += STEP_USEC) {
        SimCluster *cluster = start();
        for (size_t i = 0; i < cluster->n_nodes; i++)
            faulty_store_set_faults(cluster->nodes[i].link, &slow);
        size_t n_touches = sim_count_touches(cluster);
        lose_in_one_of_three_ways(cluster, delay / STEP_USEC);
        assert_true(sim_cluster_wait(cluster, all_are_listed, cluster, USEC_PER_MINUTE));
        sim_cluster_run(cluster, delay);
        put_all(cluster);
        assert_int_equal(sim_count_touches(cluster), n_touches);
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
            assert_int_equal(count_orphans(cluster, units[i].name), 0);
        sim_cluster_free(cluster);
    }
}

static void fleetd_may_restart_meanwhile(_unused_ void **state) {
    SimCluster *cluster = start();
    size_t n_touches = sim_count_touches(cluster);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_crash(&cluster->nodes[i]);
    forget_everything(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_start(&cluster->nodes[i]);
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    put_all(cluster);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    sim_cluster_free(cluster);
}

static void another_file_replaces_it_where_it_is(_unused_ void **state) {
    SimCluster *cluster = start();
    const SimNode *place = sim_where_runs(cluster, "a.service");
    forget_everything(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    sim_put(cluster, "a.service", OTHER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "a.service"), place);
    assert_string_equal(fake_systemd_text(place->systemd, "a.service"), OTHER);
    sim_cluster_free(cluster);
}

/* It runs wherever its machine is, but never on two at once; the simulator would say so. */
static void machine_that_comes_late_gives_way(_unused_ void **state) {
    SimCluster *cluster = start();
    SimNode *late = sim_where_runs(cluster, "c.service");
    sim_node_crash(late);
    forget_everything(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    sim_put(cluster, "c.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_running(cluster, "c.service"), 2); /* nobody can know */
    sim_node_start(late);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_running(cluster, "c.service"), 1);
    assert_false(fake_systemd_is_running(late->systemd, "c.service"));
    sim_cluster_free(cluster);
}

#define ONCE SLEEPER "TimeoutStopSec=5s\n[X-Fleet]\nStopAfterDisconnect=30s\n"
#define ONCE_NAME "once.service"

static void expect_waiting_for(SimCluster *cluster, const char *name, const SimNode *node) {
    const Pending *pending = sim_view_pending(cluster->view, name);
    assert_null(sim_where_ordered(cluster, name));
    assert_non_null(pending);
    assert_non_null(strstr(pending->summary, node->id));
    assert_non_null(strstr(pending->summary, "has not said yet"));
}

/* One machine without a systemd does not hold up all the others, but for what must never run twice.
 */
static void machine_that_cannot_tell_is_waited_for_in_vain(_unused_ void **state) {
    SimCluster *cluster = start();
    sim_put(cluster, ONCE_NAME, ONCE, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    SimNode *silent = sim_where_runs(cluster, ONCE_NAME);
    sim_node_crash(silent);
    fake_systemd_set_connected(silent->systemd, false);
    forget_everything(cluster);
    sim_node_start(silent);
    assert_true(sim_cluster_wait(cluster, all_are_listed, cluster, USEC_PER_MINUTE));
    sim_put(cluster, "new.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    sim_put(cluster, ONCE_NAME, ONCE, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, SIM_TTL - USEC_PER_SEC);
    expect_waiting_for(cluster, "new.service", silent);
    expect_waiting_for(cluster, ONCE_NAME, silent);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_non_null(sim_where_runs(cluster, "new.service"));
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    expect_waiting_for(cluster, ONCE_NAME, silent);
    assert_int_equal(sim_count_running(cluster, ONCE_NAME), 0); /* its guard has seen to that */

    fake_systemd_set_connected(silent->systemd, true);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_ptr_equal(sim_where_runs(cluster, ONCE_NAME), silent);
    sim_cluster_free(cluster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_touched_and_all_can_be_had_back),
        cmocka_unit_test(nobody_has_to_wait_for_more_than_the_machines),
        cmocka_unit_test(fleetd_may_restart_meanwhile),
        cmocka_unit_test(another_file_replaces_it_where_it_is),
        cmocka_unit_test(machine_that_comes_late_gives_way),
        cmocka_unit_test(machine_that_cannot_tell_is_waited_for_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
