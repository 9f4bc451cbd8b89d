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
        {"HEAD", "/units/a.service", "GET, PUT, POST, DELETE"},
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

/* Answers name what was asked for, and must be JSON. */
static void address_that_is_no_text_is_400(void **state) {
    ApiFixture *fixture = *state;
    static const char *const cases[][2] = {
        {"GET", "/units/\xff"},          {"DELETE", "/units/a\nb.service"}, {"GET", "/\xc3"},
        {"GET", "/state?unitName=\xff"}, {"GET", "/events?unit=a&x=\x1b"},  {"G\xff", "/units"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_answer(fixture, cases[i][0], cases[i][1], NULL, 400,
                      "the request's address has a control character, or a byte that is not "
                      "UTF-8");
    _cleanup_exchange_ RecordedExchange *answer = api_call(
        fixture, "GET", "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xe2\x82\xac", NULL);
    assert_int_equal(answer->status, 404); /* and no character is cut in two */
    assert_non_null(strstr(answer->text, "x\"}}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(path_that_does_not_exist_is_404),
        API_TEST(method_that_is_not_possible_is_405_and_says_which_are),
        API_TEST(collection_may_end_in_a_slash),
        API_TEST(address_that_is_no_text_is_400),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
