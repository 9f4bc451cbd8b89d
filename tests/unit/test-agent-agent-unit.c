#include "fleetd/agent/agent-unit.h"
#include "tests/unit/cmocka-test.h"

#define NOW (1000 * USEC_PER_SEC)
#define HASH "da39a3ee5e6b4b0d3255bfef95601890afd80709"

static int setup(void **state) {
    return agent_unit_new(NULL, "a.service", (AgentUnit **) state);
}

static int teardown(void **state) {
    agent_unit_free(*state);
    return 0;
}

static void give_order(AgentUnit *unit, LaunchState desired, int64_t revision) {
    Order *order = calloc(1, sizeof(Order));
    assert_non_null(order);
    *order = (Order){.machine_id = strdup("m"),
                     .name = strdup(unit->name),
                     .hash = strdup(HASH),
                     .desired = desired,
                     .unit_revision = revision};
    agent_unit_set_order_take(unit, order);
}

static void start_and_fail(AgentUnit *unit, JobResult result) {
    agent_unit_note_ended(unit, TASK_START, result, "a test says so", NULL, NOW);
}

static AgentUnit *starting_unit(void **state) {
    AgentUnit *unit = *state;
    give_order(unit, LAUNCH_STATE_LAUNCHED, 7);
    assert_int_equal(agent_unit_note_written(unit, HASH), 0);
    unit->running = TASK_START;
    return unit;
}

static void failed_start_is_not_tried_again_for_the_same_order(void **state) {
    AgentUnit *unit = starting_unit(state);
    start_and_fail(unit, JOB_RESULT_FAILED);
    assert_int_equal(unit->not_before_usec, USEC_INFINITY);
    give_order(unit, LAUNCH_STATE_LAUNCHED, 8);
    assert_int_equal(unit->not_before_usec, 0);
}

static void failed_start_does_not_hold_up_the_removal_that_was_ordered_meanwhile(void **state) {
    AgentUnit *unit = starting_unit(state);
    agent_unit_set_order_take(unit, NULL);
    start_and_fail(unit, JOB_RESULT_TIMEOUT);
    assert_true(unit->not_before_usec <= NOW);
}

static void failed_start_does_not_hold_up_the_withdrawal_that_came_meanwhile(void **state) {
    AgentUnit *unit = starting_unit(state);
    give_order(unit, LAUNCH_STATE_INACTIVE, 7);
    start_and_fail(unit, JOB_RESULT_FAILED);
    assert_true(unit->not_before_usec <= NOW);
}

static void what_fails_again_and_again_is_tried_more_and_more_rarely(void **state) {
    AgentUnit *unit = *state;
    usec_t last = 0;
    give_order(unit, LAUNCH_STATE_LAUNCHED, 7);
    for (size_t i = 0; i < 10; i++) {
        agent_unit_note_ended(unit, TASK_WRITE, JOB_RESULT_ERROR, NULL, NULL, NOW);
        assert_true(unit->not_before_usec > NOW);
        assert_true(unit->not_before_usec - NOW >= last);
        last = unit->not_before_usec - NOW;
    }
    assert_true(last <= 2 * USEC_PER_MINUTE);
}

static void set_status(AgentUnit *unit, const char *active, char **log) {
    const UnitStatus status = {
        .name = unit->name, .hash = (char *) HASH, .active = (char *) active, .log = log};
    assert_int_equal(agent_unit_copy_status(unit, &status), 0);
}

/* NULL: nothing of it. */
static void assert_told_log(const AgentUnit *unit, const char *line) {
    _cleanup_free_ char *text = NULL;
    assert_int_equal(agent_unit_format_state(unit, false, &text), 0);
    if (line)
        assert_non_null(strstr(text, line));
    else
        assert_null(strstr(text, "\"log\""));
}

static void unit_that_fails_later_is_told_with_its_log(void **state) {
    AgentUnit *unit = starting_unit(state);
    char *died[] = {(char *) "the disk is full", NULL};
    agent_unit_note_ended(unit, TASK_START, JOB_RESULT_DONE, NULL, NULL, NOW);
    set_status(unit, "active", NULL);
    agent_unit_settle(unit, TASK_NONE, NOW);
    assert_told_log(unit, NULL);
    set_status(unit, "failed", NULL);
    assert_told_log(unit, NULL);
    set_status(unit, "failed", died);
    assert_told_log(unit, "the disk is full");
    set_status(unit, "active", NULL);
    assert_told_log(unit, NULL);
}

static void start_that_fails_is_told_with_the_log_of_the_start(void **state) {
    AgentUnit *unit = starting_unit(state);
    char *since_boot[] = {(char *) "all of it", NULL},
         *of_start[] = {(char *) "no such file", NULL};
    set_status(unit, "failed", since_boot);
    agent_unit_note_ended(unit, TASK_START, JOB_RESULT_FAILED, NULL, of_start, NOW);
    agent_unit_settle(unit, TASK_NONE, NOW);
    assert_told_log(unit, "no such file");
}

int main(void) {
#define UNIT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(failed_start_is_not_tried_again_for_the_same_order),
        UNIT_TEST(failed_start_does_not_hold_up_the_removal_that_was_ordered_meanwhile),
        UNIT_TEST(failed_start_does_not_hold_up_the_withdrawal_that_came_meanwhile),
        UNIT_TEST(what_fails_again_and_again_is_tried_more_and_more_rarely),
        UNIT_TEST(unit_that_fails_later_is_told_with_its_log),
        UNIT_TEST(start_that_fails_is_told_with_the_log_of_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
