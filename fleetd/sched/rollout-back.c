#include "fleetd/sched/rollout-back.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/rollout-turn.h"

#include <errno.h>

static bool has_former(const RolloutLook *look, const RolloutUnit *unit) {
    return unit->before && !streq(unit->before, look->deployment->hash);
}

static bool is_to_be_restored(const RolloutLook *look, const RolloutUnit *unit) {
    bool was_changed = unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_DONE ||
                       unit->phase == ROLLOUT_UNIT_FAILED;
    const RolloutFact *fact = look_find_fact(look, unit->name);
    /* It has yet to get the file, and has that of a deployment which this one has replaced. */
    bool is_between = unit->phase == ROLLOUT_UNIT_WAITING && unit->before && unit->found &&
                      !streq(unit->before, unit->found) && streq_ptr(fact->hash, unit->found);
    return is_between || (was_changed && has_former(look, unit) && look_has_target(look, fact));
}

static RolloutUnit *find_to_be_restored(const RolloutLook *look) {
    for (size_t i = 0; i < look->rollout->n_units; i++)
        if (is_to_be_restored(look, &look->rollout->units[i]))
            return &look->rollout->units[i];
    return NULL;
}

static int restore(RolloutLook *look, RolloutUnit *unit) {
    if (!look->facts->has_file(unit->before, look->facts->userdata)) {
        unit->phase = ROLLOUT_UNIT_LEFT;
        return str_replace(&unit->why, "its former file is not in the store any more");
    }
    return turn_change(look, unit,
                       turn_is_last(unit) ? ROLLOUT_UNIT_RESTORED : ROLLOUT_UNIT_RESTORING,
                       unit->before);
}

/* It did not come back, or has the file still, as its former one is lost. */
static bool is_stranded(const RolloutLook *look, const RolloutUnit *unit) {
    return unit->phase == ROLLOUT_UNIT_FAILED ||
           (unit->phase == ROLLOUT_UNIT_LEFT &&
            look_has_target(look, look_find_fact(look, unit->name)));
}

/* No machine has it any more, nor may one get it. */
static int restore_global(RolloutLook *look) {
    const Rollout *rollout = look->rollout;
    bool is_lost =
        rollout->before && !look->facts->has_file(rollout->before, look->facts->userdata);
    return rollout->before && !is_lost ? turn_give_to_all(look, rollout->before) : 0;
}

static bool is_any_kept(const Rollout *rollout) {
    for (size_t i = 0; i < rollout->n_units; i++)
        if (rollout->units[i].keeps)
            return true;
    return false;
}

/* What is kept still, as the file to go back to was lost, is what runs there: nobody may stop that
 * for the file of the unit. */
static int end_for_machines(RolloutLook *look) {
    int r = restore_global(look);
    look->rollout->is_kept = is_any_kept(look->rollout);
    return r;
}

static int end_rollback(RolloutLook *look) {
    Rollout *rollout = look->rollout;
    bool is_well = true;
    for (size_t i = 0; i < rollout->n_units; i++)
        is_well &= !is_stranded(look, &rollout->units[i]);
    RolloutPhase phase = is_well ? ROLLOUT_ROLLED_BACK : ROLLOUT_FAILED;
    rollout->phase_since_usec = look->facts->now_usec;
    rollout->phase = phase;
    /* Why it was rolled back is what remains to be said. */
    return rollout->is_global ? end_for_machines(look) : 0;
}

/* Which file it has nobody can tell. */
static RolloutUnit *find_unreadable(const RolloutLook *look) {
    for (size_t i = 0; i < look->rollout->n_units; i++) {
        RolloutUnit *unit = &look->rollout->units[i];
        bool is_at_rest = (unit->phase == ROLLOUT_UNIT_WAITING && !unit->found) ||
                          unit->phase == ROLLOUT_UNIT_RESTORED || unit->phase == ROLLOUT_UNIT_LEFT;
        if (!is_at_rest && look_find_fact(look, unit->name)->is_held)
            return unit;
    }
    return NULL;
}

int back_go_on(RolloutLook *look) {
    size_t n_restoring = rollout_count(look->rollout, ROLLOUT_UNIT_RESTORING);
    RolloutUnit *next = find_to_be_restored(look);
    RolloutUnit *unreadable = next ? NULL : find_unreadable(look);
    if (unreadable)
        return str_replace(&unreadable->why,
                           look->rollout->is_global ? "it is not there" : "it cannot be read");
    if (!next)
        return n_restoring > 0 ? 0 : end_rollback(look);
    if (n_restoring >= look->deployment->policy.parallel)
        return 0;
    RolloutUnit *unit = look->facts->is_held ? NULL : turn_choose(look, is_to_be_restored);
    return unit ? restore(look, unit) : str_replace(&next->why, turn_obstacle(look));
}

/* Users must not take it for having been rolled back. */
static int end_in_vain(RolloutLook *look) {
    Rollout *rollout = look->rollout;
    size_t n_left = rollout_count(rollout, ROLLOUT_UNIT_LEFT);
    return rollout->n_units > 0 && n_left == rollout->n_units
               ? turn_enter(look, ROLLOUT_SUPERSEDED, TURN_ALL_LEFT)
               : turn_enter(look, ROLLOUT_FAILED, ROLLOUT_UNDONE_IN_VAIN);
}

int back_begin(RolloutLook *look, const RolloutUnit *failed) {
    look->rollout->is_undone = true;
    if (!failed && !rollout_can_be_undone(look->rollout, look->deployment->hash))
        return end_in_vain(look);
    int r = failed ? turn_enter_for_unit(look, ROLLOUT_ROLLING_BACK, failed)
                   : turn_enter(look, ROLLOUT_ROLLING_BACK, "undone by a user");
    return r < 0 ? r : back_go_on(look);
}
