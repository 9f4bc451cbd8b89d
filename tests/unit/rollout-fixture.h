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
/* What users say of it later. */
void rollout_fixture_say(SimCluster *cluster, const char *name,
                         void (*word)(Deployment *deployment));
void pause_it(Deployment *deployment);
void resume_it(Deployment *deployment);
void promote_it(Deployment *deployment);
void undo_it(Deployment *deployment);

/* NULL: there is none. */
const Rollout *rollout_fixture_rollout(SimCluster *cluster, const char *name);
