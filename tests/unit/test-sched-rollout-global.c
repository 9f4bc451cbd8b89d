/* What comes next for a deployment of a global unit, whose machines have it one after the other. */
#include "tests/unit/rollout-values.h"

static bool has_file(const char *hash, _unused_ void *userdata) {
    return !streq(hash, C); /* that one is lost */
}

#define UP .is_wanted = true, .is_available = true, .may_stay = true, .may_go_down = true
#define STUCK .is_wanted = true, .is_available = true, .may_stay = true
#define DOWN .is_wanted = true, .may_go_down = true
#define BROKEN .is_wanted = true, .may_go_down = true, .has_failed = true
#define AWAY .is_wanted = true, .is_held = true

#define WAITS .phase = ROLLOUT_UNIT_WAITING
#define GETS .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW
#define HAS .phase = ROLLOUT_UNIT_DONE

#define MACHINES_MAX 4

typedef struct Case {
    const char *what;
    Deployment deployment;
    RolloutPhase phase;
    const char *unit_hash, *before; /* as known; NULL: there is no record */
    RolloutUnit machines[MACHINES_MAX];
    RolloutFact facts[MACHINES_MAX];
    const char *hash; /* of the unit now */
    const char *bar;
    bool is_held;
    const char *expected; /* as told by tell() */
} Case;

static const Case cases[] = {
    {"the unit gets the file, and the first machine with it", .facts = {{"1", A, UP}, {"2", A, UP}},
     .hash = A, .expected = "updating; 1 updating, 2 waiting keeps a; unit=b; 1 has its turn"},
    {"one that is down goes first", .facts = {{"1", A, UP}, {"2", A, DOWN}}, .hash = A,
     .expected = "updating; 1 waiting keeps a, 2 updating; unit=b; 2 has its turn"},
    {"one that is up, and has not said so since the last request, is not down",
     .facts = {{"1", A, .is_wanted = true, .may_stay = true}, {"2", A, DOWN}}, .hash = A,
     .expected = "updating; 1 waiting keeps a, 2 updating; unit=b; 2 has its turn"},
    {"nothing is changed without a turn", .facts = {{"1", A, STUCK}}, .hash = A,
     .expected = "updating: no more machines may be without it at a time (MaxUnavailable); "
                 "1 waiting"},
    {"nor ever", .facts = {{"1", A, STUCK, .has_no_budget = true}}, .hash = A,
     .expected = "updating: its MaxUnavailable= lets no machine be without it: 'fleetctl start "
                 "--replace' gives it a file that does; 1 waiting"},
    {"nor while the brake holds", .facts = {{"1", A, UP}}, .hash = A, .is_held = true,
     .expected = "updating: too many machines have vanished at once, and nothing is changed until "
                 "that is settled; 1 waiting"},
    {"a restart ends, as its unit has become a global one", .deployment.is_restart = true,
     .facts = {{"1", A, UP}}, .hash = A, .expected = "failed: it is a global unit by now;"},
    {"on no machine", .hash = A, .expected = "done; unit=b"},
    {"the next one has its turn", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", B, UP}, {"2", A, UP}}, .hash = B,
     .expected = "updating; 1 done, 2 updating; 2 has its turn"},
    {"how it failed is kept", .unit_hash = B, .before = A, .phase = ROLLOUT_UPDATING,
     .machines = {{T("1"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW,
                   .failed_since_usec = NOW - FAILURE_QUIET_USEC}},
     .facts = {{"1", B, BROKEN, .trouble = "signal"}}, .hash = B,
     .expected = "rolling-back: on machine 1: it has failed (signal); 1 restoring; unit=a; 1 has "
                 "its turn"},
    {"a machine that comes later waits for its turn, too", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), GETS}}, .facts = {{"1", B, UP}, {"2", A, UP}}, .hash = B,
     .expected = "updating; 1 updating, 2 waiting keeps a"},
    {"a machine that is gone is gone", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", B, UP}}, .hash = B, .expected = "done; 1 done"},
    {"one that is away is waited for", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", B, UP}, {"2", A, AWAY}}, .hash = B,
     .expected = "updating: the machines that are left are not there; 1 done, 2 waiting keeps a"},
    {"one that has it already is not", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}}, .facts = {{"1", B, AWAY}}, .hash = B,
     .expected = "done; 1 done"},
    {"what is away has not failed in time", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW - DEADLINE}},
     .facts = {{"1", B, AWAY}}, .hash = B, .expected = "updating; 1 updating"},
    {"nor when it is back", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), .phase = ROLLOUT_UNIT_UPDATING}}, .facts = {{"1", B, DOWN}},
     .hash = B, .expected = "updating; 1 updating"},
    {"back: the unit has its former file, and the others keep the new one", .unit_hash = B,
     .before = A,
     .machines = {{T("1"), T(A), HAS},
                  {T("2"), T(A), .phase = ROLLOUT_UNIT_FAILED, .why = T("it has failed")},
                  {T("3"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", B, UP}, {"2", B, BROKEN}, {"3", A, UP}}, .hash = B,
     .expected = "rolling-back: on machine 2: it has failed; 1 done keeps b, 2 restoring, 3 "
                 "waiting; unit=a; 2 has its turn"},
    {"back, the next one", .phase = ROLLOUT_ROLLING_BACK, .unit_hash = A, .before = A,
     .machines = {{T("1"), T(A), .keeps = T(B), HAS},
                  {T("2"), T(A), .phase = ROLLOUT_UNIT_RESTORED}},
     .facts = {{"1", B, UP}, {"2", A, UP}}, .hash = A,
     .expected = "rolling-back; 1 restoring, 2 restored; 1 has its turn"},
    {"back, and a machine that comes meanwhile is as it should be", .phase = ROLLOUT_ROLLING_BACK,
     .unit_hash = A, .before = A, .machines = {{T("1"), T(A), .phase = ROLLOUT_UNIT_RESTORED}},
     .facts = {{"1", A, UP}, {"2", A, UP}}, .hash = A,
     .expected = "rolled-back; 1 restored, 2 waiting"},
    {"back from a file that no machine has any more", .phase = ROLLOUT_ROLLING_BACK, .unit_hash = B,
     .before = A, .hash = B, .expected = "rolled-back; unit=a"},
    {"back to a file that is lost", .phase = ROLLOUT_ROLLING_BACK, .unit_hash = B, .before = C,
     .machines = {{T("1"), T(C), HAS}}, .facts = {{"1", B, UP}}, .hash = B,
     .expected = "rolling-back; 1 left"},
    {"it was lost: what others keep they go on keeping", .phase = ROLLOUT_ROLLING_BACK,
     .unit_hash = B, .before = C,
     .machines = {{T("1"), T(C), .phase = ROLLOUT_UNIT_LEFT}, {T("2"), T(C), .keeps = T(C), WAITS}},
     .facts = {{"1", B, UP}, {"2", C, UP}}, .hash = B,
     .expected = "failed; 1 left, 2 waiting keeps c for good"},
    {"it was lost, and nobody keeps anything", .phase = ROLLOUT_ROLLING_BACK, .unit_hash = B,
     .before = C, .machines = {{T("1"), T(C), .phase = ROLLOUT_UNIT_LEFT}}, .facts = {{"1", B, UP}},
     .hash = B, .expected = "failed; 1 left"},
    {"back from the file of a deployment that this one has replaced", .phase = ROLLOUT_ROLLING_BACK,
     .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .found = T(D), .keeps = T(D), WAITS}},
     .facts = {{"1", B, STUCK}, {"2", D, UP}}, .hash = B,
     .expected = "rolling-back; 1 done keeps b, 2 restoring; unit=a; 2 has its turn"},
    {"somebody has given the unit another file", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", D, UP}, {"2", D, UP}}, .hash = D,
     .expected = "superseded: somebody has given the unit another file; 1 done, 2 waiting keeps a"},
    {"the unit cannot be read", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", B, AWAY}, {"2", A, AWAY}},
     .expected = "updating: the unit cannot be read; 1 done, 2 waiting keeps a"},
    {"nor while it is rolled back", .phase = ROLLOUT_ROLLING_BACK, .unit_hash = A, .before = A,
     .machines = {{T("1"), T(A), .keeps = T(B), HAS}}, .facts = {{"1", B, AWAY}},
     .expected = "rolling-back; 1 done keeps b"},
    {"its file would make it another kind", .facts = {{"1", A, UP}}, .hash = A, .bar = "no",
     .expected = "failed: no;"},
    {"undone, and there is nothing to go back to", .deployment.is_undone = true,
     .phase = ROLLOUT_DONE, .unit_hash = B, .before = B, .machines = {{T("1"), T(B), HAS}},
     .facts = {{"1", B, UP}}, .hash = B,
     .expected = "failed: there is nothing to go back to, as it has replaced no file (fleetctl "
                 "history has the former ones); 1 done"},
    {"undone on no machine", .deployment.is_undone = true, .phase = ROLLOUT_DONE, .unit_hash = B,
     .before = A, .hash = B, .expected = "rolled-back: undone by a user; unit=a"},
    {"undone when somebody has changed the kind", .deployment.is_undone = true,
     .phase = ROLLOUT_DONE, .unit_hash = B, .before = A, .machines = {{T("1"), T(A), HAS}},
     .facts = {{"1", B, UP}}, .hash = D, .bar = "no",
     .expected = "failed: somebody has changed since then whether it is a global unit: submit the "
                 "file that it is to have; 1 done"},
    {"undone when somebody has given the unit another file", .deployment.is_undone = true,
     .unit_hash = B, .before = A, .machines = {{T("1"), T(A), HAS}}, .facts = {{"1", D, UP}},
     .hash = D, .expected = "superseded: somebody has given the unit another file; 1 done"},
    {"not to run: nothing is waited for", .unit_hash = B, .before = A,
     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
     .facts = {{"1", B}, {"2", A}}, .hash = B,
     .expected = "updating; 1 done, 2 updating; 2 has its turn"},
};

static Deployment deployment_of(const Case *it) {
    Deployment deployment = it->deployment;
    deployment.name = T("unit");
    deployment.hash = T(B);
    deployment.since_usec = 1;
    deployment.policy.healthy_usec = HEALTHY;
    deployment.policy.deadline_usec = DEADLINE;
    deployment.policy.parallel = MAX(deployment.policy.parallel, (uint64_t) 1);
    return deployment;
}

/* NULL: there is none. */
static Rollout *rollout_of(const Case *it) {
    if (!it->unit_hash)
        return NULL;
    Rollout *rollout = calloc(1, sizeof(Rollout));
    assert_non_null(rollout);
    *rollout = (Rollout){.name = strdup("unit"),
                         .deployment_usec = 1,
                         .phase = it->phase,
                         .is_undone = it->phase == ROLLOUT_ROLLING_BACK,
                         .is_global = true,
                         .unit_hash = strdup(it->unit_hash),
                         .before = strdup(it->before),
                         .unit_revision = 7};
    for (size_t i = 0; i < MACHINES_MAX && it->machines[i].name; i++)
        assert_int_equal(rollout_add_unit(rollout, &it->machines[i]), 0);
    return rollout;
}

static RolloutFacts facts_of(const Case *it) {
    RolloutFacts facts = {.now_usec = NOW,
                          .units = it->facts,
                          .is_global = true,
                          .unit_hash = it->hash,
                          .bar = it->bar,
                          .is_held = it->is_held,
                          .has_file = has_file};
    while (facts.n_units < MACHINES_MAX && it->facts[facts.n_units].name)
        facts.n_units++;
    return facts;
}

static char *append_take(char *text, char *more) {
    char *longer = str_printf("%s%s", text, more);
    free(text);
    free(more);
    return longer;
}

/* "phase: why; machine phase keeps file, ...; unit=file; machine has its turn" */
static char *tell(const Rollout *rollout, const RolloutStep *step) {
    char *text = str_printf("%s%s%s;", rollout_phase_to_string(rollout->phase),
                            rollout->why ? ": " : "", str_or(rollout->why, ""));
    for (size_t i = 0; i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        char keeps[] = " keeps x";
        keeps[sizeof(keeps) - 2] = unit->keeps ? unit->keeps[0] : 0;
        text = append_take(text, str_printf("%s %s %s%s", i > 0 ? "," : "", unit->name,
                                            rollout_unit_phase_to_string(unit->phase),
                                            unit->keeps ? keeps : ""));
    }
    if (rollout->is_kept)
        text = append_take(text, strdup(" for good"));
    if (step->unit)
        text = append_take(text, str_printf("%s %s=%c", rollout->n_units > 0 ? ";" : "", step->unit,
                                            step->hash[0]));
    if (step->machine)
        text = append_take(text, str_printf("; %s has its turn", step->machine));
    return text;
}

static void each_case_has_its_step(_unused_ void **state) {
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Deployment deployment = deployment_of(&cases[i]);
        RolloutFacts facts = facts_of(&cases[i]);
        _cleanup_(rollout_freep) Rollout *known = rollout_of(&cases[i]);
        _cleanup_rollout_step_ RolloutStep step = {};
        assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
        const Rollout *rollout = step.next ? step.next : known;
        _cleanup_free_ char *told = tell(rollout, &step);
        if (!streq(told, cases[i].expected))
            fail_msg("%s: %s", cases[i].what, told);
        if (deployment.is_undone && rollout_phase_is_over(rollout->phase) && !rollout->is_undone)
            fail_msg("%s: it is over, and nobody is told that it was undone", cases[i].what);
        if (step.unit)
            assert_int_equal(step.next->unit_revision, 0);
    }
}

/* C is where B had not come to yet. */
static void replaced_one_hands_on_what_was_before(_unused_ void **state) {
    const Case it = {.unit_hash = D,
                     .before = A,
                     .machines = {{T("1"), T(A), HAS}, {T("2"), T(A), .keeps = T(A), WAITS}},
                     .facts = {{"1", D, UP}, {"2", A, UP}},
                     .hash = D};
    Deployment deployment = deployment_of(&it);
    RolloutFacts facts = facts_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it);
    _cleanup_rollout_step_ RolloutStep step = {};
    deployment.since_usec = 2;
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    _cleanup_free_ char *told = tell(step.next, &step);
    assert_string_equal(told, "updating; 1 updating, 2 waiting keeps a; unit=b; 1 has its turn");
    assert_string_equal(step.next->before, A);
    assert_string_equal(step.next->units[0].before, A);
    assert_string_equal(step.next->units[0].found, D);
}

static void what_is_kept_for_good_ends_with_another_file(_unused_ void **state) {
    Case it = {.phase = ROLLOUT_FAILED,
               .unit_hash = B,
               .before = C,
               .machines = {{T("1"), T(C), .keeps = T(C), WAITS}},
               .facts = {{"1", C, UP}}};
    static const char *const hashes[] = {B, NULL, D}; /* one cannot be read */
    Deployment deployment = deployment_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it);
    known->is_kept = true;
    for (size_t i = 0; i < ELEMENTSOF(hashes); i++) {
        _cleanup_rollout_step_ RolloutStep step = {};
        it.hash = hashes[i];
        RolloutFacts facts = facts_of(&it);
        assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
        bool is_ended = step.next && !step.next->is_kept;
        assert_int_equal(is_ended, i == 2);
    }
}

static void so_does_one_that_is_over_while_machines_keep_files(_unused_ void **state) {
    const Case it = {.phase = ROLLOUT_FAILED,
                     .unit_hash = B,
                     .before = C,
                     .machines = {{T("1"), T(C), .phase = ROLLOUT_UNIT_LEFT},
                                  {T("2"), T(C), .keeps = T(C), WAITS}},
                     .facts = {{"1", B, UP}, {"2", C, UP}},
                     .hash = B};
    Deployment deployment = deployment_of(&it);
    RolloutFacts facts = facts_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it);
    _cleanup_rollout_step_ RolloutStep step = {};
    known->is_kept = true;
    deployment.since_usec = 2;
    deployment.hash = T(D);
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    _cleanup_free_ char *told = tell(step.next, &step);
    assert_string_equal(told, "updating; 1 updating, 2 waiting keeps c; unit=d; 1 has its turn");
    assert_string_equal(step.next->before, C);
}

static void record_that_is_lost_gives_all_the_file_of_the_unit(_unused_ void **state) {
    const Case it = {.facts = {{"1", B, UP}, {"2", A, UP}}, .hash = B};
    Deployment deployment = deployment_of(&it);
    RolloutFacts facts = facts_of(&it);
    _cleanup_(rollout_freep) Rollout *rollout = NULL;
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_rescue(&deployment, &facts, &rollout), 0);
    _cleanup_free_ char *told = tell(rollout, &step);
    assert_string_equal(told, "rolling-back: how far it had come cannot be read: deploy it again; "
                              "2 waiting keeps a");
    assert_int_equal(rollout_step(&deployment, rollout, &facts, &step), 0);
    _cleanup_free_ char *next = tell(step.next, &step);
    assert_string_equal(next, "rolling-back: how far it had come cannot be read: deploy it again; "
                              "1 done, 2 restoring; 2 has its turn");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_has_its_step),
        cmocka_unit_test(replaced_one_hands_on_what_was_before),
        cmocka_unit_test(so_does_one_that_is_over_while_machines_keep_files),
        cmocka_unit_test(what_is_kept_for_good_ends_with_another_file),
        cmocka_unit_test(record_that_is_lost_gives_all_the_file_of_the_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
