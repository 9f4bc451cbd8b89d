#include "fleetd/model/stored-record.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/cluster-id.h"
#include "fleetd/model/leader.h"
#include "fleetd/model/text.h"

static int read_unit(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = unit_parse(record->key.name, text->value, text->size, &record->unit, reterr);
    if (r < 0)
        return r;
    record->unit->revision = text->revision;
    return unit_file_hash_check(record->unit->hash, reterr);
}

static int read_file(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = unit_file_parse(text->value, text->size, &record->file, reterr);
    if (r >= 0 && !streq(unit_file_hash(record->file), record->key.name))
        r = error_set(reterr, -EBADMSG, "its content has another hash, %s",
                      unit_file_hash(record->file));
    return r;
}

static int read_machine(const StoredText *text, StoredRecord *record, Error *reterr) {
    return machine_parse(record->key.machine_id, text->value, text->size, &record->machine, reterr);
}

static int read_metadata(const StoredText *text, StoredRecord *record, Error *reterr) {
    if (strlen(text->value) != text->size)
        return error_set(reterr, -EBADMSG, "a NUL character");
    int r = metadata_check_pair(record->key.name, text->value, reterr);
    if (r < 0)
        return r;
    record->metadata = strdup(text->value);
    return record->metadata ? 0 : -ENOMEM;
}

/* Of a withdrawn order the file does not matter, and may not be known. */
static int read_order(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = order_parse(record->key.machine_id, record->key.name, text->value, text->size,
                        &record->order, reterr);
    if (r < 0 || record->order->desired == LAUNCH_STATE_INACTIVE)
        return r;
    return unit_file_hash_check(record->order->hash, reterr);
}

static int read_state(const StoredText *text, StoredRecord *record, Error *reterr) {
    return unit_state_parse(record->key.machine_id, record->key.name, text->value, text->size,
                            &record->state, reterr);
}

static int read_pending(const StoredText *text, StoredRecord *record, Error *reterr) {
    return pending_parse(record->key.name, text->value, text->size, &record->pending, reterr);
}

static int read_leader(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = leader_parse(text->value, text->size, &record->leader, reterr);
    return r < 0 ? r : machine_id_check(record->leader, reterr);
}

static int read_orphan(const StoredText *text, StoredRecord *record, Error *reterr) {
    return orphan_parse(record->key.machine_id, record->key.name, text->value, text->size,
                        &record->orphan, reterr);
}

static int read_cluster(const StoredText *text, StoredRecord *record, Error *reterr) {
    return cluster_id_parse(text->value, text->size, &record->cluster_id, reterr);
}

static int read_maintenance(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = maintenance_parse(record->key.machine_id, text->value, text->size, &record->maintenance,
                              reterr);
    return r < 0 ? r : maintenance_message_check(str_or(record->maintenance->message, ""), reterr);
}

static int read_brake(const StoredText *text, StoredRecord *record, Error *reterr) {
    return brake_record_parse(text->value, text->size, &record->brake, reterr);
}

static int read_version(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r =
        unit_version_parse(record->key.number, text->value, text->size, &record->version, reterr);
    return r < 0 ? r : unit_file_hash_check(record->version->hash, reterr);
}

static int read_reboot(const StoredText *text, StoredRecord *record, Error *reterr) {
    return reboot_parse(record->key.machine_id, text->value, text->size, &record->reboot, reterr);
}

static int read_deployment(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r =
        deployment_parse(record->key.name, text->value, text->size, &record->deployment, reterr);
    if (r >= 0 && record->deployment->hash)
        r = unit_file_hash_check(record->deployment->hash, reterr);
    return r < 0 ? r : update_policy_check(&record->deployment->policy, reterr);
}

static int read_rollout(const StoredText *text, StoredRecord *record, Error *reterr) {
    return rollout_parse(record->key.name, text->value, text->size, &record->rollout, reterr);
}

static int read_past(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = past_placement_parse(text->value, text->size, &record->past, reterr);
    return r < 0 ? r : machine_id_check(record->past->machine_id, reterr);
}

static int read_failures(const StoredText *text, StoredRecord *record, Error *reterr) {
    return failures_parse(record->key.name, text->value, text->size, &record->failures, reterr);
}

static int read_scale(const StoredText *text, StoredRecord *record, Error *reterr) {
    int r = template_scale_parse(record->key.name, text->value, text->size, &record->scale, reterr);
    return r < 0 ? r : template_scale_check(record->key.name, record->scale->count, reterr);
}

static int read_rebalance(const StoredText *text, StoredRecord *record, Error *reterr) {
    return rebalance_parse(text->value, text->size, &record->rebalance, reterr);
}

typedef struct KindReader {
    int (*read)(const StoredText *text, StoredRecord *record, Error *reterr);
    bool lives_by_lease; /* its writer's: without one it is a promise that nobody keeps */
} KindReader;

static const KindReader readers[_KEY_KIND_MAX] = {
    [KEY_UNIT] = {read_unit, false},
    [KEY_FILE] = {read_file, false},
    [KEY_MACHINE] = {read_machine, true},
    [KEY_METADATA] = {read_metadata, false},
    [KEY_SCHEDULE] = {read_order, false},
    [KEY_STATE] = {read_state, true},
    [KEY_PENDING] = {read_pending, false},
    [KEY_LEADER] = {read_leader, true},
    [KEY_ORPHAN] = {read_orphan, true},
    [KEY_CLUSTER] = {read_cluster, false},
    [KEY_MAINTENANCE] = {read_maintenance, false},
    [KEY_BRAKE] = {read_brake, false},
    [KEY_VERSION] = {read_version, false},
    [KEY_REBOOT] = {read_reboot, false},
    [KEY_DEPLOYMENT] = {read_deployment, false},
    [KEY_ROLLOUT] = {read_rollout, false},
    [KEY_PAST] = {read_past, false},
    [KEY_FAILURES] = {read_failures, false},
    [KEY_SCALE] = {read_scale, false},
    [KEY_REBALANCE] = {read_rebalance, false},
};

static void record_drop_value(StoredRecord *record) {
    unit_free(TAKE_PTR(record->unit));
    unit_file_unref(TAKE_PTR(record->file));
    machine_free(TAKE_PTR(record->machine));
    free(TAKE_PTR(record->metadata));
    order_free(TAKE_PTR(record->order));
    unit_state_free(TAKE_PTR(record->state));
    pending_free(TAKE_PTR(record->pending));
    free(TAKE_PTR(record->leader));
    orphan_free(TAKE_PTR(record->orphan));
    free(TAKE_PTR(record->cluster_id));
    maintenance_free(TAKE_PTR(record->maintenance));
    brake_record_free(TAKE_PTR(record->brake));
    unit_version_free(TAKE_PTR(record->version));
    reboot_free(TAKE_PTR(record->reboot));
    deployment_free(TAKE_PTR(record->deployment));
    rollout_free(TAKE_PTR(record->rollout));
    past_placement_free(TAKE_PTR(record->past));
    failures_free(TAKE_PTR(record->failures));
    template_scale_free(TAKE_PTR(record->scale));
    rebalance_free(TAKE_PTR(record->rebalance));
}

static int record_read_value(const StoredText *text, StoredRecord *record, Error *reterr) {
    const KindReader *reader = &readers[record->key.kind];
    int r = reader->read(text, record, reterr);
    if (r >= 0 && reader->lives_by_lease && text->lease == 0)
        r = error_set(reterr, -EBADMSG, "it stands under no lease");
    if (r < 0)
        record_drop_value(record);
    return r;
}

static int name_key(Error *reterr, int r, const char *key) {
    _cleanup_free_ char *printable = text_to_printable(key);
    return printable ? error_prefix(reterr, r, "'%s'", printable) : -ENOMEM;
}

int stored_record_parse(const StoredText *text, StoredRecord *ret, Error *reterr) {
    _cleanup_record_ StoredRecord record = {.revision = text->revision, .lease = text->lease};
    int r = key_parse(text->key, &record.key, reterr);
    if (r < 0)
        return r == -ENOMEM ? r : name_key(reterr, r, text->key);
    r = record_read_value(text, &record, reterr);
    record.is_readable = r >= 0;
    if (r < 0 && r != -ENOMEM)
        r = name_key(reterr, r, text->key);
    if (r == -ENOMEM)
        return r;
    *ret = record;
    record = (StoredRecord){};
    return 0;
}

void stored_record_done(StoredRecord *record) {
    key_done(&record->key);
    record_drop_value(record);
}
