/* Deployments on a simulated cluster. The test plays the API, which stores what users want. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/rollout-fixture.h"

#define STEP (100 * USEC_PER_MSEC)
#define OLD SLEEPER
#define NEW SLEEPER "# new\n"
#define NEWER SLEEPER "# newer\n"
#define NEWEST SLEEPER "# newest\n"
#define TEMPLATE "app@.service"
#define MACHINE_2 "00000000000000000000000000000002"

/* Of three instances: one has it, and another has its turn. */
static void deploy_to_two(SimCluster *cluster, const char *text) {
    rollout_fixture_deploy(cluster, TEMPLATE, text, NULL);
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_int_equal(instances_with(cluster, 3, text), 2);
}

/* --- tests --- */

static void instances_are_updated_one_after_another_and_then_the_template(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    usec_t begun = loop_now(cluster->loop);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    size_t least = 3;
    while (!rollout_fixture_rollout(cluster, TEMPLATE) ||
           rollout_fixture_rollout(cluster, TEMPLATE)->phase != ROLLOUT_DONE) {
        sim_cluster_run(cluster, STEP);
        least = MIN(least, instances_up(cluster, 3, 1));
        assert_true(loop_now(cluster->loop) < begun + USEC_PER_MINUTE);
        assert_true(instances_with(cluster, 3, NEW) == 3 ||
                    !sim_view_unit(cluster->view, TEMPLATE));
    }
    assert_true(least >= 2);
    assert_true(loop_now(cluster->loop) >= begun + 30 * USEC_PER_SEC);
    assert_int_equal(instances_running(cluster, 3, NEW), 3);
    assert_true(rollout_fixture_has_text(cluster, TEMPLATE, NEW));
    assert_int_equal(sim_view_unit(cluster->view, "app@2.service")->version, 2);
    size_t n_touches = sim_count_touches(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void next_leader_goes_on_with_the_times_that_have_passed(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    const RolloutUnit *unit =
        rollout_find_unit(rollout_fixture_rollout(cluster, TEMPLATE), "app@1.service");
    usec_t up_since = unit->up_since_usec;
    assert_int_not_equal(up_since, 0);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(instances_with(cluster, 3, NEW), 2);
    assert_true(loop_realtime(cluster->loop) < up_since + 20 * USEC_PER_SEC);
    sim_node_start(leader);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, NEW), 3);
}

static void file_that_fails_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    rollout_fixture_set_behaviour(cluster, "app@2.service",
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLING_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_with(cluster, 3, NEW), 1); /* what is down is helped first */
    rollout_fixture_set_behaviour(cluster, "app@2.service", &(FakeBehaviour){});
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, OLD), 3);
    assert_null(sim_view_unit(cluster->view, TEMPLATE));
    assert_string_equal(rollout_fixture_rollout(cluster, TEMPLATE)->why,
                        "app@2.service: it has failed on " MACHINE_2 " (exit-code)");
    assert_int_equal(sim_view_unit(cluster->view, "app@1.service")->version, 3);
    assert_int_equal(sim_view_unit(cluster->view, "app@3.service")->version, 1);
}

/* Its start takes for ever. */
static void file_that_is_not_up_in_time_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_set_behaviour(cluster, "web.service",
                                  &(FakeBehaviour){.start_usec = USEC_INFINITY});
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, 299 * USEC_PER_SEC);
    assert_int_equal(rollout_fixture_rollout(cluster, "web.service")->phase, ROLLOUT_UPDATING);
    rollout_fixture_set_behaviour(cluster, "web.service", &(FakeBehaviour){});
    rollout_fixture_await(cluster, "web.service", ROLLOUT_ROLLED_BACK, 10 * USEC_PER_SEC);
    assert_string_equal(rollout_fixture_rollout(cluster, "web.service")->why,
                        "web.service: it was not up and healthy in time on "
                        "00000000000000000000000000000001 (activating)");
    assert_true(rollout_fixture_has_text(cluster, "web.service", OLD));
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
}

/* As a machine whose disk is full: what it has is still the former file. */
static void what_the_machine_cannot_do_with_the_file_is_told(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.deadline_usec = 20 * USEC_PER_SEC;
    policy.on_failure = UPDATE_PAUSE;
    SimNode *node = engine_test_start(cluster, "web.service", OLD);
    fake_script_fail_next(fake_systemd_script(node->systemd), FAKE_ACTION_WRITE, SIZE_MAX, -ENOSPC);
    rollout_fixture_deploy(cluster, "web.service", NEW, &policy);
    rollout_fixture_await(cluster, "web.service", ROLLOUT_PAUSED, USEC_PER_MINUTE);
    assert_non_null(strstr(rollout_fixture_rollout(cluster, "web.service")->why,
                           "it was not up and healthy in time on "));
    assert_non_null(
        strstr(rollout_fixture_rollout(cluster, "web.service")->why, "No space left on device"));
}

static void failure_pauses_it_until_it_is_resumed(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.on_failure = UPDATE_PAUSE;
    engine_test_start(cluster, "app@1.service", OLD "[X-Fleet]\nMaxUnavailable=2\n");
    engine_test_start(cluster, "app@2.service", OLD "[X-Fleet]\nMaxUnavailable=2\n");
    rollout_fixture_set_behaviour(cluster, "app@1.service",
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, TEMPLATE, NEW "[X-Fleet]\nMaxUnavailable=2\n", &policy);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_PAUSED, USEC_PER_MINUTE);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_true(
        rollout_fixture_has_text(cluster, "app@2.service", OLD "[X-Fleet]\nMaxUnavailable=2\n"));
    rollout_fixture_say(cluster, TEMPLATE, resume_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_FAILED, USEC_PER_MINUTE);
    assert_true(
        rollout_fixture_has_text(cluster, "app@2.service", NEW "[X-Fleet]\nMaxUnavailable=2\n"));
}

static void failure_holds_the_budget_also_if_it_is_to_go_on(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.on_failure = UPDATE_CONTINUE;
    instances_start(cluster, 3, OLD);
    rollout_fixture_set_behaviour(cluster, "app@1.service",
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    assert_non_null(strstr(rollout_fixture_rollout(cluster, TEMPLATE)->why, "MaxUnavailable"));
}

static void budget_of_none_is_told(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD "[X-Fleet]\nMaxUnavailable=0\n");
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_true(
        rollout_fixture_has_text(cluster, "web.service", OLD "[X-Fleet]\nMaxUnavailable=0\n"));
    assert_non_null(strstr(rollout_fixture_rollout(cluster, "web.service")->why,
                           "MaxUnavailable= lets none be down"));
}

static void canaries_wait_to_be_promoted(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.canaries = 1;
    instances_start(cluster, 3, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_WAITING, USEC_PER_MINUTE);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    rollout_fixture_say(cluster, TEMPLATE, promote_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, NEW), 3);
}

static void users_pause_and_resume_it(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_say(cluster, TEMPLATE, pause_it);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(rollout_fixture_rollout(cluster, TEMPLATE)->phase, ROLLOUT_PAUSED);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    rollout_fixture_say(cluster, TEMPLATE, resume_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
}

static void it_is_undone_while_it_goes_on_and_when_it_is_done(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    sim_put(cluster, TEMPLATE, OLD, LAUNCH_STATE_INACTIVE);
    deploy_to_two(cluster, NEW);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, OLD), 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(rollout_fixture_has_text(cluster, TEMPLATE, NEW));
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, OLD), 3);
    assert_true(rollout_fixture_has_text(cluster, TEMPLATE, OLD));
}

static void another_deployment_replaces_it_and_knows_what_was_before_both(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    deploy_to_two(cluster, NEW);
    deploy_to_two(cluster, NEWER);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, OLD), 3);
}

/* The second one has not come to all that the first has changed. */
static void so_does_a_third_in_the_midst_of_the_second(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    deploy_to_two(cluster, NEW);
    rollout_fixture_deploy(cluster, TEMPLATE, NEWER, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(instances_with(cluster, 3, NEWER), 1);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    rollout_fixture_deploy(cluster, TEMPLATE, NEWEST, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, OLD), 3);
}

static void what_somebody_else_changes_is_left_alone(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    sim_put(cluster, "app@1.service", NEWER, LAUNCH_STATE_LAUNCHED);
    sim_put(cluster, "app@3.service", NEWER, LAUNCH_STATE_LAUNCHED);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, NEWER), 2);
    assert_int_equal(instances_running(cluster, 3, NEW), 1);
    const RolloutUnit *unit =
        rollout_find_unit(rollout_fixture_rollout(cluster, TEMPLATE), "app@3.service");
    assert_int_equal(unit->phase, ROLLOUT_UNIT_LEFT);
}

static void deployment_of_a_unit_that_somebody_changes_is_superseded(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    sim_put(cluster, "web.service", NEWER, LAUNCH_STATE_LAUNCHED);
    rollout_fixture_await(cluster, "web.service", ROLLOUT_SUPERSEDED, USEC_PER_MINUTE);
    assert_true(rollout_fixture_has_text(cluster, "web.service", NEWER));
}

static void instances_that_come_later_are_updated_too(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 2, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    engine_test_start(cluster, "app@3.service", OLD);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, NEW), 3);
}

static void destroyed_unit_ends_its_deployment(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_non_null(rollout_fixture_rollout(cluster, "web.service"));
    sim_destroy(cluster, "web.service");
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_null(rollout_fixture_rollout(cluster, "web.service"));
    assert_int_equal(map_size(sim_view_all(cluster->view, KEY_DEPLOYMENT)), 0);
    engine_test_expect_gone(cluster, "web.service");
}

static void inactive_unit_gets_the_file_and_is_not_started(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "web.service", OLD, LAUNCH_STATE_INACTIVE);
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    rollout_fixture_await(cluster, "web.service", ROLLOUT_DONE, 5 * USEC_PER_SEC);
    assert_true(rollout_fixture_has_text(cluster, "web.service", NEW));
    assert_int_equal(sim_count_running(cluster, "web.service"), 0);
}

static void what_fits_nowhere_holds_nothing_up(void **state) {
    static const char pinned[] = "[X-Fleet]\nConflicts=app@*\nMaxUnavailable=2\n";
    SimCluster *cluster = *state;
    _cleanup_free_ char *old = str_printf("%s%s", OLD, pinned);
    _cleanup_free_ char *new = str_printf("%s%s", NEW, pinned);
    for (size_t i = 1; i <= 4; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        sim_put(cluster, name, old, LAUNCH_STATE_LAUNCHED);
    }
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(instances_up(cluster, 4, 1), 3);
    rollout_fixture_deploy(cluster, TEMPLATE, new, NULL);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(instances_with(cluster, 4, new), 4);
    assert_int_equal(instances_running(cluster, 4, new), 3);
}

/* As the API makes it, together with the deployment. */
static void new_unit_that_fits_nowhere_has_failed(void **state) {
    static const char text[] = SLEEPER "[X-Fleet]\nMachineMetadata=no=where\n";
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.deadline_usec = 30 * USEC_PER_SEC;
    rollout_fixture_deploy_new(cluster, "new.service", text, &policy);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    const Rollout *rollout = rollout_fixture_rollout(cluster, "new.service");
    assert_int_equal(rollout->units[0].phase, ROLLOUT_UNIT_UPDATING);
    assert_string_equal(rollout->units[0].why, "0 of 3 machines fit: 3 metadata no is not set");
    rollout_fixture_await(cluster, "new.service", ROLLOUT_FAILED, USEC_PER_MINUTE);
    rollout = rollout_fixture_rollout(cluster, "new.service");
    assert_non_null(strstr(rollout->why, "0 of 3 machines fit: 3 metadata no is not set"));
    assert_true(rollout_fixture_has_text(cluster, "new.service", text));
}

static void the_same_file_once_more_touches_nothing(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    size_t n_touches = sim_count_touches(cluster);
    rollout_fixture_deploy(cluster, TEMPLATE, OLD, NULL);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, 5 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void file_that_is_of_no_use_to_the_unit_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_deploy(cluster, "web.service", NEW "[X-Fleet]\nNone=1\n", NULL);
    rollout_fixture_await(cluster, "web.service", ROLLOUT_ROLLED_BACK, 5 * USEC_PER_SEC);
    assert_true(rollout_fixture_has_text(cluster, "web.service", OLD));
    assert_non_null(
        strstr(rollout_fixture_rollout(cluster, "web.service")->why, "unknown option 'None'"));
}

static void unit_whose_file_is_lost_gets_the_new_one(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    _cleanup_free_ char *key = key_file(sim_view_unit(cluster->view, "web.service")->hash);
    assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    rollout_fixture_await(cluster, "web.service", ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(rollout_fixture_has_text(cluster, "web.service", NEW));
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
}

/* Also if no version has it any more. */
static void former_files_are_kept_for_the_way_back(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *key = str_printf("version/app@%zu.service/1", i);
        assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    }
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(instances_running(cluster, 3, OLD), 3);
}

/* 0: it is not there. */
static int64_t file_revision(SimCluster *cluster, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    _cleanup_free_ char *key = key_file(unit_file_hash(file));
    const StoreRange range = {.key = key};
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(store_sync_range(&cluster->sync, &range, &result), 0);
    return result.n_entries > 0 ? result.entries[0].mod_revision : 0;
}

/* Whoever is about to collect it, as it was, does not do so then. */
static void file_comes_with_each_unit_that_gets_it(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 1, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    int64_t revision = file_revision(cluster, NEW);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(instances_with(cluster, 1, NEW), 1);
    assert_true(file_revision(cluster, NEW) > revision);
}

/* While some units have a file that names it, and some one that does not. */
static void group_that_the_new_file_names_has_no_budget_of_its_own(void **state) {
    static const char *const budgets[] = {"MaxUnavailable=1\n", "MaxUnavailable=25%\n"};
    SimCluster *cluster = *state;
    for (size_t i = 0; i < ELEMENTSOF(budgets); i++) {
        UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
        policy.parallel = 4;
        _cleanup_free_ char *old = str_printf("%s[X-Fleet]\n%s", OLD, budgets[i]);
        _cleanup_free_ char *new = str_printf("%s[X-Fleet]\n%sGroup=g\n", NEW, budgets[i]);
        for (size_t k = 1; k <= 4; k++) {
            _cleanup_free_ char *name = str_printf("app@%zu.service", k);
            engine_test_start(cluster, name, old);
        }
        rollout_fixture_deploy(cluster, TEMPLATE, new, &policy);
        for (size_t k = 0; k < 600; k++) {
            sim_cluster_run(cluster, STEP);
            assert_true(instances_up(cluster, 4, 1) >= 3);
        }
        rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_SEC);
        rollout_fixture_say(cluster, TEMPLATE, undo_it);
        for (size_t k = 0; k < 600; k++) {
            sim_cluster_run(cluster, STEP);
            assert_true(instances_up(cluster, 4, 1) >= 3);
        }
        rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_SEC);
    }
}

/* As systemd has it pass through failed on its way to be restarted. */
static void unit_that_fails_for_a_moment_has_not_failed(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    FakeSystemd *systemd = sim_where_runs(cluster, "web.service")->systemd;
    fake_systemd_set_state(systemd, "web.service", "failed", "failed", "exit-code");
    sim_cluster_run(cluster, 500 * USEC_PER_MSEC);
    fake_systemd_set_state(systemd, "web.service", "active", "running", "success");
    rollout_fixture_await(cluster, "web.service", ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(rollout_fixture_has_text(cluster, "web.service", NEW));
}

static void nothing_goes_on_by_what_cannot_be_read(void **state) {
    SimCluster *cluster = *state;
    instances_start(cluster, 3, OLD);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_put(cluster, key_rollout(TEMPLATE), strdup("\xff\xfe"));
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    assert_int_equal(rollout_fixture_rollout(cluster, TEMPLATE)->phase, ROLLOUT_FAILED);
    rollout_fixture_put(cluster, key_deployment(TEMPLATE), strdup("\xff\xfe"));
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(instances_with(cluster, 3, NEW), 1);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    rollout_fixture_await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(instances_are_updated_one_after_another_and_then_the_template),
        ENGINE_TEST(next_leader_goes_on_with_the_times_that_have_passed),
        ENGINE_TEST(file_that_fails_is_rolled_back),
        ENGINE_TEST(file_that_is_not_up_in_time_is_rolled_back),
        ENGINE_TEST(what_the_machine_cannot_do_with_the_file_is_told),
        ENGINE_TEST(failure_pauses_it_until_it_is_resumed),
        ENGINE_TEST(failure_holds_the_budget_also_if_it_is_to_go_on),
        ENGINE_TEST(budget_of_none_is_told),
        ENGINE_TEST(canaries_wait_to_be_promoted),
        ENGINE_TEST(users_pause_and_resume_it),
        ENGINE_TEST(it_is_undone_while_it_goes_on_and_when_it_is_done),
        ENGINE_TEST(another_deployment_replaces_it_and_knows_what_was_before_both),
        ENGINE_TEST(so_does_a_third_in_the_midst_of_the_second),
        ENGINE_TEST(what_somebody_else_changes_is_left_alone),
        ENGINE_TEST(deployment_of_a_unit_that_somebody_changes_is_superseded),
        ENGINE_TEST(instances_that_come_later_are_updated_too),
        ENGINE_TEST(destroyed_unit_ends_its_deployment),
        ENGINE_TEST(inactive_unit_gets_the_file_and_is_not_started),
        ENGINE_TEST(what_fits_nowhere_holds_nothing_up),
        ENGINE_TEST(new_unit_that_fits_nowhere_has_failed),
        ENGINE_TEST(the_same_file_once_more_touches_nothing),
        ENGINE_TEST(file_that_is_of_no_use_to_the_unit_is_rolled_back),
        ENGINE_TEST(unit_whose_file_is_lost_gets_the_new_one),
        ENGINE_TEST(former_files_are_kept_for_the_way_back),
        ENGINE_TEST(file_comes_with_each_unit_that_gets_it),
        ENGINE_TEST(group_that_the_new_file_names_has_no_budget_of_its_own),
        ENGINE_TEST(unit_that_fails_for_a_moment_has_not_failed),
        ENGINE_TEST(nothing_goes_on_by_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
