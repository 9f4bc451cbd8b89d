/* PUT of rollouts that bring no file: units are to be restarted. How to go about it says the file
 * that the template has, or else its first instance that is to run; so what there is is read first.
 */
#include "fleetd/api/restart-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct RestartPut {
    ApiWrite base;
    char *name;
    json_object *body;
    char *key, *rollout_key;
    int64_t mod_revision, rollout_revision; /* of both keys; 0: there is none */
    Deployment *known;                      /* as it was read; NULL: none */
    char *hash;                             /* of the file that says how */
} RestartPut;

static void range_begin(RestartPut *put, const StoreRange *range, StoreRangeDone done) {
    int r = range->key ? store_range(put->base.api->options.store, range, done, put, &put->base.op)
                       : -ENOMEM;
    if (r < 0)
        api_write_fail(&put->base, r);
}

/* The record that was asked for; what cannot be read counts as there. */
static int take_record(RestartPut *put, int r, const StoreRangeResult *result, StoredRecord *ret) {
    put->base.op = NULL;
    if (r < 0 || result->n_entries == 0)
        return MIN(r, 0);
    StoredText text = store_entry_text(&result->entries[0]);
    return stored_record_parse(&text, ret, NULL);
}

/* --- writing --- */

/* Its time tells a deployment from the one before it. */
static void commit(RestartPut *put, Deployment *deployment) {
    deployment->since_usec = loop_realtime(put->base.api->options.loop);
    if (put->known)
        deployment->since_usec = MAX(deployment->since_usec, put->known->since_usec + 1);
    _cleanup_free_ char *value = deployment_format(deployment);
    const StoreCompare compares[] = {
        {.key = put->key, .target = STORE_COMPARE_MOD_REVISION, .number = put->mod_revision},
        {.key = put->rollout_key,
         .target = STORE_COMPARE_MOD_REVISION,
         .number = put->rollout_revision},
    };
    const StoreWrite change = {.kind = STORE_PUT, .key = put->key, .value = value};
    const StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &change, .n_writes = 1};
    if (value)
        api_write_commit(&put->base, put->base.api->options.store, &txn, 204);
    else
        api_write_fail(&put->base, -ENOMEM);
}

static void apply(RestartPut *put, const UnitFile *file) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    _cleanup_(deployment_freep) Deployment *deployment = NULL;
    _cleanup_error_ Error error = {};
    int r = requirements_parse(file, put->name, &requirements, &error);
    if (r >= 0)
        r = restart_request_apply(put->name, put->body, requirements, &deployment, &error);
    if (r == -ENOMEM)
        api_write_fail(&put->base, r);
    else if (r < 0)
        api_write_refuse(&put->base, 400, "%s", error_text(&error, r));
    else
        commit(put, deployment);
}

static void on_file(int r, const StoreRangeResult *result, void *userdata) {
    RestartPut *put = userdata;
    _cleanup_record_ StoredRecord record = {};
    r = take_record(put, r, result, &record);
    if (r < 0)
        api_write_fail(&put->base, r);
    else if (!record.file)
        api_write_refuse(&put->base, 409,
                         "the unit file of '%s' is not in the store: submit it again", put->name);
    else
        apply(put, record.file);
}

/* --- which units there are --- */

typedef struct Found {
    Unit *first;    /* of those that are to run */
    char *template; /* hash of the file of the template itself; NULL: it is not known */
    bool is_any;    /* there is one, to run or not */
} Found;

static void found_done(Found *found) {
    unit_free(found->first);
    free(found->template);
}

static bool is_meant(const RestartPut *put, const Unit *unit) {
    _cleanup_free_ char *template = NULL;
    if (streq(unit->name, put->name))
        return true;
    return unit_name_is_instance(unit->name) && unit_name_template(unit->name, &template) >= 0 &&
           streq(template, put->name);
}

static int take_unit(const RestartPut *put, const StoreEntry *entry, Found *found) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    const Unit *unit = record.unit;
    if (r < 0 || !unit || !is_meant(put, unit))
        return MIN(r, 0);
    if (unit_name_is_template(unit->name))
        return str_replace(&found->template, unit->hash);
    found->is_any = true;
    bool is_first = !found->first || rollout_compare_names(unit->name, found->first->name) < 0;
    if (unit->desired != LAUNCH_STATE_LAUNCHED || !is_first)
        return 0;
    unit_free(found->first);
    found->first = TAKE_PTR(record.unit);
    return 0;
}

static void refuse(RestartPut *put, const Found *found) {
    bool is_template = unit_name_is_template(put->name);
    if (!found->is_any && !is_template)
        api_write_refuse(&put->base, 404, "unit '%s' does not exist", put->name);
    else
        api_write_refuse(&put->base, 409,
                         !is_template    ? "unit '%s' is not to run: start it"
                         : found->is_any ? "of template '%s' no instance is to run"
                                         : "template '%s' has no instances",
                         put->name);
}

static void on_units(int r, const StoreRangeResult *result, void *userdata) {
    RestartPut *put = userdata;
    _cleanup_(found_done) Found found = {};
    put->base.op = NULL;
    for (size_t i = 0; r >= 0 && i < result->n_entries; i++)
        r = take_unit(put, &result->entries[i], &found);
    if (r >= 0 && found.first)
        r = str_replace(&put->hash, found.template ? found.template : found.first->hash);
    if (r < 0) {
        api_write_fail(&put->base, r);
    } else if (!found.first) {
        refuse(put, &found);
    } else {
        _cleanup_free_ char *key = key_file(put->hash);
        range_begin(put, &(StoreRange){.key = key, .limit = 1}, on_file);
    }
}

static void look_for_units(RestartPut *put) {
    bool is_many = unit_name_is_template(put->name);
    int n = is_many ? (int) strcspn(put->name, "@") + 1 : (int) strlen(put->name);
    _cleanup_free_ char *key = str_printf("%s%.*s", KEY_UNIT_PREFIX, n, put->name);
    range_begin(put, &(StoreRange){.key = key, .is_prefix = is_many}, on_units);
}

/* --- what is under way --- */

/* To take the place of a file's deployment in its midst would leave it there. */
static bool is_file_under_way(const RestartPut *put, const Rollout *rollout) {
    bool is_known = rollout && put->known && rollout->deployment_usec == put->known->since_usec;
    bool is_over = is_known && rollout_phase_is_over(rollout->phase) &&
                   put->known->is_undone <= rollout->is_undone;
    return put->known && !put->known->is_restart && !is_over;
}

static void on_rollout(int r, const StoreRangeResult *result, void *userdata) {
    RestartPut *put = userdata;
    _cleanup_record_ StoredRecord record = {};
    r = take_record(put, r, result, &record);
    put->rollout_revision = record.revision;
    if (r < 0)
        api_write_fail(&put->base, r);
    else if (is_file_under_way(put, record.rollout))
        api_write_refuse(&put->base, 409,
                         "a deployment of '%s' is under way, which starts what it changes anew: "
                         "see 'fleetctl rollout status %s'",
                         put->name, put->name);
    else
        look_for_units(put);
}

static void on_deployment(int r, const StoreRangeResult *result, void *userdata) {
    RestartPut *put = userdata;
    _cleanup_record_ StoredRecord record = {};
    r = take_record(put, r, result, &record);
    deployment_free(put->known);
    put->known = TAKE_PTR(record.deployment);
    put->mod_revision = record.revision;
    if (r < 0)
        api_write_fail(&put->base, r);
    else
        range_begin(put, &(StoreRange){.key = put->rollout_key, .limit = 1}, on_rollout);
}

static void put_start(ApiWrite *base) {
    RestartPut *put = (RestartPut *) base;
    range_begin(put, &(StoreRange){.key = put->key, .limit = 1}, on_deployment);
}

static void put_free(ApiWrite *base) {
    RestartPut *put = (RestartPut *) base;
    json_object_put(put->body);
    deployment_free(put->known);
    free(put->name);
    free(put->key);
    free(put->rollout_key);
    free(put->hash);
    free(put);
}

static const ApiWriteKind put_kind = {.start = put_start, .free = put_free};

static void put_begin_take(Api *api, ApiExchange *exchange, const char *name, json_object *body) {
    RestartPut *put = calloc(1, sizeof(RestartPut));
    if (!put) {
        json_object_put(body);
        answer_no_memory(exchange);
        return;
    }
    put->base.kind = &put_kind;
    put->base.deed = "restarted";
    put->base.subject = str_printf("unit '%s'", name);
    put->name = strdup(name);
    put->body = body;
    put->key = key_deployment(name);
    put->rollout_key = key_rollout(name);
    if (put->base.subject && put->name && put->key && put->rollout_key) {
        api_write_begin_take(api, exchange, &put->base);
        return;
    }
    api_write_free(&put->base);
    answer_no_memory(exchange);
}

void rollouts_put_restart(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    json_object *body;
    int r = restart_request_parse(name, exchange->body, exchange->body_size, &body, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        put_begin_take(api, exchange, name, body);
}
