/* PUT, PATCH and GET of rollouts. */
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define TEXT "[Service]\\nExecStart=/bin/true\\n"
#define FILE_TEXT "[Service]\nExecStart=/bin/true\n" /* that one */
#define HASH "5b1c53c1ff9de1db0dfa4a4a9f6ac1ccd4ff4d94"
#define OTHER "fedcba9876543210fedcba9876543210fedcba98"
#define SERVICE "/rollouts/a.service"
#define TEMPLATE "/rollouts/app@.service"
#define BODY "{\"text\":\"" TEXT "\"}"
#define CANARIES "{\"text\":\"" TEXT "\",\"canaries\":1}"

static void assert_stored(ApiFixture *fixture, const char *key, const char *text) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    if (!value || !strstr(value, text))
        fail_msg("%s is not in %s", text, value ? value : "nothing");
}

static void assert_absent(ApiFixture *fixture, const char *key) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    assert_null(value);
}

static void file_of_a_known_unit_is_put_with_the_wish(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", "[Service]\nExecStart=/bin/false\n", LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *before = store_sync_get(&fixture->sync, "unit/a.service");
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    assert_stored(fixture, "deployment/a.service",
                  "\"parallel\":1,\"healthyUsec\":10000000,\"deadlineUsec\":300000000,"
                  "\"onFailure\":\"rollback\",\"order\":\"stop-first\"}");
    _cleanup_free_ char *after = store_sync_get(&fixture->sync, "unit/a.service");
    assert_string_equal(before, after); /* whoever leads changes it */
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_non_null(strstr(dump, "ExecStart=/bin/true"));
}

static void unknown_unit_is_made_and_launched(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    assert_stored(fixture, "unit/a.service", "\"desired\":\"launched\",\"version\":1");
    assert_stored(fixture, "version/a.service/1", "\"hash\":");
    assert_stored(fixture, "deployment/a.service", "\"hash\":");
}

static void unknown_template_is_not_made(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", TEMPLATE, BODY, 204, "");
    assert_absent(fixture, "unit/app@.service");
    assert_stored(fixture, "deployment/app@.service", "\"hash\":");
}

static void what_the_body_says_goes_before_what_the_file_says(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", SERVICE,
                  "{\"text\":\"" TEXT "[X-Fleet]\\nUpdateParallel=3\\nUpdateCanaries=2\\n"
                  "UpdateOnFailure=pause\\n\",\"parallel\":5,\"healthySeconds\":0,"
                  "\"deadlineSeconds\":60,\"order\":\"start-first\",\"message\":\"a fix\"}",
                  204, "");
    assert_stored(fixture, "deployment/a.service",
                  "\"parallel\":5,\"canaries\":2,\"healthyUsec\":0,\"deadlineUsec\":60000000,"
                  "\"onFailure\":\"pause\",\"order\":\"start-first\",\"message\":\"a fix\"}");
}

static void bad_requests_are_refused(void **state) {
    static const char *const cases[][2] = {
        {"{}", "unit 'a.service': there is no text of a unit file"},
        {"[]", "unit 'a.service': the body of the request is not a JSON object"},
        {"{\"text\":\"" TEXT "\",\"parallel\":0}",
         "unit 'a.service': parallel is not between 1 and 10000"},
        {"{\"text\":\"" TEXT "\",\"healthySeconds\":300}",
         "unit 'a.service': the time to be healthy is not shorter than the time to become so"},
        {"{\"text\":\"" TEXT "\",\"onFailure\":\"panic\"}",
         "unit 'a.service': onFailure: 'panic' is none of rollback, pause and continue"},
        {"{\"text\":\"" TEXT "\",\"order\":\"any\"}",
         "unit 'a.service': order: 'any' is neither stop-first nor start-first"},
        {"{\"text\":\"" TEXT "[X-Fleet]\\nStopAfterDisconnect=1min\\n\",\"order\":\"start-first\"}",
         "unit 'a.service': it cannot be started first, as it has StopAfterDisconnect"},
        {"{\"text\":\"" TEXT "\",\"message\":\"a\\nb\"}", "unit 'a.service': "},
        {"{\"text\":\"" TEXT "[X-Fleet]\\nGlobal=true\\n\",\"order\":\"start-first\"}",
         "unit 'a.service': it cannot be started first, as it has Global"},
        {"{\"text\":\"" TEXT "[X-Fleet]\\nNone=1\\n\"}", "unknown option 'None'"},
    };
    ApiFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_exchange_ RecordedExchange *answer =
            api_call(fixture, "PUT", SERVICE, cases[i][0]);
        assert_int_equal(answer->status, 400);
        if (!strstr(answer->text, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], answer->text);
    }
    assert_answer(fixture, "PUT", "/rollouts/a.conf", BODY, 400,
                  "unit name 'a.conf' does not end in a unit type like .service");
}

static void global_unit_goes_machine_by_machine_and_remains_one(void **state) {
    ApiFixture *fixture = *state;
    static const char global[] = "{\"text\":\"" TEXT "[X-Fleet]\\nGlobal=true\\n\"}";
    seed_unit(fixture, "a.service", "[Service]\nExecStart=/bin/false\n[X-Fleet]\nGlobal=true\n",
              LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", SERVICE, BODY, 409,
                  "unit 'a.service' is a global unit, and would be none any more: 'fleetctl start "
                  "--replace' does that");
    assert_absent(fixture, "deployment/a.service");
    assert_answer(fixture, "PUT", SERVICE, global, 204, "");
    seed_unit(fixture, "b.service", "[Service]\nExecStart=/bin/false\n", LAUNCH_STATE_LAUNCHED);
    assert_answer(
        fixture, "PUT", "/rollouts/b.service", global, 409,
        "unit 'b.service' is no global unit, and would be one: 'fleetctl start --replace' "
        "does that");
    assert_answer(fixture, "PUT", TEMPLATE, global, 400,
                  "unit 'app@.service': its instances are global units, which are deployed one by "
                  "one");
}

static void it_is_refused_if_its_units_were_changed_since(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@1.service", "[Service]\nExecStart=/bin/false\n", LAUNCH_STATE_LAUNCHED);
    int64_t revision = seed_unit(fixture, "application@1.service",
                                 "[Service]\nExecStart=/bin/false\n", LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *body =
        str_printf("{\"text\":\"" TEXT "\",\"checkRevision\":%lld}", (long long) revision);
    seed_unit(fixture, "application@1.service", "[Service]\nExecStart=/bin/sh\n",
              LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", TEMPLATE, body, 204, "");
    seed_unit(fixture, "app@1.service", "[Service]\nExecStart=/bin/sh\n", LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *message =
        str_printf("unit 'app@1.service' was changed since revision %lld", (long long) revision);
    assert_answer(fixture, "PUT", TEMPLATE, body, 409, message);
}

static void it_is_refused_if_nobody_can_have_seen_its_revision(void **state) {
    ApiFixture *fixture = *state;
    int64_t revision = seed_unit(fixture, "app@1.service", "[Service]\nExecStart=/bin/false\n",
                                 LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *body =
        str_printf("{\"text\":\"" TEXT "\",\"checkRevision\":%lld}", (long long) revision + 1);
    _cleanup_free_ char *message = str_printf("revision %lld is yet to come: the store is at %lld",
                                              (long long) revision + 1, (long long) revision);
    assert_answer(fixture, "PUT", TEMPLATE, body, 409, message);
    assert_answer(fixture, "PUT", SERVICE, body, 409, message);
    assert_absent(fixture, "deployment/a.service");
}

/* The deployment's and, as the engine writes it, how far that is. */
static void seed_rollout_of(ApiFixture *fixture, const char *name, const char *phase,
                            const char *more) {
    _cleanup_free_ char *deployment = key_deployment(name), *rollout = key_rollout(name);
    seed(fixture, deployment,
         "{\"hash\":\"" HASH "\",\"sinceUsec\":5000000,\"message\":\"a fix\"}");
    _cleanup_free_ char *value = str_printf(
        "{\"deploymentUsec\":5000000,\"phase\":\"%s\",\"phaseSinceUsec\":7000000%s}", phase, more);
    seed(fixture, rollout, value);
    settle(fixture);
}

static void seed_rollout(ApiFixture *fixture, const char *phase, const char *more) {
    seed_rollout_of(fixture, "a.service", phase, more);
}

/* Whether what the store has is another thing after a request with that answer. */
static bool changes_the_store(ApiFixture *fixture, const char *target, unsigned status,
                              const char *text) {
    _cleanup_free_ char *before = store_dump(fixture);
    assert_answer(fixture, "PUT", target, BODY, status, text);
    _cleanup_free_ char *after = store_dump(fixture);
    return !streq(before, after);
}

static void assert_idle(ApiFixture *fixture, const char *target) {
    assert_false(changes_the_store(fixture, target, 200, "{\"changed\":false}"));
}

static void assert_deployed(ApiFixture *fixture, const char *target) {
    assert_true(changes_the_store(fixture, target, 204, ""));
}

/* Else the former one could not be undone any more. */
static void file_that_the_unit_has_already_is_not_deployed_anew(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", FILE_TEXT, LAUNCH_STATE_LAUNCHED);
    assert_idle(fixture, SERVICE);
    assert_absent(fixture, "deployment/a.service");
    static const char *const over[] = {"done", "rolled-back", "superseded"};
    for (size_t i = 0; i < ELEMENTSOF(over); i++) {
        seed_rollout(fixture, over[i], "");
        assert_idle(fixture, SERVICE);
    }
}

static void what_is_under_way_is_replaced_also_by_the_file_that_the_unit_has(void **state) {
    static const char *const cases[][2] = {
        {"updating", ""},
        {"waiting", ""},
        {"paused", ""},
        {"rolling-back", ""},
        {"failed", ""}, /* whoever deploys it once more has it looked at anew */
        {"done", ",\"global\":true,\"unitHash\":\"" HASH "\",\"kept\":true"},
    };
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", FILE_TEXT, LAUNCH_STATE_LAUNCHED);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        seed_rollout(fixture, cases[i][0], cases[i][1]);
        assert_deployed(fixture, SERVICE);
        assert_deployed(fixture, SERVICE); /* nobody has begun with the one before */
    }
    seed_rollout(fixture, "done", "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 204, "");
    assert_deployed(fixture, SERVICE);
    static const char *const garbage[] = {"rollout/a.service", "deployment/a.service"};
    for (size_t i = 0; i < ELEMENTSOF(garbage); i++) {
        seed_rollout(fixture, "done", "");
        seed(fixture, garbage[i], "garbage");
        assert_deployed(fixture, SERVICE);
    }
}

static void lost_file_is_brought_back_by_who_deploys_it(void **state) {
    ApiFixture *fixture = *state;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(FILE_TEXT, strlen(FILE_TEXT), hash), 0);
    seed_unit(fixture, "a.service", FILE_TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *key = key_file(hash);
    seed_delete(fixture, key);
    assert_deployed(fixture, SERVICE);
    assert_stored(fixture, key, FILE_TEXT);
}

static void template_has_it_when_all_of_its_instances_do(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@.service", FILE_TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "app@1.service", FILE_TEXT, LAUNCH_STATE_LAUNCHED);
    seed_unit(fixture, "app@2.socket", "[Socket]\nListenStream=1\n", LAUNCH_STATE_LAUNCHED);
    assert_idle(fixture, TEMPLATE);
    seed_rollout_of(fixture, "app@.service", "done", "");
    assert_idle(fixture, TEMPLATE);
    seed_unit(fixture, "app@2.service", "[Service]\nExecStart=/bin/false\n", LAUNCH_STATE_LAUNCHED);
    assert_deployed(fixture, TEMPLATE);
    seed_rollout_of(fixture, "app@.service", "done", "");
    seed(fixture, "unit/app@2.service", "garbage");
    assert_deployed(fixture, TEMPLATE);
}

static void users_say_how_it_goes_on(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"pause\"}", 404,
                  "nothing was deployed over unit 'a.service'");
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"pause\"}", 204, "");
    assert_stored(fixture, "deployment/a.service", "\"paused\":true");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"resume\"}", 204, "");
    assert_stored(fixture, "deployment/a.service", "\"resumed\":1}");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 204, "");
    assert_stored(fixture, "deployment/a.service", "\"undone\":true");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"explode\"}", 400,
                  "action 'explode' is none of pause, resume, promote and undo");
    assert_answer(fixture, "PATCH", SERVICE, "[]", 400,
                  "the body of the request is not a JSON object");
}

static void word_of_which_nothing_would_come_is_refused(void **state) {
    ApiFixture *fixture = *state;
    static const char promote[] = "{\"action\":\"promote\"}", resume[] = "{\"action\":\"resume\"}";
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    assert_answer(fixture, "PATCH", SERVICE, resume, 409,
                  "Cannot resume the deployment of 'a.service': it is not paused");
    assert_answer(fixture, "PATCH", SERVICE, promote, 409,
                  "Cannot promote the deployment of 'a.service': it goes on with all units anyway, "
                  "as no first ones were asked for (--canaries)");
    assert_answer(fixture, "PUT", SERVICE, CANARIES, 204, "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"pause\"}", 204, "");
    assert_answer(fixture, "PATCH", SERVICE, promote, 409,
                  "Cannot promote the deployment of 'a.service': it is paused: resume it first");
    assert_answer(fixture, "PATCH", SERVICE, resume, 204, "");
    assert_answer(fixture, "PATCH", SERVICE, promote, 204, "");
    assert_stored(fixture, "deployment/a.service", "\"promoted\":true");
    seed_rollout(fixture, "waiting", "");
    assert_answer(fixture, "PATCH", SERVICE, resume, 409,
                  "Cannot resume the deployment of 'a.service': it is not paused, but waits to be "
                  "promoted");
}

static void it_is_too_late_for_some_words(void **state) {
    ApiFixture *fixture = *state;
    seed_rollout(fixture, "done", "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"pause\"}", 409,
                  "Cannot pause the deployment of 'a.service': it is over");
    seed_rollout(fixture, "rolling-back", ",\"undone\":true");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"promote\"}", 409,
                  "Cannot promote the deployment of 'a.service': it is being rolled back");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
                  "Cannot undo the deployment of 'a.service': it is being rolled back already");
    seed_rollout(fixture, "rolled-back", ",\"undone\":true");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
                  "Cannot undo the deployment of 'a.service': it is rolled back already");
    seed_rollout(fixture, "superseded", "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
                  "Cannot undo the deployment of 'a.service': its units have been changed by "
                  "others since");
    seed_rollout(fixture, "done", "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 204, "");
}

static void what_has_replaced_no_file_is_not_undone(void **state) {
    static const char *const in_vain[] = {
        ",\"units\":[{\"name\":\"a.service\",\"before\":\"" HASH "\",\"phase\":\"done\"}]",
        ",\"units\":[{\"name\":\"a.service\",\"phase\":\"updating\"}]",
        ",\"global\":true,\"unitHash\":\"" HASH "\",\"before\":\"" HASH "\",\"units\":[]",
    };
    static const char *const well[] = {
        ",\"units\":[{\"name\":\"a.service\",\"before\":\"" OTHER "\",\"phase\":\"done\"}]",
        ",\"units\":[{\"name\":\"a.service\",\"before\":\"" OTHER "\",\"phase\":\"waiting\"}]",
        ",\"global\":true,\"unitHash\":\"" HASH "\",\"before\":\"" OTHER "\",\"units\":[]",
    };
    ApiFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(in_vain); i++) {
        seed_rollout(fixture, "done", in_vain[i]);
        assert_answer(
            fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
            "Cannot undo the deployment of 'a.service': there is nothing to go back to, as "
            "it has replaced no file (fleetctl history has the former ones)");
    }
    for (size_t i = 0; i < ELEMENTSOF(well); i++) {
        seed_rollout(fixture, "done", well[i]);
        assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 204, "");
    }
}

/* Its units have what there is to go back to: to do so once more would change nothing. */
static void who_undoes_what_could_not_be_rolled_back_learns_what_is_left(void **state) {
    static const char *const cases[] = {
        "",
        ",\"units\":[{\"name\":\"a.service\",\"before\":\"" OTHER
        "\",\"phase\":\"failed\",\"why\":\"it was not up with its former file in time\"}]",
        ",\"units\":[{\"name\":\"a.service\",\"before\":\"" OTHER "\",\"phase\":\"left\","
        "\"why\":\"its former file is not in the store any more\"}]",
    };
    ApiFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *more = str_printf(",\"undone\":true%s", cases[i]);
        seed_rollout(fixture, "failed", more);
        assert_answer(
            fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
            "Cannot undo the deployment of 'a.service': rolling it back was tried, and has "
            "failed. 'fleetctl rollout status a.service' says what is wrong with which "
            "units; mend that, or deploy the file that they are to have");
    }
    seed_rollout(fixture, "failed",
                 ",\"undone\":true,\"why\":\"there is nothing to go back to, as it has replaced no "
                 "file (fleetctl history has the former ones)\"");
    assert_answer(
        fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 409,
        "Cannot undo the deployment of 'a.service': there is nothing to go back to, as it "
        "has replaced no file (fleetctl history has the former ones)");
    seed_rollout(fixture, "failed",
                 ",\"units\":[{\"name\":\"a.service\",\"before\":\"" OTHER
                 "\",\"phase\":\"failed\"}]");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 204, "");
}

static void on_set(_unused_ int r, _unused_ const StoreTxnResult *result, _unused_ void *userdata) {
}

static void begin_rollback(GatedStore *gated, _unused_ void *userdata) {
    const StoreWrite write = {.kind = STORE_PUT,
                              .key = "rollout/a.service",
                              .value = "{\"deploymentUsec\":5000000,\"phase\":\"rolling-back\","
                                       "\"phaseSinceUsec\":7000000,\"undone\":true}"};
    gated->before_txn = NULL;
    store_txn(gated->inner, &(StoreTxn){.writes = &write, .n_writes = 1}, on_set, NULL, NULL);
}

static void pause_that_a_rollback_overtakes_is_too_late(void **state) {
    ApiFixture *fixture = *state;
    seed_rollout(fixture, "updating", "");
    fixture->gated->before_txn = begin_rollback;
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"pause\"}", 409,
                  "Cannot pause the deployment of 'a.service': it is being rolled back");
    assert_null(fixture->gated->before_txn);
}

static void it_is_told_how_far_it_is(void **state) {
    ApiFixture *fixture = *state;
    seed_rollout(fixture, "rolling-back",
                 ",\"undone\":true,\"why\":\"a.service: it has failed\",\"units\":[{\"name\":"
                 "\"a.service\",\"before\":\"" HASH "\",\"phase\":\"restoring\"}]");
    static const char rollout[] =
        "{\"name\":\"a.service\",\"id\":5000000,\"hash\":\"" HASH "\","
        "\"restart\":false,\"since\":5,\"phase\":\"rolling-back\",\"phaseSince\":7,\"why\":\"a."
        "service: it has failed\","
        "\"message\":\"a fix\",\"parallel\":1,\"canaries\":0,\"healthySeconds\":10,"
        "\"deadlineSeconds\":300,\"order\":\"stop-first\",\"onFailure\":\"rollback\",\"paused\":"
        "false,\"promoted\":false,"
        "\"undone\":false,\"global\":false,"
        "\"units\":[{\"name\":\"a.service\",\"phase\":\"restoring\","
        "\"why\":null}]}";
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", SERVICE, NULL);
    assert_json(one->text, rollout);
    _cleanup_exchange_ RecordedExchange *list = api_call(fixture, "GET", "/rollouts", NULL);
    _cleanup_free_ char *expected = str_printf("{\"rollouts\":[%s]}", rollout);
    assert_json(list->text, expected);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    settle(fixture);
    _cleanup_free_ char *events = recorded_exchange_take(stream);
    assert_non_null(strstr(events, "{\"type\":\"rollout\",\"unit\":\"a.service\","));
    seed_delete(fixture, "deployment/a.service");
    settle(fixture);
    _cleanup_free_ char *end = recorded_exchange_take(stream);
    assert_non_null(strstr(end, "{\"type\":\"rollout\",\"unit\":\"a.service\"}"));
    seed_rollout(fixture, "done", "");
    assert_answer(fixture, "GET", "/rollouts/b.service", NULL, 404,
                  "nothing was deployed over unit 'b.service'");
    assert_answer(fixture, "PUT", TEMPLATE, BODY, 204, "");
    settle(fixture);
    assert_answer(fixture, "GET", "/rollouts/app@1.service", NULL, 404,
                  "nothing was deployed over unit 'app@1.service' by itself: see 'app@.service'");
}

static void machines_of_a_global_unit_stand_for_units(void **state) {
    ApiFixture *fixture = *state;
    seed_rollout(fixture, "updating",
                 ",\"global\":true,\"unitHash\":\"" HASH "\",\"units\":[{\"name\":"
                 "\"113f16a7000000000000000000000001\",\"keeps\":\"" HASH "\",\"phase\":"
                 "\"waiting\"}]");
    _cleanup_exchange_ RecordedExchange *answer = api_call(fixture, "GET", SERVICE, NULL);
    assert_non_null(strstr(answer->text,
                           "\"global\":true,\"units\":[{\"name\":"
                           "\"113f16a7000000000000000000000001\",\"phase\":\"waiting\""));
}

/* What was said since whoever leads looked last is as good as done. */
static void words_count_at_once(void **state) {
    ApiFixture *fixture = *state;
    seed_rollout(fixture, "done", "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"undo\"}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *undone = api_call(fixture, "GET", SERVICE, NULL);
    assert_non_null(strstr(undone->text, "\"phase\":\"rolling-back\""));
    seed_rollout(fixture, "waiting", ",\"why\":\"to be promoted\"");
    seed(fixture, "deployment/a.service",
         "{\"hash\":\"" HASH "\",\"sinceUsec\":5000000,\"canaries\":1}");
    settle(fixture);
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"promote\"}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *promoted = api_call(fixture, "GET", SERVICE, NULL);
    assert_non_null(strstr(promoted->text, "\"phase\":\"updating\""));
    assert_null(strstr(promoted->text, "to be promoted"));
    seed_rollout(fixture, "paused", "");
    assert_answer(fixture, "PATCH", SERVICE, "{\"action\":\"resume\"}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *resumed = api_call(fixture, "GET", SERVICE, NULL);
    assert_non_null(strstr(resumed->text, "\"phase\":\"updating\""));
}

static void record_of_a_former_deployment_says_nothing(void **state) {
    ApiFixture *fixture = *state;
    seed_rollout(fixture, "failed", "");
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *answer = api_call(fixture, "GET", SERVICE, NULL);
    assert_non_null(strstr(answer->text, "\"phase\":\"updating\""));
    assert_non_null(strstr(answer->text, "\"units\":[]"));
}

static void destroyed_unit_takes_its_deployment_along(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", SERVICE, BODY, 204, "");
    settle(fixture);
    assert_answer(fixture, "DELETE", "/units/a.service", NULL, 204, "");
    assert_absent(fixture, "deployment/a.service");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(file_of_a_known_unit_is_put_with_the_wish),
        API_TEST(unknown_unit_is_made_and_launched),
        API_TEST(unknown_template_is_not_made),
        API_TEST(what_the_body_says_goes_before_what_the_file_says),
        API_TEST(bad_requests_are_refused),
        API_TEST(global_unit_goes_machine_by_machine_and_remains_one),
        API_TEST(it_is_refused_if_its_units_were_changed_since),
        API_TEST(it_is_refused_if_nobody_can_have_seen_its_revision),
        API_TEST(file_that_the_unit_has_already_is_not_deployed_anew),
        API_TEST(what_is_under_way_is_replaced_also_by_the_file_that_the_unit_has),
        API_TEST(lost_file_is_brought_back_by_who_deploys_it),
        API_TEST(template_has_it_when_all_of_its_instances_do),
        API_TEST(users_say_how_it_goes_on),
        API_TEST(word_of_which_nothing_would_come_is_refused),
        API_TEST(it_is_too_late_for_some_words),
        API_TEST(what_has_replaced_no_file_is_not_undone),
        API_TEST(who_undoes_what_could_not_be_rolled_back_learns_what_is_left),
        API_TEST(pause_that_a_rollback_overtakes_is_too_late),
        API_TEST(it_is_told_how_far_it_is),
        API_TEST(machines_of_a_global_unit_stand_for_units),
        API_TEST(words_count_at_once),
        API_TEST(record_of_a_former_deployment_says_nothing),
        API_TEST(destroyed_unit_takes_its_deployment_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
