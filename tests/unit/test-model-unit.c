#include "fleetd/base/strv.h"
#include "fleetd/model/unit.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define ID "0123456789abcdef0123456789abcdef"

static void launch_state_has_a_name_both_ways(void **state) {
    for (LaunchState s = 0; s < _LAUNCH_STATE_MAX; s++)
        assert_int_equal(launch_state_from_string(launch_state_to_string(s)), s);
    assert_int_equal(launch_state_from_string("launched"), LAUNCH_STATE_LAUNCHED);
    assert_int_equal(launch_state_from_string("Launched"), _LAUNCH_STATE_INVALID);
    assert_int_equal(launch_state_from_string(""), _LAUNCH_STATE_INVALID);
    assert_int_equal(launch_state_from_string(NULL), _LAUNCH_STATE_INVALID);
    assert_null(launch_state_to_string(_LAUNCH_STATE_INVALID));
    assert_null(launch_state_to_string(_LAUNCH_STATE_MAX));
}

static void job_result_has_a_name_both_ways(void **state) {
    for (JobResult j = 0; j < _JOB_RESULT_MAX; j++)
        assert_int_equal(job_result_from_string(job_result_to_string(j)), j);
    assert_int_equal(job_result_from_string("canceled"), JOB_RESULT_CANCELED);
    assert_int_equal(job_result_from_string("collected"), _JOB_RESULT_INVALID);
}

static void health_has_a_name_both_ways(void **state) {
    for (UnitHealth h = 0; h < _UNIT_HEALTH_MAX; h++)
        assert_int_equal(unit_health_from_string(unit_health_to_string(h)), h);
    assert_int_equal(unit_health_from_string("well"), _UNIT_HEALTH_INVALID);
}

static void job_result_is_final_once_systemd_answered(void **state) {
    assert_false(job_result_is_final(_JOB_RESULT_INVALID));
    assert_false(job_result_is_final(JOB_RESULT_NONE));
    assert_false(job_result_is_final(JOB_RESULT_RUNNING));
    assert_true(job_result_is_final(JOB_RESULT_DONE));
    assert_true(job_result_is_final(JOB_RESULT_ERROR));
    assert_false(job_result_is_final(_JOB_RESULT_MAX));
}

static void unit_comes_back_from_its_json(void **state) {
    const Unit unit = {.hash = (char *) "abc", .desired = LAUNCH_STATE_LOADED, .revision = 7};
    _cleanup_free_ char *text = unit_format(&unit);
    assert_string_equal(text, "{\"hash\":\"abc\",\"desired\":\"loaded\"}");

    _cleanup_(unit_freep) Unit *copy = NULL;
    assert_int_equal(unit_parse("a.service", text, strlen(text), &copy, NULL), 0);
    assert_string_equal(copy->name, "a.service");
    assert_string_equal(copy->hash, "abc");
    assert_int_equal(copy->desired, LAUNCH_STATE_LOADED);
    assert_int_equal(copy->revision, 0);
}

static void number_of_its_last_restart_comes_back(void **state) {
    static const char beyond[] = "{\"hash\":\"abc\",\"desired\":\"launched\",\"restart\":"
                                 "9223372036854775807}";
    const Unit unit = {
        .hash = (char *) "abc", .desired = LAUNCH_STATE_LAUNCHED, .restart = UNIT_RESTART_MAX};
    const Order order = {.hash = (char *) "abc", .restart = 7};
    _cleanup_free_ char *text = unit_format(&unit), *ordered = order_format(&order);
    _cleanup_(unit_freep) Unit *copy = NULL;
    assert_int_equal(unit_parse("a.service", text, strlen(text), &copy, NULL), 0);
    assert_int_equal(copy->restart, UNIT_RESTART_MAX);
    _cleanup_(order_freep) Order *order_copy = NULL;
    assert_int_equal(order_parse(ID, "a.service", ordered, strlen(ordered), &order_copy, NULL), 0);
    assert_int_equal(order_copy->restart, 7);
    _cleanup_(unit_freep) Unit *none = NULL;
    assert_int_equal(unit_parse("a.service", beyond, strlen(beyond), &none, NULL), -EBADMSG);
}

static void what_a_later_version_wrote_of_a_unit_is_kept(void **state) {
    static const char text[] = "{\"replicas\":3,\"hash\":\"abc\",\"owner\":{\"name\":\"x\"},"
                               "\"desired\":\"loaded\"}";
    _cleanup_(unit_freep) Unit *unit = NULL;
    assert_int_equal(unit_parse("a.service", text, strlen(text), &unit, NULL), 0);
    unit->desired = LAUNCH_STATE_LAUNCHED;
    _cleanup_free_ char *written = unit_format(unit);
    assert_string_equal(written, "{\"hash\":\"abc\",\"desired\":\"launched\",\"replicas\":3,"
                                 "\"owner\":{\"name\":\"x\"}}");
}

static void order_comes_back_from_its_json(void **state) {
    Order order = {
        .machine_id = (char *) ID,
        .name = (char *) "a.service",
        .hash = (char *) "abc",
        .desired = LAUNCH_STATE_LAUNCHED,
        .unit_revision = INT64_MAX,
        .reason = (char *) "fewest units (0) of \"3\" machines/\n",
    };
    _cleanup_free_ char *text = order_format(&order);
    assert_string_equal(text, "{\"hash\":\"abc\",\"desired\":\"launched\","
                              "\"unitRevision\":9223372036854775807,"
                              "\"reason\":\"fewest units (0) of \\\"3\\\" machines/\\n\"}");

    _cleanup_(order_freep) Order *copy = NULL;
    assert_int_equal(order_parse(ID, "a.service", text, strlen(text), &copy, NULL), 0);
    assert_true(order_equal(&order, copy));
}

static void order_of_a_unit_that_must_not_run_twice_says_so(void **state) {
    Order order = {
        .hash = (char *) "abc", .stop_within_usec = 5 * USEC_PER_SEC, .is_suspended = true};
    _cleanup_free_ char *text = order_format(&order);
    assert_string_equal(text, "{\"hash\":\"abc\",\"desired\":\"inactive\",\"unitRevision\":0,"
                              "\"stopWithinUsec\":5000000,\"suspended\":true}");
    _cleanup_(order_freep) Order *copy = NULL;
    assert_int_equal(order_parse(ID, "a.service", text, strlen(text), &copy, NULL), 0);
    assert_int_equal(copy->stop_within_usec, 5 * USEC_PER_SEC);
    assert_true(copy->is_suspended);
}

static void orders_differ_by_any_field(void **state) {
    const Order order = {(char *) "m", (char *) "n", (char *) "h", LAUNCH_STATE_LOADED, 1, NULL};
    Order others[9] = {order, order, order, order, order, order, order, order, order};
    others[8].restart = 1;
    others[6].stop_within_usec = 1;
    others[7].is_suspended = true;
    others[0].machine_id = (char *) "x";
    others[1].name = (char *) "x";
    others[2].hash = NULL;
    others[3].desired = LAUNCH_STATE_LAUNCHED;
    others[4].unit_revision = 2;
    others[5].reason = (char *) "";
    assert_true(order_equal(&order, &order));
    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        assert_false(order_equal(&order, &others[i]));
}

static void unit_state_comes_back_from_its_json(void **state) {
    const char *log[] = {"first", "last \xc3\xa9", NULL};
    const UnitState full = {
        .hash = (char *) "abc",
        .current = LAUNCH_STATE_LAUNCHED,
        .load = (char *) "loaded",
        .active = (char *) "failed",
        .sub = (char *) "failed",
        .result = (char *) "exit-code",
        .job = JOB_RESULT_FAILED,
        .message = (char *) "it broke",
        .log = (char **) log,
        .unit_revision = 12,
        .health = UNIT_HEALTH_UNHEALTHY,
        .health_message = (char *) "no answer",
    };
    _cleanup_free_ char *text = unit_state_format(&full);
    _cleanup_(unit_state_freep) UnitState *copy = NULL;
    assert_int_equal(unit_state_parse(ID, "a.service", text, strlen(text), &copy, NULL), 0);
    _cleanup_free_ char *again = unit_state_format(copy);
    assert_string_equal(text, again);
    assert_string_equal(copy->machine_id, ID);
    assert_string_equal(copy->name, "a.service");
    assert_string_equal(copy->result, "exit-code");
    assert_int_equal(copy->job, JOB_RESULT_FAILED);
    assert_int_equal(strv_length(copy->log), 2);
    assert_string_equal(copy->log[1], "last \xc3\xa9");
    assert_int_equal(copy->unit_revision, 12);
    assert_int_equal(copy->health, UNIT_HEALTH_UNHEALTHY);
    assert_string_equal(copy->health_message, "no answer");
}

static void unknown_fields_of_a_unit_state_are_null(void **state) {
    const UnitState empty = {};
    _cleanup_free_ char *text = unit_state_format(&empty);
    assert_string_equal(text, "{\"current\":\"inactive\",\"job\":\"none\",\"unitRevision\":0}");

    _cleanup_(unit_state_freep) UnitState *copy = NULL;
    assert_int_equal(unit_state_parse(ID, "a.service", text, strlen(text), &copy, NULL), 0);
    assert_null(copy->hash);
    assert_null(copy->load);
    assert_null(copy->message);
    assert_null(copy->log);
    assert_int_equal(copy->health, UNIT_HEALTH_NONE);
    assert_null(copy->health_message);
}

static void unit_that_is_not_well_is_not_up(void **state) {
    UnitState told = {
        .current = LAUNCH_STATE_LAUNCHED, .active = (char *) "active", .job = JOB_RESULT_DONE};
    static const bool is_up[_UNIT_HEALTH_MAX] = {
        [UNIT_HEALTH_NONE] = true, [UNIT_HEALTH_HEALTHY] = true};
    for (UnitHealth health = 0; health < _UNIT_HEALTH_MAX; health++) {
        told.health = health;
        assert_int_equal(unit_state_is_up(&told), is_up[health]);
        assert_int_equal(unit_state_is_starting(&told), health == UNIT_HEALTH_STARTING);
        assert_false(unit_state_has_ended(&told));
    }
    told.current = LAUNCH_STATE_LOADED;
    told.health = UNIT_HEALTH_STARTING;
    assert_false(unit_state_is_starting(&told));
}

static void unit_that_has_done_its_work_is_up_and_has_ended(void **state) {
    UnitState told = {.current = LAUNCH_STATE_LAUNCHED,
                      .active = (char *) "inactive",
                      .result = (char *) "success",
                      .job = JOB_RESULT_DONE};
    assert_true(unit_state_is_up(&told));
    assert_true(unit_state_has_ended(&told));
    told.job = JOB_RESULT_RUNNING;
    assert_false(unit_state_has_ended(&told));
    told.job = JOB_RESULT_DONE;
    told.result = (char *) "exit-code";
    assert_false(unit_state_has_ended(&told));
    told.current = LAUNCH_STATE_LOADED;
    told.result = NULL;
    assert_false(unit_state_has_ended(&told));
    assert_false(unit_state_is_up(&told));
}

static void unit_has_failed_when_nobody_on_its_machine_goes_on(void **state) {
    static const struct {
        LaunchState current;
        const char *active, *result;
        JobResult job;
        UnitHealth health;
        uint64_t restarts;
        bool may_restart;
        const char *failure; /* NULL: it has not failed */
    } cases[] = {
        {LAUNCH_STATE_LAUNCHED, "active", "success", JOB_RESULT_DONE, 0, 0, false, NULL},
        {LAUNCH_STATE_LAUNCHED, "activating", "exit-code", JOB_RESULT_DONE, 0, 0, false, NULL},
        {LAUNCH_STATE_LAUNCHED, "inactive", "success", JOB_RESULT_DONE, 0, 0, false, NULL},
        {LAUNCH_STATE_LAUNCHED, "inactive", NULL, JOB_RESULT_CANCELED, 0, 0, false, NULL},
        {LAUNCH_STATE_LAUNCHED, "failed", "exit-code", JOB_RESULT_RUNNING, 0, 0, false, NULL},
        {LAUNCH_STATE_LOADED, "failed", "exit-code", JOB_RESULT_DONE, 0, 0, false, NULL},
        {LAUNCH_STATE_LAUNCHED, "failed", "exit-code", JOB_RESULT_DONE, 0, 0, false,
         "failed (exit-code)"},
        {LAUNCH_STATE_LAUNCHED, "failed", NULL, JOB_RESULT_NONE, 0, 0, false, "failed"},
        {LAUNCH_STATE_LAUNCHED, "failed", "start-limit-hit", JOB_RESULT_FAILED, 0, 0, true,
         "failed (start-limit-hit)"},
        {LAUNCH_STATE_LAUNCHED, "inactive", "success", JOB_RESULT_DEPENDENCY, 0, 0, false,
         "failed (dependency)"},
        {LAUNCH_STATE_LAUNCHED, "active", "success", JOB_RESULT_DONE, UNIT_HEALTH_UNHEALTHY, 2,
         true, NULL},
        {LAUNCH_STATE_LAUNCHED, "active", "success", JOB_RESULT_DONE, UNIT_HEALTH_STARTING, 3, true,
         NULL},
        {LAUNCH_STATE_LAUNCHED, "active", "success", JOB_RESULT_DONE, UNIT_HEALTH_UNHEALTHY, 3,
         true, "unhealthy (no answer)"},
        {LAUNCH_STATE_LAUNCHED, "active", "success", JOB_RESULT_DONE, UNIT_HEALTH_UNHEALTHY, 0,
         false, "unhealthy (no answer)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const UnitState told = {.current = cases[i].current,
                                .active = (char *) cases[i].active,
                                .result = (char *) cases[i].result,
                                .job = cases[i].job,
                                .health = cases[i].health,
                                .restarts = cases[i].restarts,
                                .health_message = (char *) "no answer"};
        bool has_failed = unit_state_has_failed(&told, cases[i].may_restart);
        if (has_failed != (cases[i].failure != NULL))
            fail_msg("case %zu", i);
        _cleanup_free_ char *failure = has_failed ? unit_state_failure(&told) : NULL;
        if (has_failed)
            assert_string_equal(failure, cases[i].failure);
    }
}

static void what_keeps_a_unit_from_being_up_is_told(void **state) {
    static const struct {
        const char *active, *result;
        JobResult job;
        UnitHealth health;
        const char *message, *trouble;
    } cases[] = {
        {"active", "success", JOB_RESULT_DONE, UNIT_HEALTH_NONE, NULL, NULL},
        {"active", "success", JOB_RESULT_DONE, UNIT_HEALTH_HEALTHY, NULL, NULL},
        {"active", "success", JOB_RESULT_DONE, UNIT_HEALTH_UNHEALTHY, NULL, "no answer"},
        {"active", "success", JOB_RESULT_DONE, UNIT_HEALTH_STARTING, NULL, "no answer"},
        {"failed", "exit-code", JOB_RESULT_FAILED, UNIT_HEALTH_NONE, "start failed", "exit-code"},
        {"activating", "exit-code", JOB_RESULT_DONE, UNIT_HEALTH_STARTING, NULL, "exit-code"},
        {"activating", "success", JOB_RESULT_RUNNING, UNIT_HEALTH_NONE, NULL, "activating"},
        {"inactive", "success", JOB_RESULT_DEPENDENCY, UNIT_HEALTH_NONE, NULL, "dependency"},
        {NULL, NULL, JOB_RESULT_ERROR, UNIT_HEALTH_NONE, "no such unit", "no such unit"},
        {"inactive", "success", JOB_RESULT_RUNNING, UNIT_HEALTH_NONE, NULL, NULL},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const UnitState told = {.current = LAUNCH_STATE_LAUNCHED,
                                .active = (char *) cases[i].active,
                                .result = (char *) cases[i].result,
                                .job = cases[i].job,
                                .message = (char *) cases[i].message,
                                .health = cases[i].health,
                                .health_message = (char *) "no answer"};
        if (!streq_ptr(unit_state_trouble(&told), cases[i].trouble))
            fail_msg("case %zu: %s", i, str_or(unit_state_trouble(&told), "none"));
    }
}

static void pending_comes_back_from_its_json(void **state) {
    PendingReason reasons[] = {{(char *) "a", (char *) "full"}, {(char *) "b", (char *) "no disk"}};
    const Pending pending = {
        .name = (char *) "a.service",
        .summary = (char *) "0 of 2 machines fit",
        .reasons = reasons,
        .n_reasons = 2,
        .unit_revision = 3,
    };
    _cleanup_free_ char *text = pending_format(&pending);
    assert_string_equal(text, "{\"summary\":\"0 of 2 machines fit\",\"reasons\":["
                              "{\"machineID\":\"a\",\"reason\":\"full\"},"
                              "{\"machineID\":\"b\",\"reason\":\"no disk\"}],\"unitRevision\":3}");

    _cleanup_(pending_freep) Pending *copy = NULL;
    assert_int_equal(pending_parse("a.service", text, strlen(text), &copy, NULL), 0);
    assert_true(pending_equal(&pending, copy));
    reasons[1].reason = (char *) "other";
    assert_false(pending_equal(&pending, copy));
}

static void pending_without_reasons_has_an_empty_list(void **state) {
    const Pending pending = {.name = (char *) "a.service", .summary = (char *) "no machines"};
    _cleanup_free_ char *text = pending_format(&pending);
    _cleanup_(pending_freep) Pending *copy = NULL;
    assert_int_equal(pending_parse("a.service", text, strlen(text), &copy, NULL), 0);
    assert_int_equal(copy->n_reasons, 0);
    assert_true(pending_equal(&pending, copy));
}

static void more_pending_reasons_than_allowed_are_refused(void **state) {
    PendingReason reasons[PENDING_REASONS_MAX + 1];
    for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
        reasons[i] = (PendingReason){(char *) "m", (char *) "full"};
    Pending pending = {
        .summary = (char *) "", .reasons = reasons, .n_reasons = PENDING_REASONS_MAX};
    _cleanup_free_ char *most = pending_format(&pending);
    pending.n_reasons++;
    _cleanup_free_ char *more = pending_format(&pending);

    _cleanup_(pending_freep) Pending *copy = NULL;
    assert_int_equal(pending_parse("a.service", most, strlen(most), &copy, NULL), 0);
    assert_int_equal(copy->n_reasons, PENDING_REASONS_MAX);
    Pending *none = NULL;
    assert_int_equal(pending_parse("a.service", more, strlen(more), &none, NULL), -EBADMSG);
    assert_null(none);
}

typedef struct BadValue {
    int (*parse)(const char *text, Error *reterr);
    const char *text;
    const char *message;
} BadValue;

static int parse_unit(const char *text, Error *reterr) {
    Unit *unit = NULL;
    int r = unit_parse("a.service", text, strlen(text), &unit, reterr);
    assert_null(unit);
    return r;
}

static int parse_order(const char *text, Error *reterr) {
    Order *order = NULL;
    int r = order_parse(ID, "a.service", text, strlen(text), &order, reterr);
    assert_null(order);
    return r;
}

static int parse_state(const char *text, Error *reterr) {
    UnitState *unit_state = NULL;
    int r = unit_state_parse(ID, "a.service", text, strlen(text), &unit_state, reterr);
    assert_null(unit_state);
    return r;
}

static int parse_pending(const char *text, Error *reterr) {
    Pending *pending = NULL;
    int r = pending_parse("a.service", text, strlen(text), &pending, reterr);
    assert_null(pending);
    return r;
}

static void bad_value_is_refused_with_its_field(void **state) {
    static const BadValue cases[] = {
        {parse_unit, "", "not valid JSON at byte 0: unexpected end of data"},
        {parse_unit, "[]", "not a JSON object"},
        {parse_unit, "null", "not a JSON object"},
        {parse_unit, "{}", "field 'hash' is missing"},
        {parse_unit, "{\"hash\":null,\"desired\":\"loaded\"}", "field 'hash' is missing"},
        {parse_unit, "{\"hash\":\"a\"}", "field 'desired' is missing"},
        {parse_unit, "{\"hash\":1,\"desired\":\"loaded\"}", "field 'hash' is int, not string"},
        {parse_unit, "{\"hash\":\"a\\u0000b\",\"desired\":\"loaded\"}",
         "field 'hash' has a NUL character"},
        {parse_unit, "{\"hash\":\"a\",\"desired\":\"lunched\"}",
         "field 'desired' has an unknown value 'lunched'"},
        {parse_order, "{\"hash\":\"a\",\"desired\":\"loaded\"}", "field 'unitRevision' is missing"},
        {parse_order, "{\"hash\":\"a\",\"desired\":\"loaded\",\"unitRevision\":-1}",
         "field 'unitRevision' is negative"},
        {parse_order, "{\"hash\":\"a\",\"desired\":\"loaded\",\"unitRevision\":1.5}",
         "field 'unitRevision' is not a whole number"},
        {parse_order, "{\"hash\":\"a\",\"desired\":\"loaded\",\"unitRevision\":1,\"reason\":[]}",
         "field 'reason' is array, not string"},
        {parse_state, "{\"job\":\"done\"}", "field 'current' is missing"},
        {parse_state, "{\"current\":\"loaded\",\"job\":\"gone\"}",
         "field 'job' has an unknown value 'gone'"},
        {parse_state, "{\"current\":\"loaded\",\"log\":\"x\"}", "field 'log' is string, not array"},
        {parse_state, "{\"current\":\"loaded\",\"log\":[\"x\",1]}",
         "field 'log' has an item that is not plain text"},
        {parse_state, "{\"current\":\"loaded\",\"log\":[null]}",
         "field 'log' has an item that is not plain text"},
        {parse_pending, "{\"summary\":\"\",\"reasons\":[{\"machineID\":\"a\"}]}",
         "field 'reasons': field 'reason' is missing"},
        {parse_pending, "{\"summary\":\"\",\"reasons\":[1]}", "field 'reasons': not a JSON object"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error error = {};
        assert_int_equal(cases[i].parse(cases[i].text, &error), -EBADMSG);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void fields_of_a_later_version_are_ignored(void **state) {
    static const char text[] =
        "{\"x\":{\"y\":[1]},\"hash\":\"a\",\"desired\":\"loaded\",\"unitRevision\":\"4\"}";
    _cleanup_(order_freep) Order *order = NULL;
    assert_int_equal(order_parse(ID, "a.service", text, strlen(text), &order, NULL), 0);
    assert_int_equal(order->unit_revision, 4);
    assert_null(order->reason);
}

static void freeing_nothing_is_fine(void **state) {
    unit_free(NULL);
    order_free(NULL);
    unit_state_free(NULL);
    pending_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(launch_state_has_a_name_both_ways),
        cmocka_unit_test(job_result_has_a_name_both_ways),
        cmocka_unit_test(health_has_a_name_both_ways),
        cmocka_unit_test(job_result_is_final_once_systemd_answered),
        cmocka_unit_test(unit_comes_back_from_its_json),
        cmocka_unit_test(number_of_its_last_restart_comes_back),
        cmocka_unit_test(what_a_later_version_wrote_of_a_unit_is_kept),
        cmocka_unit_test(order_comes_back_from_its_json),
        cmocka_unit_test(order_of_a_unit_that_must_not_run_twice_says_so),
        cmocka_unit_test(orders_differ_by_any_field),
        cmocka_unit_test(unit_state_comes_back_from_its_json),
        cmocka_unit_test(unknown_fields_of_a_unit_state_are_null),
        cmocka_unit_test(unit_that_is_not_well_is_not_up),
        cmocka_unit_test(unit_that_has_done_its_work_is_up_and_has_ended),
        cmocka_unit_test(unit_has_failed_when_nobody_on_its_machine_goes_on),
        cmocka_unit_test(what_keeps_a_unit_from_being_up_is_told),
        cmocka_unit_test(pending_comes_back_from_its_json),
        cmocka_unit_test(pending_without_reasons_has_an_empty_list),
        cmocka_unit_test(more_pending_reasons_than_allowed_are_refused),
        cmocka_unit_test(bad_value_is_refused_with_its_field),
        cmocka_unit_test(fields_of_a_later_version_are_ignored),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
