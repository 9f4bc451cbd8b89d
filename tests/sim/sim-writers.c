#include "tests/sim/sim-writers.h"

#include "fleetd/model/keys.h"

static bool key_begins(const char *key, const char *prefix) {
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

static bool txn_is_fenced(const SimWriters *writers, const StoreTxn *txn, const SimNode *node) {
    for (size_t i = 0; i < txn->n_compares; i++)
        if (streq(txn->compares[i].key, KEY_LEADER_TEXT) &&
            txn->compares[i].target == STORE_COMPARE_MOD_REVISION &&
            txn->compares[i].number == writers->leader_revision)
            return node == writers->leader;
    return false;
}

static bool txn_makes_cluster(const StoreTxn *txn) {
    return txn->n_compares == 1 && streq(txn->compares[0].key, KEY_CLUSTER_TEXT);
}

static bool may_write(const SimWriters *writers, const StoreTxn *txn, const StoreWrite *write,
                      const SimNode *node) {
    _cleanup_free_ char *states = sim_must(key_state_prefix(node->id));
    _cleanup_free_ char *machine = sim_must(key_machine(node->id));
    _cleanup_free_ char *orphans = sim_must(key_orphan(node->id, ""));
    const char *key = write->key;
    if (write->kind == STORE_DELETE_PREFIX)
        return false;
    if (key_begins(key, "schedule/") || key_begins(key, "pending/"))
        return txn_is_fenced(writers, txn, node);
    if (key_begins(key, "file/"))
        return write->kind == STORE_DELETE && txn_is_fenced(writers, txn, node);
    if (streq(key, KEY_CLUSTER_TEXT))
        return txn_makes_cluster(txn);
    return key_begins(key, states) || key_begins(key, orphans) || streq(key, machine) ||
           streq(key, KEY_LEADER_TEXT);
}

const char *sim_writers_judge(SimWriters *writers, const SimNode *node, const StoreTxn *txn,
                              const StoreTxnResult *result) {
    const char *wrong = NULL;
    for (size_t i = 0; result->succeeded && i < txn->n_writes; i++) {
        if (!may_write(writers, txn, &txn->writes[i], node))
            wrong = txn->writes[i].key;
        if (streq(txn->writes[i].key, KEY_LEADER_TEXT))
            *writers = (SimWriters){.leader = node, .leader_revision = result->revision};
    }
    return wrong;
}
