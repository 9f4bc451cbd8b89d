/* Forecasts of a simulated cluster, from its store; and that what they tell then happens. */
#include "fleetd/engine/forecasting.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/engine-test.h"

#define OTHER SLEEPER "# other\n"

typedef struct Answer {
    int r;
    bool is_there;
    char *text; /* "unit change machine of now, machine of then", a line each; or why not */
    bool has_changes;
    int64_t revision;
} Answer;

static void answer_done(Answer *answer) {
    free(answer->text);
}
#define _cleanup_answer_ _cleanup_(answer_done)

/* Machines are named by their numbers, 0: none. */
static size_t number_of(SimCluster *cluster, const char *id) {
    for (size_t i = 0; id && i < cluster->n_nodes; i++)
        if (streq(cluster->nodes[i].id, id))
            return i + 1;
    return 0;
}

typedef struct Asking {
    SimCluster *cluster;
    Answer *answer;
} Asking;

static void on_done(int r, const Forecast *forecast, const char *why, void *userdata) {
    const Asking *asking = userdata;
    Answer *answer = asking->answer;
    assert_false(answer->is_there);
    *answer = (Answer){.r = r, .is_there = true, .text = strdup(str_or(why, ""))};
    for (size_t i = 0; forecast && i < forecast->n_changes; i++) {
        const ForecastChange *change = &forecast->changes[i];
        char *longer = str_printf(
            "%s%s %s %zu %zu\n", answer->text, change->name, forecast_kind_to_string(change->kind),
            number_of(asking->cluster, change->from), number_of(asking->cluster, change->to));
        free(answer->text);
        answer->text = longer;
    }
    answer->has_changes = forecast && forecast->has_changes;
    answer->revision = forecast ? forecast->revision : 0;
}

static bool is_there(void *userdata) {
    return ((Answer *) userdata)->is_there;
}

static Answer ask(SimCluster *cluster, const ForecastRequest *request) {
    Answer answer = {};
    Asking asking = {cluster, &answer};
    _cleanup_(forecasting_freep) Forecasting *forecasting = NULL;
    const ForecastingOptions options = {.store = cluster->store,
                                        .loop = cluster->loop,
                                        .agent_ttl_usec = SIM_TTL,
                                        .request = request,
                                        .done = on_done,
                                        .userdata = &asking};
    assert_int_equal(forecasting_begin(&options, &forecasting), 0);
    assert_true(sim_cluster_wait(cluster, is_there, &answer, 10 * USEC_PER_SEC));
    return answer;
}

/* text NULL: as it is. */
static Answer ask_unit(SimCluster *cluster, const char *name, const char *text,
                       LaunchState desired) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    if (text)
        assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    ForecastWish wish = {.name = (char *) name, .desired = desired, .file = file};
    return ask(cluster, &(ForecastRequest){.wishes = &wish, .n_wishes = 1});
}

static Answer ask_removal(SimCluster *cluster, const char *name) {
    ForecastWish wish = {
        .name = (char *) name, .is_removal = true, .desired = _LAUNCH_STATE_INVALID};
    return ask(cluster, &(ForecastRequest){.wishes = &wish, .n_wishes = 1});
}

static void new_unit_starts_where_it_was_told(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    int64_t revision = sim_view_revision(cluster->view);
    _cleanup_answer_ Answer answer = ask_unit(cluster, "b.service", SLEEPER, _LAUNCH_STATE_INVALID);
    assert_int_equal(answer.r, 0);
    assert_true(answer.has_changes);
    assert_int_equal(answer.revision, revision);
    assert_int_equal(sim_view_revision(cluster->view), revision);
    SimNode *node = engine_test_start(cluster, "b.service", SLEEPER);
    _cleanup_free_ char *expected =
        str_printf("b.service start 0 %zu\n", number_of(cluster, node->id));
    assert_string_equal(answer.text, expected);
}

static void what_is_there_already_is_no_change(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    _cleanup_answer_ Answer answer = ask_unit(cluster, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED);
    assert_false(answer.has_changes);
    assert_string_equal(answer.text, "");
}

static void file_of_a_unit_that_runs_nowhere_is_a_change(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE);
    sim_cluster_run(cluster, USEC_PER_SEC);
    _cleanup_answer_ Answer answer = ask_unit(cluster, "a.service", OTHER, _LAUNCH_STATE_INVALID);
    assert_true(answer.has_changes);
    assert_string_equal(answer.text, "");
}

static void template_gives_its_file_to_its_instances(void **state) {
    SimCluster *cluster = *state;
    sim_put(cluster, "app@.service", SLEEPER, LAUNCH_STATE_INACTIVE);
    size_t one = number_of(cluster, engine_test_start(cluster, "app@1.service", SLEEPER)->id),
           two = number_of(cluster, engine_test_start(cluster, "app@2.service", SLEEPER)->id);
    engine_test_start(cluster, "other@1.service", SLEEPER);
    _cleanup_answer_ Answer answer =
        ask_unit(cluster, "app@.service", OTHER, _LAUNCH_STATE_INVALID);
    _cleanup_free_ char *expected = str_printf(
        "app@1.service restart %zu %zu\napp@2.service restart %zu %zu\n", one, one, two, two);
    assert_string_equal(answer.text, expected);
}

#define START_FIRST "[X-Fleet]\nUpdateOrder=start-first\n"

/* As a deployment would do it: each leaves room for the next one's next one. */
static void next_ones_are_started_elsewhere_one_after_the_other(void **state) {
    SimCluster *cluster = *state;
    const char *conflicts = "[X-Fleet]\nConflicts=app@*\n";
    _cleanup_free_ char *text = str_printf("%s%s", SLEEPER, conflicts),
                        *other = str_printf("%s%sUpdateOrder=start-first\n", OTHER, conflicts);
    sim_put(cluster, "app@.service", text, LAUNCH_STATE_INACTIVE);
    size_t one = number_of(cluster, engine_test_start(cluster, "app@1.service", text)->id),
           two = number_of(cluster, engine_test_start(cluster, "app@2.service", text)->id),
           three = 6 - one - two;
    _cleanup_answer_ Answer answer =
        ask_unit(cluster, "app@.service", other, _LAUNCH_STATE_INVALID);
    _cleanup_free_ char *expected = str_printf(
        "app@1.service move %zu %zu\napp@2.service move %zu %zu\n", one, three, two, one);
    assert_string_equal(answer.text, expected);
}

static void without_another_machine_the_next_one_waits(void **state) {
    SimCluster *cluster = *state;
    for (size_t i = 1; i <= 3; i++) {
        _cleanup_free_ char *name = str_printf("app@%zu.service", i);
        engine_test_start(cluster, name, SLEEPER "[X-Fleet]\nConflicts=app@*\n");
    }
    size_t at = number_of(cluster, sim_where_runs(cluster, "app@2.service")->id);
    _cleanup_answer_ Answer answer = ask_unit(
        cluster, "app@2.service", OTHER START_FIRST "Conflicts=app@*\n", _LAUNCH_STATE_INVALID);
    assert_true(answer.has_changes);
    _cleanup_free_ char *expected = str_printf("app@2.service wait %zu %zu\n", at, at);
    assert_string_equal(answer.text, expected);
}

static void unknown_unit_is_refused(void **state) {
    _cleanup_answer_ Answer stopped = ask_unit(*state, "a.service", NULL, LAUNCH_STATE_LOADED);
    assert_int_equal(stopped.r, -ENOENT);
    assert_string_equal(stopped.text, "unit 'a.service' does not exist");
    _cleanup_answer_ Answer removed = ask_removal(*state, "a.service");
    assert_int_equal(removed.r, -ENOENT);
}

static void destroyed_unit_stops_and_another_takes_its_place(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, "a.service", SLEEPER);
    sim_set_metadata(cluster, node, "disk", "ssd");
    sim_put(cluster, "b.service",
            SLEEPER "[X-Fleet]\nMachineMetadata=disk=ssd\nConflicts=a.service\n",
            LAUNCH_STATE_LAUNCHED);
    sim_cluster_run(cluster, USEC_PER_SEC);
    assert_non_null(sim_view_pending(cluster->view, "b.service"));
    _cleanup_answer_ Answer answer = ask_removal(cluster, "a.service");
    size_t n = number_of(cluster, node->id);
    _cleanup_free_ char *expected =
        str_printf("a.service stop %zu 0\nb.service start 0 %zu\n", n, n);
    assert_string_equal(answer.text, expected);
    sim_destroy(cluster, "a.service");
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    assert_ptr_equal(sim_where_runs(cluster, "b.service"), node);
}

static void drain_of_a_drained_machine_changes_nothing(void **state) {
    SimCluster *cluster = *state;
    engine_test_start(cluster, "a.service", SLEEPER);
    SimNode *node = sim_where_runs(cluster, "a.service");
    char *drained[] = {node->id, NULL};
    sim_maintain(cluster, node, &(Maintenance){.machine_id = node->id, .is_draining = true});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    _cleanup_answer_ Answer answer = ask(cluster, &(ForecastRequest){.drained = drained});
    assert_false(answer.has_changes);
}

static void drained_machine_is_left(void **state) {
    SimCluster *cluster = *state;
    SimNode *node = engine_test_start(cluster, "a.service", SLEEPER);
    char *drained[] = {node->id, NULL};
    _cleanup_answer_ Answer answer = ask(cluster, &(ForecastRequest){.drained = drained});
    sim_maintain(cluster, node, &(Maintenance){.machine_id = node->id, .is_draining = true});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    _cleanup_free_ char *expected =
        str_printf("a.service move %zu %zu\n", number_of(cluster, node->id),
                   number_of(cluster, sim_where_runs(cluster, "a.service")->id));
    assert_string_equal(answer.text, expected);
}

/* Who asked may have gone before the store has answered. */
static void forecast_can_be_given_up_at_any_time(void **state) {
    SimCluster *cluster = *state;
    for (size_t n = 0; n < 12; n++) {
        Answer answer = {};
        Asking asking = {cluster, &answer};
        Forecasting *forecasting = NULL;
        const ForecastRequest nothing = {};
        const ForecastingOptions options = {.store = cluster->store,
                                            .loop = cluster->loop,
                                            .agent_ttl_usec = SIM_TTL,
                                            .request = &nothing,
                                            .done = on_done,
                                            .userdata = &asking};
        assert_int_equal(forecasting_begin(&options, &forecasting), 0);
        for (size_t i = 0; i < n; i++)
            virtual_loop_step(cluster->loop);
        forecasting_free(forecasting);
        answer_done(&answer);
        asking.answer = NULL; /* nobody may be told any more */
        sim_cluster_run(cluster, USEC_PER_SEC);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(new_unit_starts_where_it_was_told),
        ENGINE_TEST(what_is_there_already_is_no_change),
        ENGINE_TEST(file_of_a_unit_that_runs_nowhere_is_a_change),
        ENGINE_TEST(template_gives_its_file_to_its_instances),
        ENGINE_TEST(next_ones_are_started_elsewhere_one_after_the_other),
        ENGINE_TEST(without_another_machine_the_next_one_waits),
        ENGINE_TEST(unknown_unit_is_refused),
        ENGINE_TEST(destroyed_unit_stops_and_another_takes_its_place),
        ENGINE_TEST(drain_of_a_drained_machine_changes_nothing),
        ENGINE_TEST(drained_machine_is_left),
        ENGINE_TEST(forecast_can_be_given_up_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
