#include "tests/unit/api-fixture.h"

static void path_that_does_not_exist_is_404(void **state) {
    ApiFixture *fixture = *state;
    static const char *const targets[] = {
        "",
        "/",
        "/unit",
        "/unitsx",
        "/units/a.service/b",
        "/events/x",
        ("/machines/" M1),
        "/state/a/b",
        "/discovery/x",
        "/metrics",
    };
    for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
        _cleanup_exchange_ RecordedExchange *answer = api_call(fixture, "GET", targets[i], NULL);
        if (answer->status != 404)
            fail_msg("%s: %u", targets[i], answer->status);
    }
    _cleanup_exchange_ RecordedExchange *other =
        recorded_exchange_new("GET", "/fleet/v2/units", NULL, NULL);
    api_serve(fixture->api, &other->exchange);
    assert_int_equal(other->status, 404);
    assert_json(other->text,
                "{\"error\":{\"code\":404,\"message\":\"there is nothing at /fleet/v2/units\"}}");
}

static void method_that_is_not_possible_is_405_and_says_which_are(void **state) {
    ApiFixture *fixture = *state;
    static const char *const cases[][3] = {
        {"POST", "/units", "GET"},
        {"HEAD", "/units/a.service", "GET, PUT, DELETE"},
        {"DELETE", "/state/a.service", "GET"},
        {"PUT", "/machines", "GET, PATCH"},
        {"get", "/events", "GET"},
        {"PUT", "/units/", "GET"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_exchange_ RecordedExchange *answer =
            api_call(fixture, cases[i][0], cases[i][1], NULL);
        assert_int_equal(answer->status, 405);
        assert_string_equal(map_get(answer->headers, "Allow"), cases[i][2]);
    }
}

static void collection_may_end_in_a_slash(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units/", NULL, 200, "{\"units\":[]}");
    assert_answer(fixture, "GET", "/machines/", NULL, 200, "{\"machines\":[]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(path_that_does_not_exist_is_404),
        API_TEST(method_that_is_not_possible_is_405_and_says_which_are),
        API_TEST(collection_may_end_in_a_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
