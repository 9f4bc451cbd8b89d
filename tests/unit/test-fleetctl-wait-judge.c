#include "fleetctl/wait/wait-judge.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define REVISION 10
#define MACHINE ",\"machineID\":\"m1\""
#define STATES(desired, current) \
    ",\"desiredState\":\"" desired "\",\"currentState\":\"" current "\""
#define ANSWERS(revision, job) ",\"revision\":" #revision ",\"job\":\"" job "\""
#define ASKED(revision) ",\"unitRevision\":" #revision
#define DELETED ",\"deleted\":true,\"unitRevision\":0"
#define ORPHAN ",\"orphan\":true"
#define PENDING ",\"pending\":{\"summary\":\"fits nowhere\",\"machines\":[]}"
#define FAILED ",\"systemdActiveState\":\"failed\""

/* One row: what the rest of a line says, and what that means for a request of revision 10. */
typedef struct Judgement {
    const char *line;
    WaitStatus status;
} Judgement;

static void assert_judgements(WaitGoal goal, const Judgement *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *text =
            str_printf("{\"type\":\"unit\",\"unit\":\"a.service\"%s}", rows[i].line);
        _cleanup_json_ json_object *json = NULL;
        ApiEvent event;
        assert_int_equal(json_parse(text, strlen(text), &json, NULL), 0);
        assert_int_equal(api_event_read(json, &event, NULL), 0);
        WaitStatus status = wait_judge(goal, REVISION, &event);
        if (status != rows[i].status)
            print_error("%s\n", text);
        assert_int_equal(status, rows[i].status);
    }
}
#define ASSERT_JUDGEMENTS(goal, rows) assert_judgements(goal, rows, ELEMENTSOF(rows))

static void start_ends_with_the_job_of_its_own_request(void **state) {
    static const Judgement rows[] = {
        {ASKED(10) STATES("launched", "inactive"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "inactive"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(9, "done"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "running"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "done"), WAIT_STATUS_REACHED},
        {MACHINE ASKED(12) STATES("launched", "launched") ANSWERS(12, "done"), WAIT_STATUS_REACHED},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "skipped"),
         WAIT_STATUS_REACHED},
    };
    ASSERT_JUDGEMENTS(WAIT_LAUNCHED, rows);
}

static void start_fails_with_its_job_or_right_after_it(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(10, "failed"), WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "inactive") ANSWERS(10, "error"), WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(10, "timeout"), WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(10, "dependency"),
         WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(10, "canceled"),
         WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "done") FAILED,
         WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(9, "failed"), WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_LAUNCHED, rows);
}

#define HEALTH(health) ",\"health\":\"" health "\""
#define ACTIVE ",\"systemdActiveState\":\"active\""
#define STARTED MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "done")

static void start_that_waits_for_health_ends_with_it(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "running") HEALTH("starting"),
         WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(9, "done") HEALTH("healthy"),
         WAIT_STATUS_OPEN},
        {STARTED ACTIVE HEALTH("starting"), WAIT_STATUS_OPEN},
        {STARTED ACTIVE HEALTH("healthy"), WAIT_STATUS_REACHED},
        {STARTED ACTIVE HEALTH("unhealthy"), WAIT_STATUS_FAILED},
        {STARTED ACTIVE, WAIT_STATUS_REACHED},
        {STARTED FAILED, WAIT_STATUS_FAILED},
        {DELETED, WAIT_STATUS_OVERTAKEN},
    };
    ASSERT_JUDGEMENTS(WAIT_WELL, rows);
}

static void wait_for_running_goes_by_the_latest_request(void **state) {
    static const Judgement rows[] = {
        {STARTED ACTIVE, WAIT_STATUS_REACHED},
        {STARTED ACTIVE HEALTH("unhealthy"), WAIT_STATUS_REACHED},
        {STARTED ",\"systemdActiveState\":\"activating\"", WAIT_STATUS_OPEN},
        {STARTED FAILED, WAIT_STATUS_FAILED},
        {MACHINE ASKED(5) STATES("launched", "launched") ANSWERS(5, "done") ACTIVE,
         WAIT_STATUS_REACHED},
        {MACHINE ASKED(12) STATES("launched", "launched") ANSWERS(10, "done") FAILED,
         WAIT_STATUS_OPEN},
        {MACHINE ASKED(12) STATES("inactive", "launched") ANSWERS(12, "done") ACTIVE,
         WAIT_STATUS_OPEN},
        {ASKED(10) STATES("launched", "inactive") PENDING, WAIT_STATUS_PENDING},
        {ASKED(10) STATES("launched", "inactive"), WAIT_STATUS_OPEN},
        {DELETED, WAIT_STATUS_OVERTAKEN},
    };
    ASSERT_JUDGEMENTS(WAIT_FOR_RUNNING, rows);
}

#define INACTIVE ",\"systemdActiveState\":\"inactive\""
#define RESTARTING ",\"systemdActiveState\":\"activating\""
#define STARTED_BY(job) MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, job)

static void wait_for_running_is_in_vain_once_the_unit_has_ended(void **state) {
    static const Judgement rows[] = {
        {STARTED INACTIVE, WAIT_STATUS_ENDED},
        {STARTED_BY("skipped") INACTIVE, WAIT_STATUS_ENDED},
        {STARTED_BY("running") INACTIVE, WAIT_STATUS_OPEN},
        {MACHINE ASKED(12) STATES("launched", "launched") ANSWERS(10, "done") INACTIVE,
         WAIT_STATUS_OPEN},
        {STARTED INACTIVE ",\"global\":true", WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "inactive") ANSWERS(10, "done") INACTIVE,
         WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_FOR_RUNNING, rows);
    ASSERT_JUDGEMENTS(WAIT_FOR_HEALTHY, rows);
    ASSERT_JUDGEMENTS(WAIT_FOR_FAILED, rows);
}

static void start_that_never_began_is_a_failure_too(void **state) {
    static const Judgement running[] = {
        {STARTED_BY("dependency") INACTIVE, WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("launched", "inactive") ANSWERS(10, "error"), WAIT_STATUS_FAILED},
        {STARTED_BY("canceled") INACTIVE, WAIT_STATUS_OPEN},
        {STARTED_BY("failed") RESTARTING, WAIT_STATUS_OPEN},
    };
    static const Judgement failed[] = {
        {STARTED_BY("dependency") INACTIVE, WAIT_STATUS_REACHED},
        {STARTED_BY("failed") RESTARTING, WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_FOR_RUNNING, running);
    ASSERT_JUDGEMENTS(WAIT_FOR_FAILED, failed);
}

static void wait_for_running_knows_that_nobody_has_asked(void **state) {
    static const Judgement rows[] = {
        {ASKED(10) STATES("inactive", "inactive"), WAIT_STATUS_UNASKED},
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(10, "done") INACTIVE,
         WAIT_STATUS_UNASKED},
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(10, "done") ACTIVE,
         WAIT_STATUS_REACHED},
        {MACHINE ASKED(10) STATES("inactive", "launched") ANSWERS(10, "done") INACTIVE,
         WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_FOR_RUNNING, rows);
}

static void wait_for_health_takes_a_unit_without_a_check_as_it_is(void **state) {
    static const Judgement rows[] = {
        {STARTED ACTIVE HEALTH("healthy"), WAIT_STATUS_REACHED},
        {STARTED ACTIVE, WAIT_STATUS_REACHED},
        {STARTED ACTIVE HEALTH("starting"), WAIT_STATUS_OPEN},
        {STARTED ACTIVE HEALTH("unhealthy"), WAIT_STATUS_FAILED},
        {STARTED FAILED, WAIT_STATUS_FAILED},
    };
    ASSERT_JUDGEMENTS(WAIT_FOR_HEALTHY, rows);
}

static void wait_for_failure_and_for_the_end(void **state) {
    static const Judgement failed[] = {
        {STARTED ACTIVE, WAIT_STATUS_OPEN},
        {STARTED FAILED, WAIT_STATUS_REACHED},
        {DELETED, WAIT_STATUS_OVERTAKEN},
    };
    static const Judgement gone[] = {
        {STARTED ACTIVE, WAIT_STATUS_OPEN},
        {MACHINE DELETED STATES("inactive", "launched"), WAIT_STATUS_OPEN},
        {DELETED, WAIT_STATUS_REACHED},
    };
    ASSERT_JUDGEMENTS(WAIT_FOR_FAILED, failed);
    ASSERT_JUDGEMENTS(WAIT_FOR_GONE, gone);
}

static void machine_that_a_unit_leaves_decides_nothing(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("inactive", "launched") ANSWERS(10, "done"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("inactive", "inactive") ANSWERS(10, "failed"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(12) STATES("inactive", "launched") ANSWERS(12, "done"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "inactive") ANSWERS(10, "done"), WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_LAUNCHED, rows);
}

static void start_that_somebody_takes_back_is_overtaken(void **state) {
    static const Judgement rows[] = {
        {DELETED, WAIT_STATUS_OVERTAKEN},
        {MACHINE DELETED, WAIT_STATUS_OVERTAKEN},
        {ASKED(11) STATES("inactive", "inactive"), WAIT_STATUS_OVERTAKEN},
        {MACHINE ASKED(11) STATES("loaded", "launched"), WAIT_STATUS_OVERTAKEN},
        {ASKED(11) STATES("launched", "inactive"), WAIT_STATUS_OPEN},
        {ASKED(9) STATES("inactive", "inactive"), WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_LAUNCHED, rows);
}

static void unit_without_a_place_is_pending(void **state) {
    static const Judgement rows[] = {
        {ASKED(10) STATES("launched", "inactive") PENDING, WAIT_STATUS_PENDING},
        {ASKED(9) STATES("launched", "inactive") PENDING, WAIT_STATUS_OPEN},
        {ASKED(10) STATES("launched", "inactive") ",\"pending\":null", WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_LAUNCHED, rows);
}

/* Its unit file was lost when it was loaded there already. */
static void unit_whose_machine_has_no_order_for_the_request_is_pending(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(9, "done") PENDING,
         WAIT_STATUS_PENDING},
        {MACHINE ASKED(10) STATES("launched", "loaded") ANSWERS(9, "done"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "done") PENDING,
         WAIT_STATUS_REACHED},
    };
    ASSERT_JUDGEMENTS(WAIT_LAUNCHED, rows);
}

static void load_is_content_with_a_failed_unit_but_not_with_a_failed_job(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(10, "done"), WAIT_STATUS_REACHED},
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(10, "done") FAILED,
         WAIT_STATUS_REACHED},
        {MACHINE ASKED(10) STATES("loaded", "inactive") ANSWERS(10, "error"), WAIT_STATUS_FAILED},
        {MACHINE ASKED(11) STATES("launched", "loaded") ANSWERS(10, "done"), WAIT_STATUS_OVERTAKEN},
        {ASKED(10) STATES("loaded", "inactive") PENDING, WAIT_STATUS_PENDING},
    };
    ASSERT_JUDGEMENTS(WAIT_LOADED, rows);
}

static void stop_ends_when_the_unit_runs_no_more(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("loaded", "launched") ANSWERS(10, "running"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(9, "done"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(10, "done"), WAIT_STATUS_REACHED},
        {MACHINE ASKED(10) STATES("loaded", "loaded") ANSWERS(10, "failed"), WAIT_STATUS_REACHED},
        {MACHINE ASKED(10) STATES("loaded", "launched") ANSWERS(10, "timeout"), WAIT_STATUS_FAILED},
        {MACHINE ASKED(10) STATES("loaded", "launched") ANSWERS(10, "done"), WAIT_STATUS_OPEN},
        {ASKED(10) STATES("loaded", "inactive") PENDING, WAIT_STATUS_REACHED},
        {ASKED(9) STATES("launched", "inactive"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(11) STATES("launched", "launched"), WAIT_STATUS_OVERTAKEN},
        {DELETED, WAIT_STATUS_OVERTAKEN},
    };
    ASSERT_JUDGEMENTS(WAIT_STOPPED, rows);
}

static void unload_ends_when_no_machine_has_the_unit(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("inactive", "launched") ANSWERS(10, "running"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("inactive", "inactive") ANSWERS(10, "done"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("inactive", "launched") ANSWERS(9, "failed"), WAIT_STATUS_OPEN},
        {MACHINE ASKED(10) STATES("inactive", "launched") ANSWERS(10, "timeout"),
         WAIT_STATUS_STUCK},
        {ASKED(10) STATES("inactive", "inactive"), WAIT_STATUS_REACHED},
        {ASKED(9) STATES("inactive", "inactive"), WAIT_STATUS_OPEN},
        {ASKED(11) STATES("launched", "inactive"), WAIT_STATUS_OVERTAKEN},
        {DELETED, WAIT_STATUS_REACHED},
        {MACHINE DELETED STATES("inactive", "launched"), WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_INACTIVE, rows);
}

static void destroy_ends_when_nobody_knows_the_unit(void **state) {
    static const Judgement rows[] = {
        {MACHINE DELETED STATES("inactive", "launched"), WAIT_STATUS_OPEN},
        {MACHINE DELETED STATES("inactive", "launched") ANSWERS(5, "failed"), WAIT_STATUS_STUCK},
        {MACHINE DELETED STATES("inactive", "inactive") ANSWERS(5, "done"), WAIT_STATUS_OPEN},
        {DELETED, WAIT_STATUS_REACHED},
        {ASKED(11) STATES("launched", "inactive"), WAIT_STATUS_REACHED},
        {ASKED(9) STATES("launched", "inactive"), WAIT_STATUS_OPEN},
    };
    ASSERT_JUDGEMENTS(WAIT_GONE, rows);
}

/* A machine has it for another cluster, and keeps it. */
static void orphan_decides_nothing(void **state) {
    static const Judgement rows[] = {
        {MACHINE ORPHAN DELETED STATES("inactive", "launched"), WAIT_STATUS_OPEN},
        {MACHINE ORPHAN DELETED STATES("inactive", "launched") ANSWERS(10, "failed"),
         WAIT_STATUS_OPEN},
        {MACHINE ORPHAN ASKED(10) STATES("inactive", "launched"), WAIT_STATUS_OPEN},
        {MACHINE ORPHAN ASKED(11) STATES("launched", "launched"), WAIT_STATUS_OPEN},
    };
    for (WaitGoal goal = 0; goal < _WAIT_GOAL_MAX; goal++)
        ASSERT_JUDGEMENTS(goal, rows);
}

static void adoption_of_what_is_not_wanted_any_more_is_overtaken(void **state) {
    static const Judgement rows[] = {
        {MACHINE ASKED(10) STATES("launched", "launched") ANSWERS(10, "done"), WAIT_STATUS_OPEN},
        {ASKED(10) STATES("launched", "inactive") PENDING, WAIT_STATUS_OPEN},
        {ASKED(9) STATES("inactive", "inactive"), WAIT_STATUS_OPEN},
        {ASKED(11) STATES("inactive", "inactive"), WAIT_STATUS_OVERTAKEN},
        {ASKED(11) STATES("loaded", "inactive"), WAIT_STATUS_OPEN},
        {DELETED, WAIT_STATUS_OVERTAKEN},
    };
    ASSERT_JUDGEMENTS(WAIT_ADOPTED, rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_ends_with_the_job_of_its_own_request),
        cmocka_unit_test(start_fails_with_its_job_or_right_after_it),
        cmocka_unit_test(start_that_waits_for_health_ends_with_it),
        cmocka_unit_test(wait_for_running_goes_by_the_latest_request),
        cmocka_unit_test(wait_for_running_is_in_vain_once_the_unit_has_ended),
        cmocka_unit_test(start_that_never_began_is_a_failure_too),
        cmocka_unit_test(wait_for_running_knows_that_nobody_has_asked),
        cmocka_unit_test(wait_for_health_takes_a_unit_without_a_check_as_it_is),
        cmocka_unit_test(wait_for_failure_and_for_the_end),
        cmocka_unit_test(machine_that_a_unit_leaves_decides_nothing),
        cmocka_unit_test(start_that_somebody_takes_back_is_overtaken),
        cmocka_unit_test(unit_without_a_place_is_pending),
        cmocka_unit_test(unit_whose_machine_has_no_order_for_the_request_is_pending),
        cmocka_unit_test(load_is_content_with_a_failed_unit_but_not_with_a_failed_job),
        cmocka_unit_test(stop_ends_when_the_unit_runs_no_more),
        cmocka_unit_test(unload_ends_when_no_machine_has_the_unit),
        cmocka_unit_test(destroy_ends_when_nobody_knows_the_unit),
        cmocka_unit_test(orphan_decides_nothing),
        cmocka_unit_test(adoption_of_what_is_not_wanted_any_more_is_overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
