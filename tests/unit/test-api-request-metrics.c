#include "tests/unit/api-fixture.h"

static RecordedExchange *ask_metrics(ApiFixture *fixture) {
    RecordedExchange *answer = recorded_exchange_new("GET", "/metrics", NULL, NULL);
    api_serve(fixture->api, &answer->exchange);
    return answer;
}

static void assert_line(ApiFixture *fixture, const char *line) {
    _cleanup_exchange_ RecordedExchange *answer = ask_metrics(fixture);
    const char *found = strstr(answer->text, line);
    if (!found || found[strlen(line)] != '\n')
        fail_msg("'%s' is not in:\n%s", line, answer->text);
}

static void metrics_are_told_as_prometheus_wants_them(void **state) {
    _cleanup_exchange_ RecordedExchange *answer = ask_metrics(*state);
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->answer_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(answer->text, "# TYPE fleet_api_requests_total counter\n"));
}

static void metrics_are_told_while_the_store_is_silent(void **state) {
    ApiFixture *fixture = *state;
    fixture->gated->gates[GATE_RANGE] = GATE_SILENT;
    metrics_are_told_as_prometheus_wants_them(state);
}

static void requests_are_counted_by_route_and_answer(void **state) {
    ApiFixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        _cleanup_exchange_ RecordedExchange *found =
            api_call(fixture, "GET", i ? "/units/a.service" : "/units/b.service", NULL);
        assert_int_equal(found->status, 404);
        _cleanup_exchange_ RecordedExchange *nothing = api_call(fixture, "GET", "/x", NULL);
        assert_int_equal(nothing->status, 404);
    }
    _cleanup_exchange_ RecordedExchange *wrong = api_call(fixture, "BREW", "/units", NULL);
    assert_int_equal(wrong->status, 405);
    assert_line(
        fixture,
        "fleet_api_requests_total{method=\"GET\",route=\"units/{unitName}\",code=\"404\"} 2");
    assert_line(fixture,
                "fleet_api_requests_total{method=\"other\",route=\"other\",code=\"404\"} 2");
    assert_line(fixture,
                "fleet_api_requests_total{method=\"other\",route=\"other\",code=\"405\"} 1");
    assert_line(
        fixture,
        "fleet_api_request_duration_seconds_count{method=\"GET\",route=\"units/{unitName}\"} 2");
}

static void open_streams_are_counted(void **state) {
    ApiFixture *fixture = *state;
    assert_line(fixture, "fleet_api_event_streams 0");
    RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    settle(fixture);
    assert_line(fixture, "fleet_api_event_streams 1");
    assert_line(fixture,
                "fleet_api_requests_total{method=\"GET\",route=\"events\",code=\"200\"} 1");
    recorded_exchange_free(stream);
    assert_line(fixture, "fleet_api_event_streams 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(metrics_are_told_as_prometheus_wants_them),
        API_TEST(metrics_are_told_while_the_store_is_silent),
        API_TEST(requests_are_counted_by_route_and_answer),
        API_TEST(open_streams_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
