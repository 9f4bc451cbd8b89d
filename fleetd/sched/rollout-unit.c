#include "fleetd/sched/rollout-unit.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/sched/failure-step.h"
#include "fleetd/sched/rollout-failure.h"

const RolloutFact *look_find_fact(const RolloutLook *look, const char *name) {
    const RolloutFacts *facts = look->facts;
    size_t low = 0, high = facts->n_units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = rollout_compare_names(facts->units[middle].name, name);
        if (order == 0)
            return &facts->units[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A later restart, by whomever, does as well. */
static bool has_been_restarted(const RolloutLook *look, const RolloutFact *fact) {
    const RolloutUnit *unit = rollout_find_unit(look->rollout, fact->name);
    return unit && unit->restart > 0 && fact->restart >= unit->restart;
}

bool look_has_target(const RolloutLook *look, const RolloutFact *fact) {
    return look->deployment->is_restart ? has_been_restarted(look, fact)
                                        : streq_ptr(fact->hash, look->deployment->hash);
}

/* --- which they are --- */

bool fact_has_no_place(const RolloutFact *fact) {
    return fact->waits && !fact->may_stay;
}

/* One that waits, and has what another deployment gave it, which that one has replaced. */
static bool is_as_found(const RolloutUnit *unit, const RolloutFact *fact) {
    return unit->phase == ROLLOUT_UNIT_WAITING && unit->found && streq_ptr(fact->hash, unit->found);
}

/* What was changed by the deployment that this one replaces, or by those that it has replaced, goes
 * back to what was before all of them. */
static const char *hash_before(const Rollout *from, const RolloutFact *fact) {
    const RolloutUnit *unit = from ? rollout_find_unit(from, fact->name) : NULL;
    bool was_changed = unit && unit->before &&
                       (is_as_found(unit, fact) ||
                        (unit->phase != ROLLOUT_UNIT_WAITING && unit->phase != ROLLOUT_UNIT_LEFT));
    return was_changed ? unit->before : fact->hash;
}

/* One that has the file already is watched only if it is not known to be well. */
static RolloutUnitPhase first_phase(const RolloutLook *look, const RolloutFact *fact) {
    if (!look_has_target(look, fact))
        return ROLLOUT_UNIT_WAITING;
    bool is_well = fact->is_available || !fact->is_wanted;
    return is_well && !fact->unusable ? ROLLOUT_UNIT_DONE : ROLLOUT_UNIT_UPDATING;
}

/* Whoever restarts them has nothing to go back to; of machines it is what the unit had. */
static const char *file_before(const RolloutLook *look, const Rollout *from,
                               const RolloutFact *fact) {
    if (look->deployment->is_restart)
        return NULL;
    return look->rollout->is_global ? look->rollout->before : hash_before(from, fact);
}

/* A restart has nothing to do with the template itself. */
static bool has_no_turn(const RolloutLook *look, const RolloutFact *fact) {
    return look->deployment->is_restart && unit_name_is_template(fact->name);
}

static int take_unit(RolloutLook *look, const Rollout *from, const RolloutFact *fact) {
    const Rollout *rollout = look->rollout;
    if (has_no_turn(look, fact))
        return 0;
    RolloutUnit unit = {.name = (char *) fact->name,
                        .before = (char *) file_before(look, from, fact),
                        .phase = first_phase(look, fact),
                        .had_no_place = fact_has_no_place(fact) && !fact->is_new};
    if (!streq_ptr(unit.before, fact->hash))
        unit.found = (char *) fact->hash;
    if (rollout->is_global && !streq_ptr(fact->hash, rollout->unit_hash))
        unit.keeps = (char *) fact->hash;
    if (unit.phase == ROLLOUT_UNIT_UPDATING)
        unit.since_usec = look->facts->now_usec;
    const RolloutUnit *known = from ? rollout_find_unit(from, fact->name) : NULL;
    unit.is_beside = known && known->is_beside && unit.phase != ROLLOUT_UNIT_DONE;
    return rollout_add_unit(look->rollout, &unit);
}

int look_take_units(RolloutLook *look, const Rollout *from) {
    Rollout *rollout = look->rollout;
    for (size_t i = rollout->n_units; i > 0; i--)
        if (!look_find_fact(look, rollout->units[i - 1].name))
            rollout_remove_unit(rollout, i - 1);
    for (size_t i = 0; i < look->facts->n_units; i++) {
        const RolloutFact *fact = &look->facts->units[i];
        int r = fact->is_held || rollout_find_unit(rollout, fact->name)
                    ? 0
                    : take_unit(look, from, fact);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- what has come of each --- */

static int unit_enter(RolloutUnit *unit, RolloutUnitPhase phase, const char *why) {
    unit->phase = phase;
    if (phase != ROLLOUT_UNIT_UPDATING && phase != ROLLOUT_UNIT_FAILED) {
        unit->since_usec = unit->up_since_usec = unit->failed_since_usec = 0;
        unit->is_beside = false;
    }
    return str_replace(&unit->why, why);
}

static int leave(RolloutUnit *unit) {
    return unit_enter(unit, ROLLOUT_UNIT_LEFT, "somebody has given it another file");
}

/* That it failed is still to be known; but its next one is not this deployment's any more. */
static int leave_failed(RolloutUnit *unit) {
    unit->is_beside = false;
    return 0;
}

/* Whether time has come; else that is when to look again. */
static bool is_time(const RolloutLook *look, usec_t time) {
    if (look->facts->now_usec >= time)
        return true;
    look->step->look_at = MIN(look->step->look_at, time);
    return false;
}

static int fail(RolloutUnit *unit, const RolloutFact *fact, const char *what) {
    _cleanup_free_ char *why = rollout_failure_format(fact, what);
    return why ? unit_enter(unit, ROLLOUT_UNIT_FAILED, why) : -ENOMEM;
}

/* What cannot come to be well by itself any more; NULL: nothing, or it has yet to last. */
static const char *find_failure(const RolloutLook *look, RolloutUnit *unit,
                                const RolloutFact *fact) {
    if (fact->unusable)
        return fact->unusable;
    if (!fact->has_failed)
        return NULL;
    if (unit->failed_since_usec == 0)
        unit->failed_since_usec = look->facts->now_usec;
    return is_time(look, unit->failed_since_usec + FAILURE_QUIET_USEC) ? "it has failed" : NULL;
}

/* A pause is for those that get the new file. One that fitted nowhere before, and still does not,
 * says nothing of it. */
static int judge_down(RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact,
                      const char *late) {
    bool is_restoring = unit->phase == ROLLOUT_UNIT_RESTORING;
    unit->up_since_usec = 0;
    if (unit->phase == ROLLOUT_UNIT_FAILED)
        return 0;
    const char *failure = find_failure(look, unit, fact);
    if (unit->had_no_place && fact_has_no_place(fact) && !failure)
        return unit_enter(unit, is_restoring ? ROLLOUT_UNIT_RESTORED : ROLLOUT_UNIT_DONE,
                          "it has no place, as before");
    if (look->deployment->is_paused && !is_restoring)
        return 0;
    if (failure)
        return fail(unit, fact, failure);
    if (is_time(look, unit->since_usec + look->deployment->policy.deadline_usec))
        return fail(unit, fact, late);
    return is_restoring ? 0 : str_replace(&unit->why, fact->waits);
}

/* Also of one that has failed: it may come to be well after all. */
static int judge_updating(RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact) {
    static const char late[] = "it was not up and healthy in time";
    const UpdatePolicy *policy = &look->deployment->policy;
    if (!look_has_target(look, fact))
        return unit->phase == ROLLOUT_UNIT_FAILED ? leave_failed(unit) : leave(unit);
    if (!fact->is_wanted && !fact->unusable)
        return unit_enter(unit, ROLLOUT_UNIT_DONE, NULL);
    if (!fact->is_available)
        return judge_down(look, unit, fact, late);
    if (unit->up_since_usec == 0)
        unit->up_since_usec = look->facts->now_usec;
    if (unit->phase == ROLLOUT_UNIT_UPDATING && str_replace(&unit->why, NULL) < 0)
        return -ENOMEM;
    if (is_time(look, unit->up_since_usec + policy->healthy_usec))
        return unit_enter(unit, ROLLOUT_UNIT_DONE, NULL);
    bool may_be_late = unit->phase == ROLLOUT_UNIT_UPDATING && !look->deployment->is_paused;
    if (may_be_late && is_time(look, unit->since_usec + policy->deadline_usec))
        return fail(unit, fact, late);
    return 0;
}

static int judge_restoring(RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact) {
    if (!streq_ptr(fact->hash, unit->before))
        return leave(unit);
    if (!fact->is_wanted || fact->is_available)
        return unit_enter(unit, ROLLOUT_UNIT_RESTORED, NULL);
    return judge_down(look, unit, fact, "it was not up with its former file in time");
}

static int judge_waiting(RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact) {
    if (look->deployment->is_restart && !fact->is_wanted)
        return unit_enter(unit, ROLLOUT_UNIT_DONE, "it is not to run");
    if (look_has_target(look, fact)) {
        unit->since_usec = look->facts->now_usec;
        unit->phase = ROLLOUT_UNIT_UPDATING; /* somebody has been quicker */
        return judge_updating(look, unit, fact);
    }
    unit->had_no_place = fact_has_no_place(fact);
    bool is_untouched = streq_ptr(fact->hash, unit->found ? unit->found : unit->before);
    return is_untouched ? 0 : leave(unit);
}

/* What is restarted is so whatever comes after that. */
static int judge_done(RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact) {
    return look->deployment->is_restart || look_has_target(look, fact) ? 0 : leave(unit);
}

static int judge_restored(_unused_ RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact) {
    return streq_ptr(fact->hash, unit->before) ? 0 : leave(unit);
}

/* Times that are yet to come are of a clock that was ahead: they would be waited for as long as
 * that is. */
static void bring_times_back(const RolloutLook *look, RolloutUnit *unit) {
    usec_t now = look->facts->now_usec;
    unit->since_usec = MIN(unit->since_usec, now);
    unit->up_since_usec = MIN(unit->up_since_usec, now);
    unit->failed_since_usec = MIN(unit->failed_since_usec, now);
}

/* Of what nothing is heard the time begins anew when something is. */
static void judge_time(const RolloutLook *look, RolloutUnit *unit, const RolloutFact *fact) {
    bring_times_back(look, unit);
    bool is_under_way =
        unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_RESTORING;
    if (is_under_way && fact->is_held)
        unit->since_usec = unit->up_since_usec = 0;
    else if (is_under_way && unit->since_usec == 0)
        unit->since_usec = look->facts->now_usec;
    if (!fact->has_failed)
        unit->failed_since_usec = 0;
}

int look_judge_units(RolloutLook *look) {
    static int (*const judges[_ROLLOUT_UNIT_PHASE_MAX])(RolloutLook *, RolloutUnit *,
                                                        const RolloutFact *) = {
        [ROLLOUT_UNIT_WAITING] = judge_waiting,     [ROLLOUT_UNIT_UPDATING] = judge_updating,
        [ROLLOUT_UNIT_DONE] = judge_done,           [ROLLOUT_UNIT_FAILED] = judge_updating,
        [ROLLOUT_UNIT_RESTORING] = judge_restoring, [ROLLOUT_UNIT_RESTORED] = judge_restored,
    };
    for (size_t i = 0; i < look->rollout->n_units; i++) {
        RolloutUnit *unit = &look->rollout->units[i];
        const RolloutFact *fact = look_find_fact(look, unit->name);
        judge_time(look, unit, fact);
        int r = judges[unit->phase] && !fact->is_held ? judges[unit->phase](look, unit, fact) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}
