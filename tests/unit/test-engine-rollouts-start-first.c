/* Deployments with UpdateOrder=start-first, on a simulated cluster: a next one is up before the
 * former one is stopped. The test plays the API, which stores what users want. */
#include "fleetd/base/strv.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/rollout-fixture.h"

#define STEP (100 * USEC_PER_MSEC)
#define OLD SLEEPER
#define NEW SLEEPER "# new\n"
#define NEWER SLEEPER "# newer\n"
#define TEMPLATE "app@.service"

static UpdatePolicy start_first(void) {
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.order = UPDATE_START_FIRST;
    policy.deadline_usec = 30 * USEC_PER_SEC;
    return policy;
}

/* Until it has that phase; none of the n instances, or web.service with n 0, is ever down. The most
 * places of one of them. */
static size_t await_without_a_break(SimCluster *cluster, const char *name, size_t n,
                                    RolloutPhase phase) {
    usec_t begun = loop_now(cluster->loop);
    size_t most = 0;
    while (!rollout_fixture_has_phase(cluster, name, phase)) {
        sim_cluster_run(cluster, STEP);
        assert_true(loop_now(cluster->loop) < begun + 2 * USEC_PER_MINUTE);
        for (size_t i = 0; i < MAX(n, (size_t) 1); i++) {
            _cleanup_free_ char *unit =
                n > 0 ? str_printf("app@%zu.service", i + 1) : strdup("web.service");
            size_t n_running = sim_count_running(cluster, unit);
            assert_true(n_running >= 1);
            most = MAX(most, n_running);
        }
    }
    sim_cluster_run(cluster, 2 * USEC_PER_SEC); /* what is superfluous goes */
    return most;
}

static void next_one_is_up_before_the_former_one_is_stopped(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    SimNode *node = engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_deploy(cluster, "web.service", NEW, &policy);
    assert_int_equal(await_without_a_break(cluster, "web.service", 0, ROLLOUT_DONE), 2);
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
    assert_ptr_not_equal(sim_where_runs(cluster, "web.service"), node);
    assert_int_equal(sim_view_count_orders(cluster->view, "web.service"), 1);
    rollout_fixture_say(cluster, "web.service", undo_it);
    await_without_a_break(cluster, "web.service", 0, ROLLOUT_ROLLED_BACK);
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
    assert_true(rollout_fixture_has_text(cluster, "web.service", OLD));
}

static void all_instances_are_up_all_the_time(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    policy.parallel = 2;
    instances_start(cluster, 4, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    assert_int_equal(await_without_a_break(cluster, TEMPLATE, 4, ROLLOUT_DONE), 2);
    assert_int_equal(instances_running(cluster, 4, NEW), 4);
    assert_int_equal(instances_up(cluster, 4, 1), 4);
}

/* What it goes back to is never in two places, so that it is stopped first. */
static void way_back_keeps_to_the_budget_where_it_cannot_start_first(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    policy.parallel = 2;
    engine_test_start(cluster, "anchor.service", SLEEPER);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        engine_test_start(cluster, name, OLD "[X-Fleet]\nMachineOf=anchor.service\n");
        rollout_fixture_set_behaviour(cluster, name,
                                      &(FakeBehaviour){.start_usec = 2 * USEC_PER_SEC});
    }
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, 2 * USEC_PER_MINUTE);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    while (!rollout_fixture_has_phase(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK)) {
        sim_cluster_run(cluster, STEP);
        const Rollout *rollout = rollout_fixture_rollout(cluster, TEMPLATE);
        assert_true(rollout_count(rollout, ROLLOUT_UNIT_RESTORING) <= 1);
    }
    assert_int_equal(instances_running(cluster, 3, OLD "[X-Fleet]\nMachineOf=anchor.service\n"), 3);
}

static void former_one_is_not_touched_if_the_next_one_fails(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    SimNode *node = engine_test_start(cluster, "web.service", OLD);
    size_t n_starts = sim_node_count(node, FAKE_ACTION_START);
    rollout_fixture_set_behaviour(cluster, "web.service",
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, "web.service", NEW, &policy);
    await_without_a_break(cluster, "web.service", 0, ROLLOUT_ROLLED_BACK);
    assert_ptr_equal(sim_where_runs(cluster, "web.service"), node);
    assert_int_equal(sim_node_count(node, FAKE_ACTION_START), n_starts);
    assert_int_equal(sim_view_count_orders(cluster->view, "web.service"), 1);
}

static void without_another_machine_it_waits_and_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        engine_test_start(cluster, name, OLD "[X-Fleet]\nConflicts=app@*\n");
    }
    rollout_fixture_deploy(cluster, TEMPLATE, NEW "[X-Fleet]\nConflicts=app@*\n", &policy);
    await_without_a_break(cluster, TEMPLATE, 3, ROLLOUT_ROLLED_BACK);
    assert_non_null(
        strstr(rollout_fixture_rollout(cluster, TEMPLATE)->why,
               "0 of 3 machines fit: 1 has the unit with its former file; 1 conflicts"));
    assert_int_equal(instances_running(cluster, 3, OLD "[X-Fleet]\nConflicts=app@*\n"), 3);
}

static void next_leader_knows_which_is_the_former_one(void **state) {
    for (usec_t usec = USEC_PER_SEC; usec < 14 * USEC_PER_SEC; usec += 3 * USEC_PER_SEC) {
        SimCluster *cluster = *state;
        UpdatePolicy policy = start_first();
        _cleanup_free_ char *text = str_printf("%s# %llu\n", NEW, (unsigned long long) usec);
        SimNode *node = engine_test_start(cluster, "web.service", OLD);
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
        rollout_fixture_deploy(cluster, "web.service", text, &policy);
        sim_cluster_run(cluster, usec);
        SimNode *leader = sim_leader(cluster);
        sim_node_crash(leader);
        await_without_a_break(cluster, "web.service", 0, ROLLOUT_DONE);
        sim_node_start(leader);
        sim_cluster_run(cluster, 10 * USEC_PER_SEC);
        assert_ptr_not_equal(sim_where_runs(cluster, "web.service"), node);
        assert_int_equal(sim_count_running(cluster, "web.service"), 1);
        sim_destroy(cluster, "web.service");
        sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    }
}

static void another_deployment_in_the_midst_stops_nothing_too_early(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_set_behaviour(cluster, "web.service",
                                  &(FakeBehaviour){.start_usec = 5 * USEC_PER_SEC});
    rollout_fixture_deploy(cluster, "web.service", NEW, &policy);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    rollout_fixture_deploy(cluster, "web.service", NEWER, &policy);
    await_without_a_break(cluster, "web.service", 0, ROLLOUT_DONE);
    assert_true(rollout_fixture_has_text(cluster, "web.service", NEWER));
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(next_one_is_up_before_the_former_one_is_stopped),
        ENGINE_TEST(all_instances_are_up_all_the_time),
        ENGINE_TEST(way_back_keeps_to_the_budget_where_it_cannot_start_first),
        ENGINE_TEST(former_one_is_not_touched_if_the_next_one_fails),
        ENGINE_TEST(without_another_machine_it_waits_and_is_rolled_back),
        ENGINE_TEST(next_leader_knows_which_is_the_former_one),
        ENGINE_TEST(another_deployment_in_the_midst_stops_nothing_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
