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

static size_t count_listed(const SimCluster *cluster) {
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        n += sim_view_machine(cluster->view, cluster->nodes[i].id) != NULL;
    return n;
}

static bool all_are_listed(void *userdata) {
    const SimCluster *cluster = userdata;
    return count_listed(cluster) == cluster->n_nodes;
}

static bool none_is_listed(void *userdata) {
    return count_listed(userdata) == 0;
}

static void forget_everything(SimCluster *cluster) {
    sim_cluster_lose_store(cluster, false);
    assert_true(sim_cluster_wait(cluster, none_is_listed, cluster, USEC_PER_SEC));
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

#define STEP_USEC (200 * USEC_PER_MSEC)

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

/* Who is far away needs long for what it does between two others' steps. */
static void spread_out(SimCluster *cluster, size_t first) {
    static const usec_t latencies[] = {USEC_PER_MSEC, 40 * USEC_PER_MSEC, 300 * USEC_PER_MSEC};
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        usec_t latency = latencies[(first + i) % ELEMENTSOF(latencies)];
        StoreFaults faults = {.latency_min_usec = latency / 2,
                              .latency_max_usec = latency,
                              .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};
        faulty_store_set_faults(cluster->nodes[i].link, &faults);
    }
}

#define N_PINNED 4

/* Units that can be nowhere else, and make the machine the last one that others are placed on. */
static void pin_units(SimCluster *cluster, const SimNode *node) {
    for (int i = 0; i < N_PINNED; i++) {
        char name[24], text[sizeof(SLEEPER) + 80];
        (void) snprintf(name, sizeof(name), "pinned%d.service", i);
        (void) snprintf(text, sizeof(text), SLEEPER "[X-Fleet]\nMachineID=%s\n", node->id);
        sim_put(cluster, name, text, LAUNCH_STATE_LAUNCHED);
    }
}

/* Who finds a machine in the store finds there what it has. */
static void nobody_has_to_wait_for_more_than_the_machines(_unused_ void **state) {
    for (size_t i = 0; i < 90; i++) {
        SimCluster *cluster = start();
        const SimNode *busy = sim_where_runs(cluster, "c.service");
        pin_units(cluster, busy);
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        spread_out(cluster, i / 3);
        size_t n_touches = sim_count_touches(cluster);
        lose_in_one_of_three_ways(cluster, i);
        assert_true(sim_cluster_wait(cluster, all_are_listed, cluster, USEC_PER_MINUTE));
        sim_cluster_run(cluster, i / 9 * STEP_USEC);
        pin_units(cluster, busy);
        put_all(cluster);
        assert_int_equal(sim_count_touches(cluster), n_touches);
        for (size_t j = 0; j < ELEMENTSOF(units); j++)
            assert_int_equal(count_orphans(cluster, units[j].name), 0);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_touched_and_all_can_be_had_back),
        cmocka_unit_test(nobody_has_to_wait_for_more_than_the_machines),
        cmocka_unit_test(fleetd_may_restart_meanwhile),
        cmocka_unit_test(another_file_replaces_it_where_it_is),
        cmocka_unit_test(machine_that_comes_late_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
