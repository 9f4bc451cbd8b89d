#include "fleetd/api/rollout-present.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static void tell(RolloutPresent *present, int r, int64_t revision) {
    present->done(r, revision, present->userdata);
}

/* --- its instances --- */

static bool is_instance(const RolloutPresent *present, const char *unit) {
    _cleanup_free_ char *template = NULL;
    return unit_name_check(unit, NULL) >= 0 && unit_name_is_instance(unit) &&
           unit_name_template(unit, &template) >= 0 && streq(template, present->name);
}

/* 1: so it has, or it is none of them. What cannot be read has no file that anybody knows. */
static int has_file(const RolloutPresent *present, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    if (!is_instance(present, entry->key + strlen(KEY_UNIT_PREFIX)))
        return 1;
    int r = stored_record_parse(&text, &record, NULL);
    return r < 0 ? r : record.unit && streq(record.unit->hash, present->hash);
}

static void on_instances(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPresent *present = userdata;
    *present->op = NULL;
    if (r >= 0)
        r = 1;
    for (size_t i = 0; r > 0 && i < result->n_entries; i++)
        r = has_file(present, &result->entries[i]);
    tell(present, r, r > 0 ? result->revision : 0);
}

static int look_at_instances(RolloutPresent *present) {
    int n = (int) strcspn(present->name, "@") + 1;
    _cleanup_free_ char *key = str_printf("%s%.*s", KEY_UNIT_PREFIX, n, present->name);
    const StoreRange range = {.key = key, .is_prefix = true};
    return key ? store_range(present->store, &range, on_instances, present, present->op) : -ENOMEM;
}

/* --- the last deployment --- */

/* One that has failed may be tried anew, and so may one of which nobody knows how far it has come:
 * users are told to deploy it again. */
static bool is_at_rest(const RolloutPresent *present, const Rollout *rollout) {
    const Deployment *last = present->last;
    if (!last)
        return !present->has_last;
    return rollout && rollout->deployment_usec == last->since_usec &&
           rollout_phase_is_over(rollout->phase) && rollout->phase != ROLLOUT_FAILED &&
           !rollout->is_kept && last->is_undone <= rollout->is_undone;
}

static void on_rollout(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPresent *present = userdata;
    _cleanup_record_ StoredRecord record = {};
    *present->op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    bool is_idle = r >= 0 && is_at_rest(present, record.rollout);
    bool is_template = unit_name_is_template(present->name);
    if (is_idle && is_template)
        r = look_at_instances(present);
    if (r < 0 || !is_idle || !is_template)
        tell(present, r < 0 ? r : is_idle, is_idle && r >= 0 ? result->revision : 0);
}

int rollout_present_ask(RolloutPresent *present) {
    _cleanup_free_ char *key = key_rollout(present->name);
    const StoreRange range = {.key = key};
    return key ? store_range(present->store, &range, on_rollout, present, present->op) : -ENOMEM;
}
