#include "tests/unit/rollout-cases.h"

/* What is started beside its former one. */
static const Case cases[] = {
    {"what stays up costs no budget",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK, .may_stay = true}, {"a@.service", A}},
     false,
     "updating; a@1.service updating beside, a@.service waiting; a@1.service=b"},
    {"what waits beside one that is up has a place",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true, .since_usec = NOW,
       .had_no_place = true}},
     {{"a.service", B, NOWHERE, .may_stay = true}},
     false,
     "updating; a.service updating beside"},
    {"what cannot stay up does",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable); "
     "a@1.service waiting, a@.service waiting"},
    {"the former one has done its duty",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true,
       .since_usec = NOW - HEALTHY, .up_since_usec = NOW - HEALTHY}},
     {{"a.service", B, UP}},
     false,
     "done; a.service done"},
    {"the next one has failed, and the former one stays",
     {.policy.order = UPDATE_START_FIRST, ON_FAILURE(UPDATE_PAUSE)},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true, .since_usec = NOW,
       FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "paused: a.service: it has failed; a.service failed beside"},
    {"the next one has failed, and somebody has given the unit its former file: one place is "
     "enough",
     {.policy.order = UPDATE_START_FIRST, ON_FAILURE(UPDATE_PAUSE)},
     ROLLOUT_PAUSED,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .is_beside = true, .since_usec = NOW,
       .why = (char *) "it has failed"}},
     {{"a.service", A, UP}},
     false,
     "paused: a.service: it has failed; a.service failed"},
    {"back, beside the one that failed",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true, .since_usec = NOW,
       FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "rolling-back: a.service: it has failed; a.service restoring beside; a.service=a"},
    {"back, and that one may go",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_ROLLING_BACK,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_RESTORING, .is_beside = true,
       .since_usec = NOW}},
     {{"a.service", A, UP}},
     false,
     "rolled-back; a.service restored"},
    {"restart: beside what runs",
     {.is_restart = true, .policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK, .may_stay = true}, {"a@.service", A}},
     false,
     "updating; a@1.service updating beside; a@1.service=a restart 1000000000"},
};

static void each_case_has_its_step(_unused_ void **state) {
    check_cases(cases, ELEMENTSOF(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_has_its_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
