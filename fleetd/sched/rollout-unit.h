/* What has come of each unit of a deployment. Inside sched only. */
#pragma once

#include "fleetd/sched/rollout-step.h"

typedef struct RolloutLook {
    const Deployment *deployment;
    const RolloutFacts *facts;
    Rollout *rollout; /* is changed as it goes */
    RolloutStep *step;
} RolloutLook;

const RolloutFact *look_find_fact(const RolloutLook *look, const char *name);
/* It is nowhere. What is to follow one that is up, and has yet to find room, has a place. */
bool fact_has_no_place(const RolloutFact *fact);
bool look_has_target(const RolloutLook *look, const RolloutFact *fact);
/* Takes in units that are new and drops those that are gone. from: the record that this one
 * replaces in the midst; NULL: none. -ENOMEM. */
int look_take_units(RolloutLook *look, const Rollout *from);
int look_judge_units(RolloutLook *look);
