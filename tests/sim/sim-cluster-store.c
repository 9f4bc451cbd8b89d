/* What can happen to the store of a simulated cluster, as a whole. */
#include "fleetd/store/memory-store.h"
#include "tests/sim/pausable-loop.h"
#include "tests/sim/sim-cluster.h"

/* Odd times that follow one another closely are one. */
static void note_odd_time(SimCluster *cluster) {
    usec_t now = loop_now(cluster->loop);
    if (!cluster->is_store_away && now > cluster->odd_until_usec + 2 * cluster->agent_ttl_usec)
        cluster->odd_since_usec = now;
    cluster->odd_until_usec = now;
}

usec_t sim_cluster_lease_since(const SimCluster *cluster) {
    usec_t now = loop_now(cluster->loop);
    bool is_odd =
        cluster->is_store_away || now <= cluster->odd_until_usec + 2 * cluster->agent_ttl_usec;
    return (is_odd ? cluster->odd_since_usec : now) - cluster->agent_ttl_usec;
}

void sim_cluster_cut_off(SimCluster *cluster, int r) {
    usec_t now = loop_now(cluster->loop);
    if (r != 0 || cluster->is_store_away)
        note_odd_time(cluster);
    if (r != 0 && !cluster->is_store_away)
        cluster->store_away_usec = now;
    if (r == 0 && cluster->is_store_away &&
        now - cluster->store_away_usec > cluster->agent_ttl_usec / 2)
        cluster->store_back_usec = now;
    if (r == 0 && cluster->is_store_away)
        cluster->store_here_usec = now;
    cluster->is_store_away = r != 0;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_cut_off(&cluster->nodes[i], r);
}

void sim_cluster_freeze_store(SimCluster *cluster) {
    sim_cluster_cut_off(cluster, -ETIMEDOUT);
    pausable_loop_pause(cluster->store_loop);
}

void sim_cluster_thaw_store(SimCluster *cluster) {
    pausable_loop_thaw(cluster->store_loop);
    sim_cluster_cut_off(cluster, 0);
}

void sim_cluster_extend_leases(SimCluster *cluster) {
    note_odd_time(cluster);
    memory_store_extend_leases(cluster->store);
}

static bool entry_is_renewed(const SimCluster *cluster, const StoreEntry *entry) {
    if (streq(entry->key, KEY_LEADER_TEXT))
        return true;
    _cleanup_key_ Key key = {};
    if (key_parse(entry->key, &key, NULL) < 0 || key.kind != KEY_MACHINE)
        return false;
    const Machine *machine = sim_view_machine(cluster->view, key.machine_id);
    return machine && machine->status == MACHINE_STATUS_RUNNING;
}

/* They do not know of it before they renew it. */
static void note_taken(SimCluster *cluster) {
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (sim_view_machine(cluster->view, cluster->nodes[i].id))
            cluster->nodes[i].taken_usec = loop_now(cluster->loop);
}

void sim_cluster_take_leases(SimCluster *cluster, const char *prefix) {
    StoreRange range = {.key = prefix, .is_prefix = true, .is_keys_only = true};
    _cleanup_range_ StoreRangeResult found = {};
    note_odd_time(cluster);
    note_taken(cluster);
    sim_must_be_zero(store_sync_range(&cluster->sync, &range, &found));
    for (size_t i = 0; i < found.n_entries; i++)
        if (entry_is_renewed(cluster, &found.entries[i]))
            (void) store_sync_revoke(&cluster->sync, found.entries[i].lease);
}

static void delete_everything(SimCluster *cluster) {
    StoreWrite write = {.kind = STORE_DELETE_PREFIX, .key = ""};
    StoreTxn txn = {.writes = &write, .n_writes = 1};
    StoreTxnResult result;
    cluster->is_store_lost = true;
    sim_must_be_zero(store_sync_txn(&cluster->sync, &txn, &result));
    while (sim_view_revision(cluster->view) < result.revision)
        sim_cluster_run(cluster, 0);
    cluster->is_store_lost = false;
}

/* Those that keys stood under: of others nobody would notice. */
static void end_leases(SimCluster *cluster, const StoreRangeResult *found) {
    for (size_t i = 0; i < found->n_entries; i++)
        if (found->entries[i].lease != 0)
            (void) store_sync_revoke(&cluster->sync, found->entries[i].lease);
}

void sim_cluster_lose_store(SimCluster *cluster, bool with_leases) {
    StoreRange range = {.key = "", .is_prefix = true, .is_keys_only = true};
    _cleanup_range_ StoreRangeResult found = {};
    note_odd_time(cluster);
    note_taken(cluster);
    sim_must_be_zero(store_sync_range(&cluster->sync, &range, &found));
    delete_everything(cluster);
    if (with_leases)
        end_leases(cluster, &found);
}
