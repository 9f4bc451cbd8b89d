/* PUT of rollouts that bring no file. */
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define TEXT "[Service]\nExecStart=/bin/true\n"
#define POLITE TEXT "[X-Fleet]\nUpdateParallel=2\nUpdateHealthyTime=3s\nUpdateOnFailure=continue\n"
#define SERVICE "/rollouts/a.service"
#define TEMPLATE "/rollouts/app@.service"
#define BODY "{\"restart\":true}"
#define DONE "{\"deploymentUsec\":5000000,\"phase\":\"done\",\"phaseSinceUsec\":7000000}"

static void assert_stored(ApiFixture *fixture, const char *key, const char *text) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    if (!value || !strstr(value, text))
        fail_msg("%s is not in %s", text, value ? value : "nothing");
}

static void assert_absent(ApiFixture *fixture, const char *key) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    assert_null(value);
}

static void assert_refused(ApiFixture *fixture, const char *target, unsigned status,
                           const char *message) {
    assert_answer(fixture, "PUT", target, BODY, status, message);
}

static void wish_is_stored_and_no_unit_touched(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *before = store_sync_get(&fixture->sync, "unit/a.service");
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    assert_stored(fixture, "deployment/a.service", "{\"restart\":true,\"sinceUsec\":");
    assert_stored(fixture, "deployment/a.service",
                  "\"parallel\":1,\"healthyUsec\":10000000,\"deadlineUsec\":300000000,"
                  "\"onFailure\":\"pause\",\"order\":\"stop-first\"}");
    _cleanup_free_ char *after = store_sync_get(&fixture->sync, "unit/a.service");
    assert_string_equal(before, after); /* whoever leads changes it */
}

static void how_to_go_about_it_says_the_file_of_an_instance(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@1.service", TEXT, LAUNCH_STATE_LOADED);
    seed_unit(fixture, "app@10.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_unit(fixture, "app@2.service", POLITE, LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", TEMPLATE, BODY, 204, "");
    assert_stored(fixture, "deployment/app@.service",
                  "\"parallel\":2,\"healthyUsec\":3000000,\"deadlineUsec\":300000000,"
                  "\"onFailure\":\"continue\"");
}

static void file_of_the_template_goes_before_that(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@.service", POLITE, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "app@1.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", TEMPLATE,
                  "{\"restart\":true,\"healthySeconds\":0,\"order\":\"start-first\","
                  "\"message\":\"new certificate\"}",
                  204, "");
    assert_stored(fixture, "deployment/app@.service",
                  "\"parallel\":2,\"healthyUsec\":0,\"deadlineUsec\":300000000,"
                  "\"onFailure\":\"continue\",\"order\":\"start-first\","
                  "\"message\":\"new certificate\"}");
}

static void bad_requests_are_refused(void **state) {
    static const char *const cases[][2] = {
        {"{\"restart\":true,\"parallel\":0}",
         "unit 'a.service': parallel is not between 1 and 10000"},
        {"{\"restart\":true,\"onFailure\":\"rollback\"}",
         "unit 'a.service': a restart has nothing to be rolled back to"},
        {"{\"restart\":true,\"text\":\"[Service]\\n\"}",
         "unit 'a.service': text is for a file, and a restart has none"},
        {"{\"restart\":true,\"checkRevision\":1}",
         "unit 'a.service': checkRevision is for a file, and a restart has none"},
        {"{\"restart\":true,\"message\":\"a\\nb\"}", "unit 'a.service': "},
        {"{\"restart\":false}", "unit 'a.service': there is no text of a unit file"},
        {"{\"restart\":1}", "unit 'a.service': there is no text of a unit file"},
    };
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_exchange_ RecordedExchange *answer =
            api_call(fixture, "PUT", SERVICE, cases[i][0]);
        assert_int_equal(answer->status, 400);
        if (!strstr(answer->text, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], answer->text);
    }
    assert_refused(fixture, "/rollouts/a.conf", 400,
                   "unit name 'a.conf' does not end in a unit type like .service");
    assert_absent(fixture, "deployment/a.service");
}

static void what_cannot_be_restarted_is_refused(void **state) {
    ApiFixture *fixture = *state;
    assert_refused(fixture, SERVICE, 404, "unit 'a.service' does not exist");
    assert_refused(fixture, TEMPLATE, 409, "template 'app@.service' has no instances");
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LOADED);
    seed_unit(fixture, "app@1.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "application@1.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_refused(fixture, SERVICE, 409, "unit 'a.service' is not to run: start it");
    assert_refused(fixture, TEMPLATE, 409, "of template 'app@.service' no instance is to run");
    seed_unit(fixture, "all.service", TEXT "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    assert_refused(fixture, "/rollouts/all.service", 400,
                   "unit 'all.service': it is a global unit, which cannot be restarted step by "
                   "step");
    seed_unit(fixture, "lone.service", TEXT "[X-Fleet]\nStopAfterDisconnect=1min\n",
              LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", "/rollouts/lone.service",
                  "{\"restart\":true,\"order\":\"start-first\"}", 400,
                  "unit 'lone.service': it cannot be started first, as it has "
                  "StopAfterDisconnect");
    seed(fixture, "unit/lost.service",
         "{\"hash\":\"0123456789012345678901234567890123456789\",\"desired\":\"launched\"}");
    assert_refused(fixture, "/rollouts/lost.service", 409,
                   "the unit file of 'lost.service' is not in the store: submit it again");
}

static void file_that_is_rolled_out_is_not_left_in_its_midst(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, "deployment/a.service",
         "{\"hash\":\"0123456789012345678901234567890123456789\",\"sinceUsec\":5000000}");
    assert_refused(fixture, SERVICE, 409,
                   "a deployment of 'a.service' is under way, which starts what it changes anew: "
                   "see 'fleetctl rollout status a.service'");
    seed(fixture, "rollout/a.service", DONE);
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, ""); /* a restart in its midst begins anew */
}

static void on_set(_unused_ int r, _unused_ const StoreTxnResult *result, _unused_ void *userdata) {
}

/* Somebody deploys at that moment. */
static void begin_deployment(GatedStore *gated, _unused_ void *userdata) {
    const StoreWrite write = {
        .kind = STORE_PUT,
        .key = "deployment/a.service",
        .value = "{\"hash\":\"0123456789012345678901234567890123456789\",\"sinceUsec\":9000000}"};
    gated->before_txn = NULL;
    store_txn(gated->inner, &(StoreTxn){.writes = &write, .n_writes = 1}, on_set, NULL, NULL);
}

static void deployment_that_is_quicker_goes_on(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    fixture->gated->before_txn = begin_deployment;
    assert_refused(fixture, SERVICE, 409,
                   "a deployment of 'a.service' is under way, which starts what it changes anew: "
                   "see 'fleetctl rollout status a.service'");
    assert_null(fixture->gated->before_txn);
}

static void it_is_told_as_a_restart_and_cannot_be_undone(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", SERVICE, NULL);
    assert_non_null(strstr(one->text, "\"hash\":\"\",\"restart\":true,"));
    assert_answer(
        fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
        "Cannot undo the restart of 'a.service': there is nothing to go back to (fleetctl "
        "history has the former files)");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"pause\"}", 204, "");
    assert_stored(fixture, "deployment/a.service", "\"restart\":true");
    assert_stored(fixture, "deployment/a.service", "\"paused\":true");
}

/* Who writes the unit for a user keeps the number of its last restart. */
static void request_for_a_unit_keeps_its_number(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, "unit/a.service");
    _cleanup_(unit_freep) Unit *unit = NULL;
    assert_int_equal(unit_parse("a.service", value, strlen(value), &unit, NULL), 0);
    unit->restart = 77;
    _cleanup_free_ char *restarted = unit_format(unit);
    seed(fixture, "unit/a.service", restarted);
    assert_answer(fixture, "PUT", "/units/a.service", "{\"desiredState\":\"loaded\"}", 204, "");
    assert_stored(fixture, "unit/a.service", "\"desired\":\"loaded\"");
    assert_stored(fixture, "unit/a.service", "\"restart\":77");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(wish_is_stored_and_no_unit_touched),
        API_TEST(how_to_go_about_it_says_the_file_of_an_instance),
        API_TEST(file_of_the_template_goes_before_that),
        API_TEST(bad_requests_are_refused),
        API_TEST(what_cannot_be_restarted_is_refused),
        API_TEST(file_that_is_rolled_out_is_not_left_in_its_midst),
        API_TEST(deployment_that_is_quicker_goes_on),
        API_TEST(it_is_told_as_a_restart_and_cannot_be_undone),
        API_TEST(request_for_a_unit_keeps_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
