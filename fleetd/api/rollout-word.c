/* PATCH of rollouts: what users say of one that is under way, or that it be undone. */
#include "fleetd/api/rollout-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct RolloutPatch {
    ApiWrite base;
    char *name;
    char *key, *rollout_key;
    char *back_refusal; /* of what was rolled back, and could not be */
    RolloutWord word;
    Deployment *deployment;                 /* as it was read */
    int64_t mod_revision, rollout_revision; /* of both keys; 0: there is none */
} RolloutPatch;

static void commit(RolloutPatch *patch) {
    _cleanup_free_ char *value = deployment_format(patch->deployment);
    const StoreCompare compares[] = {
        {.key = patch->key, .target = STORE_COMPARE_MOD_REVISION, .number = patch->mod_revision},
        {.key = patch->rollout_key,
         .target = STORE_COMPARE_MOD_REVISION,
         .number = patch->rollout_revision},
    };
    const StoreWrite change = {.kind = STORE_PUT, .key = patch->key, .value = value};
    const StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &change, .n_writes = 1};
    if (value)
        api_write_commit(&patch->base, patch->base.api->options.store, &txn, 204);
    else
        api_write_fail(&patch->base, -ENOMEM);
}

static void deployment_hear(Deployment *deployment, RolloutWord word) {
    switch (word) {
    case ROLLOUT_PAUSE:
        deployment->is_paused = true;
        break;
    case ROLLOUT_RESUME:
        deployment->is_paused = false;
        deployment->n_resumed++;
        break;
    case ROLLOUT_PROMOTE:
        deployment->is_promoted = true;
        break;
    default:
        deployment->is_paused = false;
        deployment->is_undone = true;
    }
}

/* What nothing would come of, now; NULL: something does. rollout: NULL: it has yet to begin. */
static const char *idle_word(const RolloutPatch *patch, const Rollout *rollout) {
    const Deployment *deployment = patch->deployment;
    bool is_paused = deployment->is_paused || (rollout && rollout->phase == ROLLOUT_PAUSED);
    bool is_waiting = rollout && rollout->phase == ROLLOUT_WAITING;
    if (patch->word == ROLLOUT_RESUME && !is_paused)
        return is_waiting ? "it is not paused, but waits to be promoted" : "it is not paused";
    if (patch->word != ROLLOUT_PROMOTE)
        return NULL;
    if (deployment->policy.canaries == 0)
        return "it goes on with all units anyway, as no first ones were asked for (--canaries)";
    return is_paused ? "it is paused: resume it first" : NULL;
}

/* Of what was rolled back as far as it could be: its units have what there is to go back to, or
 * that is lost, so that nothing would come of going back once more. */
static const char *back_refusal(const RolloutPatch *patch, const Rollout *rollout) {
    return streq_ptr(rollout->why, ROLLOUT_UNDONE_IN_VAIN) ? ROLLOUT_UNDONE_IN_VAIN
                                                           : patch->back_refusal;
}

/* Why that is too late, or in vain; NULL: it is not. */
static const char *undo_refusal(const RolloutPatch *patch, const Rollout *rollout) {
    if (rollout->is_undone && rollout->phase == ROLLOUT_FAILED)
        return back_refusal(patch, rollout);
    if (rollout->phase == ROLLOUT_SUPERSEDED)
        return "its units have been changed by others since";
    if (!rollout_can_be_undone(rollout, patch->deployment->hash))
        return ROLLOUT_UNDONE_IN_VAIN;
    if (!rollout->is_undone)
        return NULL;
    return rollout->phase == ROLLOUT_ROLLING_BACK ? "it is being rolled back already"
                                                  : "it is rolled back already";
}

/* Why it is too late, or too early; NULL: it is not. */
static const char *refusal(const RolloutPatch *patch, const Rollout *rollout) {
    bool is_known = rollout && rollout->deployment_usec == patch->deployment->since_usec;
    if (patch->word == ROLLOUT_UNDO && patch->deployment->is_restart)
        return "there is nothing to go back to (fleetctl history has the former files)";
    if (!is_known)
        return idle_word(patch, NULL);
    if (patch->word == ROLLOUT_UNDO)
        return undo_refusal(patch, rollout);
    if (rollout->phase == ROLLOUT_ROLLING_BACK)
        return "it is being rolled back";
    return rollout_phase_is_over(rollout->phase) ? "it is over" : idle_word(patch, rollout);
}

/* What it was decided on must still be so: whoever leads may begin to roll back just now. A record
 * that cannot be read is nobody's; whoever leads says so. */
static void on_rollout(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPatch *patch = userdata;
    _cleanup_record_ StoredRecord record = {};
    patch->base.op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    patch->rollout_revision = record.revision;
    const char *why = r < 0 ? NULL : refusal(patch, record.rollout);
    if (r < 0) {
        api_write_fail(&patch->base, r);
    } else if (why) {
        api_write_refuse(
            &patch->base, 409, "Cannot %s the %s of '%s': %s", rollout_word_to_string(patch->word),
            patch->deployment->is_restart ? "restart" : "deployment", patch->name, why);
    } else {
        deployment_hear(patch->deployment, patch->word);
        commit(patch);
    }
}

static void range_begin(RolloutPatch *patch, const char *key, StoreRangeDone done) {
    const StoreRange range = {.key = key};
    int r = store_range(patch->base.api->options.store, &range, done, patch, &patch->base.op);
    if (r < 0)
        api_write_fail(&patch->base, r);
}

static void on_deployment(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPatch *patch = userdata;
    _cleanup_record_ StoredRecord record = {};
    patch->base.op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    deployment_free(patch->deployment);
    patch->deployment = TAKE_PTR(record.deployment);
    patch->mod_revision = record.revision;
    if (r < 0)
        api_write_fail(&patch->base, r);
    else if (!patch->deployment)
        api_write_refuse(&patch->base, 404, "nothing was deployed over unit '%s'", patch->name);
    else
        range_begin(patch, patch->rollout_key, on_rollout);
}

static void patch_start(ApiWrite *base) {
    RolloutPatch *patch = (RolloutPatch *) base;
    range_begin(patch, patch->key, on_deployment);
}

static void patch_free(ApiWrite *base) {
    RolloutPatch *patch = (RolloutPatch *) base;
    free(patch->name);
    free(patch->key);
    free(patch->rollout_key);
    free(patch->back_refusal);
    deployment_free(patch->deployment);
    free(patch);
}

static const ApiWriteKind patch_kind = {.start = patch_start, .free = patch_free};

static void patch_begin(Api *api, ApiExchange *exchange, const char *name, RolloutWord word) {
    RolloutPatch *patch = calloc(1, sizeof(RolloutPatch));
    if (!patch) {
        answer_no_memory(exchange);
        return;
    }
    patch->base.kind = &patch_kind;
    patch->base.deed = "changed";
    patch->base.subject = str_printf("the deployment of '%s'", name);
    patch->name = strdup(name);
    patch->key = key_deployment(name);
    patch->rollout_key = key_rollout(name);
    patch->back_refusal =
        str_printf("rolling it back was tried, and has failed. 'fleetctl rollout status %s' says "
                   "what is wrong with which units; mend that, or deploy the file that they are to "
                   "have",
                   name);
    patch->word = word;
    if (patch->base.subject && patch->name && patch->key && patch->rollout_key &&
        patch->back_refusal) {
        api_write_begin_take(api, exchange, &patch->base);
        return;
    }
    api_write_free(&patch->base);
    answer_no_memory(exchange);
}

void rollouts_patch(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    RolloutWord word;
    int r = unit_name_check(name, &error);
    if (r >= 0)
        r = rollout_word_parse(exchange->body, exchange->body_size, &word, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        patch_begin(api, exchange, name, word);
}
