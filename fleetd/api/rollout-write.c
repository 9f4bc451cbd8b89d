/* PUT of rollouts: a file is put, with the wish that it be rolled out. Whoever leads does that; but
 * a unit that the cluster does not know, which is no template, is made at once, as there is nothing
 * to be rolled over. Of a file that is there already nothing is written, so that what came before
 * it can still be undone. */
#include "fleetd/api/restart-request.h"
#include "fleetd/api/rollout-present.h"
#include "fleetd/api/rollout-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/store/unit-versions.h"

#include <errno.h>

#define CHECKED_MAX 100 /* units whose revisions are compared in the transaction, too */

typedef struct RolloutPut {
    ApiWrite base;
    RolloutRequest request;
    char *key;
    int64_t mod_revision;                /* of the deployment's key; 0: there is none */
    Deployment *last;                    /* under it; NULL: none that can be read */
    StoreCompare units[CHECKED_MAX + 1]; /* as they were read */
    size_t n_units;
    char *names[CHECKED_MAX + 1]; /* of their keys, owned */
    bool is_known;                /* the unit itself */
    char *present;                /* hash of its file; NULL: not looked at */
    RolloutPresent idle;          /* whether anything would change */
} RolloutPut;

static void forget(RolloutPut *put) {
    for (size_t i = 0; i < put->n_units; i++)
        free(TAKE_PTR(put->names[i]));
    put->n_units = 0;
    put->is_known = false;
    free(TAKE_PTR(put->present));
    deployment_free(TAKE_PTR(put->last));
}

/* --- writing --- */

typedef struct RolloutPutWrites {
    StoreWrite writes[3 + VERSION_WRITES_MAX];
    size_t n;
    char *unit_key, *unit_value;
    VersionWrites versions;
} RolloutPutWrites;

static void writes_done(RolloutPutWrites *writes) {
    free(writes->unit_key);
    free(writes->unit_value);
    version_writes_done(&writes->versions);
}
#define _cleanup_writes_ _cleanup_(writes_done)

static int add_new_unit(const RolloutPut *put, RolloutPutWrites *writes) {
    UnitVersionStep step = unit_version_step(NULL, 0);
    const Unit unit = {.name = put->request.unit.name,
                       .hash = put->request.deployment->hash,
                       .desired = LAUNCH_STATE_LAUNCHED,
                       .version = step.number};
    int r = version_writes_fill(&unit, NULL, &step, loop_realtime(put->base.api->options.loop),
                                &writes->versions);
    writes->unit_key = key_unit(unit.name);
    writes->unit_value = unit_format(&unit);
    if (r < 0 || !writes->unit_key || !writes->unit_value)
        return -ENOMEM;
    for (size_t i = 0; i < writes->versions.n; i++)
        writes->writes[writes->n++] = writes->versions.writes[i];
    writes->writes[writes->n++] =
        (StoreWrite){.kind = STORE_PUT, .key = writes->unit_key, .value = writes->unit_value};
    return 0;
}

/* The file goes first, so that nobody ever sees one who wants it without it. */
static void put_commit(RolloutPut *put) {
    _cleanup_writes_ RolloutPutWrites writes = {};
    const char *name = put->request.unit.name;
    _cleanup_free_ char *file_key = key_file(put->request.deployment->hash);
    _cleanup_free_ char *value = deployment_format(put->request.deployment);
    StoreWrite *file = &writes.writes[writes.n++];
    *file = (StoreWrite){.kind = STORE_PUT, .key = file_key};
    file->value = unit_file_text(put->request.unit.file, &file->value_size);
    int r = put->is_known || unit_name_is_template(name) ? 0 : add_new_unit(put, &writes);
    if (r < 0 || !file_key || !value) {
        api_write_fail(&put->base, -ENOMEM);
        return;
    }
    writes.writes[writes.n++] = (StoreWrite){.kind = STORE_PUT, .key = put->key, .value = value};
    StoreCompare compares[CHECKED_MAX + 2];
    memcpy(compares, put->units, put->n_units * sizeof(*compares));
    compares[put->n_units] = (StoreCompare){
        .key = put->key, .target = STORE_COMPARE_MOD_REVISION, .number = put->mod_revision};
    const StoreTxn txn = {.compares = compares,
                          .n_compares = put->n_units + 1,
                          .writes = writes.writes,
                          .n_writes = writes.n};
    api_write_commit(&put->base, put->base.api->options.store, &txn, 204);
}

/* --- reading --- */

static int take_unit(RolloutPut *put, const char *key, int64_t revision) {
    if (put->n_units > CHECKED_MAX)
        return 0;
    char *name = strdup(key);
    if (!name)
        return -ENOMEM;
    put->names[put->n_units] = name;
    put->units[put->n_units++] =
        (StoreCompare){.key = name, .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    return 0;
}

static bool is_meant(const RolloutPut *put, const char *unit) {
    _cleanup_free_ char *template = NULL;
    const char *name = put->request.unit.name;
    if (streq(unit, name))
        return true;
    return unit_name_is_template(name) && unit_name_check(unit, NULL) >= 0 &&
           unit_name_is_instance(unit) && unit_name_template(unit, &template) >= 0 &&
           streq(template, name);
}

/* One that cannot be read has no file that anybody knows. */
static int look_at_present(RolloutPut *put, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = entry->value ? stored_record_parse(&text, &record, NULL) : 0;
    if (r < 0 || !record.unit)
        return r;
    return str_replace(&put->present, record.unit->hash);
}

/* 1: one has changed, and that was answered. */
static int look_at_units(RolloutPut *put, const StoreRangeResult *result) {
    int64_t check = put->request.check_revision;
    for (size_t i = 0; i < result->n_entries; i++) {
        const StoreEntry *entry = &result->entries[i];
        const char *unit = entry->key + strlen(KEY_UNIT_PREFIX);
        if (!is_meant(put, unit))
            continue;
        bool is_itself = streq(unit, put->request.unit.name);
        put->is_known |= is_itself;
        if (check > 0 && entry->mod_revision > check) {
            api_write_refuse(&put->base, 409, "unit '%s' was changed since revision %lld", unit,
                             (long long) check);
            return 1;
        }
        int r = is_itself ? look_at_present(put, entry) : 0;
        if (r >= 0 && check > 0)
            r = take_unit(put, entry->key, entry->mod_revision);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Machine by machine goes what is global, and remains so. */
static bool file_changes_kind(const RolloutPut *put, const StoredRecord *present) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    if (!present->file ||
        requirements_parse(present->file, put->request.unit.name, &requirements, NULL) < 0)
        return false;
    return requirements->is_global != put->request.is_global;
}

static json_object *unchanged_to_json(void) {
    _cleanup_json_ json_object *object = json_object_new_object();
    return object && json_add_bool(object, "changed", false) >= 0 ? TAKE_PTR(object) : NULL;
}

static void on_idle(int r, int64_t revision, void *userdata) {
    RolloutPut *put = userdata;
    if (r < 0)
        api_write_fail(&put->base, r);
    else if (r == 0)
        put_commit(put);
    else
        api_write_tell_take(&put->base, unchanged_to_json(), revision);
}

static void ask_whether_idle(RolloutPut *put) {
    put->idle = (RolloutPresent){.store = put->base.api->options.store,
                                 .op = &put->base.op,
                                 .name = put->request.unit.name,
                                 .hash = put->present,
                                 .last = put->last,
                                 .has_last = put->mod_revision > 0,
                                 .done = on_idle,
                                 .userdata = put};
    int r = rollout_present_ask(&put->idle);
    if (r < 0)
        api_write_fail(&put->base, r);
}

/* Who brings the file that it has may do so because that was lost. */
static void on_present_file(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPut *put = userdata;
    _cleanup_record_ StoredRecord record = {};
    put->base.op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    if (r < 0)
        api_write_fail(&put->base, r);
    else if (file_changes_kind(put, &record))
        api_write_refuse(&put->base, 409,
                         "unit '%s' is %s, and would be %s: 'fleetctl start --replace' does that",
                         put->request.unit.name,
                         put->request.is_global ? "no global unit" : "a global unit",
                         put->request.is_global ? "one" : "none any more");
    else if (record.file && streq(put->present, put->request.deployment->hash))
        ask_whether_idle(put);
    else
        put_commit(put);
}

static void look_at_present_file(RolloutPut *put) {
    _cleanup_free_ char *key = key_file(put->present);
    const StoreRange range = {.key = key};
    int r =
        key ? store_range(put->base.api->options.store, &range, on_present_file, put, &put->base.op)
            : -ENOMEM;
    if (r < 0)
        api_write_fail(&put->base, r);
}

/* One that is unknown must still be so. */
static int expect_unknown(RolloutPut *put) {
    _cleanup_free_ char *key = key_unit(put->request.unit.name);
    return key ? take_unit(put, key, 0) : -ENOMEM;
}

/* Nobody can have looked at that: it is mistyped, or of another store, or of this one before it was
 * restored. 1: so it is, and that was answered. */
static int look_at_revision(RolloutPut *put, int64_t present) {
    int64_t check = put->request.check_revision;
    if (check <= present)
        return 0;
    api_write_refuse(&put->base, 409, "revision %lld is yet to come: the store is at %lld",
                     (long long) check, (long long) present);
    return 1;
}

static void on_units(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPut *put = userdata;
    put->base.op = NULL;
    if (r >= 0)
        r = look_at_revision(put, result->revision);
    if (r == 0)
        r = look_at_units(put, result);
    if (r == 0 && !put->is_known)
        r = expect_unknown(put);
    if (r < 0)
        api_write_fail(&put->base, r);
    else if (r == 0 && put->present)
        look_at_present_file(put);
    else if (r == 0)
        put_commit(put);
}

/* Those of the template, of which the keys alone do, as their revisions come with them; or the one.
 */
static void look_for_units(RolloutPut *put) {
    const char *name = put->request.unit.name;
    bool is_many = unit_name_is_template(name) && put->request.check_revision > 0;
    int n = is_many ? (int) strcspn(name, "@") + 1 : (int) strlen(name);
    _cleanup_free_ char *key = str_printf("%s%.*s", KEY_UNIT_PREFIX, n, name);
    const StoreRange range = {.key = key, .is_prefix = is_many, .is_keys_only = is_many};
    int r = key ? store_range(put->base.api->options.store, &range, on_units, put, &put->base.op)
                : -ENOMEM;
    if (r < 0)
        api_write_fail(&put->base, r);
}

/* Its time tells a deployment from the one before it. */
static void on_deployment(int r, const StoreRangeResult *result, void *userdata) {
    RolloutPut *put = userdata;
    _cleanup_record_ StoredRecord record = {};
    Deployment *deployment = put->request.deployment;
    put->base.op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    if (r < 0) {
        api_write_fail(&put->base, r);
        return;
    }
    put->mod_revision = record.revision;
    put->last = TAKE_PTR(record.deployment);
    deployment->since_usec = loop_realtime(put->base.api->options.loop);
    if (put->last)
        deployment->since_usec = MAX(deployment->since_usec, put->last->since_usec + 1);
    look_for_units(put);
}

static void put_start(ApiWrite *base) {
    RolloutPut *put = (RolloutPut *) base;
    const StoreRange range = {.key = put->key};
    forget(put);
    int r = store_range(base->api->options.store, &range, on_deployment, put, &base->op);
    if (r < 0)
        api_write_fail(base, r);
}

static void put_free(ApiWrite *base) {
    RolloutPut *put = (RolloutPut *) base;
    forget(put);
    rollout_request_done(&put->request);
    free(put->key);
    free(put);
}

static const ApiWriteKind put_kind = {.start = put_start, .free = put_free};

static void put_begin_take(Api *api, ApiExchange *exchange, RolloutRequest *request) {
    RolloutPut *put = calloc(1, sizeof(RolloutPut));
    if (!put) {
        rollout_request_done(request);
        answer_no_memory(exchange);
        return;
    }
    put->base.kind = &put_kind;
    put->base.deed = "deployed";
    put->request = *request;
    put->base.subject = str_printf("unit '%s'", put->request.unit.name);
    put->key = key_deployment(put->request.unit.name);
    if (put->base.subject && put->key) {
        api_write_begin_take(api, exchange, &put->base);
        return;
    }
    api_write_free(&put->base);
    answer_no_memory(exchange);
}

void rollouts_put(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    RolloutRequest request;
    if (restart_request_is(exchange->body, exchange->body_size)) {
        rollouts_put_restart(api, exchange, name);
        return;
    }
    int r = rollout_request_parse(name, exchange->body, exchange->body_size, &request, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        put_begin_take(api, exchange, &request);
}
