/* Deployments: what users ask for, and the promises about what comes of it: no more units at a time
 * than was said, none beyond the budget of its group, and in the end all is done or undone, or says
 * what it waits for. */
#pragma once

#include "tests/sim/sim-check.h"
#include "tests/sim/sim-run.h"

/* Deeds. */
void sim_deploy(Sim *sim, SimAct *act);
void sim_say_of_deployment(Sim *sim, SimAct *act);

/* The record has changed, with all that goes with it: when its revision is complete. */
void sim_rollouts_judge(SimCheck *check, const char *name, const Rollout *new);
/* A unit would go back to it. */
bool sim_rollouts_name_file(const SimView *view, const char *hash);
/* All of them have come to rest. */
void sim_rollouts_check_rest(const SimCluster *cluster, SimTrace *trace);
