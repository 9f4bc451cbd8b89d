/* Deployments of a global unit on a simulated cluster of three machines. The test plays the API,
 * which stores what users want. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/rollout-fixture.h"

#define NAME "agent.service"
#define GLOBAL "[X-Fleet]\nGlobal=true\n"
#define OLD SLEEPER GLOBAL
#define NEW SLEEPER GLOBAL "# new\n"
#define NEWER SLEEPER GLOBAL "# newer\n"
#define STEP (100 * USEC_PER_MSEC)

/* Whether it runs there, and was started with that text. */
static bool runs_with(SimNode *node, const char *text) {
    return sim_node_has(node, NAME) && rollout_fixture_runs_with(node, NAME, text);
}

static size_t count_running(SimCluster *cluster, const char *text) {
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        n += cluster->nodes[i].systemd && runs_with(&cluster->nodes[i], text);
    return n;
}

typedef struct Awaited {
    SimCluster *cluster;
    const char *text;
    size_t n;
} Awaited;

static bool run_with(void *userdata) {
    const Awaited *awaited = userdata;
    return count_running(awaited->cluster, awaited->text) == awaited->n;
}

static void await_running(SimCluster *cluster, const char *text, size_t n) {
    Awaited awaited = {.cluster = cluster, .text = text, .n = n};
    if (!sim_cluster_wait(cluster, run_with, &awaited, USEC_PER_MINUTE))
        fail_msg("it does not run on %zu machines, but on %zu", n, count_running(cluster, text));
}

static void start_everywhere(SimCluster *cluster, const char *text) {
    sim_put(cluster, NAME, text, LAUNCH_STATE_LAUNCHED);
    await_running(cluster, text, 3);
}

/* Until then never more than one machine is without it. */
static void await_without_a_gap(SimCluster *cluster, RolloutPhase phase) {
    usec_t begun = loop_now(cluster->loop);
    size_t least = 3;
    while (!rollout_fixture_has_phase(cluster, NAME, phase)) {
        sim_cluster_run(cluster, STEP);
        least = MIN(least, sim_count_running(cluster, NAME));
        assert_true(loop_now(cluster->loop) < begun + USEC_PER_MINUTE);
    }
    assert_true(least >= 2);
}

/* --- tests --- */

static void machines_get_it_one_after_another(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    usec_t begun = loop_now(cluster->loop);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(count_running(cluster, NEW), 1);
    assert_true(rollout_fixture_has_text(cluster, NAME, NEW));
    assert_int_equal(sim_view_unit(cluster->view, NAME)->version, 2);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_true(loop_now(cluster->loop) >= begun + 30 * USEC_PER_SEC);
    assert_int_equal(count_running(cluster, NEW), 3);
    size_t n_touches = sim_count_touches(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void next_leader_knows_who_has_yet_to_get_it(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    assert_int_equal(count_running(cluster, OLD), 2);
    sim_node_start(leader);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_int_equal(count_running(cluster, NEW), 3);
}

static void file_that_fails_is_rolled_back(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_set_behaviour(cluster, NAME,
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    rollout_fixture_await(cluster, NAME, ROLLOUT_ROLLING_BACK, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, OLD), 2);
    rollout_fixture_set_behaviour(cluster, NAME, &(FakeBehaviour){});
    await_without_a_gap(cluster, ROLLOUT_ROLLED_BACK);
    assert_int_equal(count_running(cluster, OLD), 3);
    assert_true(rollout_fixture_has_text(cluster, NAME, OLD));
    assert_int_equal(sim_view_unit(cluster->view, NAME)->version, 3);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, OLD), 3);
}

static void lose_file(SimCluster *cluster, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    rollout_fixture_put(cluster, key_file(unit_file_hash(file)), strdup("\xff\xfe"));
}

/* The first machine fails, and it cannot be rolled back. */
static void fail_and_lose_the_former_file(SimCluster *cluster) {
    start_everywhere(cluster, OLD);
    rollout_fixture_set_behaviour(cluster, NAME,
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    sim_cluster_run(cluster, 500 * USEC_PER_MSEC);
    assert_int_equal(count_running(cluster, OLD), 2);
    lose_file(cluster, OLD);
    rollout_fixture_await(cluster, NAME, ROLLOUT_FAILED, USEC_PER_MINUTE);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(count_running(cluster, OLD), 2);
    rollout_fixture_set_behaviour(cluster, NAME, &(FakeBehaviour){});
}

static void file_that_fails_comes_to_nobody_else_as_the_former_one_is_lost(void **state) {
    SimCluster *cluster = *state;
    fail_and_lose_the_former_file(cluster);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    sim_cluster_run(cluster, 3 * USEC_PER_SEC);
    sim_node_start(leader);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(count_running(cluster, OLD), 2);
    rollout_fixture_deploy(cluster, NAME, NEWER, NULL);
    sim_cluster_run(cluster, USEC_PER_SEC);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_int_equal(count_running(cluster, NEWER), 3);
}

static void until_somebody_submits_another_one(void **state) {
    SimCluster *cluster = *state;
    fail_and_lose_the_former_file(cluster);
    sim_put(cluster, NAME, NEWER, LAUNCH_STATE_LAUNCHED);
    await_running(cluster, NEWER, 3);
}

static void canaries_wait_to_be_promoted(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.canaries = 1;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, &policy);
    rollout_fixture_await(cluster, NAME, ROLLOUT_WAITING, USEC_PER_MINUTE);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, NEW), 1);
    assert_int_equal(count_running(cluster, OLD), 2);
    rollout_fixture_say(cluster, NAME, promote_it);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_int_equal(count_running(cluster, NEW), 3);
}

static void it_is_paused_and_resumed_and_undone(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    rollout_fixture_say(cluster, NAME, pause_it);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(count_running(cluster, NEW), 1);
    rollout_fixture_say(cluster, NAME, resume_it);
    await_running(cluster, NEW, 2);
    rollout_fixture_say(cluster, NAME, undo_it);
    await_without_a_gap(cluster, ROLLOUT_ROLLED_BACK);
    assert_int_equal(count_running(cluster, OLD), 3);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    rollout_fixture_set_behaviour(cluster, NAME, &(FakeBehaviour){.start_usec = 2 * USEC_PER_SEC});
    rollout_fixture_say(cluster, NAME, undo_it);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(count_running(cluster, NEW), 2);
    await_without_a_gap(cluster, ROLLOUT_ROLLED_BACK);
    assert_int_equal(count_running(cluster, OLD), 3);
}

static void another_deployment_knows_what_was_before_both(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_running(cluster, NEW, 2);
    rollout_fixture_deploy(cluster, NAME, NEWER, NULL);
    await_running(cluster, NEWER, 1);
    assert_int_equal(count_running(cluster, NEW) + count_running(cluster, OLD), 2);
    rollout_fixture_say(cluster, NAME, undo_it);
    await_without_a_gap(cluster, ROLLOUT_ROLLED_BACK);
    assert_int_equal(count_running(cluster, OLD), 3);
}

static void what_somebody_else_submits_goes_everywhere(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_running(cluster, NEW, 1);
    sim_put(cluster, NAME, NEWER, LAUNCH_STATE_LAUNCHED);
    await_running(cluster, NEWER, 3);
    rollout_fixture_await(cluster, NAME, ROLLOUT_SUPERSEDED, USEC_PER_MINUTE);
}

static void who_asks_for_the_unit_again_hurries_nobody(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_running(cluster, NEW, 1);
    size_t n_touches = sim_count_touches(cluster);
    int64_t revision = sim_put(cluster, NAME, NEW, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(sim_view_order(cluster->view, cluster->nodes[i].id, NAME)->unit_revision,
                         revision);
    sim_put(cluster, NAME, NULL, LAUNCH_STATE_LOADED);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, NAME), 0);
    rollout_fixture_await(cluster, NAME, ROLLOUT_DONE, USEC_PER_MINUTE);
}

static void destroyed_unit_ends_its_deployment(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_running(cluster, NEW, 1);
    sim_destroy(cluster, NAME);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_int_equal(sim_count_running(cluster, NAME), 0);
    assert_null(rollout_fixture_rollout(cluster, NAME));
}

static const RolloutUnit *find_machine(SimCluster *cluster, RolloutUnitPhase phase) {
    const Rollout *rollout = rollout_fixture_rollout(cluster, NAME);
    for (size_t i = 0; i < rollout->n_units; i++)
        if (rollout->units[i].phase == phase)
            return &rollout->units[i];
    fail_msg("no machine is %s", rollout_unit_phase_to_string(phase));
    return NULL;
}

static SimNode *find_waiting_follower(SimCluster *cluster) {
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const RolloutUnit *unit =
            rollout_find_unit(rollout_fixture_rollout(cluster, NAME), cluster->nodes[i].id);
        if (unit->phase == ROLLOUT_UNIT_WAITING && !sim_node_leads(&cluster->nodes[i]))
            return &cluster->nodes[i];
    }
    fail_msg("no machine waits");
    return NULL;
}

/* A machine that has lost its power comes back with what it had, and has its turn then. */
static void machine_that_is_lost_has_its_turn_when_it_is_back(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.canaries = 1;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, &policy);
    rollout_fixture_await(cluster, NAME, ROLLOUT_WAITING, USEC_PER_MINUTE);
    SimNode *lost = find_waiting_follower(cluster);
    sim_node_cut_power(lost);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_null(sim_view_order(cluster->view, lost->id, NAME));
    sim_node_boot(lost);
    await_running(cluster, OLD, 2);
    rollout_fixture_say(cluster, NAME, promote_it);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_int_equal(count_running(cluster, NEW), 3);
}

/* It may be the very file that has taken it down. */
static void pause_outlasts_the_machine_that_failed(void **state) {
    SimCluster *cluster = *state;
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    policy.on_failure = UPDATE_PAUSE;
    start_everywhere(cluster, OLD);
    rollout_fixture_set_behaviour(cluster, NAME,
                                  &(FakeBehaviour){.start_result = JOB_RESULT_FAILED});
    rollout_fixture_deploy(cluster, NAME, NEW, &policy);
    rollout_fixture_await(cluster, NAME, ROLLOUT_PAUSED, USEC_PER_MINUTE);
    SimNode *failed = sim_find_node(cluster, find_machine(cluster, ROLLOUT_UNIT_FAILED)->name);
    sim_node_cut_power(failed);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(rollout_fixture_rollout(cluster, NAME)->phase, ROLLOUT_PAUSED);
    assert_int_equal(count_running(cluster, OLD), 2);
    rollout_fixture_say(cluster, NAME, undo_it);
    rollout_fixture_await(cluster, NAME, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    rollout_fixture_set_behaviour(cluster, NAME, &(FakeBehaviour){});
    sim_node_boot(failed);
    await_running(cluster, OLD, 3);
}

static void unit_on_no_machine_gets_its_file(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, NAME, OLD "MachineMetadata=no=where\n", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    rollout_fixture_deploy(cluster, NAME, NEW "MachineMetadata=no=where\n", NULL);
    rollout_fixture_await(cluster, NAME, ROLLOUT_DONE, USEC_PER_MINUTE);
    assert_true(rollout_fixture_has_text(cluster, NAME, NEW "MachineMetadata=no=where\n"));
    rollout_fixture_say(cluster, NAME, undo_it);
    rollout_fixture_await(cluster, NAME, ROLLOUT_ROLLED_BACK, USEC_PER_MINUTE);
    assert_true(rollout_fixture_has_text(cluster, NAME, OLD "MachineMetadata=no=where\n"));
}

/* Each is judged by the file that it is to have. */
static void machine_that_the_new_file_does_not_suit_leaves_in_its_turn(void **state) {
    SimCluster *cluster = *state;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_set_metadata(cluster, &cluster->nodes[i], "role", i == 0 ? "db" : "web");
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW "MachineMetadata=role=web\n", NULL);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    assert_true(sim_count_running(cluster, NAME) >= 2);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_int_equal(count_running(cluster, NEW "MachineMetadata=role=web\n"), 2);
    assert_int_equal(sim_count_running(cluster, NAME), 2);
}

static void file_that_is_not_global_is_not_rolled_out(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, SLEEPER, NULL);
    rollout_fixture_await(cluster, NAME, ROLLOUT_FAILED, USEC_PER_MINUTE);
    assert_non_null(strstr(rollout_fixture_rollout(cluster, NAME)->why, "global"));
    assert_int_equal(count_running(cluster, OLD), 3);
}

static bool is_undone(void *userdata) {
    const Rollout *rollout = rollout_fixture_rollout(userdata, NAME);
    return rollout && rollout->is_undone;
}

/* Whoever waits for the undo is told that it has come to nothing. */
static void undo_of_what_has_become_another_kind_ends(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, NAME, SLEEPER, LAUNCH_STATE_LAUNCHED);
    await_running(cluster, SLEEPER, 1);
    rollout_fixture_deploy(cluster, NAME, SLEEPER "# new\n", NULL);
    rollout_fixture_await(cluster, NAME, ROLLOUT_DONE, USEC_PER_MINUTE);
    start_everywhere(cluster, OLD);
    rollout_fixture_say(cluster, NAME, undo_it);
    rollout_fixture_await(cluster, NAME, ROLLOUT_FAILED, USEC_PER_MINUTE);
    assert_true(is_undone(cluster));
    rollout_fixture_deploy(cluster, NAME, SLEEPER, NULL);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_false(is_undone(cluster));
    rollout_fixture_say(cluster, NAME, undo_it);
    assert_true(sim_cluster_wait(cluster, is_undone, cluster, USEC_PER_MINUTE));
    assert_int_equal(rollout_fixture_rollout(cluster, NAME)->phase, ROLLOUT_FAILED);
    assert_int_equal(count_running(cluster, OLD), 3);
}

static void record_that_cannot_be_read_is_made_good_one_machine_at_a_time(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_running(cluster, NEW, 1);
    rollout_fixture_set_behaviour(cluster, NAME, &(FakeBehaviour){.start_usec = 2 * USEC_PER_SEC});
    rollout_fixture_put(cluster, key_rollout(NAME), strdup("\xff\xfe"));
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_int_equal(count_running(cluster, OLD), 1);
    await_without_a_gap(cluster, ROLLOUT_ROLLED_BACK);
    assert_int_equal(count_running(cluster, NEW), 3);
}

/* What it was, with which it is mended. */
static char *spoil_unit(SimCluster *cluster) {
    char *value = unit_format(sim_view_unit(cluster->view, NAME));
    rollout_fixture_put(cluster, key_unit(NAME), strdup("\xff\xfe"));
    sim_cluster_run(cluster, USEC_PER_SEC);
    return value;
}

static void expect_wait_for_the_unit(SimCluster *cluster) {
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    const Rollout *rollout = rollout_fixture_rollout(cluster, NAME);
    assert_non_null(rollout);
    assert_int_equal(rollout->phase, ROLLOUT_UPDATING);
    assert_non_null(strstr(str_or(rollout->why, ""), "cannot be read"));
}

static void unit_that_cannot_be_read_is_waited_for(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    char *value = spoil_unit(cluster);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    expect_wait_for_the_unit(cluster);
    assert_int_equal(count_running(cluster, OLD), 3);
    rollout_fixture_put(cluster, key_unit(NAME), value);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    value = spoil_unit(cluster);
    rollout_fixture_deploy(cluster, NAME, NEWER, NULL);
    expect_wait_for_the_unit(cluster);
    assert_int_equal(count_running(cluster, NEW), 3);
    rollout_fixture_put(cluster, key_unit(NAME), value);
    await_without_a_gap(cluster, ROLLOUT_DONE);
    assert_int_equal(count_running(cluster, NEWER), 3);
}

/* What they keep stands in the record of the one that it takes the place of. */
static void nor_do_machines_lose_what_they_keep_meanwhile(void **state) {
    SimCluster *cluster = *state;
    start_everywhere(cluster, OLD);
    rollout_fixture_deploy(cluster, NAME, NEW, NULL);
    await_running(cluster, NEW, 1);
    char *value = spoil_unit(cluster);
    rollout_fixture_deploy(cluster, NAME, NEWER, NULL);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    rollout_fixture_put(cluster, key_unit(NAME), value);
    await_running(cluster, NEWER, 1);
    assert_true(count_running(cluster, OLD) >= 1);
    rollout_fixture_say(cluster, NAME, undo_it);
    await_without_a_gap(cluster, ROLLOUT_ROLLED_BACK);
    assert_int_equal(count_running(cluster, OLD), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(machines_get_it_one_after_another),
        ENGINE_TEST(next_leader_knows_who_has_yet_to_get_it),
        ENGINE_TEST(file_that_fails_is_rolled_back),
        ENGINE_TEST(file_that_fails_comes_to_nobody_else_as_the_former_one_is_lost),
        ENGINE_TEST(until_somebody_submits_another_one),
        ENGINE_TEST(canaries_wait_to_be_promoted),
        ENGINE_TEST(it_is_paused_and_resumed_and_undone),
        ENGINE_TEST(another_deployment_knows_what_was_before_both),
        ENGINE_TEST(what_somebody_else_submits_goes_everywhere),
        ENGINE_TEST(who_asks_for_the_unit_again_hurries_nobody),
        ENGINE_TEST(destroyed_unit_ends_its_deployment),
        ENGINE_TEST(machine_that_is_lost_has_its_turn_when_it_is_back),
        ENGINE_TEST(pause_outlasts_the_machine_that_failed),
        ENGINE_TEST(unit_on_no_machine_gets_its_file),
        ENGINE_TEST(machine_that_the_new_file_does_not_suit_leaves_in_its_turn),
        ENGINE_TEST(file_that_is_not_global_is_not_rolled_out),
        ENGINE_TEST(undo_of_what_has_become_another_kind_ends),
        ENGINE_TEST(record_that_cannot_be_read_is_made_good_one_machine_at_a_time),
        ENGINE_TEST(unit_that_cannot_be_read_is_waited_for),
        ENGINE_TEST(nor_do_machines_lose_what_they_keep_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
