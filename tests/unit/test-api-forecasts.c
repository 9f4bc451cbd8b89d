/* POST of plan: what is asked for is read and judged, and what comes back is told. */
#include "fleetd/base/strv.h"
#include "fleetd/model/forecast.h"
#include "tests/unit/api-fixture.h"

#define TEXT "[Service]\\nExecStart=/bin/true\\n"

/* Who answers in place of the engine: what, is up to the test. */
typedef struct FakeForecaster {
    int begin_result;
    char *asked; /* the request, in words */
    ForecastDone done;
    void *done_userdata;
    size_t n_ended;
} FakeForecaster;

static FakeForecaster fake;

static char *words_of(const ForecastRequest *request) {
    char *words = strdup("");
    for (size_t i = 0; i < request->n_wishes; i++) {
        const ForecastWish *wish = &request->wishes[i];
        char *longer = str_printf("%s%s %s%s;", words, wish->name,
                                  wish->is_removal    ? "destroyed"
                                  : wish->desired < 0 ? "as it is"
                                                      : launch_state_to_string(wish->desired),
                                  wish->file ? " with a file" : "");
        free(words);
        words = longer;
    }
    STRV_FOREACH (id, request->drained) {
        char *longer = str_printf("%s%.2s drained;", words, *id);
        free(words);
        words = longer;
    }
    return words;
}

static int begin(const ForecastRequest *request, ForecastDone done, void *done_userdata,
                 _unused_ void *userdata, void **ret) {
    if (fake.begin_result < 0)
        return fake.begin_result;
    fake.asked = words_of(request);
    fake.done = done;
    fake.done_userdata = done_userdata;
    *ret = &fake;
    return 0;
}

static void end(_unused_ void *forecasting) {
    fake.n_ended++;
}

static int setup(void **state) {
    int r = api_setup(state);
    ApiFixture *fixture = *state;
    const ApiOptions options = {.store = &fixture->gated->store,
                                .loop = fixture->loop,
                                .store_timeout_usec = 2 * USEC_PER_SEC,
                                .forecaster = {.begin = begin, .end = end}};
    fake = (FakeForecaster){};
    api_free(TAKE_PTR(fixture->api));
    return r < 0 ? r : api_new(&options, &fixture->api);
}

static int teardown(void **state) {
    free(fake.asked);
    return api_teardown(state);
}

static const char body[] = "{\"units\":[{\"name\":\"a.service\",\"text\":\"" TEXT "\"}]}";

static void answer_is_told_with_its_revision(void **state) {
    ApiFixture *fixture = *state;
    ForecastChange changes[] = {
        {FORECAST_START, (char *) "a.service", NULL, (char *) M1, (char *) "fewest units"},
        {FORECAST_STOP, (char *) "b.service", (char *) M2, NULL, (char *) "conflicts"},
    };
    const Forecast forecast = {
        .revision = 7, .has_changes = true, .changes = changes, .n_changes = 2};
    _cleanup_exchange_ RecordedExchange *recorded = api_start(fixture, "POST", "/plan", body);
    assert_string_equal(fake.asked, "a.service as it is with a file;");
    assert_false(recorded->is_ended);
    fake.done(0, &forecast, NULL, fake.done_userdata);
    assert_int_equal(recorded->status, 200);
    assert_int_equal(exchange_revision(recorded), 7);
    assert_json(recorded->text,
                "{\"revision\":7,\"hasChanges\":true,\"changes\":[{\"unit\":\"a.service\","
                "\"change\":\"start\",\"fromMachineID\":null,\"machineID\":\"" M1 "\","
                "\"reason\":\"fewest units\"},{\"unit\":\"b.service\",\"change\":\"stop\","
                "\"fromMachineID\":\"" M2 "\",\"machineID\":null,\"reason\":\"conflicts\"}]}");
    assert_int_equal(fake.n_ended, 1);
}

static void all_that_can_be_asked_for_is_read(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *recorded =
        api_start(fixture, "POST", "/plan",
                  "{\"units\":[{\"name\":\"a.service\",\"desiredState\":\"loaded\"},"
                  "{\"name\":\"b@.service\",\"text\":\"" TEXT "\"}],"
                  "\"destroy\":[\"c.service\"],\"drain\":[\"" M2 "\"]}");
    assert_non_null(recorded);
    assert_string_equal(fake.asked,
                        "a.service loaded;b@.service as it is with a file;c.service destroyed;"
                        "22 drained;");
}

static void bad_requests_are_refused_with_the_reason(void **state) {
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"[]", "the body of the request is not a JSON object"},
        {"{\"units\":7}", "the body of the request: field 'units' is int, not array"},
        {"{\"units\":[7]}", "the body of the request: unit 1: it is not a JSON object"},
        {"{\"units\":[{}]}", "the body of the request: unit 1: field 'name' is missing"},
        {"{\"units\":[{\"name\":\"a.service\",\"text\":\"x\"}]}",
         "the body of the request: unit 1: unit 'a.service': line 1: "},
        {"{\"destroy\":[\"a.service\",\"a.service\"]}",
         "the body of the request: unit to be destroyed 2: unit 'a.service' is named twice"},
        {"{\"destroy\":[1]}",
         "the body of the request: unit to be destroyed 1: it is not a string"},
        {"{\"drain\":[\"x\"]}", NULL},
    };
    ApiFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_exchange_ RecordedExchange *recorded =
            api_call(fixture, "POST", "/plan", cases[i].body);
        if (recorded->status != 400 ||
            (cases[i].message && !strstr(recorded->text, cases[i].message)))
            fail_msg("%s: %u %s", cases[i].body, recorded->status, recorded->text);
    }
    assert_null(fake.asked);
}

static void failure_is_told(int r, const char *why, ApiFixture *fixture, unsigned status,
                            const char *message) {
    _cleanup_exchange_ RecordedExchange *recorded = api_start(fixture, "POST", "/plan", body);
    fake.done(r, NULL, why, fake.done_userdata);
    assert_int_equal(recorded->status, status);
    if (!strstr(recorded->text, message))
        fail_msg("%s", recorded->text);
    free(TAKE_PTR(fake.asked));
}

static void what_cannot_be_told_says_why(void **state) {
    failure_is_told(-ENOENT, "unit 'a.service' does not exist", *state, 404,
                    "unit 'a.service' does not exist");
    failure_is_told(-ENOMEM, NULL, *state, 503,
                    "what would happen cannot be told: Cannot allocate memory");
    fake.begin_result = -ENOMEM;
    _cleanup_exchange_ RecordedExchange *recorded = api_call(*state, "POST", "/plan", body);
    assert_int_equal(recorded->status, 503);
    assert_int_equal(fake.n_ended, 2);
}

static void who_waits_too_long_is_told_so(void **state) {
    _cleanup_exchange_ RecordedExchange *recorded = api_call(*state, "POST", "/plan", body);
    assert_int_equal(recorded->status, 503);
    assert_int_equal(fake.n_ended, 1);
}

static void who_goes_away_is_forgotten(void **state) {
    RecordedExchange *recorded = api_start(*state, "POST", "/plan", body);
    recorded_exchange_abort(recorded);
    recorded_exchange_free(recorded);
    assert_int_equal(fake.n_ended, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(answer_is_told_with_its_revision),
        TEST(all_that_can_be_asked_for_is_read),
        TEST(bad_requests_are_refused_with_the_reason),
        TEST(what_cannot_be_told_says_why),
        TEST(who_waits_too_long_is_told_so),
        TEST(who_goes_away_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
