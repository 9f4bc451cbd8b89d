#include "fleetd/sched/rollout-global.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/rollout-turn.h"

#include <errno.h>

static int global_begin(RolloutLook *look, const Rollout *from) {
    Rollout *rollout = look->rollout;
    const char *hash = look->facts->unit_hash;
    bool goes_on = from && from->is_global && streq_ptr(from->unit_hash, hash);
    rollout->is_global = true;
    int r = str_replace(&rollout->unit_hash, hash);
    return r < 0 ? r : str_replace(&rollout->before, goes_on ? from->before : hash);
}

/* Of one that is rolled back it is told why that is so. */
static int await_unit(RolloutLook *look) {
    RolloutPhase phase = look->rollout->phase;
    return phase == ROLLOUT_ROLLING_BACK ? 0 : turn_enter(look, phase, "the unit cannot be read");
}

/* It goes neither on nor back: whoever has undone it is told so, too. */
static int end(RolloutLook *look, RolloutPhase phase, const char *why) {
    look->rollout->is_undone |= look->deployment->is_undone;
    return turn_enter(look, phase, why);
}

/* What is to be undone once had its file, so its unit has been changed since. */
static int end_for_kind(RolloutLook *look) {
    const char *why = look->deployment->is_undone
                          ? "somebody has changed since then whether it is a global unit: submit "
                            "the file that it is to have"
                          : look->facts->bar;
    return end(look, ROLLOUT_FAILED, why);
}

/* It could not be read when it was begun, so that nobody knew. */
static bool is_to_be_begun(const RolloutLook *look) {
    const Rollout *rollout = look->rollout;
    return look->facts->is_global && !rollout->is_global && rollout->n_units == 0;
}

int global_look(RolloutLook *look, const Rollout *from) {
    Rollout *rollout = look->rollout;
    const RolloutFacts *facts = look->facts;
    if (look->deployment->is_restart && facts->is_global)
        return end(look, ROLLOUT_FAILED, "it is a global unit by now");
    if (facts->bar)
        return end_for_kind(look);
    if (!rollout->is_global && !facts->is_global)
        return 1;
    if (facts->is_global && !facts->unit_hash)
        return await_unit(look);
    int r = is_to_be_begun(look) ? global_begin(look, from) : 0;
    if (r < 0)
        return r;
    if (rollout->is_global != facts->is_global || !streq(rollout->unit_hash, facts->unit_hash))
        return end(look, ROLLOUT_SUPERSEDED, "somebody has given the unit another file");
    return 1;
}

/* --- a record that is lost --- */

static int rescue_machine(Rollout *rollout, const RolloutFact *fact) {
    const RolloutUnit unit = {.name = (char *) fact->name,
                              .before = rollout->before,
                              .found = (char *) fact->hash,
                              .keeps = (char *) fact->hash};
    return streq(fact->hash, rollout->before) ? 0 : rollout_add_unit(rollout, &unit);
}

static int rescue_machines(Rollout *rollout, const RolloutFacts *facts) {
    rollout->is_global = true;
    int r = str_replace(&rollout->unit_hash, facts->unit_hash);
    if (r >= 0)
        r = str_replace(&rollout->before, facts->unit_hash);
    for (size_t i = 0; r >= 0 && i < facts->n_units; i++)
        r = rescue_machine(rollout, &facts->units[i]);
    rollout->phase = rollout->n_units > 0 ? ROLLOUT_ROLLING_BACK : ROLLOUT_FAILED;
    return r;
}

int rollout_rescue(const Deployment *deployment, const RolloutFacts *facts, Rollout **ret) {
    _cleanup_(rollout_freep) Rollout *rollout = calloc(1, sizeof(Rollout));
    if (!rollout || str_replace(&rollout->name, deployment->name) < 0 ||
        str_replace(&rollout->why, "how far it had come cannot be read: deploy it again") < 0)
        return -ENOMEM;
    rollout->deployment_usec = deployment->since_usec;
    rollout->phase = ROLLOUT_FAILED;
    rollout->phase_since_usec = facts->now_usec;
    rollout->is_undone = true;
    int r = facts->is_global && facts->unit_hash ? rescue_machines(rollout, facts) : 0;
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rollout);
    return 0;
}
