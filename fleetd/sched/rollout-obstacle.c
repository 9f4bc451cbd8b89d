/* Why none of those that wait has its turn, for people. */
#include "fleetd/sched/rollout-turn.h"

typedef struct Obstacle {
    bool is_budget;   /* else nothing is known of those that wait */
    bool lets_nobody; /* the budget is none at all, so that waiting is of no use */
} Obstacle;

static Obstacle find_obstacle(const RolloutLook *look,
                              bool (*is_candidate)(const RolloutLook *, const RolloutUnit *)) {
    Obstacle obstacle = {};
    for (size_t i = 0; i < look->rollout->n_units; i++) {
        const RolloutUnit *unit = &look->rollout->units[i];
        const RolloutFact *fact = look_find_fact(look, unit->name);
        if (fact->is_held || !is_candidate(look, unit))
            continue;
        obstacle.is_budget = true;
        obstacle.lets_nobody |= fact->has_no_budget;
    }
    return obstacle;
}

const char *turn_obstacle(const RolloutLook *look,
                          bool (*is_candidate)(const RolloutLook *, const RolloutUnit *)) {
    if (look->facts->is_held)
        return "too many machines have vanished at once, and nothing is changed until that is "
               "settled";
    Obstacle obstacle = find_obstacle(look, is_candidate);
    if (obstacle.lets_nobody)
        return look->rollout->is_global
                   ? "its MaxUnavailable= lets no machine be without it: 'fleetctl start "
                     "--replace' gives it a file that does"
                   : "its MaxUnavailable= lets none be down: use --order=start-first, or give it "
                     "a file that does ('fleetctl start --replace')";
    if (obstacle.is_budget)
        return look->rollout->is_global
                   ? "no more machines may be without it at a time (MaxUnavailable)"
                   : "no more of the group may be down at a time (MaxUnavailable)";
    return look->rollout->is_global ? "the machines that are left are not there"
                                    : "what is left cannot be read ('fleetctl status' names it)";
}
