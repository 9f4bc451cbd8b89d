/* PUT, DELETE and GET of scales. */
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define TEXT "[Service]\nExecStart=/bin/true\n"
#define SCALE "/scales/app@.service"
#define COUNT(n) "{\"count\":" #n "}"

static void assert_stored(ApiFixture *fixture, const char *key, const char *text) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    if (!value || !strstr(value, text))
        fail_msg("%s is not in %s", text, value ? value : "nothing");
}

static void assert_absent(ApiFixture *fixture, const char *key) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    assert_null(value);
}

static void wish_is_stored_and_nothing_else(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    assert_answer(fixture, "PUT", SCALE, COUNT(5), 204, "");
    assert_stored(fixture, "scale/app@.service", "{\"count\":5,\"sinceUsec\":");
    assert_absent(fixture, "unit/app@1.service"); /* whoever leads creates it */
    assert_answer(fixture, "PUT", SCALE, COUNT(0), 204, "");
    assert_stored(fixture, "scale/app@.service", "{\"count\":0,");
}

static void bad_requests_are_refused(void **state) {
    static const char *const cases[][3] = {
        {SCALE, "{}", "count is missing"},
        {SCALE, COUNT(-1), "count is not between 0 and 10000"},
        {SCALE, COUNT(10001), "count is not between 0 and 10000"},
        {SCALE, "{\"count\":\"many\"}", "count"},
        {SCALE, "[]", "the body of the request is not a JSON object"},
        {"/scales/app.service", COUNT(5),
         "'app.service' is no template, like app@.service, and has no instances"},
        {"/scales/app@1.service", COUNT(5), "is no template"},
        {"/scales/app@", COUNT(5), "does not end in a unit type"},
    };
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_exchange_ RecordedExchange *answer =
            api_call(fixture, "PUT", cases[i][0], cases[i][1]);
        assert_int_equal(answer->status, 400);
        if (!strstr(answer->text, cases[i][2]))
            fail_msg("%s: %s", cases[i][1], answer->text);
    }
    assert_absent(fixture, "scale/app@.service");
    assert_answer(fixture, "DELETE", "/scales/app.service", NULL, 400,
                  "'app.service' is no template, like app@.service, and has no instances");
}

static void template_must_be_there_and_usable(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", SCALE, COUNT(5), 404,
                  "template 'app@.service' does not exist: submit it first");
    seed(fixture, "unit/app@.service", "\xff");
    assert_answer(fixture, "PUT", SCALE, COUNT(5), 409,
                  "template 'app@.service' cannot be read: submit it first");
    seed(fixture, "unit/app@.service",
         "{\"hash\":\"0123456789012345678901234567890123456789\",\"desired\":\"inactive\"}");
    assert_answer(fixture, "PUT", SCALE, COUNT(5), 409,
                  "the file of template 'app@.service' is lost: submit it again");
    seed_unit(fixture, "app@.service", TEXT "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_INACTIVE);
    assert_answer(fixture, "PUT", SCALE, COUNT(5), 409,
                  "template 'app@.service' cannot be scaled: its units are global, and run on all "
                  "machines in any case");
    assert_absent(fixture, "scale/app@.service");
}

static void wish_is_taken_back(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "DELETE", SCALE, NULL, 404,
                  "no number of instances is kept of 'app@.service'");
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "app@1.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", SCALE, COUNT(1), 204, "");
    assert_answer(fixture, "DELETE", SCALE, NULL, 204, "");
    assert_absent(fixture, "scale/app@.service");
    assert_stored(fixture, "unit/app@1.service", "launched");
}

static void destroying_the_template_ends_it(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "app@1.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_answer(fixture, "PUT", SCALE, COUNT(1), 204, "");
    assert_answer(fixture, "DELETE", "/units/app@1.service", NULL, 204, "");
    assert_stored(fixture, "scale/app@.service", "\"count\":1");
    assert_answer(fixture, "DELETE", "/units/app@.service", NULL, 204, "");
    assert_absent(fixture, "scale/app@.service");
}

static void seed_running(ApiFixture *fixture, const char *name) {
    int64_t revision = seed_unit(fixture, name, TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, name, LAUNCH_STATE_LAUNCHED, revision);
    seed_state(fixture, M1, name, LAUNCH_STATE_LAUNCHED, revision);
}

static void it_is_told_how_many_there_are(void **state) {
    static const char scale[] = "{\"name\":\"app@.service\",\"count\":5,\"since\":5,\"there\":3,"
                                "\"running\":2,\"others\":1,\"why\":null}";
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_running(fixture, "app@1.service");
    seed_running(fixture, "app@12.service");
    seed_running(fixture, "app@blue.service");
    seed_running(fixture, "apple@1.service");
    seed_running(fixture, "app@2.timer");
    seed_unit(fixture, "app@2.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed(fixture, "scale/app@.service", "{\"count\":5,\"sinceUsec\":5000000}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", SCALE, NULL);
    assert_json(one->text, scale);
    _cleanup_exchange_ RecordedExchange *list = api_call(fixture, "GET", "/scales", NULL);
    _cleanup_free_ char *expected = str_printf("{\"scales\":[%s]}", scale);
    assert_json(list->text, expected);
    assert_answer(fixture, "GET", "/scales/b@.service", NULL, 404,
                  "no number of instances is kept of 'b@.service'");
    _cleanup_exchange_ RecordedExchange *status = api_call(fixture, "GET", "/status", NULL);
    assert_non_null(strstr(status->text, scale));
    seed(fixture, "scale/app@.service", "{\"count\":2,\"sinceUsec\":5000000}");
    seed_delete(fixture, "unit/app@2.service");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *reached = api_call(fixture, "GET", "/status", NULL);
    assert_non_null(strstr(reached->text, "\"scales\":[]"));
}

static void it_is_told_why_there_are_no_more(void **state) {
    ApiFixture *fixture = *state;
    seed(fixture, "scale/app@.service", "{\"count\":5,\"sinceUsec\":5000000}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *none = api_call(fixture, "GET", SCALE, NULL);
    assert_non_null(
        strstr(none->text, "\"why\":\"the template is not in the store, or cannot be read\""));
    seed(fixture, "unit/app@.service",
         "{\"hash\":\"0123456789012345678901234567890123456789\",\"desired\":\"inactive\"}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *lost = api_call(fixture, "GET", SCALE, NULL);
    assert_non_null(strstr(lost->text, "\"why\":\"the template's file is not in the store\""));
}

/* As for whoever leads, which makes none for it. */
static void instance_that_cannot_be_read_counts(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_running(fixture, "app@1.service");
    seed_running(fixture, "app@2.service");
    seed(fixture, "unit/app@2.service", "\xff");
    seed(fixture, "unit/app@3.service", "\xff");
    seed(fixture, "unit/app@blue.service", "\xff");
    seed(fixture, "unit/apple@1.service", "\xff");
    seed(fixture, "scale/app@.service", "{\"count\":3,\"sinceUsec\":5000000}");
    settle(fixture);
    static const char scale[] =
        "{\"name\":\"app@.service\",\"count\":3,\"since\":5,\"unreadable\":[\"app@2.service\","
        "\"app@3.service\"],\"there\":3,\"running\":1,\"others\":0,\"why\":\"there are instances "
        "that cannot be read in the store: they count\"}";
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", SCALE, NULL);
    assert_json(one->text, scale);
    _cleanup_exchange_ RecordedExchange *status = api_call(fixture, "GET", "/status", NULL);
    assert_non_null(strstr(status->text, scale));
    seed_running(fixture, "app@2.service"); /* written anew */
    seed_running(fixture, "app@3.service");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *reached = api_call(fixture, "GET", "/status", NULL);
    assert_non_null(strstr(reached->text, "\"scales\":[]"));
}

static void assert_scale_event(ApiFixture *fixture, RecordedExchange *stream, const char *rest) {
    _cleanup_free_ char *expected =
        str_printf("{\"type\":\"scale\",\"unit\":\"app@.service\",\"scale\":{"
                   "\"name\":\"app@.service\",\"count\":3,\"since\":5%s}}\n",
                   rest);
    settle(fixture);
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    assert_non_null(text);
    if (!strstr(text, expected))
        fail_msg("%s is not in %s", expected, text);
}

static void which_cannot_be_read_is_told_by_events(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "app@.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed(fixture, "scale/app@.service", "{\"count\":3,\"sinceUsec\":5000000}");
    seed(fixture, "unit/app@2.service", "\xff");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=app@*.service", NULL);
    assert_scale_event(fixture, stream, ",\"unreadable\":[\"app@2.service\"]");
    seed(fixture, "unit/app@3.service", "\xff");
    assert_scale_event(fixture, stream, ",\"unreadable\":[\"app@2.service\",\"app@3.service\"]");
    seed_unit(fixture, "app@2.service", TEXT, LAUNCH_STATE_LAUNCHED); /* written anew */
    assert_scale_event(fixture, stream, ",\"unreadable\":[\"app@3.service\"]");
    seed_delete(fixture, "unit/app@3.service");
    assert_scale_event(fixture, stream, "");
    seed(fixture, "unit/app@blue.service", "\xff"); /* it does not count */
    seed(fixture, "unit/b@1.service", "\xff");
    settle(fixture);
    _cleanup_free_ char *nothing = recorded_exchange_take(stream);
    assert_true(!nothing || !strstr(nothing, "scale"));
}

static void changes_of_it_are_events(void **state) {
    ApiFixture *fixture = *state;
    seed(fixture, "scale/app@.service", "{\"count\":5,\"sinceUsec\":5000000}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=app@*.service", NULL);
    settle(fixture);
    _cleanup_free_ char *present = recorded_exchange_take(stream);
    assert_non_null(strstr(present, "{\"type\":\"scale\",\"unit\":\"app@.service\",\"scale\":{"
                                    "\"name\":\"app@.service\",\"count\":5,\"since\":5}}"));
    seed(fixture, "scale/app@.service", "{\"count\":6,\"sinceUsec\":5000000}");
    settle(fixture);
    _cleanup_free_ char *changed = recorded_exchange_take(stream);
    assert_non_null(strstr(changed, "\"count\":6,"));
    seed_delete(fixture, "scale/app@.service");
    settle(fixture);
    _cleanup_free_ char *end = recorded_exchange_take(stream);
    assert_non_null(strstr(end, "{\"type\":\"scale\",\"unit\":\"app@.service\"}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(wish_is_stored_and_nothing_else),
        API_TEST(bad_requests_are_refused),
        API_TEST(template_must_be_there_and_usable),
        API_TEST(wish_is_taken_back),
        API_TEST(destroying_the_template_ends_it),
        API_TEST(it_is_told_how_many_there_are),
        API_TEST(it_is_told_why_there_are_no_more),
        API_TEST(changes_of_it_are_events),
        API_TEST(instance_that_cannot_be_read_counts),
        API_TEST(which_cannot_be_read_is_told_by_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
