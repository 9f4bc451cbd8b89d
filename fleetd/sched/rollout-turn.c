#include "fleetd/sched/rollout-turn.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

int turn_enter(RolloutLook *look, RolloutPhase phase, const char *why) {
    Rollout *rollout = look->rollout;
    if (rollout->phase != phase)
        rollout->phase_since_usec = look->facts->now_usec;
    rollout->phase = phase;
    return str_replace(&rollout->why, why);
}

/* Of one unit, as the reason for all. */
int turn_enter_for_unit(RolloutLook *look, RolloutPhase phase, const RolloutUnit *unit) {
    _cleanup_free_ char *why = str_printf("%s: %s", unit->name, str_or(unit->why, ""));
    return why ? turn_enter(look, phase, why) : -ENOMEM;
}

/* The one that is only there for instances to come: it has its turn when all others are done. */
bool turn_is_last(const RolloutUnit *unit) {
    return unit_name_is_template(unit->name);
}

/* The unit gets a file now. */
void turn_change(RolloutLook *look, RolloutUnit *unit, RolloutUnitPhase phase, const char *hash) {
    unit->phase = phase;
    unit->since_usec = look->facts->now_usec;
    unit->up_since_usec = 0;
    free(TAKE_PTR(unit->why));
    look->step->unit = unit->name;
    look->step->hash = hash;
}

/* What is down already costs nothing, and may be helped by it: it goes first. NULL: none may be
 * touched now. */
RolloutUnit *turn_choose(const RolloutLook *look,
                         bool (*is_candidate)(const RolloutLook *look, const RolloutUnit *unit)) {
    RolloutUnit *chosen = NULL;
    for (size_t i = 0; i < look->rollout->n_units; i++) {
        RolloutUnit *unit = &look->rollout->units[i];
        const RolloutFact *fact = look_find_fact(look, unit->name);
        if (fact->is_held || !is_candidate(look, unit))
            continue;
        if (!fact->is_wanted || !fact->is_available)
            return unit;
        if (!chosen && fact->may_go_down)
            chosen = unit;
    }
    return chosen;
}

/* Why none of those that wait has its turn. */
const char *turn_obstacle(const RolloutLook *look) {
    return look->facts->is_held
               ? "too many machines have vanished at once, and nothing is changed until that is "
                 "settled"
               : "no more of the group may be down at a time (MaxUnavailable), or what there is "
                 "cannot be read";
}
