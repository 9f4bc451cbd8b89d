#include "tests/unit/rollout-cases.h"

/* Whose turn it is, and when a turn is over. */
static const Case cases[] = {
    {"nothing to do",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}, {"a@.service", B}},
     false,
     "done; a@1.service done, a@.service done"},
    {"the first has its turn",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@2.service", A, UP}, {"a@10.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@2.service updating, a@10.service waiting, a@.service waiting; a@2.service=b"},
    {"one that is down goes first",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, UP}, {"a@2.service", A, DOWN}, {"a@.service", A}},
     false,
     "updating; a@1.service waiting, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"no further one within the budget",
     {.policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, STUCK}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable); "
     "a@1.service updating, a@2.service waiting, a@.service waiting"},
    {"not even one within the budget",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK, .has_no_budget = true}, {"a@.service", A}},
     false,
     "updating: its MaxUnavailable= lets none be down: use --order=start-first, or give it a file "
     "that does ('fleetctl start --replace'); a@1.service waiting, a@.service waiting"},
    {"what is up with another file than was wanted of it does, if it is stopped first",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", D, .is_wanted = true, .may_stay = true, .waits = "no machine"},
      {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable); "
     "a@1.service waiting, a@.service waiting"},
    {"as many as may be under way",
     {.policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, UP}, {"a@3.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@2.service updating, a@3.service waiting, a@.service "
     "waiting; a@2.service=b"},
    {"no more than may be under way",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@2.service waiting, a@.service waiting"},
    {"the brake holds",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, UP}, {"a@.service", A}},
     true,
     "updating: too many machines have vanished at once, and nothing is changed until that is "
     "settled; a@1.service waiting, a@.service waiting"},
    {"healthy for long enough",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW - HEALTHY,
       .up_since_usec = NOW - HEALTHY}},
     {{"a@1.service", B, UP}, {"a@.service", B}},
     false,
     "done; a@1.service done, a@.service done"},
    {"not yet for long enough",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW - HEALTHY,
       .up_since_usec = NOW - HEALTHY + 1}},
     {{"a@1.service", B, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@.service waiting"},
    {"without a place, as before",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .had_no_place = true,
       .since_usec = NOW}},
     {{"a.service", B, DOWN, .waits = "no machine"}},
     false,
     "done; a.service done"},
    {"without a place, and it has the file already",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", B, NOWHERE}},
     false,
     "done; a.service done"},
    {"without a place, and there was none before it",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", B, NOWHERE, .is_new = true}},
     false,
     "updating; a.service updating"},
    {"without a place, and somebody else gave it the file",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_WAITING, .had_no_place = true}},
     {{"a.service", B, NOWHERE}},
     false,
     "done; a.service done"},
    {"it had a place when somebody else gave it the file",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
     {{"a.service", B, NOWHERE}},
     false,
     "updating; a.service updating"},
    {"canaries are well",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "waiting: its first units are well, and it waits to be promoted; a@1.service done, "
     "a@2.service waiting, a@.service waiting"},
    {"canaries are not well yet",
     {.policy.canaries = 1, .policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@2.service waiting, a@.service waiting"},
    {"what is not to run is no canary",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, .may_go_down = true}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"what has no place is no canary",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE, .had_no_place = true}},
     {{"a@1.service", B, NOWHERE}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"what somebody else has changed is no canary",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_LEFT}},
     {{"a@1.service", D, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service left, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"canaries have gone down since",
     {.policy.canaries = 2},
     ROLLOUT_WAITING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, DOWN},
      {"a@2.service", B, DOWN},
      {"a@3.service", A, UP},
      {"a@.service", A}},
     false,
     "waiting: 2 of its first units are not well, and it waits to be promoted or undone; "
     "a@1.service done, a@2.service done, a@3.service waiting, a@.service waiting"},
    {"canaries are promoted",
     {.policy.canaries = 1, .is_promoted = true},
     ROLLOUT_WAITING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"somebody has changed one that waits",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_WAITING},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", C, UP}, {"a@2.service", B, UP}, {"a@.service", A}},
     false,
     "done; a@1.service left, a@2.service done, a@.service done; a@.service=b"},
    {"somebody has changed the only one",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a.service", C, UP}},
     false,
     "superseded: somebody has given its units another file; a.service left"},
    {"one is destroyed",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@2.service updating, a@.service waiting; a@2.service=b"},
    {"one cannot be read",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
     {{"a@1.service", NULL, .is_held = true}, {"a@.service", A}},
     false,
     "updating: what is left cannot be read ('fleetctl status' names it); "
     "a@1.service waiting, a@.service waiting"},
    {"one was never to be read",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", NULL, .is_held = true}, {"a@2.service", B, UP}, {"a@.service", B}},
     false,
     "updating: unit 'a@1.service' cannot be read; a@2.service done, a@.service done"},
    {"the only one was never to be read",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", NULL, .is_held = true}},
     false,
     "updating: unit 'a.service' cannot be read;"},
    {"one that is not to run",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a.service", B, .may_go_down = true}},
     false,
     "done; a.service done"},
};

static void each_case_has_its_step(_unused_ void **state) {
    check_cases(cases, ELEMENTSOF(cases));
}

/* The record that was written, and facts that have not changed, lead to nothing new. */
static void the_same_once_more_changes_nothing(_unused_ void **state) {
    const RolloutFact units[] = {
        {"a@1.service", B, UP}, {"a@2.service", A, STUCK}, {"a@.service", A}};
    const RolloutFacts facts = {
        .now_usec = NOW, .units = units, .n_units = ELEMENTSOF(units), .has_file = has_file};
    const Case it = {.facts = {{"a@1.service"}}};
    Deployment deployment = deployment_of(&it);
    _cleanup_rollout_step_ RolloutStep step = {}, again = {};
    assert_int_equal(rollout_step(&deployment, NULL, &facts, &step), 0);
    assert_non_null(step.next);
    assert_null(step.unit);
    assert_int_equal(rollout_step(&deployment, step.next, &facts, &again), 0);
    assert_null(again.next);
}

static void it_says_when_to_look_again(_unused_ void **state) {
    const RolloutUnit unit = {(char *) "a.service", T(A), .phase = ROLLOUT_UNIT_UPDATING,
                              .since_usec = NOW - HEALTHY, .up_since_usec = NOW - USEC_PER_SEC};
    const RolloutFact up = {"a.service", B, UP}, down = {"a.service", B, DOWN},
                      failed = {"a.service", B, BROKEN};
    RolloutFacts facts = {.now_usec = NOW, .units = &up, .n_units = 1, .has_file = has_file};
    const Case it = {.facts = {{"a.service"}}, .units = {unit}};
    Deployment deployment = deployment_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it, &deployment);
    _cleanup_rollout_step_ RolloutStep step = {}, late = {}, broken = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    assert_int_equal(step.look_at, NOW - USEC_PER_SEC + HEALTHY);
    facts.units = &down;
    assert_int_equal(rollout_step(&deployment, known, &facts, &late), 0);
    assert_int_equal(late.look_at, NOW - HEALTHY + DEADLINE);
    facts.units = &failed;
    assert_int_equal(rollout_step(&deployment, known, &facts, &broken), 0);
    assert_int_equal(broken.look_at, NOW + FAILURE_QUIET_USEC);
}

/* The clock of this leader is an hour behind that of the former, or of what it was itself. */
static void times_to_come_begin_anew(_unused_ void **state) {
    const usec_t later = NOW + 60 * USEC_PER_MINUTE;
    const RolloutUnit unit = {(char *) "a.service", T(A), .phase = ROLLOUT_UNIT_UPDATING,
                              .since_usec = later, .up_since_usec = later};
    const RolloutFact up = {"a.service", B, UP}, down = {"a.service", B, DOWN};
    RolloutFacts facts = {.now_usec = NOW, .units = &up, .n_units = 1, .has_file = has_file};
    const Case it = {.facts = {{"a.service"}}, .units = {unit}};
    Deployment deployment = deployment_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it, &deployment);
    _cleanup_rollout_step_ RolloutStep step = {}, late = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    assert_int_equal(step.look_at, NOW + HEALTHY);
    facts.units = &down;
    assert_int_equal(rollout_step(&deployment, known, &facts, &late), 0);
    assert_int_equal(late.look_at, NOW + DEADLINE);
}

static void replaced_one_hands_on_what_was_before(_unused_ void **state) {
    const Case it = {
        .units = {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_FAILED},
                  {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_WAITING},
                  {T("a@3.service"), T(A), .found = T(D), .phase = ROLLOUT_UNIT_WAITING}},
        .facts = {{"a@1.service", C, BROKEN},
                  {"a@2.service", A, UP},
                  {"a@3.service", D, UP},
                  {"a@.service", A}}};
    Deployment former = deployment_of(&it), deployment = former;
    RolloutFacts facts = facts_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it, &former);
    deployment.since_usec = 2;
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    assert_string_equal(rollout_find_unit(step.next, "a@1.service")->before, A);
    assert_string_equal(rollout_find_unit(step.next, "a@1.service")->found, C);
    assert_string_equal(rollout_find_unit(step.next, "a@2.service")->before, A);
    assert_string_equal(rollout_find_unit(step.next, "a@3.service")->before, A);
    assert_string_equal(rollout_find_unit(step.next, "a@3.service")->found, D);
    assert_string_equal(step.unit, "a@1.service");
    assert_int_equal(step.next->deployment_usec, 2);
}

/* It waited for its turn when somebody gave it another file than it was found with. */
static void what_somebody_else_has_changed_is_not_handed_on(_unused_ void **state) {
    const Case it = {
        .units = {{T("a@1.service"), T(A), .found = T(C), .phase = ROLLOUT_UNIT_WAITING}},
        .facts = {{"a@1.service", D, UP}, {"a@.service", A}}};
    Deployment former = deployment_of(&it), deployment = former;
    RolloutFacts facts = facts_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it, &former);
    deployment.since_usec = 2;
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    assert_string_equal(rollout_find_unit(step.next, "a@1.service")->before, D);
}

static void of_a_unit_that_is_gone_nothing_remains(_unused_ void **state) {
    const Case it = {.facts = {{"a.service"}}};
    Deployment deployment = deployment_of(&it);
    const RolloutFacts facts = {.now_usec = NOW, .has_file = has_file};
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_step(&deployment, NULL, &facts, &step), 0);
    assert_true(step.is_void);
    assert_null(step.next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_has_its_step),
        cmocka_unit_test(the_same_once_more_changes_nothing),
        cmocka_unit_test(it_says_when_to_look_again),
        cmocka_unit_test(times_to_come_begin_anew),
        cmocka_unit_test(replaced_one_hands_on_what_was_before),
        cmocka_unit_test(what_somebody_else_has_changed_is_not_handed_on),
        cmocka_unit_test(of_a_unit_that_is_gone_nothing_remains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
