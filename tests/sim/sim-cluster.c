#include "tests/sim/sim-cluster.h"

#include "fleetd/model/unit-file.h"
#include "fleetd/store/memory-store.h"
#include "fleetd/store/unit-versions.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/sim/pausable-loop.h"

static bool key_is_decision(const char *key) {
    return strncmp(key, "schedule/", 9) == 0 || strncmp(key, "pending/", 8) == 0;
}

static void on_txn(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    SimNode *node = userdata;
    SimCluster *cluster = node->cluster;
    if (result->succeeded && txn->n_writes > 0 && key_is_decision(txn->writes[0].key))
        cluster->n_decisions[node - cluster->nodes]++;
    if (cluster->on_txn)
        cluster->on_txn(txn, result, node);
}

SimCluster *sim_cluster_new(size_t n_nodes, uint64_t seed) {
    SimCluster *cluster = sim_must(calloc(1, sizeof(SimCluster)));
    cluster->loop = sim_must(virtual_loop_new(seed));
    cluster->store_loop = sim_must(pausable_loop_new(cluster->loop));
    sim_must_be_zero(memory_store_new(cluster->store_loop, &cluster->store));
    cluster->sync = (StoreSync){
        .store = cluster->store, .loop = cluster->loop, .run_until = virtual_loop_run_until};
    cluster->view = sim_view_new(cluster->store);
    cluster->n_nodes = n_nodes;
    cluster->agent_ttl_usec = SIM_TTL;
    for (size_t i = 0; i < n_nodes; i++) {
        SimNode *node = &cluster->nodes[i];
        sim_node_init(node, (unsigned) i + 1, cluster->loop, cluster->store, on_txn, node);
        node->cluster = cluster;
    }
    return cluster;
}

void sim_cluster_free(SimCluster *cluster) {
    if (!cluster)
        return;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_done(&cluster->nodes[i]);
    sim_view_free(cluster->view);
    store_free(cluster->store);
    pausable_loop_free(cluster->store_loop);
    virtual_loop_free(cluster->loop);
    free(cluster);
}

void sim_cluster_boot(SimCluster *cluster) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_boot(&cluster->nodes[i]);
}

void sim_cluster_run(SimCluster *cluster, usec_t usec) {
    virtual_loop_advance(cluster->loop, usec);
}

bool sim_cluster_wait(SimCluster *cluster, bool (*predicate)(void *userdata), void *userdata,
                      usec_t max_usec) {
    return virtual_loop_run_until(cluster->loop, predicate, userdata, max_usec);
}

/* --- users --- */

int64_t sim_put(SimCluster *cluster, const char *name, const char *text, LaunchState desired) {
    const Unit *known = sim_view_unit(cluster->view, name);
    char hash[UNIT_FILE_HASH_LENGTH + 1] = "";
    if (text)
        sim_must_be_zero(unit_file_hash_text(text, strlen(text), hash));
    else if (known)
        memcpy(hash, known->hash, sizeof(hash));
    else
        return 0;
    bool has_new_file = !known || !streq(known->hash, hash);
    UnitVersionStep step = unit_version_step(known, 0);
    Unit unit = {.name = (char *) name,
                 .hash = hash,
                 .desired = desired,
                 .version = has_new_file ? step.number : known->version};
    _cleanup_version_writes_ VersionWrites versions = {};
    if (has_new_file)
        sim_must_be_zero(
            version_writes_fill(&unit, known, &step, loop_realtime(cluster->loop), &versions));
    _cleanup_free_ char *unit_key = sim_must(key_unit(name)), *file_key = sim_must(key_file(hash));
    _cleanup_free_ char *value = sim_must(unit_format(&unit));
    StoreCompare compare = {.key = unit_key,
                            .target = STORE_COMPARE_MOD_REVISION,
                            .number = known ? known->revision : 0};
    StoreWrite writes[2 + VERSION_WRITES_MAX];
    size_t n = 0;
    if (text)
        writes[n++] = (StoreWrite){.kind = STORE_PUT, .key = file_key, .value = text};
    for (size_t i = 0; i < versions.n; i++)
        writes[n++] = versions.writes[i];
    writes[n++] = (StoreWrite){.kind = STORE_PUT, .key = unit_key, .value = value};
    StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = writes, .n_writes = n};
    StoreTxnResult result = {};
    int r = store_sync_txn(&cluster->sync, &txn, &result);
    return r >= 0 && result.succeeded ? result.revision : 0;
}

void sim_destroy(SimCluster *cluster, const char *name) {
    _cleanup_free_ char *key = sim_must(key_unit(name)),
                        *versions = sim_must(key_version_prefix(name));
    const StoreWrite writes[] = {{.kind = STORE_DELETE, .key = key},
                                 {.kind = STORE_DELETE_PREFIX, .key = versions}};
    const StoreTxn txn = {.writes = writes, .n_writes = ELEMENTSOF(writes)};
    StoreTxnResult result = {};
    (void) store_sync_txn(&cluster->sync, &txn, &result);
}

void sim_set_metadata(SimCluster *cluster, const SimNode *node, const char *key,
                      const char *value) {
    _cleanup_free_ char *text = sim_must(key_metadata(node->id, key));
    (void) (value ? store_sync_put(&cluster->sync, text, value, 0)
                  : store_sync_delete(&cluster->sync, text));
}

void sim_maintain(SimCluster *cluster, const SimNode *node, const Maintenance *maintenance) {
    _cleanup_free_ char *key = sim_must(key_maintenance(node->id)),
                        *value = maintenance ? sim_must(maintenance_format(maintenance)) : NULL;
    (void) (value ? store_sync_put(&cluster->sync, key, value, 0)
                  : store_sync_delete(&cluster->sync, key));
}

/* --- queries --- */

usec_t sim_cluster_well_since(const SimCluster *cluster, const SimNode *node) {
    usec_t well_since = sim_node_well_since(node);
    if (cluster->is_store_away || well_since == USEC_INFINITY)
        return USEC_INFINITY;
    return MAX(well_since, cluster->store_here_usec);
}

SimNode *sim_find_node(SimCluster *cluster, const char *id) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (streq(cluster->nodes[i].id, id))
            return &cluster->nodes[i];
    return NULL;
}

SimNode *sim_where_runs(SimCluster *cluster, const char *unit) {
    SimNode *found = NULL;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (sim_node_has(&cluster->nodes[i], unit)) {
            if (found)
                return NULL;
            found = &cluster->nodes[i];
        }
    return found;
}

size_t sim_count_running(SimCluster *cluster, const char *unit) {
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        n += sim_node_has(&cluster->nodes[i], unit);
    return n;
}

SimNode *sim_where_ordered(SimCluster *cluster, const char *unit) {
    if (sim_view_count_orders(cluster->view, unit) != 1)
        return NULL;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (sim_view_order(cluster->view, cluster->nodes[i].id, unit))
            return &cluster->nodes[i];
    return NULL;
}

SimNode *sim_leader(SimCluster *cluster) {
    SimNode *found = NULL;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (sim_node_leads(&cluster->nodes[i])) {
            if (found)
                return NULL;
            found = &cluster->nodes[i];
        }
    return found;
}

size_t sim_count_touches(SimCluster *cluster) {
    static const FakeAction actions[] = {FAKE_ACTION_START, FAKE_ACTION_STOP, FAKE_ACTION_REMOVE};
    size_t n = 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        for (size_t a = 0; a < ELEMENTSOF(actions); a++)
            n += sim_node_count(&cluster->nodes[i], actions[a]);
    return n;
}
