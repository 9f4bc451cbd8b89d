/* PUT and DELETE of what people want of a machine: that it gets no units, or loses those it has. A
 * machine need not be there for it. */
#include "fleetd/api/machine-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/maintenance.h"

#include <errno.h>

#define DEADLINE_MAX_SECONDS (10 * 365 * 24 * 3600) /* nobody means more */

typedef struct MaintenanceWrite {
    ApiWrite base;
    char *machine_id;
    char *key;
    char *value; /* NULL: to be removed */
} MaintenanceWrite;

static MaintenanceWrite *from_base(ApiWrite *base) {
    return (MaintenanceWrite *) base;
}

/* --- what is asked for --- */

static int deadline_read(json_object *body, usec_t now_usec, Maintenance *maintenance,
                         Error *reterr) {
    int64_t seconds = 0;
    int r = json_get_int(body, "deadlineSeconds", &seconds, reterr);
    if (r <= 0)
        return r;
    if (seconds < 0 || seconds > DEADLINE_MAX_SECONDS)
        return error_set(reterr, -EINVAL, "deadlineSeconds is not between 0 and %d",
                         DEADLINE_MAX_SECONDS);
    if (!maintenance->is_draining)
        return error_set(reterr, -EINVAL, "deadlineSeconds is for a drain");
    maintenance->deadline_usec = now_usec + (usec_t) seconds * USEC_PER_SEC;
    return 0;
}

static int maintenance_read(json_object *body, usec_t now_usec, Maintenance *maintenance,
                            Error *reterr) {
    maintenance->since_usec = now_usec;
    int r = json_get_bool(body, "drain", &maintenance->is_draining, reterr);
    if (r >= 0)
        r = json_get_bool(body, "ignoreGlobal", &maintenance->ignore_global, reterr);
    if (r >= 0 && maintenance->ignore_global && !maintenance->is_draining)
        return error_set(reterr, -EINVAL, "ignoreGlobal is for a drain");
    if (r >= 0)
        r = deadline_read(body, now_usec, maintenance, reterr);
    return r < 0 ? r : request_read_message(body, &maintenance->message, reterr);
}

static int request_parse(const ApiExchange *exchange, usec_t now_usec, char **ret, Error *reterr) {
    _cleanup_json_ json_object *body = NULL;
    _cleanup_(maintenance_freep) Maintenance *maintenance = calloc(1, sizeof(Maintenance));
    if (!maintenance)
        return -ENOMEM;
    int r = request_parse_object(exchange, &body, reterr);
    if (r >= 0)
        r = maintenance_read(body, now_usec, maintenance, reterr);
    if (r < 0)
        return r;
    *ret = maintenance_format(maintenance);
    return *ret ? 0 : -ENOMEM;
}

/* --- writing --- */

/* Holds only for the key as it was read: a write that arrives late, when its sender has given up,
 * does not undo what was acknowledged meanwhile. */
static void commit(MaintenanceWrite *write, int64_t mod_revision) {
    const StoreCompare compare = {
        .key = write->key, .target = STORE_COMPARE_MOD_REVISION, .number = mod_revision};
    const StoreWrite change = {
        .kind = write->value ? STORE_PUT : STORE_DELETE, .key = write->key, .value = write->value};
    const StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &change, .n_writes = 1};
    api_write_commit(&write->base, write->base.api->options.store, &txn, 204);
}

static void on_read(int r, const StoreRangeResult *result, void *userdata) {
    MaintenanceWrite *write = userdata;
    write->base.op = NULL;
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (result->n_entries == 0 && !write->value)
        api_write_refuse(&write->base, 404, "machine '%s' is not cordoned", write->machine_id);
    else
        commit(write, result->n_entries > 0 ? result->entries[0].mod_revision : 0);
}

static void write_start(ApiWrite *base) {
    MaintenanceWrite *write = from_base(base);
    const StoreRange range = {.key = write->key, .is_keys_only = true};
    int r = store_range(base->api->options.store, &range, on_read, write, &base->op);
    if (r < 0)
        api_write_fail(base, r);
}

static void write_free(ApiWrite *base) {
    MaintenanceWrite *write = from_base(base);
    free(write->machine_id);
    free(write->key);
    free(write->value);
    free(write);
}

static const ApiWriteKind maintenance_write_kind = {.start = write_start, .free = write_free};

static void write_begin(Api *api, ApiExchange *exchange, const char *id, char *value_take) {
    MaintenanceWrite *write = calloc(1, sizeof(MaintenanceWrite));
    if (!write) {
        free(value_take);
        answer_no_memory(exchange);
        return;
    }
    write->base.kind = &maintenance_write_kind;
    write->base.deed = "changed";
    write->base.subject = str_printf("what is wanted of machine '%s'", id);
    write->machine_id = strdup(id);
    write->key = key_maintenance(id);
    write->value = value_take;
    if (write->base.subject && write->machine_id && write->key) {
        api_write_begin_take(api, exchange, &write->base);
        return;
    }
    api_write_free(&write->base);
    answer_no_memory(exchange);
}

void maintenance_put(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    char *value;
    if (machine_id_is_refused(exchange, name))
        return;
    int r = request_parse(exchange, loop_realtime(api->options.loop), &value, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        write_begin(api, exchange, name, value);
}

void maintenance_delete(Api *api, ApiExchange *exchange, const char *name) {
    if (!machine_id_is_refused(exchange, name))
        write_begin(api, exchange, name, NULL);
}
