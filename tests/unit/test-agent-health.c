#include "fleetd/agent/health.h"

#include "tests/unit/cmocka-test.h"

#define SEC USEC_PER_SEC
#define BEGIN (1000 * SEC)

static const HealthCheck usual = {.interval_usec = 10 * SEC,
                                  .timeout_usec = 3 * SEC,
                                  .start_period_usec = 30 * SEC,
                                  .retries = 3,
                                  .may_restart = true};
static const HealthCheck strict = {
    .interval_usec = 10 * SEC, .timeout_usec = 3 * SEC, .retries = 1, .may_restart = true};

static Health healthy(usec_t now_usec) {
    Health health = {};
    health_begin(&health, now_usec);
    health_note(&health, &usual, true, now_usec);
    return health;
}

static void unit_starts_until_it_is_well_for_the_first_time(void **state) {
    Health health = {};
    assert_int_equal(health.status, UNIT_HEALTH_NONE);
    health_begin(&health, BEGIN);
    assert_int_equal(health.status, UNIT_HEALTH_STARTING);
    assert_true(health_note(&health, &usual, true, BEGIN + SEC));
    assert_int_equal(health.status, UNIT_HEALTH_HEALTHY);
    assert_false(health_note(&health, &usual, true, BEGIN + 2 * SEC));
}

static void failures_count_only_after_the_start_period(void **state) {
    Health health = {};
    health_begin(&health, BEGIN);
    for (usec_t t = 0; t < 30; t++)
        assert_false(health_note(&health, &usual, false, BEGIN + t * SEC));
    assert_false(health_note(&health, &usual, false, BEGIN + 30 * SEC));
    assert_false(health_note(&health, &usual, false, BEGIN + 40 * SEC));
    assert_true(health_note(&health, &usual, false, BEGIN + 50 * SEC));
    assert_int_equal(health.status, UNIT_HEALTH_UNHEALTHY);
}

static void first_success_ends_the_start_period(void **state) {
    Health health = healthy(BEGIN);
    assert_false(health_note(&health, &usual, false, BEGIN + SEC));
    assert_false(health_note(&health, &usual, false, BEGIN + 2 * SEC));
    assert_true(health_note(&health, &usual, false, BEGIN + 3 * SEC));
    assert_int_equal(health.status, UNIT_HEALTH_UNHEALTHY);
}

static void only_failures_in_a_row_make_it_unhealthy(void **state) {
    Health health = healthy(BEGIN);
    for (int i = 0; i < 10; i++) {
        assert_false(health_note(&health, &usual, false, BEGIN + SEC));
        assert_false(health_note(&health, &usual, false, BEGIN + SEC));
        assert_false(health_note(&health, &usual, true, BEGIN + SEC));
    }
    assert_int_equal(health.status, UNIT_HEALTH_HEALTHY);
}

static void one_success_makes_it_healthy_again(void **state) {
    Health health = healthy(BEGIN);
    assert_true(health_note(&health, &strict, false, BEGIN));
    assert_true(health_note(&health, &strict, true, BEGIN));
    assert_int_equal(health.status, UNIT_HEALTH_HEALTHY);
}

static void new_start_begins_anew(void **state) {
    Health health = healthy(BEGIN);
    health_note(&health, &usual, false, BEGIN);
    health_end(&health);
    assert_int_equal(health.status, UNIT_HEALTH_NONE);
    health_begin(&health, BEGIN + 100 * SEC);
    assert_int_equal(health.status, UNIT_HEALTH_STARTING);
    for (int i = 0; i < 5; i++)
        assert_false(health_note(&health, &usual, false, BEGIN + 110 * SEC));
}

static void questions_come_fast_while_it_starts_and_then_at_the_units_own_times(void **state) {
    Health health = {};
    health_begin(&health, BEGIN);
    assert_int_equal(health_next(&health, &usual, 7, BEGIN), BEGIN + SEC);
    assert_int_equal(health_next(&health, &usual, 7, BEGIN + 30 * SEC), BEGIN + 40 * SEC + 7);
    health_note(&health, &usual, true, BEGIN);
    for (usec_t late = 0; late < 10 * SEC; late += SEC / 3) {
        usec_t next = health_next(&health, &usual, 3 * SEC, BEGIN + late);
        assert_int_equal(next % (10 * SEC), 3 * SEC);
        assert_true(next > BEGIN + late + 5 * SEC && next <= BEGIN + late + 15 * SEC + 1);
    }
}

static void fails(Health *health, usec_t now_usec) {
    health_note(health, &strict, false, now_usec);
}

static void restarts_come_later_and_later(void **state) {
    static const usec_t pauses[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};
    Health health = healthy(BEGIN);
    usec_t now = BEGIN;
    assert_false(health_wants_restart(&health, &strict, now));
    fails(&health, now);
    for (size_t i = 0; i < ELEMENTSOF(pauses); i++) {
        assert_true(health_wants_restart(&health, &strict, now));
        health_note_restart(&health, now);
        health_begin(&health, now + SEC);
        fails(&health, now + SEC);
        assert_int_equal(health.status, UNIT_HEALTH_UNHEALTHY);
        now += pauses[i] * SEC;
        assert_false(health_wants_restart(&health, &strict, now - 1));
    }
}

static void restarts_are_forgotten_when_it_was_well_for_long(void **state) {
    Health health = healthy(BEGIN);
    for (int i = 0; i < 5; i++)
        health_note_restart(&health, BEGIN);
    health_begin(&health, BEGIN);
    health_note(&health, &strict, true, BEGIN);
    health_note(&health, &strict, true, BEGIN + 600 * SEC - 1);
    assert_int_equal(health.n_restarts, 5);
    fails(&health, BEGIN + 600 * SEC);
    health_note(&health, &strict, true, BEGIN + 600 * SEC);
    health_note(&health, &strict, true, BEGIN + 1199 * SEC);
    assert_int_equal(health.n_restarts, 5);
    health_note(&health, &strict, true, BEGIN + 1200 * SEC);
    assert_int_equal(health.n_restarts, 0);
}

static void unit_whose_author_wants_no_retries_is_left_alone(void **state) {
    HealthCheck left = strict;
    left.may_restart = false;
    Health health = healthy(BEGIN);
    fails(&health, BEGIN);
    assert_false(health_wants_restart(&health, &left, BEGIN + 10000 * SEC));
}

static void next_fleetd_knows_what_this_one_knew(void **state) {
    Health health = healthy(BEGIN), again;
    health_note_restart(&health, BEGIN + 5);
    health_begin(&health, BEGIN + SEC);
    health_note(&health, &strict, true, BEGIN + 2 * SEC);
    _cleanup_free_ char *text = health_format(&health);
    assert_string_equal(text, "healthy 1001000000 1002000000 1000000005 1");
    assert_int_equal(health_parse(text, &again), 0);
    assert_true(again.was_well);
    assert_int_equal(again.status, UNIT_HEALTH_HEALTHY);
    assert_int_equal(again.since_usec, health.since_usec);
    assert_int_equal(again.well_since_usec, health.well_since_usec);
    assert_int_equal(again.restarted_usec, health.restarted_usec);
    assert_int_equal(again.n_restarts, 1);
    assert_int_equal(health_parse("starting 1 0 0 0", &again), 0);
    assert_false(again.was_well);
}

static void what_is_no_health_is_refused(void **state) {
    static const char *const cases[] = {
        "", "healthy", "healthy 1 2 3", "well 1 2 3 4", "healthy 1 2 3 4 5", "healthy a 2 3 4"};
    Health health;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_int_equal(health_parse(cases[i], &health), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_starts_until_it_is_well_for_the_first_time),
        cmocka_unit_test(failures_count_only_after_the_start_period),
        cmocka_unit_test(first_success_ends_the_start_period),
        cmocka_unit_test(only_failures_in_a_row_make_it_unhealthy),
        cmocka_unit_test(one_success_makes_it_healthy_again),
        cmocka_unit_test(new_start_begins_anew),
        cmocka_unit_test(questions_come_fast_while_it_starts_and_then_at_the_units_own_times),
        cmocka_unit_test(restarts_come_later_and_later),
        cmocka_unit_test(restarts_are_forgotten_when_it_was_well_for_long),
        cmocka_unit_test(unit_whose_author_wants_no_retries_is_left_alone),
        cmocka_unit_test(next_fleetd_knows_what_this_one_knew),
        cmocka_unit_test(what_is_no_health_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
