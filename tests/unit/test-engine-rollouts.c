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

static const char *hash_of(SimCluster *cluster, const char *name) {
    const Unit *unit = sim_view_unit(cluster->view, name);
    return unit ? unit->hash : "";
}

static bool has_text(SimCluster *cluster, const char *name, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    return streq(hash_of(cluster, name), unit_file_hash(file));
}

/* Its instances that have that text in the store. */
static size_t count_with(SimCluster *cluster, size_t n, const char *text) {
    size_t n_with = 0;
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        n_with += has_text(cluster, name, text);
    }
    return n_with;
}

/* Those that run, and were started with that text. */
static size_t count_running(SimCluster *cluster, size_t n, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    size_t n_running = 0;
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        SimNode *node = sim_where_runs(cluster, name);
        n_running +=
            node && streq_ptr(fake_systemd_started_hash(node->systemd, name), unit_file_hash(file));
    }
    return n_running;
}

static size_t count_up(SimCluster *cluster, size_t n) {
    size_t n_up = 0;
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        n_up += sim_count_running(cluster, name) == 1;
    }
    return n_up;
}

static void start_instances(SimCluster *cluster, size_t n) {
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        engine_test_start(cluster, name, OLD);
    }
}

typedef struct Awaited {
    SimCluster *cluster;
    const char *name;
    RolloutPhase phase;
} Awaited;

static bool has_phase(void *userdata) {
    const Awaited *awaited = userdata;
    const Rollout *rollout = rollout_fixture_rollout(awaited->cluster, awaited->name);
    return rollout && rollout->phase == awaited->phase;
}

static void await(SimCluster *cluster, const char *name, RolloutPhase phase, usec_t max_usec) {
    Awaited awaited = {cluster, name, phase};
    if (!sim_cluster_wait(cluster, has_phase, &awaited, max_usec)) {
        const Rollout *rollout = rollout_fixture_rollout(cluster, name);
        fail_msg("%s is not %s, but %s: %s", name, rollout_phase_to_string(phase),
                 rollout ? rollout_phase_to_string(rollout->phase) : "not there",
                 rollout ? str_or(rollout->why, "") : "");
    }
}

/* The same for all of its units, of all machines. */
static void set_behaviour(SimCluster *cluster, const char *name, const FakeBehaviour *behaviour) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(fake_script_set_behaviour(fake_systemd_script(cluster->nodes[i].systemd),
                                                   name, behaviour),
                         0);
}

/* --- tests --- */

static void instances_are_updated_one_after_another_and_then_the_template(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    usec_t begun = loop_now(cluster->loop);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    size_t least = 3;
    while (!rollout_fixture_rollout(cluster, TEMPLATE) ||
           rollout_fixture_rollout(cluster, TEMPLATE)->phase != ROLLOUT_DONE) {
        sim_cluster_run(cluster, STEP);
        least = MIN(least, count_up(cluster, 3));
        assert_true(loop_now(cluster->loop) < begun + USEC_PER_MINUTE);
        assert_true(count_with(cluster, 3, NEW) == 3 || !sim_view_unit(cluster->view, TEMPLATE));
    }
    assert_true(least >= 2);
    assert_true(loop_now(cluster->loop) >= begun + 30 * USEC_PER_SEC);
    assert_int_equal(count_running(cluster, 3, NEW), 3);
    assert_true(has_text(cluster, TEMPLATE, NEW));
    assert_int_equal(sim_view_unit(cluster->view, "app@2.service")->version, 2);
    size_t n_touches = sim_count_touches(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void next_leader_goes_on_with_the_times_that_have_passed(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    const RolloutUnit *unit =
        rollout_find_unit(rollout_fixture_rollout(cluster, TEMPLATE), "app@1.service");
    usec_t up_since = unit->up_since_usec;
    assert_int_not_equal(up_since, 0);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEW), 2);
    assert_true(loop_realtime(cluster->loop) < up_since + 20 * USEC_PER_SEC);
    sim_node_start(leader);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, NEW), 3);
}

static void file_that_fails_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    set_behaviour(cluster, "app@2.service", &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    await(cluster, TEMPLATE, ROLLOUT_ROLLING_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_with(cluster, 3, NEW), 1); /* what is down is helped first */
    set_behaviour(cluster, "app@2.service", &(FakeBehaviour){});
    await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, OLD), 3);
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
    set_behaviour(cluster, "web.service", &(FakeBehaviour){.start_usec = USEC_INFINITY});
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, 299 * USEC_PER_SEC);
    assert_int_equal(rollout_fixture_rollout(cluster, "web.service")->phase, ROLLOUT_UPDATING);
    set_behaviour(cluster, "web.service", &(FakeBehaviour){});
    await(cluster, "web.service", ROLLOUT_ROLLED_BACK, 10 * USEC_PER_SEC);
    assert_string_equal(rollout_fixture_rollout(cluster, "web.service")->why,
                        "web.service: it was not up and healthy in time on "
                        "00000000000000000000000000000001 (activating)");
    assert_true(has_text(cluster, "web.service", OLD));
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
}

static void failure_pauses_it_until_it_is_resumed(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.on_failure = UPDATE_PAUSE;
    engine_test_start(cluster, "app@1.service", OLD "[X-Fleet]\nMaxUnavailable=2\n");
    engine_test_start(cluster, "app@2.service", OLD "[X-Fleet]\nMaxUnavailable=2\n");
    set_behaviour(cluster, "app@1.service", &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, TEMPLATE, NEW "[X-Fleet]\nMaxUnavailable=2\n", &policy);
    await(cluster, TEMPLATE, ROLLOUT_PAUSED, USEC_PER_MINUTE);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_true(has_text(cluster, "app@2.service", OLD "[X-Fleet]\nMaxUnavailable=2\n"));
    rollout_fixture_say(cluster, TEMPLATE, resume_it);
    await(cluster, TEMPLATE, ROLLOUT_FAILED, USEC_PER_MINUTE);
    assert_true(has_text(cluster, "app@2.service", NEW "[X-Fleet]\nMaxUnavailable=2\n"));
}

static void failure_holds_the_budget_also_if_it_is_to_go_on(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.on_failure = UPDATE_CONTINUE;
    start_instances(cluster, 3);
    set_behaviour(cluster, "app@1.service", &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    assert_non_null(strstr(rollout_fixture_rollout(cluster, TEMPLATE)->why, "MaxUnavailable"));
}

static void budget_of_none_is_told(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD "[X-Fleet]\nMaxUnavailable=0\n");
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_true(has_text(cluster, "web.service", OLD "[X-Fleet]\nMaxUnavailable=0\n"));
    assert_non_null(strstr(rollout_fixture_rollout(cluster, "web.service")->why,
                           "MaxUnavailable= lets none be down"));
}

static void canaries_wait_to_be_promoted(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.canaries = 1;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    await(cluster, TEMPLATE, ROLLOUT_WAITING, USEC_PER_MINUTE);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    rollout_fixture_say(cluster, TEMPLATE, promote_it);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, NEW), 3);
}

static void users_pause_and_resume_it(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_say(cluster, TEMPLATE, pause_it);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(rollout_fixture_rollout(cluster, TEMPLATE)->phase, ROLLOUT_PAUSED);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    rollout_fixture_say(cluster, TEMPLATE, resume_it);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
}

static void it_is_undone_while_it_goes_on_and_when_it_is_done(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    sim_put(cluster, TEMPLATE, OLD, LAUNCH_STATE_INACTIVE);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEW), 2);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, OLD), 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(has_text(cluster, TEMPLATE, NEW));
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, OLD), 3);
    assert_true(has_text(cluster, TEMPLATE, OLD));
}

static void another_deployment_replaces_it_and_knows_what_was_before_both(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEW), 2);
    rollout_fixture_deploy(cluster, TEMPLATE, NEWER, NULL);
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEWER), 2);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, OLD), 3);
}

/* The second one has not come to all that the first has changed. */
static void so_does_a_third_in_the_midst_of_the_second(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 15 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEW), 2);
    rollout_fixture_deploy(cluster, TEMPLATE, NEWER, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 3, NEWER), 1);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    rollout_fixture_deploy(cluster, TEMPLATE, NEWEST, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, OLD), 3);
}

static void what_somebody_else_changes_is_left_alone(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    sim_put(cluster, "app@1.service", NEWER, LAUNCH_STATE_LAUNCHED);
    sim_put(cluster, "app@3.service", NEWER, LAUNCH_STATE_LAUNCHED);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, NEWER), 2);
    assert_int_equal(count_running(cluster, 3, NEW), 1);
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
    await(cluster, "web.service", ROLLOUT_SUPERSEDED, USEC_PER_MINUTE);
    assert_true(has_text(cluster, "web.service", NEWER));
}

static void instances_that_come_later_are_updated_too(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 2);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    engine_test_start(cluster, "app@3.service", OLD);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, NEW), 3);
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
    await(cluster, "web.service", ROLLOUT_DONE, 5 * USEC_PER_SEC);
    assert_true(has_text(cluster, "web.service", NEW));
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
    assert_int_equal(count_up(cluster, 4), 3);
    rollout_fixture_deploy(cluster, TEMPLATE, new, NULL);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_int_equal(count_with(cluster, 4, new), 4);
    assert_int_equal(count_running(cluster, 4, new), 3);
}

static void the_same_file_once_more_touches_nothing(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    size_t n_touches = sim_count_touches(cluster);
    rollout_fixture_deploy(cluster, TEMPLATE, OLD, NULL);
    await(cluster, TEMPLATE, ROLLOUT_DONE, 5 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void file_that_is_of_no_use_to_the_unit_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    rollout_fixture_deploy(cluster, "web.service", NEW "[X-Fleet]\nNone=1\n", NULL);
    await(cluster, "web.service", ROLLOUT_ROLLED_BACK, 5 * USEC_PER_SEC);
    assert_true(has_text(cluster, "web.service", OLD));
    assert_non_null(
        strstr(rollout_fixture_rollout(cluster, "web.service")->why, "unknown option 'None'"));
}

static void unit_whose_file_is_lost_gets_the_new_one(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "web.service", OLD);
    _cleanup_free_ char *key = key_file(hash_of(cluster, "web.service"));
    assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    rollout_fixture_deploy(cluster, "web.service", NEW, NULL);
    await(cluster, "web.service", ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(has_text(cluster, "web.service", NEW));
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
}

/* Also if no version has it any more. */
static void former_files_are_kept_for_the_way_back(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *key = str_printf("version/app@%zu.service/1", i);
        assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    }
    sim_cluster_run(cluster, 5 * USEC_PER_MINUTE);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, 3, OLD), 3);
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
    start_instances(cluster, 1);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    int64_t revision = file_revision(cluster, NEW);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(count_with(cluster, 1, NEW), 1);
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
            assert_true(count_up(cluster, 4) >= 3);
        }
        await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_SEC);
        rollout_fixture_say(cluster, TEMPLATE, undo_it);
        for (size_t k = 0; k < 600; k++) {
            sim_cluster_run(cluster, STEP);
            assert_true(count_up(cluster, 4) >= 3);
        }
        await(cluster, TEMPLATE, ROLLOUT_ROLLED_BACK, USEC_PER_SEC);
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
    await(cluster, "web.service", ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(has_text(cluster, "web.service", NEW));
}

/* --- UpdateOrder=start-first --- */

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
    Awaited awaited = {cluster, name, phase};
    usec_t begun = loop_now(cluster->loop);
    size_t most = 0;
    while (!has_phase(&awaited)) {
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
    assert_true(has_text(cluster, "web.service", OLD));
}

static void all_instances_are_up_all_the_time(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    policy.parallel = 2;
    start_instances(cluster, 4);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    assert_int_equal(await_without_a_break(cluster, TEMPLATE, 4, ROLLOUT_DONE), 2);
    assert_int_equal(count_running(cluster, 4, NEW), 4);
    assert_int_equal(count_up(cluster, 4), 4);
}

/* What it goes back to is never in two places, so that it is stopped first. */
static void way_back_keeps_to_the_budget_where_it_cannot_start_first(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    Awaited awaited = {cluster, TEMPLATE, ROLLOUT_ROLLED_BACK};
    policy.parallel = 2;
    engine_test_start(cluster, "anchor.service", SLEEPER);
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        engine_test_start(cluster, name, OLD "[X-Fleet]\nMachineOf=anchor.service\n");
        set_behaviour(cluster, name, &(FakeBehaviour){.start_usec = 2 * USEC_PER_SEC});
    }
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, &policy);
    await(cluster, TEMPLATE, ROLLOUT_DONE, 2 * USEC_PER_MINUTE);
    rollout_fixture_say(cluster, TEMPLATE, undo_it);
    while (!has_phase(&awaited)) {
        sim_cluster_run(cluster, STEP);
        const Rollout *rollout = rollout_fixture_rollout(cluster, TEMPLATE);
        assert_true(rollout_count(rollout, ROLLOUT_UNIT_RESTORING) <= 1);
    }
    assert_int_equal(count_running(cluster, 3, OLD "[X-Fleet]\nMachineOf=anchor.service\n"), 3);
}

static void former_one_is_not_touched_if_the_next_one_fails(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = start_first();
    SimNode *node = engine_test_start(cluster, "web.service", OLD);
    size_t n_starts = sim_node_count(node, FAKE_ACTION_START);
    set_behaviour(cluster, "web.service", &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
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
    assert_int_equal(count_running(cluster, 3, OLD "[X-Fleet]\nConflicts=app@*\n"), 3);
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
    set_behaviour(cluster, "web.service", &(FakeBehaviour){.start_usec = 5 * USEC_PER_SEC});
    rollout_fixture_deploy(cluster, "web.service", NEW, &policy);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    rollout_fixture_deploy(cluster, "web.service", NEWER, &policy);
    await_without_a_break(cluster, "web.service", 0, ROLLOUT_DONE);
    assert_true(has_text(cluster, "web.service", NEWER));
    assert_int_equal(sim_count_running(cluster, "web.service"), 1);
}

static void nothing_goes_on_by_what_cannot_be_read(void **state) {
    SimCluster *cluster = *state;
    start_instances(cluster, 3);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_put(cluster, key_rollout(TEMPLATE), strdup("\xff\xfe"));
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    assert_int_equal(rollout_fixture_rollout(cluster, TEMPLATE)->phase, ROLLOUT_FAILED);
    rollout_fixture_put(cluster, key_deployment(TEMPLATE), strdup("\xff\xfe"));
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_with(cluster, 3, NEW), 1);
    rollout_fixture_deploy(cluster, TEMPLATE, NEW, NULL);
    await(cluster, TEMPLATE, ROLLOUT_DONE, USEC_PER_MINUTE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(instances_are_updated_one_after_another_and_then_the_template),
        ENGINE_TEST(next_leader_goes_on_with_the_times_that_have_passed),
        ENGINE_TEST(file_that_fails_is_rolled_back),
        ENGINE_TEST(file_that_is_not_up_in_time_is_rolled_back),
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
        ENGINE_TEST(the_same_file_once_more_touches_nothing),
        ENGINE_TEST(file_that_is_of_no_use_to_the_unit_is_rolled_back),
        ENGINE_TEST(unit_whose_file_is_lost_gets_the_new_one),
        ENGINE_TEST(former_files_are_kept_for_the_way_back),
        ENGINE_TEST(file_comes_with_each_unit_that_gets_it),
        ENGINE_TEST(group_that_the_new_file_names_has_no_budget_of_its_own),
        ENGINE_TEST(unit_that_fails_for_a_moment_has_not_failed),
        ENGINE_TEST(next_one_is_up_before_the_former_one_is_stopped),
        ENGINE_TEST(all_instances_are_up_all_the_time),
        ENGINE_TEST(way_back_keeps_to_the_budget_where_it_cannot_start_first),
        ENGINE_TEST(former_one_is_not_touched_if_the_next_one_fails),
        ENGINE_TEST(without_another_machine_it_waits_and_is_rolled_back),
        ENGINE_TEST(next_leader_knows_which_is_the_former_one),
        ENGINE_TEST(another_deployment_in_the_midst_stops_nothing_too_early),
        ENGINE_TEST(nothing_goes_on_by_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
