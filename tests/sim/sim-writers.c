#include "tests/sim/sim-writers.h"

#include "fleetd/model/keys.h"

typedef struct Judgement {
    SimWriters *writers;
    SimRequests *requests;
    const SimNode *node;
    const StoreTxn *txn;
    int64_t revision; /* of it */
} Judgement;

static bool key_begins(const char *key, const char *prefix) {
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

static int64_t *presence_lease(SimWriters *writers, const SimNode *node) {
    return &writers->presence_leases[node - node->cluster->nodes];
}

static bool txn_is_fenced(const Judgement *it) {
    for (size_t i = 0; i < it->txn->n_compares; i++)
        if (streq(it->txn->compares[i].key, KEY_LEADER_TEXT) &&
            it->txn->compares[i].target == STORE_COMPARE_MOD_REVISION &&
            it->txn->compares[i].number == it->writers->leader_revision)
            return it->node == it->writers->leader;
    return false;
}

/* A state stands and falls with the presence that it was written beside. */
static bool may_write_state(const Judgement *it, const StoreWrite *write) {
    if (write->kind == STORE_PUT)
        return write->lease != 0 && write->lease == *presence_lease(it->writers, it->node);
    return sim_view_machine(it->node->cluster->view, it->node->id) != NULL;
}

/* The file of a unit comes with the unit; only who leads takes one away. */
static bool may_write_file(const Judgement *it, const StoreWrite *write) {
    if (write->kind == STORE_DELETE)
        return txn_is_fenced(it);
    for (size_t i = 0; i < it->txn->n_writes; i++)
        if (key_begins(it->txn->writes[i].key, "unit/"))
            return true;
    return false;
}

/* A late write must not undo what was acknowledged since: it holds for the key as it was read. */
static bool write_is_conditional(const Judgement *it, const char *key) {
    for (size_t i = 0; i < it->txn->n_compares; i++)
        if (streq(it->txn->compares[i].key, key) &&
            it->txn->compares[i].target == STORE_COMPARE_MOD_REVISION)
            return true;
    return false;
}

/* Of one unit, together with it: what gives it another file counts on, what takes it away takes all
 * that it had. */
static bool may_write_version(const Judgement *it, const StoreWrite *write) {
    for (size_t i = 0; i < it->txn->n_writes; i++) {
        const StoreWrite *other = &it->txn->writes[i];
        if (!key_begins(other->key, "unit/") ||
            (other->kind == STORE_DELETE) != (write->kind == STORE_DELETE_PREFIX))
            continue;
        _cleanup_free_ char *prefix = sim_must(key_version_prefix(other->key + strlen("unit/")));
        if (write->kind == STORE_DELETE_PREFIX ? streq(write->key, prefix)
                                               : key_begins(write->key, prefix))
            return true;
    }
    return false;
}

static bool may_write_for_user(const Judgement *it, const StoreWrite *write) {
    _cleanup_(unit_freep) Unit *unit = NULL;
    _cleanup_(maintenance_freep) Maintenance *maintenance = NULL;
    const char *key = write->key, *name = strchr(key, '/') + 1, *value = write->value;
    bool is_put = write->kind == STORE_PUT;
    if (is_put && key_begins(key, "unit/") &&
        unit_parse(name, value, strlen(value), &unit, NULL) < 0)
        return false;
    if (is_put && key_begins(key, "maintenance/") &&
        maintenance_parse(name, value, strlen(value), &maintenance, NULL) < 0)
        return false;
    const SimWritten written = {key, unit, maintenance, it->revision};
    return write_is_conditional(it, key) &&
           sim_requests_account_for(it->requests, it->node, &written);
}

static bool txn_makes_cluster(const StoreTxn *txn) {
    return txn->n_compares == 1 && streq(txn->compares[0].key, KEY_CLUSTER_TEXT);
}

static bool may_write(const Judgement *it, const StoreWrite *write) {
    _cleanup_free_ char *states = sim_must(key_state_prefix(it->node->id));
    _cleanup_free_ char *machine = sim_must(key_machine(it->node->id));
    _cleanup_free_ char *orphans = sim_must(key_orphan(it->node->id, ""));
    const char *key = write->key;
    if (key_begins(key, "version/"))
        return may_write_version(it, write);
    if (write->kind == STORE_DELETE_PREFIX)
        return false;
    if (key_begins(key, "schedule/") || key_begins(key, "pending/"))
        return txn_is_fenced(it);
    if (key_begins(key, "failures/"))
        return txn_is_fenced(it) && write_is_conditional(it, key);
    if (key_begins(key, "file/"))
        return may_write_file(it, write);
    if (key_begins(key, "unit/") || key_begins(key, "metadata/") || key_begins(key, "maintenance/"))
        return may_write_for_user(it, write);
    if (key_begins(key, states))
        return may_write_state(it, write);
    if (streq(key, KEY_CLUSTER_TEXT))
        return txn_makes_cluster(it->txn);
    return key_begins(key, orphans) || streq(key, machine) || streq(key, KEY_LEADER_TEXT);
}

static void note_write(const Judgement *it, const StoreWrite *write, int64_t revision) {
    if (streq(write->key, KEY_LEADER_TEXT)) {
        it->writers->leader = it->node;
        it->writers->leader_revision = revision;
    } else if (key_begins(write->key, "machine/"))
        *presence_lease(it->writers, it->node) = write->lease;
}

const char *sim_writers_judge(SimWriters *writers, SimRequests *requests, const SimNode *node,
                              const StoreTxn *txn, const StoreTxnResult *result) {
    const Judgement it = {writers, requests, node, txn, result->revision};
    const char *wrong = NULL;
    for (size_t i = 0; result->succeeded && i < txn->n_writes; i++) {
        if (!may_write(&it, &txn->writes[i]))
            wrong = txn->writes[i].key;
        note_write(&it, &txn->writes[i], result->revision);
    }
    return wrong;
}
