/* Restarts on a simulated cluster. The test plays the API, which stores what users want. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/rollout-fixture.h"

#define STEP (100 * USEC_PER_MSEC)
#define TEMPLATE "app@.service"
#define N 3

static void restart_for(SimCluster *cluster, const char *name, UpdateOrder order,
                        usec_t healthy_usec) {
    Deployment deployment = {.is_restart = true,
                             .since_usec = loop_realtime(cluster->loop),
                             .policy = UPDATE_POLICY_DEFAULT};
    deployment.policy.on_failure = UPDATE_PAUSE;
    deployment.policy.order = order;
    deployment.policy.healthy_usec = healthy_usec;
    rollout_fixture_put(cluster, key_deployment(name), deployment_format(&deployment));
}

static void restart(SimCluster *cluster, const char *name, UpdateOrder order) {
    restart_for(cluster, name, order, 10 * USEC_PER_SEC);
}

/* On all machines. */
static size_t count_starts(SimCluster *cluster) {
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        n += sim_node_count(&cluster->nodes[i], FAKE_ACTION_START);
    return n;
}

/* The fewest instances that were up meanwhile. */
static size_t await(SimCluster *cluster, const char *name, RolloutPhase phase) {
    usec_t begun = loop_now(cluster->loop);
    size_t least = N;
    while (!rollout_fixture_has_phase(cluster, name, phase)) {
        sim_cluster_run(cluster, STEP);
        least = MIN(least, instances_up(cluster, N, 2));
        if (loop_now(cluster->loop) > begun + 2 * USEC_PER_MINUTE)
            fail_msg("%s is not %s", name, rollout_phase_to_string(phase));
    }
    return least;
}

static void expect_quiet(SimCluster *cluster) {
    size_t n_touches = sim_count_touches(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void instances_are_restarted_one_after_another(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, N, SLEEPER);
    size_t n_starts = count_starts(cluster);
    restart(cluster, TEMPLATE, UPDATE_STOP_FIRST);
    assert_true(await(cluster, TEMPLATE, ROLLOUT_DONE) >= N - 1);
    assert_int_equal(count_starts(cluster), n_starts + N);
    assert_int_equal(sim_view_unit(cluster->view, "app@2.service")->version, 1);
    assert_null(sim_view_unit(cluster->view, TEMPLATE));
    expect_quiet(cluster);
}

static void next_leader_goes_on_and_restarts_nobody_twice(void **state) {
    for (usec_t usec = STEP; usec < 25 * USEC_PER_SEC; usec += 3 * USEC_PER_SEC) {
        SimCluster *cluster = *state;
        instances_start(cluster, N, SLEEPER);
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        size_t n_starts = count_starts(cluster);
        restart(cluster, TEMPLATE, UPDATE_STOP_FIRST);
        sim_cluster_run(cluster, usec);
        SimNode *leader = sim_leader(cluster);
        sim_node_crash(leader);
        sim_cluster_run(cluster, USEC_PER_SEC);
        sim_node_start(leader);
        assert_true(await(cluster, TEMPLATE, ROLLOUT_DONE) >= N - 1);
        assert_int_equal(count_starts(cluster), n_starts + N);
    }
}

static void every_restart_is_another_one(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", SLEEPER);
    size_t n_starts = count_starts(cluster);
    int64_t last = 0;
    for (size_t i = 1; i <= 3; i++) {
        restart(cluster, "web.service", UPDATE_STOP_FIRST);
        sim_cluster_run(cluster, USEC_PER_SEC);
        await(cluster, "web.service", ROLLOUT_DONE);
        assert_int_equal(count_starts(cluster), n_starts + i);
        assert_true(sim_view_unit(cluster->view, "web.service")->restart > last);
        last = sim_view_unit(cluster->view, "web.service")->restart;
    }
}

static void next_one_is_up_before_the_former_one_is_stopped(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, N, SLEEPER);
    SimNode *node = sim_where_runs(cluster, "app@1.service");
    size_t n_starts = count_starts(cluster);
    restart(cluster, TEMPLATE, UPDATE_START_FIRST);
    assert_int_equal(await(cluster, TEMPLATE, ROLLOUT_DONE), N);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC); /* what is superfluous goes */
    assert_int_equal(count_starts(cluster), n_starts + N);
    assert_ptr_not_equal(sim_where_runs(cluster, "app@1.service"), node);
    assert_int_equal(sim_view_count_orders(cluster->view, "app@1.service"), 1);
    assert_int_equal(instances_up(cluster, N, 2), N);
    expect_quiet(cluster);
}

/* Its own is over, that of its template lets it be in two places. */
static void next_leader_goes_by_all_that_is_rolled_out_over_a_unit(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, N, SLEEPER);
    restart(cluster, "app@1.service", UPDATE_STOP_FIRST);
    await(cluster, "app@1.service", ROLLOUT_DONE);
    restart_for(cluster, TEMPLATE, UPDATE_START_FIRST, USEC_PER_MINUTE);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(sim_view_count_orders(cluster->view, "app@1.service"), 2);
    sim_node_crash(sim_leader(cluster));
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_non_null(sim_leader(cluster));
    assert_int_equal(sim_view_count_orders(cluster->view, "app@1.service"), 2);
}

/* The template is not known: whoever destroys its instances has no other to destroy. */
static void what_is_told_of_it_goes_with_the_last_instance(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, N, SLEEPER);
    restart(cluster, TEMPLATE, UPDATE_STOP_FIRST);
    await(cluster, TEMPLATE, ROLLOUT_DONE);
    sim_destroy(cluster, "app@1.service");
    sim_destroy(cluster, "app@2.service");
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_non_null(rollout_fixture_rollout(cluster, TEMPLATE));
    sim_destroy(cluster, "app@3.service");
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_null(rollout_fixture_rollout(cluster, TEMPLATE));
    assert_false(map_has(sim_view_all(cluster->view, KEY_DEPLOYMENT), TEMPLATE));
}

static void failure_pauses_it(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, N, SLEEPER);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        fake_script_set_behaviour(fake_systemd_script(cluster->nodes[i].systemd), "app@1.service",
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    size_t n_starts = count_starts(cluster);
    restart(cluster, TEMPLATE, UPDATE_STOP_FIRST);
    assert_int_equal(await(cluster, TEMPLATE, ROLLOUT_PAUSED), N - 1);
    assert_string_equal(rollout_fixture_rollout(cluster, TEMPLATE)->why,
                        "app@1.service: it has failed on 00000000000000000000000000000001 "
                        "(exit-code)");
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(count_starts(cluster), n_starts + 1);
}

static void what_users_stop_meanwhile_stays_stopped(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, N, SLEEPER);
    restart(cluster, TEMPLATE, UPDATE_STOP_FIRST);
    sim_cluster_run(cluster, USEC_PER_SEC);
    sim_put(cluster, "app@1.service", SLEEPER, LAUNCH_STATE_LOADED);
    sim_put(cluster, "app@3.service", SLEEPER, LAUNCH_STATE_LOADED);
    await(cluster, TEMPLATE, ROLLOUT_DONE);
    assert_int_equal(sim_count_running(cluster, "app@1.service"), 0);
    assert_int_equal(sim_count_running(cluster, "app@2.service"), 1);
    assert_int_equal(sim_count_running(cluster, "app@3.service"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(instances_are_restarted_one_after_another),
        ENGINE_TEST(next_leader_goes_on_and_restarts_nobody_twice),
        ENGINE_TEST(every_restart_is_another_one),
        ENGINE_TEST(next_one_is_up_before_the_former_one_is_stopped),
        ENGINE_TEST(next_leader_goes_by_all_that_is_rolled_out_over_a_unit),
        ENGINE_TEST(what_is_told_of_it_goes_with_the_last_instance),
        ENGINE_TEST(failure_pauses_it),
        ENGINE_TEST(what_users_stop_meanwhile_stays_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
