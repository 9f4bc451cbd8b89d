/* GET and POST of failover: whether the leader holds back from giving up machines, as too many
 * vanished at once; and that it is not to wait any longer. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/store.h"

#include <errno.h>

/* --- reading --- */

static json_object *machines_to_json(char *const *machines) {
    _cleanup_json_ json_object *array = json_object_new_array();
    STRV_FOREACH (id, machines)
        if (!array || json_array_add_take(array, json_object_new_string(*id)) < 0)
            return NULL;
    return TAKE_PTR(array);
}

json_object *failover_to_json(const BrakeRecord *brake) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_bool(object, "held", brake != NULL) < 0)
        return NULL;
    if (!brake)
        return TAKE_PTR(object);
    if (json_add_int(object, "since", (int64_t) (brake->since_usec / USEC_PER_SEC)) < 0 ||
        json_add_int(object, "until", (int64_t) (brake->until_usec / USEC_PER_SEC)) < 0 ||
        json_add_int(object, "lost", (int64_t) brake->n_lost) < 0 ||
        json_add_int(object, "all", (int64_t) brake->n_all) < 0 ||
        json_add_take(object, "machines", machines_to_json(brake->machines)) < 0 ||
        json_add_bool(object, "released", brake->is_released) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *failover_event_to_json(const BrakeRecord *brake) {
    _cleanup_json_ json_object *object = failover_to_json(brake);
    if (!object || json_add_string(object, "type", "failover") < 0)
        return NULL;
    return TAKE_PTR(object);
}

void failover_get(Api *api, ApiExchange *exchange, const char *name, View *view) {
    answer_object_take(exchange, failover_to_json(view_brake(view)), view_revision(view));
}

/* --- releasing --- */

static void release_commit(ApiWrite *write, BrakeRecord *record, int64_t mod_revision) {
    record->is_released = true;
    _cleanup_free_ char *value = brake_record_format(record);
    const StoreCompare compare = {
        .key = KEY_BRAKE_TEXT, .target = STORE_COMPARE_MOD_REVISION, .number = mod_revision};
    const StoreWrite change = {.kind = STORE_PUT, .key = KEY_BRAKE_TEXT, .value = value};
    const StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &change, .n_writes = 1};
    if (value)
        api_write_commit(write, write->api->options.store, &txn, 204);
    else
        api_write_fail(write, -ENOMEM);
}

static void on_read(int r, const StoreRangeResult *result, void *userdata) {
    ApiWrite *write = userdata;
    _cleanup_record_ StoredRecord record = {};
    write->op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    if (r < 0)
        api_write_fail(write, r);
    else if (!record.brake)
        api_write_refuse(write, 404, "no failover is held");
    else
        release_commit(write, record.brake, record.revision);
}

static void write_start(ApiWrite *write) {
    const StoreRange range = {.key = KEY_BRAKE_TEXT};
    int r = store_range(write->api->options.store, &range, on_read, write, &write->op);
    if (r < 0)
        api_write_fail(write, r);
}

static void write_free(ApiWrite *write) {
    free(write);
}

void failover_release(Api *api, ApiExchange *exchange, const char *name) {
    static const ApiWriteKind kind = {.start = write_start, .free = write_free};
    ApiWrite *write = calloc(1, sizeof(ApiWrite));
    char *subject = strdup("the failover");
    if (!write || !subject) {
        free(write);
        free(subject);
        answer_no_memory(exchange);
        return;
    }
    *write = (ApiWrite){.kind = &kind, .deed = "released", .subject = subject};
    api_write_begin_take(api, exchange, write);
}
