#include "tests/unit/rollout-fixture.h"

#include "fleetd/model/keys.h"

UnitFile *rollout_fixture_file(const char *text) {
    UnitFile *file;
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    return file;
}

void rollout_fixture_put(SimCluster *cluster, char *key_take, char *value_take) {
    _cleanup_free_ char *key = key_take, *value = value_take;
    assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
}

void rollout_fixture_deploy(SimCluster *cluster, const char *name, const char *text,
                            const UpdatePolicy *policy) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    Deployment deployment = {.hash = (char *) unit_file_hash(file),
                             .since_usec = loop_realtime(cluster->loop),
                             .policy = policy ? *policy : UPDATE_POLICY_DEFAULT};
    rollout_fixture_put(cluster, key_file(deployment.hash), strdup(text));
    rollout_fixture_put(cluster, key_deployment(name), deployment_format(&deployment));
}

void rollout_fixture_say(SimCluster *cluster, const char *name,
                         void (*word)(Deployment *deployment)) {
    const Deployment *known = map_get(sim_view_all(cluster->view, KEY_DEPLOYMENT), name);
    Deployment deployment = *known;
    word(&deployment);
    rollout_fixture_put(cluster, key_deployment(name), deployment_format(&deployment));
}

void pause_it(Deployment *deployment) {
    deployment->is_paused = true;
}

void resume_it(Deployment *deployment) {
    deployment->is_paused = false;
    deployment->n_resumed++;
}

void promote_it(Deployment *deployment) {
    deployment->is_promoted = true;
}

void undo_it(Deployment *deployment) {
    deployment->is_undone = true;
}

const Rollout *rollout_fixture_rollout(SimCluster *cluster, const char *name) {
    return map_get(sim_view_all(cluster->view, KEY_ROLLOUT), name);
}
