/* Numbers of instances that are kept, on a simulated cluster. The test plays the API, which stores
 * what users want. */
#include "fleetd/base/strv.h"
#include "fleetd/model/deployment.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/template-scale.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/engine-test.h"

#define TEMPLATE "app@.service"
#define OLD SLEEPER
#define NEW SLEEPER "# new\n"
#define SOON (5 * USEC_PER_SEC)

static void put_take(SimCluster *cluster, char *key_take, char *value_take) {
    _cleanup_free_ char *key = key_take, *value = value_take;
    assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
}

static void scale_to(SimCluster *cluster, uint64_t count) {
    const TemplateScale scale = {.count = count, .since_usec = loop_realtime(cluster->loop)};
    put_take(cluster, key_scale(TEMPLATE), template_scale_format(&scale));
}

static void submit(SimCluster *cluster, const char *text) {
    sim_put(cluster, TEMPLATE, text, LAUNCH_STATE_INACTIVE);
}

static const Unit *instance(SimCluster *cluster, size_t number) {
    _cleanup_free_ char *name = template_instance_name(TEMPLATE, number);
    return sim_view_unit(cluster->view, name);
}

/* Which there are in the store, in order: "1 2 7". The caller frees. */
static char *numbers(SimCluster *cluster) {
    _cleanup_(strv_freep) char **words = NULL;
    for (size_t i = 1; i <= 100; i++) {
        _cleanup_free_ char *word = str_printf("%zu", i);
        if (instance(cluster, i))
            assert_int_equal(strv_push(&words, word), 0);
    }
    return words ? strv_join(words, " ") : strdup("");
}

static void assert_numbers(SimCluster *cluster, const char *expected) {
    _cleanup_free_ char *found = numbers(cluster);
    assert_string_equal(found, expected);
}

/* A user writes over what cannot be read. */
static void repair(SimCluster *cluster, const char *name, LaunchState desired) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(OLD, strlen(OLD), hash), 0);
    put_take(cluster, key_file(hash), strdup(OLD));
    put_take(cluster, key_unit(name), unit_format(&(Unit){.hash = hash, .desired = desired}));
}

static void assert_runs(SimCluster *cluster, const char *name, size_t n) {
    if (sim_count_running(cluster, name) != n)
        fail_msg("%s runs %zu times", name, sim_count_running(cluster, name));
}

static void missing_instances_are_created_and_run(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 3);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2 3");
    assert_runs(cluster, "app@1.service", 1);
    assert_runs(cluster, "app@3.service", 1);
    const Unit *template = sim_view_unit(cluster->view, TEMPLATE), *unit = instance(cluster, 2);
    assert_string_equal(unit->hash, template->hash);
    assert_int_equal(unit->desired, LAUNCH_STATE_LAUNCHED);
    assert_int_equal(unit->version, 1);
    assert_true(map_has(sim_view_all(cluster->view, KEY_VERSION), "app@2.service/1"));
}

static void gaps_are_filled_and_names_without_a_number_left_alone(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    engine_test_start(cluster, "app@2.service", OLD);
    engine_test_start(cluster, "app@7.service", OLD);
    engine_test_start(cluster, "app@blue.service", OLD);
    engine_test_start(cluster, "app@0.service", OLD);
    engine_test_start(cluster, "apple@1.service", OLD);
    size_t n_touches = sim_count_touches(cluster);
    scale_to(cluster, 3);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2 7");
    assert_true(sim_count_touches(cluster) > n_touches);
    scale_to(cluster, 0);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "");
    assert_runs(cluster, "app@blue.service", 1);
    assert_runs(cluster, "app@0.service", 1);
    assert_runs(cluster, "apple@1.service", 1);
}

static void surplus_goes_the_highest_first_and_the_rest_is_not_touched(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 5);
    sim_cluster_run(cluster, SOON);
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
    engine_test_expect_gone(cluster, "app@5.service");
    engine_test_expect_gone(cluster, "app@3.service");
    assert_false(map_has(sim_view_all(cluster->view, KEY_VERSION), "app@5.service/1"));
    assert_runs(cluster, "app@1.service", 1);
    assert_int_equal(instance(cluster, 1)->version, 1);
    size_t n_touches = sim_count_touches(cluster);
    sim_cluster_run(cluster, USEC_PER_MINUTE);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void destroyed_instance_comes_back_while_the_wish_stands(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 3);
    sim_cluster_run(cluster, SOON);
    int64_t revision = instance(cluster, 2)->revision;
    sim_destroy(cluster, "app@2.service");
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2 3");
    assert_true(instance(cluster, 2)->revision > revision);
    assert_runs(cluster, "app@2.service", 1);
    _cleanup_free_ char *key = key_scale(TEMPLATE);
    assert_int_equal(store_sync_delete(&cluster->sync, key), 0);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2 3");
    sim_destroy(cluster, "app@2.service");
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 3");
}

static void stopped_instance_counts_and_stays_stopped(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    sim_put(cluster, "app@1.service", OLD, LAUNCH_STATE_LOADED);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
    assert_runs(cluster, "app@1.service", 0);
}

static void many_come_and_go_in_batches(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 60);
    sim_cluster_run(cluster, 2 * SOON);
    assert_non_null(instance(cluster, 60));
    assert_null(instance(cluster, 61));
    assert_runs(cluster, "app@60.service", 1);
    scale_to(cluster, 1);
    sim_cluster_run(cluster, 2 * SOON);
    assert_numbers(cluster, "1");
    engine_test_expect_gone(cluster, "app@60.service");
}

static void next_leader_goes_on(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    SimNode *leader = sim_leader(cluster);
    scale_to(cluster, 4);
    sim_node_crash(leader);
    sim_cluster_run(cluster, 6 * SOON);
    assert_numbers(cluster, "1 2 3 4");
    sim_destroy(cluster, "app@4.service");
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2 3 4");
    sim_node_start(leader);
}

static void without_a_template_none_are_made(void **state) {
    SimCluster *cluster = *state;
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "");
    put_take(cluster, key_unit(TEMPLATE), strdup("\xff"));
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "");
    repair(cluster, TEMPLATE, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
    sim_destroy(cluster, TEMPLATE);
    sim_put(cluster, "app@3.service", OLD, LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
}

static void lost_file_is_waited_for(void **state) {
    static const char lost[] =
        "{\"hash\":\"0123456789012345678901234567890123456789\",\"desired\":\"inactive\"}";
    SimCluster *cluster = *state;
    put_take(cluster, key_unit(TEMPLATE), strdup(lost));
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "");
    submit(cluster, OLD);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
}

static void what_cannot_be_read_counts_and_is_left_alone(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 3);
    sim_cluster_run(cluster, SOON);
    put_take(cluster, key_unit("app@3.service"), strdup("\xff"));
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1");
    assert_runs(cluster, "app@3.service", 1);
    put_take(cluster, key_scale(TEMPLATE), strdup("\xff"));
    sim_cluster_run(cluster, SOON);
    sim_destroy(cluster, "app@3.service");
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1");
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    assert_numbers(cluster, "1 2");
}

/* What cannot be read is in the way of nobody once it can be. */
static void what_can_be_read_again_may_go(void **state) {
    SimCluster *cluster = *state;
    submit(cluster, OLD);
    scale_to(cluster, 1);
    sim_cluster_run(cluster, SOON);
    put_take(cluster, key_unit("app@1.service"), strdup("\xff"));
    scale_to(cluster, 0);
    sim_cluster_run(cluster, SOON);
    assert_runs(cluster, "app@1.service", 1);
    repair(cluster, "app@1.service", LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, SOON);
    engine_test_expect_gone(cluster, "app@1.service");
}

static bool is_deployed(void *userdata) {
    SimCluster *cluster = userdata;
    const Rollout *rollout = map_get(sim_view_all(cluster->view, KEY_ROLLOUT), TEMPLATE);
    return rollout && rollout->phase == ROLLOUT_DONE;
}

/* What is created meanwhile has the template's file, which is the old one, and has its turn. */
static void deployment_takes_in_what_is_created_meanwhile(void **state) {
    SimCluster *cluster = *state;
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    submit(cluster, OLD);
    scale_to(cluster, 2);
    sim_cluster_run(cluster, SOON);
    assert_int_equal(unit_file_parse(NEW, strlen(NEW), &file, NULL), 0);
    Deployment deployment = {.hash = (char *) unit_file_hash(file),
                             .since_usec = loop_realtime(cluster->loop),
                             .policy = UPDATE_POLICY_DEFAULT};
    put_take(cluster, key_file(deployment.hash), strdup(NEW));
    put_take(cluster, key_deployment(TEMPLATE), deployment_format(&deployment));
    sim_cluster_run(cluster, SOON);
    scale_to(cluster, 4);
    sim_cluster_run(cluster, SOON);
    assert_string_not_equal(instance(cluster, 4)->hash, deployment.hash);
    assert_true(sim_cluster_wait(cluster, is_deployed, cluster, 2 * USEC_PER_MINUTE));
    for (size_t i = 1; i <= 4; i++)
        assert_string_equal(instance(cluster, i)->hash, deployment.hash);
    scale_to(cluster, 5);
    sim_cluster_run(cluster, SOON);
    assert_string_equal(instance(cluster, 5)->hash, deployment.hash);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(missing_instances_are_created_and_run),
        ENGINE_TEST(gaps_are_filled_and_names_without_a_number_left_alone),
        ENGINE_TEST(surplus_goes_the_highest_first_and_the_rest_is_not_touched),
        ENGINE_TEST(destroyed_instance_comes_back_while_the_wish_stands),
        ENGINE_TEST(stopped_instance_counts_and_stays_stopped),
        ENGINE_TEST(many_come_and_go_in_batches),
        ENGINE_TEST(next_leader_goes_on),
        ENGINE_TEST(without_a_template_none_are_made),
        ENGINE_TEST(lost_file_is_waited_for),
        ENGINE_TEST(what_cannot_be_read_counts_and_is_left_alone),
        ENGINE_TEST(what_can_be_read_again_may_go),
        ENGINE_TEST(deployment_takes_in_what_is_created_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
