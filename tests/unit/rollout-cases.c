#include "tests/unit/rollout-cases.h"

bool has_file(const char *hash, _unused_ void *userdata) {
    return !streq(hash, C); /* that one is lost */
}

static bool bars_beside(_unused_ const char *unit, const char *hash, _unused_ void *userdata) {
    return streq(hash, D);
}

Deployment deployment_of(const Case *it) {
    Deployment deployment = it->deployment;
    deployment.name = (char *) (streq(it->facts[0].name, "a.service") ? "a.service" : "a@.service");
    deployment.hash = deployment.is_restart ? NULL : T(str_or(deployment.hash, B));
    deployment.since_usec = 1;
    deployment.policy.healthy_usec = HEALTHY;
    deployment.policy.deadline_usec = DEADLINE;
    deployment.policy.parallel = MAX(deployment.policy.parallel, (uint64_t) 1);
    return deployment;
}

Rollout *rollout_of(const Case *it, const Deployment *deployment) {
    Rollout *rollout = calloc(1, sizeof(Rollout));
    assert_non_null(rollout);
    *rollout = (Rollout){.name = strdup(deployment->name),
                         .deployment_usec = deployment->since_usec,
                         .phase = it->phase,
                         .is_undone = it->phase == ROLLOUT_ROLLING_BACK};
    for (size_t i = 0; i < UNITS_MAX && it->units[i].name; i++)
        assert_int_equal(rollout_add_unit(rollout, &it->units[i]), 0);
    return rollout;
}

RolloutFacts facts_of(const Case *it) {
    RolloutFacts facts = {.now_usec = NOW,
                          .units = it->facts,
                          .bar = it->bar,
                          .is_held = it->is_held,
                          .has_file = has_file,
                          .bars_beside = bars_beside};
    while (facts.n_units < UNITS_MAX && it->facts[facts.n_units].name)
        facts.n_units++;
    return facts;
}

/* "phase: why; unit phase, ...; unit=first letter of its new file restart number" */
static char *tell(const Rollout *rollout, const RolloutStep *step) {
    char *text = str_printf("%s%s%s;", rollout_phase_to_string(rollout->phase),
                            rollout->why ? ": " : "", str_or(rollout->why, ""));
    for (size_t i = 0; i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        char *longer =
            str_printf("%s%s %s %s%s", text, i > 0 ? "," : "", unit->name,
                       rollout_unit_phase_to_string(unit->phase), unit->is_beside ? " beside" : "");
        free(text);
        text = longer;
    }
    if (!step->unit)
        return text;
    char *longer = step->restart == 0 ? str_printf("%s; %s=%c", text, step->unit, step->hash[0])
                                      : str_printf("%s; %s=%c restart %lld", text, step->unit,
                                                   step->hash[0], (long long) step->restart);
    free(text);
    return longer;
}

static void check_case(const Case *it) {
    Deployment deployment = deployment_of(it);
    RolloutFacts facts = facts_of(it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(it, &deployment);
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    const Rollout *rollout = step.next ? step.next : known;
    _cleanup_free_ char *told = tell(rollout, &step);
    if (!streq(told, it->expected))
        fail_msg("%s: %s", it->what, told);
    bool is_to_be_undone = deployment.is_undone && !deployment.is_restart;
    if (is_to_be_undone && rollout_phase_is_over(rollout->phase) && !rollout->is_undone)
        fail_msg("%s: it is over, and nobody is told that it was undone", it->what);
}

void check_cases(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++)
        check_case(&cases[i]);
}
