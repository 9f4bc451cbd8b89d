#include "fleetd/sched/rollout-step.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/rollout-back.h"
#include "fleetd/sched/rollout-global.h"
#include "fleetd/sched/rollout-turn.h"

static const RolloutUnit *find_failed(const RolloutLook *look) {
    const Rollout *rollout = look->rollout;
    for (size_t i = 0; i < rollout->n_units; i++)
        if (rollout->units[i].phase == ROLLOUT_UNIT_FAILED)
            return &rollout->units[i];
    return NULL;
}

/* --- forward --- */

static bool is_next(_unused_ const RolloutLook *look, const RolloutUnit *unit) {
    return unit->phase == ROLLOUT_UNIT_WAITING && !turn_is_last(unit);
}

static size_t count_next(const RolloutLook *look) {
    size_t n = 0;
    for (size_t i = 0; i < look->rollout->n_units; i++)
        n += is_next(look, &look->rollout->units[i]);
    return n;
}

static int update_next(RolloutLook *look) {
    RolloutUnit *unit = look->facts->is_held ? NULL : turn_choose(look, is_next);
    if (!unit)
        return turn_enter(look, ROLLOUT_UPDATING, turn_obstacle(look));
    unit->had_no_place = fact_has_no_place(look_find_fact(look, unit->name));
    int r = look->deployment->is_restart
                ? turn_restart(look, unit)
                : turn_change(look, unit, ROLLOUT_UNIT_UPDATING, look->deployment->hash);
    return r < 0 ? r : turn_enter(look, ROLLOUT_UPDATING, NULL);
}

static RolloutUnit *find_template(const RolloutLook *look) {
    const Rollout *rollout = look->rollout;
    RolloutUnit *last = rollout->n_units > 0 ? &rollout->units[rollout->n_units - 1] : NULL;
    return last && turn_is_last(last) ? last : NULL;
}

static int await_readable(RolloutLook *look, const RolloutFact *held) {
    _cleanup_free_ char *why = look->rollout->is_global
                                   ? str_printf("machine %s is not there", held->name)
                                   : str_printf("unit '%s' cannot be read", held->name);
    return why ? turn_enter(look, ROLLOUT_UPDATING, why) : -ENOMEM;
}

static int finish(RolloutLook *look) {
    RolloutUnit *template = find_template(look);
    size_t n_units = look->rollout->n_units - (template != NULL);
    size_t n_failed = rollout_count(look->rollout, ROLLOUT_UNIT_FAILED),
           n_left = rollout_count(look->rollout, ROLLOUT_UNIT_LEFT);
    const RolloutFact *held = turn_find_held(look);
    if (held)
        return await_readable(look, held);
    if (n_units > 0 && n_left >= n_units)
        return turn_enter(look, ROLLOUT_SUPERSEDED, TURN_ALL_LEFT);
    int r = template && template->phase == ROLLOUT_UNIT_WAITING
                ? turn_change(look, template, ROLLOUT_UNIT_DONE, look->deployment->hash)
                : turn_give_to_all(look, look->deployment->hash); /* it may be on no machine */
    if (r < 0)
        return r;
    return n_failed > 0 ? turn_enter_for_unit(look, ROLLOUT_FAILED, find_failed(look))
                        : turn_enter(look, ROLLOUT_DONE, NULL);
}

/* --- the whole --- */

/* A restart has changed nothing that could be undone. */
static bool can_go_back(const RolloutLook *look) {
    return !look->deployment->is_restart;
}

static int go_forward(RolloutLook *look) {
    const Deployment *deployment = look->deployment;
    const RolloutUnit *failed = find_failed(look);
    size_t n_updating = rollout_count(look->rollout, ROLLOUT_UNIT_UPDATING),
           n_failed = rollout_count(look->rollout, ROLLOUT_UNIT_FAILED);
    UpdateOnFailure on_failure = deployment->policy.on_failure;
    if (deployment->is_paused)
        return turn_enter(look, ROLLOUT_PAUSED, "paused by a user");
    if (failed && on_failure == UPDATE_ROLLBACK && can_go_back(look))
        return back_begin(look, failed);
    if (n_failed > look->rollout->n_tolerated && on_failure != UPDATE_CONTINUE)
        return turn_enter_for_unit(look, ROLLOUT_PAUSED, failed);
    if (!deployment->is_restart && !look->facts->has_file(deployment->hash, look->facts->userdata))
        return turn_enter(look, ROLLOUT_UPDATING,
                          "its file is not in the store any more: deploy it again");
    bool has_next = count_next(look) > 0;
    if (has_next && turn_canaries_have_begun(look))
        return n_updating > 0 ? turn_enter(look, ROLLOUT_UPDATING, NULL)
                              : turn_await_promotion(look);
    if (has_next && n_updating < deployment->policy.parallel)
        return update_next(look);
    return has_next || n_updating > 0 ? turn_enter(look, ROLLOUT_UPDATING, NULL) : finish(look);
}

/* Who resumes it takes what has failed for granted, and gives what is under way its time anew. */
static void hear_resume(RolloutLook *look) {
    Rollout *rollout = look->rollout;
    if (rollout->n_resumed == look->deployment->n_resumed)
        return;
    rollout->n_resumed = look->deployment->n_resumed;
    rollout->n_tolerated = rollout_count(rollout, ROLLOUT_UNIT_FAILED);
    for (size_t i = 0; i < rollout->n_units; i++)
        if (rollout->units[i].phase == ROLLOUT_UNIT_UPDATING)
            rollout->units[i].since_usec = look->facts->now_usec;
}

/* Of a unit that is no template, and is gone, nothing remains to be done or to be told. */
static bool is_void(const RolloutLook *look) {
    return look->facts->n_units == 0 && !look->facts->is_global;
}

/* Once somebody has given the unit another file, nothing is kept, whatever it gets after that. */
static int look_at_kept(RolloutLook *look) {
    Rollout *rollout = look->rollout;
    const char *hash = look->facts->unit_hash;
    rollout->is_kept &= look->facts->is_global && (!hash || streq(hash, rollout->unit_hash));
    return 0;
}

static int look_on(RolloutLook *look, const Rollout *from) {
    Rollout *rollout = look->rollout;
    bool is_to_be_undone = look->deployment->is_undone && !rollout->is_undone && can_go_back(look);
    if (rollout_phase_is_over(rollout->phase) && !is_to_be_undone)
        return rollout->is_kept ? look_at_kept(look) : 0;
    int r = global_look(look, from);
    if (r <= 0 || (r = look_take_units(look, from)) < 0)
        return r;
    hear_resume(look);
    if ((r = look_judge_units(look)) < 0)
        return r;
    /* One that came to be well after all is no excuse for the next one. */
    rollout->n_tolerated = MIN(rollout->n_tolerated, rollout_count(rollout, ROLLOUT_UNIT_FAILED));
    if (is_to_be_undone)
        return back_begin(look, NULL);
    return rollout->phase == ROLLOUT_ROLLING_BACK ? back_go_on(look) : go_forward(look);
}

static int rollout_begin(RolloutLook *look) {
    const Deployment *deployment = look->deployment;
    Rollout *rollout = calloc(1, sizeof(Rollout));
    if (!rollout || !(rollout->name = strdup(deployment->name))) {
        free(rollout);
        return -ENOMEM;
    }
    look->step->next = look->rollout = rollout;
    rollout->deployment_usec = deployment->since_usec;
    rollout->n_resumed = deployment->n_resumed;
    rollout->phase_since_usec = look->facts->now_usec;
    return 0;
}

/* What its machines keep stands in the record that this one is to replace, and only the unit tells
 * whether that is still so. */
static bool is_to_be_awaited(const RolloutFacts *facts, const Rollout *from) {
    return from && facts->is_global && !facts->unit_hash;
}

static int is_changed(const Rollout *next, const Rollout *known) {
    _cleanup_free_ char *before = known ? rollout_format(known) : strdup("");
    _cleanup_free_ char *after = rollout_format(next);
    return before && after ? !streq(before, after) : -ENOMEM;
}

/* It says of units what they had before, or of machines what they keep. */
static bool hands_on(const Rollout *known) {
    return !rollout_phase_is_over(known->phase) || rollout_keeps_files(known);
}

int rollout_step(const Deployment *deployment, const Rollout *known, const RolloutFacts *facts,
                 RolloutStep *ret) {
    bool is_known = known && known->deployment_usec == deployment->since_usec;
    const Rollout *from = known && !is_known && hands_on(known) ? known : NULL;
    _cleanup_rollout_step_ RolloutStep step = {.look_at = USEC_INFINITY};
    RolloutLook look = {.deployment = deployment, .facts = facts, .step = &step};
    step.is_void = is_void(&look);
    if (is_to_be_awaited(facts, from)) {
        *ret = (RolloutStep){.look_at = USEC_INFINITY};
        return 0;
    }
    int r = is_known ? rollout_copy(known, &step.next) : rollout_begin(&look);
    if (r < 0)
        return r;
    look.rollout = step.next;
    r = step.is_void ? 0 : look_on(&look, from);
    if (r >= 0)
        r = is_changed(step.next, known);
    if (r < 0)
        return r;
    if (r == 0 || step.is_void)
        rollout_free(TAKE_PTR(step.next));
    *ret = step;
    step = (RolloutStep){}; /* what it borrows is handed on, too */
    return 0;
}

void rollout_step_done(RolloutStep *step) {
    rollout_free(step->next);
    *step = (RolloutStep){};
}
