/* What stands in the store, as anybody may have written it: the first line is the key, the rest the
 * value; under an odd revision without a lease. What can be read is what fleet would write: written
 * anew and read it is the same. */
#include "fleetd/base/strv.h"
#include "fleetd/model/cluster-id.h"
#include "fleetd/model/leader.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

/* The value of a record as fleet writes it; NULL: it is no JSON. */
static char *record_format_value(const StoredRecord *record) {
    return record->unit          ? unit_format(record->unit)
           : record->machine     ? machine_format(record->machine)
           : record->order       ? order_format(record->order)
           : record->state       ? unit_state_format(record->state)
           : record->pending     ? pending_format(record->pending)
           : record->leader      ? leader_format(record->leader)
           : record->orphan      ? orphan_format(record->orphan)
           : record->maintenance ? maintenance_format(record->maintenance)
           : record->reboot      ? reboot_format(record->reboot)
           : record->deployment  ? deployment_format(record->deployment)
           : record->rollout     ? rollout_format(record->rollout)
           : record->scale       ? template_scale_format(record->scale)
           : record->version     ? unit_version_format(record->version)
           : record->past        ? past_placement_format(record->past)
           : record->failures    ? failures_format(record->failures)
           : record->rebalance   ? rebalance_format(record->rebalance)
           : record->brake       ? brake_record_format(record->brake)
           : record->cluster_id  ? cluster_id_format(record->cluster_id)
                                 : NULL;
}

static char *key_format(const Key *key) {
    switch (key->kind) {
    case KEY_UNIT:
        return key_unit(key->name);
    case KEY_FILE:
        return key_file(key->name);
    case KEY_MACHINE:
        return key_machine(key->machine_id);
    case KEY_METADATA:
        return key_metadata(key->machine_id, key->name);
    case KEY_SCHEDULE:
        return key_schedule(key->machine_id, key->name);
    case KEY_STATE:
        return key_state(key->machine_id, key->name);
    case KEY_PENDING:
        return key_pending(key->name);
    case KEY_ORPHAN:
        return key_orphan(key->machine_id, key->name);
    case KEY_CLUSTER:
        return strdup(KEY_CLUSTER_TEXT);
    case KEY_BRAKE:
        return strdup(KEY_BRAKE_TEXT);
    case KEY_MAINTENANCE:
        return key_maintenance(key->machine_id);
    case KEY_VERSION:
        return key_version(key->name, key->number);
    case KEY_REBOOT:
        return key_reboot(key->machine_id);
    case KEY_DEPLOYMENT:
        return key_deployment(key->name);
    case KEY_ROLLOUT:
        return key_rollout(key->name);
    case KEY_SCALE:
        return key_scale(key->name);
    case KEY_PAST:
        return key_past(key->name, key->number);
    case KEY_FAILURES:
        return key_failures(key->name);
    case KEY_REBALANCE:
        return strdup(KEY_REBALANCE_TEXT);
    default:
        return strdup(KEY_LEADER_TEXT);
    }
}

static void again_check(const StoredText *text, const char *value) {
    _cleanup_record_ StoredRecord record = {};
    StoredText written = *text;
    written.value = value;
    written.size = strlen(value);
    HOLDS(stored_record_parse(&written, &record, NULL) == 0 && record.is_readable);
    _cleanup_free_ char *again = record_format_value(&record);
    HOLDS(streq(again, value));
}

/* Values that stand in the API's answers and on terminals, whoever wrote them. */
static void values_check(const StoredRecord *record) {
    if (record->unit)
        HOLDS(unit_file_hash_check(record->unit->hash, NULL) == 0);
    if (record->order && record->order->desired != LAUNCH_STATE_INACTIVE)
        HOLDS(unit_file_hash_check(record->order->hash, NULL) == 0);
    if (record->file)
        HOLDS(streq(unit_file_hash(record->file), record->key.name));
    if (record->metadata)
        HOLDS(metadata_check_pair(record->key.name, record->metadata, NULL) == 0);
    if (record->version)
        HOLDS(unit_file_hash_check(record->version->hash, NULL) == 0);
    if (record->deployment) {
        HOLDS(record->deployment->is_restart ==
              (unit_file_hash_check(str_or(record->deployment->hash, ""), NULL) < 0));
        HOLDS(update_policy_check(&record->deployment->policy, NULL) == 0);
    }
    const Rollout *rollout = record->rollout;
    HOLDS(!rollout || !rollout->is_global || rollout->unit_hash);
    for (size_t i = 0; rollout && i < rollout->n_units; i++) {
        const char *name = rollout->units[i].name;
        int r = rollout->is_global ? machine_id_check(name, NULL) : unit_name_check(name, NULL);
        HOLDS(r == 0 && rollout_find_unit(rollout, name) == &rollout->units[i]);
    }
    if (record->scale)
        HOLDS(template_scale_check(record->key.name, record->scale->count, NULL) == 0);
    if (record->past)
        HOLDS(machine_id_check(record->past->machine_id, NULL) == 0);
    if (record->leader)
        HOLDS(machine_id_check(record->leader, NULL) == 0);
    if (record->maintenance)
        HOLDS(maintenance_message_check(str_or(record->maintenance->message, ""), NULL) == 0);
    if (record->pending)
        HOLDS(record->pending->n_reasons <= PENDING_REASONS_MAX);
    if (record->failures)
        HOLDS(record->failures->n_places <= FAILURE_PLACES_MAX);
    if (record->rebalance)
        HOLDS(record->rebalance->n_moves <= REBALANCE_MOVES_MAX);
    for (size_t i = 0; record->rebalance && i < record->rebalance->n_moves; i++)
        HOLDS(unit_name_check(record->rebalance->moves[i].unit, NULL) == 0 &&
              machine_id_check(record->rebalance->moves[i].from, NULL) == 0 &&
              machine_id_check(record->rebalance->moves[i].to, NULL) == 0);
}

static void readable_check(const StoredText *text, const StoredRecord *record) {
    values_check(record);
    _cleanup_free_ char *value = record_format_value(record);
    if (value)
        again_check(text, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    size_t value_size;
    _cleanup_free_ char *key = fuzz_take_line(&input), *value = fuzz_take_rest(&input, &value_size);
    const StoredText text = {.key = key,
                             .value = value,
                             .size = value_size,
                             .revision = 7 + (int64_t) size % 2,
                             .lease = size % 2 == 0 ? 1 : 0};
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    int r = stored_record_parse(&text, &record, &error);
    HOLDS(r == 0 || r == -EINVAL);
    if (r < 0 || !record.is_readable)
        fuzz_check_message(error.message);
    if (r < 0)
        return 0;
    _cleanup_free_ char *written_key = key_format(&record.key);
    HOLDS(streq(written_key, key));
    HOLDS(!record.key.name || record.key.kind == KEY_FILE || record.key.kind == KEY_METADATA ||
          unit_name_check(record.key.name, NULL) == 0);
    if (record.is_readable)
        readable_check(&text, &record);
    return 0;
}
