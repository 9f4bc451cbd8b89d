#include "tests/unit/metrics-check.h"
#include "tests/unit/systemd-fixture.h"

static void calls_are_counted_by_method(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fixture_start(f, "a.service");
    fixture_turn(f);
    assert_metric(f->metrics, "fleet_systemd_call_duration_seconds_count{method=\"StartUnit\"} 1");
    assert_metric(f->metrics,
                  "fleet_systemd_call_duration_seconds_count{method=\"LinkUnitFiles\"} 1");
    assert_no_metric(f->metrics, "fleet_systemd_call_failures_total{");
}

static void refused_call_is_a_failure(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fake_bus_fail_next(f->bus, "StartUnit", NO_SUCH_UNIT);
    fixture_start(f, "a.service");
    fixture_turn(f);
    assert_metric(f->metrics, "fleet_systemd_call_failures_total{method=\"StartUnit\"} 1");
}

static void reload_is_measured_too(void **state) {
    Fixture *f = *state;
    fake_bus_set_state(f->bus, "a.service", "not-found", "inactive", "dead");
    fixture_write(f, "a.service", "[Service]\n");
    fixture_turn(f);
    assert_metric(f->metrics, "fleet_systemd_call_duration_seconds_count{method=\"Reload\"} 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        bus_test(calls_are_counted_by_method),
        bus_test(refused_call_is_a_failure),
        bus_test(reload_is_measured_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
