#include "tests/unit/rollout-fixture.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/fakes/virtual-loop.h"

UnitFile *rollout_fixture_file(const char *text) {
    UnitFile *file;
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    return file;
}

void rollout_fixture_put(SimCluster *cluster, char *key_take, char *value_take) {
    _cleanup_free_ char *key = key_take, *value = value_take;
    assert_int_equal(store_sync_put(&cluster->sync, key, value, 0), 0);
}

static Deployment deployment_of(SimCluster *cluster, const UnitFile *file,
                                const UpdatePolicy *policy) {
    return (Deployment){.hash = (char *) unit_file_hash(file),
                        .since_usec = loop_realtime(cluster->loop),
                        .policy = policy ? *policy : UPDATE_POLICY_DEFAULT};
}

void rollout_fixture_deploy(SimCluster *cluster, const char *name, const char *text,
                            const UpdatePolicy *policy) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    Deployment deployment = deployment_of(cluster, file, policy);
    rollout_fixture_put(cluster, key_file(deployment.hash), strdup(text));
    rollout_fixture_put(cluster, key_deployment(name), deployment_format(&deployment));
}

void rollout_fixture_deploy_new(SimCluster *cluster, const char *name, const char *text,
                                const UpdatePolicy *policy) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    Deployment deployment = deployment_of(cluster, file, policy);
    Unit unit = {.name = (char *) name,
                 .hash = deployment.hash,
                 .desired = LAUNCH_STATE_LAUNCHED,
                 .version = 1};
    _cleanup_free_ char *unit_key = key_unit(name), *unit_value = unit_format(&unit);
    _cleanup_free_ char *key = key_deployment(name), *value = deployment_format(&deployment);
    const StoreWrite writes[] = {{.kind = STORE_PUT, .key = unit_key, .value = unit_value},
                                 {.kind = STORE_PUT, .key = key, .value = value}};
    const StoreTxn txn = {.writes = writes, .n_writes = ELEMENTSOF(writes)};
    StoreTxnResult result;
    rollout_fixture_put(cluster, key_file(deployment.hash), strdup(text));
    assert_int_equal(store_sync_txn(&cluster->sync, &txn, &result), 0);
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

bool rollout_fixture_has_phase(SimCluster *cluster, const char *name, RolloutPhase phase) {
    const Rollout *rollout = rollout_fixture_rollout(cluster, name);
    return rollout && rollout->phase == phase;
}

typedef struct Awaited {
    SimCluster *cluster;
    const char *name;
    RolloutPhase phase;
} Awaited;

static bool has_phase(void *userdata) {
    const Awaited *awaited = userdata;
    return rollout_fixture_has_phase(awaited->cluster, awaited->name, awaited->phase);
}

void rollout_fixture_await(SimCluster *cluster, const char *name, RolloutPhase phase,
                           usec_t max_usec) {
    Awaited awaited = {cluster, name, phase};
    if (!sim_cluster_wait(cluster, has_phase, &awaited, max_usec)) {
        const Rollout *rollout = rollout_fixture_rollout(cluster, name);
        fail_msg("%s is not %s, but %s: %s", name, rollout_phase_to_string(phase),
                 rollout ? rollout_phase_to_string(rollout->phase) : "not there",
                 rollout ? str_or(rollout->why, "") : "");
    }
}

bool rollout_fixture_has_text(SimCluster *cluster, const char *name, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    const Unit *unit = sim_view_unit(cluster->view, name);
    return unit && streq(unit->hash, unit_file_hash(file));
}

bool rollout_fixture_runs_with(SimNode *node, const char *name, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = rollout_fixture_file(text);
    return streq_ptr(fake_systemd_started_hash(node->systemd, name), unit_file_hash(file));
}

void rollout_fixture_set_behaviour(SimCluster *cluster, const char *name,
                                   const FakeBehaviour *behaviour) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        assert_int_equal(fake_script_set_behaviour(fake_systemd_script(cluster->nodes[i].systemd),
                                                   name, behaviour),
                         0);
}

/* --- instances --- */

static char *instance(size_t i) {
    char *name = str_printf("app@%zu.service", i);
    assert_non_null(name);
    return name;
}

void instances_start(SimCluster *cluster, size_t n, const char *text) {
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = instance(i);
        engine_test_start(cluster, name, text);
    }
}

size_t instances_with(SimCluster *cluster, size_t n, const char *text) {
    size_t n_with = 0;
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = instance(i);
        n_with += rollout_fixture_has_text(cluster, name, text);
    }
    return n_with;
}

size_t instances_running(SimCluster *cluster, size_t n, const char *text) {
    size_t n_running = 0;
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = instance(i);
        SimNode *node = sim_where_runs(cluster, name);
        n_running += node && rollout_fixture_runs_with(node, name, text);
    }
    return n_running;
}

size_t instances_up(SimCluster *cluster, size_t n, size_t max_places) {
    size_t n_up = 0;
    for (size_t i = 1; i <= n; i++) {
        _cleanup_free_ char *name = instance(i);
        size_t n_places = sim_count_running(cluster, name);
        n_up += n_places >= 1 && n_places <= max_places;
    }
    return n_up;
}
