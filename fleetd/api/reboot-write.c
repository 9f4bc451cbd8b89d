/* PUT and DELETE of reboots. The record names the boot that is to end, so the machine must be here;
 * from then on the leader writes it, until it is over or cancelled. */
#include "fleetd/api/machine-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"

#include <errno.h>

#define SECONDS_MAX (10 * 365 * 24 * 3600) /* nobody means more */
#define PARALLEL_MAX 10000

typedef struct RebootWrite {
    ApiWrite base;
    char *machine_id;
    char *machine_key, *key;
    Reboot *reboot; /* NULL: to be cancelled */
} RebootWrite;

/* --- what is asked for --- */

/* 0: it is not there. */
static int number_read(json_object *body, const char *name, int64_t max, int64_t *ret,
                       Error *reterr) {
    int64_t number = 0;
    int r = json_get_int(body, name, &number, reterr);
    if (r > 0 && (number < 1 || number > max))
        return error_set(reterr, -EINVAL, "%s is not between 1 and %lld", name, (long long) max);
    if (r > 0)
        *ret = number;
    return r;
}

static int reboot_read(json_object *body, Reboot *reboot, Error *reterr) {
    int64_t parallel = REBOOT_MAX_PARALLEL_DEFAULT, drain = 0,
            timeout = REBOOT_TIMEOUT_DEFAULT_USEC / USEC_PER_SEC;
    int r = number_read(body, "maxParallel", PARALLEL_MAX, &parallel, reterr);
    if (r >= 0)
        r = number_read(body, "deadlineSeconds", SECONDS_MAX, &drain, reterr);
    if (r >= 0)
        r = number_read(body, "timeoutSeconds", SECONDS_MAX, &timeout, reterr);
    if (r < 0)
        return r;
    reboot->max_parallel = (uint64_t) parallel;
    reboot->drain_usec = (usec_t) drain * USEC_PER_SEC;
    reboot->timeout_usec = (usec_t) timeout * USEC_PER_SEC;
    return request_read_message(body, &reboot->message, reterr);
}

static int request_parse(const ApiExchange *exchange, usec_t now_usec, Reboot **ret,
                         Error *reterr) {
    _cleanup_json_ json_object *body = NULL;
    _cleanup_(reboot_freep) Reboot *reboot = calloc(1, sizeof(Reboot));
    if (!reboot)
        return -ENOMEM;
    reboot->since_usec = reboot->phase_since_usec = now_usec;
    int r = request_parse_object(exchange, &body, reterr);
    if (r >= 0)
        r = reboot_read(body, reboot, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(reboot);
    return 0;
}

/* --- writing --- */

static void commit(RebootWrite *write, int64_t revision) {
    _cleanup_free_ char *value = write->reboot ? reboot_format(write->reboot) : NULL;
    const StoreCompare compare = {
        .key = write->key, .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    const StoreWrite change = {
        .kind = value ? STORE_PUT : STORE_DELETE, .key = write->key, .value = value};
    const StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &change, .n_writes = 1};
    if (write->reboot && !value)
        api_write_fail(&write->base, -ENOMEM);
    else
        api_write_commit(&write->base, write->base.api->options.store, &txn, 204);
}

/* What cannot be read may be under way. */
static bool is_under_way(const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    return r < 0 || !record.reboot || record.reboot->phase != REBOOT_FAILED;
}

static void on_reboot_read(int r, const StoreRangeResult *result, void *userdata) {
    RebootWrite *write = userdata;
    write->base.op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (!write->reboot && !entry)
        api_write_refuse(&write->base, 404, "machine '%s' is not to be rebooted",
                         write->machine_id);
    else if (write->reboot && entry && is_under_way(entry))
        api_write_refuse(&write->base, 409, "a reboot of machine '%s' is under way already",
                         write->machine_id);
    else
        commit(write, entry ? entry->mod_revision : 0);
}

static void range_begin(RebootWrite *write, const char *key, StoreRangeDone done) {
    const StoreRange range = {.key = key};
    int r = store_range(write->base.api->options.store, &range, done, write, &write->base.op);
    if (r < 0)
        api_write_fail(&write->base, r);
}

/* 1: it is here, and its boot is noted. */
static int machine_take(RebootWrite *write, const StoreRangeResult *result) {
    _cleanup_record_ StoredRecord record = {};
    if (result->n_entries == 0)
        return 0;
    StoredText text = store_entry_text(&result->entries[0]);
    int r = stored_record_parse(&text, &record, NULL);
    if (r == -ENOMEM)
        return r;
    const Machine *machine = r >= 0 ? record.machine : NULL;
    if (!machine || machine->status == MACHINE_STATUS_LEFT)
        return 0;
    r = str_replace(&write->reboot->boot_id, machine->boot_id);
    return r < 0 ? r : 1;
}

static void on_machine_read(int r, const StoreRangeResult *result, void *userdata) {
    RebootWrite *write = userdata;
    write->base.op = NULL;
    if (r >= 0)
        r = machine_take(write, result);
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (r == 0)
        api_write_refuse(&write->base, 404, "machine '%s' is not in the cluster",
                         write->machine_id);
    else
        range_begin(write, write->key, on_reboot_read);
}

static void write_start(ApiWrite *base) {
    RebootWrite *write = (RebootWrite *) base;
    if (write->reboot)
        range_begin(write, write->machine_key, on_machine_read);
    else
        range_begin(write, write->key, on_reboot_read);
}

static void write_free(ApiWrite *base) {
    RebootWrite *write = (RebootWrite *) base;
    free(write->machine_id);
    free(write->machine_key);
    free(write->key);
    reboot_free(write->reboot);
    free(write);
}

static const ApiWriteKind reboot_write_kind = {.start = write_start, .free = write_free};

static void write_begin(Api *api, ApiExchange *exchange, const char *id, Reboot *reboot_take) {
    RebootWrite *write = calloc(1, sizeof(RebootWrite));
    if (!write) {
        reboot_free(reboot_take);
        answer_no_memory(exchange);
        return;
    }
    write->base.kind = &reboot_write_kind;
    write->base.deed = "changed";
    write->base.subject = str_printf("the reboot of machine '%s'", id);
    write->machine_id = strdup(id);
    write->machine_key = key_machine(id);
    write->key = key_reboot(id);
    write->reboot = reboot_take;
    if (write->base.subject && write->machine_id && write->machine_key && write->key) {
        api_write_begin_take(api, exchange, &write->base);
        return;
    }
    api_write_free(&write->base);
    answer_no_memory(exchange);
}

void reboots_put(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    Reboot *reboot;
    if (machine_id_is_refused(exchange, name))
        return;
    int r = request_parse(exchange, loop_realtime(api->options.loop), &reboot, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        write_begin(api, exchange, name, reboot);
}

void reboots_delete(Api *api, ApiExchange *exchange, const char *name) {
    if (!machine_id_is_refused(exchange, name))
        write_begin(api, exchange, name, NULL);
}
