/* Deployments on the simulated cluster of engine-test.h. The test plays the API, which stores what
 * users want. */
#pragma once

#include "fleetd/model/deployment.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/unit-file.h"
#include "tests/unit/engine-test.h"

/* The caller unrefs. */
UnitFile *rollout_fixture_file(const char *text);
void rollout_fixture_put(SimCluster *cluster, char *key_take, char *value_take);

/* policy NULL: the default. */
void rollout_fixture_deploy(SimCluster *cluster, const char *name, const char *text,
                            const UpdatePolicy *policy);
/* Of a unit that the cluster does not know. */
void rollout_fixture_deploy_new(SimCluster *cluster, const char *name, const char *text,
                                const UpdatePolicy *policy);
/* What users say of it later. */
void rollout_fixture_say(SimCluster *cluster, const char *name,
                         void (*word)(Deployment *deployment));
void pause_it(Deployment *deployment);
void resume_it(Deployment *deployment);
void promote_it(Deployment *deployment);
void undo_it(Deployment *deployment);

/* NULL: there is none. */
const Rollout *rollout_fixture_rollout(SimCluster *cluster, const char *name);
bool rollout_fixture_has_phase(SimCluster *cluster, const char *name, RolloutPhase phase);
/* Fails if that takes longer. */
void rollout_fixture_await(SimCluster *cluster, const char *name, RolloutPhase phase,
                           usec_t max_usec);

/* In the store. */
bool rollout_fixture_has_text(SimCluster *cluster, const char *name, const char *text);
/* Whether it was last started there with that text. */
bool rollout_fixture_runs_with(SimNode *node, const char *name, const char *text);
/* The same on all machines. */
void rollout_fixture_set_behaviour(SimCluster *cluster, const char *name,
                                   const FakeBehaviour *behaviour);

/* app@1.service to app@N.service: started one after another; those that have that text in the
 * store; those that run and were started with it; those that run in at most so many places. */
void instances_start(SimCluster *cluster, size_t n, const char *text);
size_t instances_with(SimCluster *cluster, size_t n, const char *text);
size_t instances_running(SimCluster *cluster, size_t n, const char *text);
size_t instances_up(SimCluster *cluster, size_t n, size_t max_places);
