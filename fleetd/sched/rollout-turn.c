#include "fleetd/sched/rollout-turn.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/model/unit.h"

#include <errno.h>

int turn_enter(RolloutLook *look, RolloutPhase phase, const char *why) {
    Rollout *rollout = look->rollout;
    if (rollout->phase != phase)
        rollout->phase_since_usec = look->facts->now_usec;
    rollout->phase = phase;
    return str_replace(&rollout->why, why);
}

/* Of one unit, as the reason for all. */
int turn_enter_for_unit(RolloutLook *look, RolloutPhase phase, const RolloutUnit *unit) {
    _cleanup_free_ char *why = str_printf("%s%s: %s", look->rollout->is_global ? "on machine " : "",
                                          unit->name, str_or(unit->why, ""));
    return why ? turn_enter(look, phase, why) : -ENOMEM;
}

/* The one that is only there for instances to come: it has its turn when all others are done. */
bool turn_is_last(const RolloutUnit *unit) {
    return unit_name_is_template(unit->name);
}

/* The file that the unit gets in its turn. */
static const char *next_hash(const RolloutLook *look, const RolloutUnit *unit) {
    if (look->rollout->phase == ROLLOUT_ROLLING_BACK)
        return unit->before;
    return look->deployment->is_restart ? look_find_fact(look, unit->name)->hash
                                        : look->deployment->hash;
}

/* What is up stays so until the next one is, which costs no budget; unless the file that it gets
 * must not run twice, whatever was asked for: that is stopped first. */
static bool starts_first(const RolloutLook *look, const RolloutUnit *unit) {
    const RolloutFacts *facts = look->facts;
    return look->deployment->policy.order == UPDATE_START_FIRST &&
           !(facts->bars_beside &&
             facts->bars_beside(unit->name, next_hash(look, unit), facts->userdata));
}

int turn_give_to_all(RolloutLook *look, const char *hash) {
    Rollout *rollout = look->rollout;
    if (!rollout->is_global || streq(rollout->unit_hash, hash))
        return 0;
    for (size_t i = 0; i < rollout->n_units; i++) {
        RolloutUnit *unit = &rollout->units[i];
        const char *has = look_find_fact(look, unit->name)->hash;
        if (str_replace(&unit->keeps, streq(has, hash) ? NULL : has) < 0)
            return -ENOMEM;
    }
    if (str_replace(&rollout->unit_hash, hash) < 0)
        return -ENOMEM;
    rollout->unit_revision = 0;
    look->step->unit = rollout->name;
    look->step->hash = rollout->unit_hash;
    return 0;
}

/* A machine only has to be let have what its unit has. */
static int give(RolloutLook *look, RolloutUnit *unit, const char *hash) {
    if (look->rollout->is_global) {
        int r = turn_give_to_all(look, hash);
        look->step->machine = unit->name;
        free(TAKE_PTR(unit->keeps));
        return r;
    }
    look->step->unit = unit->name;
    look->step->hash = hash;
    return 0;
}

static void turn_begin(RolloutLook *look, RolloutUnit *unit, RolloutUnitPhase phase) {
    unit->phase = phase;
    unit->since_usec = look->facts->now_usec;
    unit->up_since_usec = unit->failed_since_usec = 0;
    unit->is_beside = !turn_is_last(unit) && starts_first(look, unit);
    free(TAKE_PTR(unit->why));
}

int turn_change(RolloutLook *look, RolloutUnit *unit, RolloutUnitPhase phase, const char *hash) {
    turn_begin(look, unit, phase);
    return give(look, unit, hash);
}

/* Growing whoever counts, also from one cluster, or one life of the unit, to the next, and within
 * one whatever clocks say: an agent that was told of the last number knows that this one is new. */
int turn_restart(RolloutLook *look, RolloutUnit *unit) {
    const RolloutFact *fact = look_find_fact(look, unit->name);
    int64_t now = (int64_t) MIN(look->facts->now_usec, (usec_t) UNIT_RESTART_MAX);
    turn_begin(look, unit, ROLLOUT_UNIT_UPDATING);
    unit->restart = MIN(MAX(now, fact->restart + 1), UNIT_RESTART_MAX);
    look->step->restart = unit->restart;
    return give(look, unit, fact->hash);
}

static bool stays_up(const RolloutLook *look, const RolloutUnit *unit, const RolloutFact *fact) {
    return fact->may_stay && starts_first(look, unit);
}

/* It is up with a former file. */
static bool is_to_be_stopped(const RolloutLook *look, const RolloutUnit *unit,
                             const RolloutFact *fact) {
    return fact->may_stay && !starts_first(look, unit);
}

/* What is down already costs nothing, and may be helped by it: it goes first. One whose file is of
 * no use may be up by its last one. NULL: none may be touched now. */
RolloutUnit *turn_choose(const RolloutLook *look,
                         bool (*is_candidate)(const RolloutLook *look, const RolloutUnit *unit)) {
    RolloutUnit *chosen = NULL;
    for (size_t i = 0; i < look->rollout->n_units; i++) {
        RolloutUnit *unit = &look->rollout->units[i];
        const RolloutFact *fact = look_find_fact(look, unit->name);
        if (fact->is_held || !is_candidate(look, unit))
            continue;
        bool is_down = !fact->is_available && !fact->unusable;
        if (!fact->is_wanted || (is_down && !is_to_be_stopped(look, unit, fact)))
            return unit;
        if (!chosen && (fact->may_go_down || stays_up(look, unit, fact)))
            chosen = unit;
    }
    return chosen;
}

/* Why none of those that wait has its turn. */
const char *turn_obstacle(const RolloutLook *look) {
    if (look->facts->is_held)
        return "too many machines have vanished at once, and nothing is changed until that is "
               "settled";
    return look->rollout->is_global
               ? "no more machines may be without it at a time (MaxUnavailable), or one is not "
                 "there"
               : "no more of the group may be down at a time (MaxUnavailable), or what there is "
                 "cannot be read";
}

/* What a machine that is away has already been given, it has. */
static bool is_awaited(const RolloutLook *look, const RolloutFact *fact) {
    const RolloutUnit *unit = rollout_find_unit(look->rollout, fact->name);
    return !look->rollout->is_global || !unit || unit->phase <= ROLLOUT_UNIT_UPDATING;
}

const RolloutFact *turn_find_held(const RolloutLook *look) {
    for (size_t i = 0; i < look->facts->n_units; i++)
        if (look->facts->units[i].is_held && is_awaited(look, &look->facts->units[i]))
            return &look->facts->units[i];
    return NULL;
}

/* --- canaries --- */

/* It shows what the new file is worth: one that is not to run, or has no place, does not. */
static bool is_canary(const RolloutLook *look, const RolloutUnit *unit) {
    const RolloutFact *fact = look_find_fact(look, unit->name);
    bool has_begun = unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_DONE ||
                     unit->phase == ROLLOUT_UNIT_FAILED;
    return has_begun && fact->is_wanted && !(unit->had_no_place && fact_has_no_place(fact));
}

bool turn_canaries_have_begun(const RolloutLook *look) {
    const Deployment *deployment = look->deployment;
    size_t n = 0;
    for (size_t i = 0; i < look->rollout->n_units; i++)
        n += is_canary(look, &look->rollout->units[i]);
    return !deployment->is_promoted && deployment->policy.canaries > 0 &&
           n >= deployment->policy.canaries;
}

int turn_await_promotion(RolloutLook *look) {
    size_t n_ill = 0;
    for (size_t i = 0; i < look->rollout->n_units; i++) {
        const RolloutUnit *unit = &look->rollout->units[i];
        bool is_well =
            unit->phase == ROLLOUT_UNIT_DONE && look_find_fact(look, unit->name)->is_available;
        n_ill += is_canary(look, unit) && !is_well;
    }
    if (n_ill == 0)
        return turn_enter(look, ROLLOUT_WAITING,
                          "its first units are well, and it waits to be promoted");
    _cleanup_free_ char *why =
        str_printf("%zu of its first units %s not well, and it waits to be promoted or undone",
                   n_ill, n_ill == 1 ? "is" : "are");
    return why ? turn_enter(look, ROLLOUT_WAITING, why) : -ENOMEM;
}
