#include "tests/sim/sim-writers.h"

#include "fleetd/model/keys.h"
#include "fleetd/model/past-placement.h"
#include "tests/sim/sim-scales.h"

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

/* The file of a unit comes with the unit, or with the wish to deploy it; only who leads takes one
 * away. */
static bool may_write_file(const Judgement *it, const StoreWrite *write) {
    if (write->kind == STORE_DELETE)
        return txn_is_fenced(it);
    for (size_t i = 0; i < it->txn->n_writes; i++)
        if (key_begins(it->txn->writes[i].key, "unit/") ||
            key_begins(it->txn->writes[i].key, "deployment/"))
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

static bool txn_deletes(const Judgement *it, const char *key) {
    for (size_t i = 0; i < it->txn->n_writes; i++)
        if (it->txn->writes[i].kind == STORE_DELETE && streq(it->txn->writes[i].key, key))
            return true;
    return false;
}

/* In its slot, and together with the end of the order that it tells of. */
static bool past_is_true(const Judgement *it, const StoreWrite *write) {
    _cleanup_key_ Key key = {};
    _cleanup_(past_placement_freep) PastPlacement *past = NULL;
    if (key_parse(write->key, &key, NULL) < 0 ||
        past_placement_parse(write->value, strlen(write->value), &past, NULL) < 0)
        return false;
    _cleanup_free_ char *order = sim_must(key_schedule(past->machine_id, key.name));
    return past->number > 0 && past_placement_slot(past->number) == key.number &&
           txn_deletes(it, order);
}

/* Where a unit was the leader says, when it has left; it goes with its unit. */
/* Nothing is kept of a unit that there is not. */
static bool past_is_of_unit(const StoreWrite *write) {
    const char *name = write->key + strlen("was/");
    _cleanup_free_ char *owned = sim_must(strndup(name, strcspn(name, "/")));
    _cleanup_free_ char *unit = sim_must(key_unit(owned));
    return streq_ptr(write->only_with, unit);
}

static bool may_write_past(const Judgement *it, const StoreWrite *write) {
    if (write->kind == STORE_PUT)
        return txn_is_fenced(it) && past_is_true(it, write) && past_is_of_unit(write);
    for (size_t i = 0; i < it->txn->n_writes; i++) {
        const StoreWrite *other = &it->txn->writes[i];
        if (!key_begins(other->key, "unit/") || other->kind != STORE_DELETE)
            continue;
        _cleanup_free_ char *prefix = sim_must(key_past_prefix(other->key + strlen("unit/")));
        if (write->kind == STORE_DELETE_PREFIX && streq(write->key, prefix))
            return true;
    }
    return false;
}

static bool may_write_for_user(const Judgement *it, const StoreWrite *write) {
    _cleanup_(unit_freep) Unit *unit = NULL;
    _cleanup_(maintenance_freep) Maintenance *maintenance = NULL;
    _cleanup_(reboot_freep) Reboot *reboot = NULL;
    const char *key = write->key, *name = strchr(key, '/') + 1, *value = write->value;
    bool is_put = write->kind == STORE_PUT;
    if (is_put && key_begins(key, "unit/") &&
        unit_parse(name, value, strlen(value), &unit, NULL) < 0)
        return false;
    if (is_put && key_begins(key, "maintenance/") &&
        maintenance_parse(name, value, strlen(value), &maintenance, NULL) < 0)
        return false;
    if (is_put && key_begins(key, "reboot/") &&
        reboot_parse(name, value, strlen(value), &reboot, NULL) < 0)
        return false;
    const SimWritten written = {.key = key,
                                .unit = unit,
                                .maintenance = maintenance,
                                .reboot = reboot,
                                .revision = it->revision};
    return write_is_conditional(it, key) &&
           sim_requests_account_for(it->requests, it->node, &written);
}

/* Whoever leads, as it was read; and users, only that nobody is to wait any longer. */
static bool may_write_brake(const Judgement *it, const StoreWrite *write) {
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    if (!write_is_conditional(it, write->key))
        return false;
    if (txn_is_fenced(it))
        return true;
    if (write->kind != STORE_PUT ||
        brake_record_parse(write->value, strlen(write->value), &record, NULL) < 0)
        return false;
    const SimWritten written = {
        .key = write->key, .is_release = record->is_released, .revision = it->revision};
    return sim_requests_account_for(it->requests, it->node, &written);
}

static bool txn_writes(const StoreTxn *txn, const char *key, StoreWriteKind kind) {
    for (size_t i = 0; i < txn->n_writes; i++)
        if (txn->writes[i].kind == kind && streq(txn->writes[i].key, key))
            return true;
    return false;
}

static bool txn_has_file(const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_writes; i++)
        if (key_begins(txn->writes[i].key, "file/"))
            return true;
    return false;
}

/* A new one: who says something of one that is there leaves a trace of that in it. */
static bool write_is_restart(const StoreWrite *write) {
    static const char *const said[] = {"\"paused\"", "\"resumed\"", "\"promoted\"", "\"undone\""};
    if (write->kind != STORE_PUT || !strstr(write->value, "\"restart\":true"))
        return false;
    for (size_t i = 0; i < ELEMENTSOF(said); i++)
        if (strstr(write->value, said[i]))
            return false;
    return true;
}

/* Users want it, on the condition of what was wanted before; and it goes with its unit, or when
 * whoever leads has seen that that is gone. */
static bool may_write_deployment(const Judgement *it, const StoreWrite *write) {
    _cleanup_free_ char *unit = sim_must(key_unit(write->key + strlen("deployment/")));
    const SimWritten written = {.key = write->key,
                                .has_file = txn_has_file(it->txn),
                                .is_restart = write_is_restart(write),
                                .revision = it->revision};
    return write->kind == STORE_PUT ? write_is_conditional(it, write->key) &&
                                          sim_requests_account_for(it->requests, it->node, &written)
                                    : txn_writes(it->txn, unit, STORE_DELETE) || txn_is_fenced(it);
}

/* A unit that there is not is made together with the wish. */
static bool txn_deploys_new(const Judgement *it, const StoreWrite *write) {
    _cleanup_free_ char *deployment =
        sim_must(key_deployment(write->key + strlen(KEY_UNIT_PREFIX)));
    for (size_t i = 0; i < it->txn->n_compares; i++)
        if (streq(it->txn->compares[i].key, write->key) && it->txn->compares[i].number == 0)
            return write->kind == STORE_PUT && txn_writes(it->txn, deployment, STORE_PUT);
    return false;
}

static bool key_is_of_rollout(const char *key, const char *name) {
    const char *rollout = key + strlen("rollout/"), *at = strchr(rollout, '@');
    size_t n = at ? (size_t) (at + 1 - rollout) : strlen(rollout);
    return key_begins(key, "rollout/") && strncmp(rollout, name, n) == 0;
}

/* Who leads gives units other files, each together with the record of that, as both were read. */
static bool txn_rolls_out(const Judgement *it, const StoreWrite *write) {
    const char *name = write->key + strlen(KEY_UNIT_PREFIX);
    bool has_record = false;
    for (size_t i = 0; i < it->txn->n_writes; i++)
        has_record |= key_is_of_rollout(it->txn->writes[i].key, name) &&
                      write_is_conditional(it, it->txn->writes[i].key);
    return write->kind == STORE_PUT && has_record && txn_is_fenced(it) &&
           write_is_conditional(it, write->key);
}

/* Who leads creates and removes instances, each as it was read. */
static bool txn_keeps_number(const Judgement *it, const StoreWrite *write) {
    return sim_txn_scales(it->txn) && txn_is_fenced(it) && write_is_conditional(it, write->key);
}

/* Users want it, on the condition of what was wanted before; and it goes with its template. */
static bool may_write_scale(const Judgement *it, const StoreWrite *write) {
    const char *template = write->key + strlen("scale/");
    _cleanup_free_ char *unit = sim_must(key_unit(template));
    _cleanup_(template_scale_freep) TemplateScale *scale = NULL;
    if (write->kind == STORE_PUT &&
        template_scale_parse(template, write->value, strlen(write->value), &scale, NULL) < 0)
        return false;
    const SimWritten written = {.key = write->key, .scale = scale, .revision = it->revision};
    return (!scale && txn_writes(it->txn, unit, STORE_DELETE)) ||
           (write_is_conditional(it, write->key) &&
            sim_requests_account_for(it->requests, it->node, &written));
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
    if (key_begins(key, "was/"))
        return may_write_past(it, write);
    if (write->kind == STORE_DELETE_PREFIX)
        return false;
    if (key_begins(key, "schedule/") || key_begins(key, "pending/"))
        return txn_is_fenced(it);
    if (key_begins(key, "failures/") || streq(key, KEY_REBALANCE_TEXT))
        return txn_is_fenced(it) && write_is_conditional(it, key);
    if (key_begins(key, "file/"))
        return may_write_file(it, write);
    if (key_begins(key, "rollout/"))
        return txn_is_fenced(it) && write_is_conditional(it, key);
    if (key_begins(key, "deployment/"))
        return may_write_deployment(it, write);
    if (streq(key, KEY_BRAKE_TEXT))
        return may_write_brake(it, write);
    if (key_begins(key, "reboot/") && txn_is_fenced(it))
        return write_is_conditional(it, key);
    if (key_begins(key, "scale/"))
        return may_write_scale(it, write);
    if (key_begins(key, "unit/") &&
        (txn_rolls_out(it, write) || txn_deploys_new(it, write) || txn_keeps_number(it, write)))
        return true;
    if (key_begins(key, "unit/") || key_begins(key, "metadata/") ||
        key_begins(key, "maintenance/") || key_begins(key, "reboot/"))
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
