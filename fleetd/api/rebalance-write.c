/* PUT and DELETE of rebalance. What is asked for takes the place of a former one, but for a dry
 * run, which ends none that is under way; from then on the leader writes the record. */
#include "fleetd/api/machine-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"

#include <errno.h>

#define MOVES_MAX 1000000

typedef struct RebalanceWrite {
    ApiWrite base;
    Rebalance *wanted; /* NULL: the former one is to be cancelled */
} RebalanceWrite;

/* --- what is asked for --- */

static int rebalance_read(json_object *body, Rebalance *wanted, Error *reterr) {
    int64_t max_moves = 0;
    int r = json_get_int(body, "maxMoves", &max_moves, reterr);
    if (r > 0 && (max_moves < 1 || max_moves > MOVES_MAX))
        return error_set(reterr, -EINVAL, "maxMoves is not between 1 and %d", MOVES_MAX);
    if (r < 0)
        return r;
    wanted->max_moves = (uint64_t) max_moves;
    r = json_get_bool(body, "dryRun", &wanted->is_dry_run, reterr);
    return MIN(r, 0);
}

static int request_parse(const ApiExchange *exchange, usec_t now_usec, Rebalance **ret,
                         Error *reterr) {
    _cleanup_json_ json_object *body = NULL;
    _cleanup_(rebalance_freep) Rebalance *wanted = calloc(1, sizeof(Rebalance));
    if (!wanted)
        return -ENOMEM;
    wanted->since_usec = now_usec;
    int r = request_parse_object(exchange, &body, reterr);
    if (r >= 0)
        r = rebalance_read(body, wanted, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(wanted);
    return 0;
}

/* --- writing --- */

static void commit(RebalanceWrite *write, int64_t revision) {
    _cleanup_free_ char *value = write->wanted ? rebalance_format(write->wanted) : NULL;
    const StoreCompare compare = {
        .key = KEY_REBALANCE_TEXT, .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    const StoreWrite change = {
        .kind = value ? STORE_PUT : STORE_DELETE, .key = KEY_REBALANCE_TEXT, .value = value};
    const StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &change, .n_writes = 1};
    if (write->wanted && !value)
        api_write_fail(&write->base, -ENOMEM);
    else
        api_write_commit(&write->base, write->base.api->options.store, &txn, 204);
}

/* One that cannot be read does not go on. ret_moves: it is more than a dry run. */
static int entry_read(const StoreEntry *entry, bool *ret_under_way, bool *ret_moves) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    if (r < 0)
        return r;
    *ret_under_way = record.rebalance && rebalance_is_under_way(record.rebalance);
    *ret_moves = *ret_under_way && !record.rebalance->is_dry_run;
    return 0;
}

static void on_read(int r, const StoreRangeResult *result, void *userdata) {
    RebalanceWrite *write = userdata;
    write->base.op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    bool is_under_way = false, is_moving = false;
    if (entry)
        r = entry_read(entry, &is_under_way, &is_moving);
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (!write->wanted && !is_under_way)
        api_write_refuse(&write->base, 404, "no rebalance is under way");
    else if (write->wanted && write->wanted->is_dry_run && is_moving)
        api_write_refuse(&write->base, 409, "a rebalance is under way");
    else
        commit(write, entry ? entry->mod_revision : 0);
}

static void write_start(ApiWrite *base) {
    const StoreRange range = {.key = KEY_REBALANCE_TEXT};
    int r = store_range(base->api->options.store, &range, on_read, base, &base->op);
    if (r < 0)
        api_write_fail(base, r);
}

static void write_free(ApiWrite *base) {
    RebalanceWrite *write = (RebalanceWrite *) base;
    rebalance_free(write->wanted);
    free(write);
}

static void write_begin_take(Api *api, ApiExchange *exchange, Rebalance *wanted) {
    static const ApiWriteKind kind = {.start = write_start, .free = write_free};
    RebalanceWrite *write = calloc(1, sizeof(RebalanceWrite));
    char *subject = strdup("the rebalance");
    if (!write || !subject) {
        free(write);
        free(subject);
        rebalance_free(wanted);
        answer_no_memory(exchange);
        return;
    }
    write->base = (ApiWrite){.kind = &kind, .deed = "changed", .subject = subject};
    write->wanted = wanted;
    api_write_begin_take(api, exchange, &write->base);
}

void rebalance_put(Api *api, ApiExchange *exchange, _unused_ const char *name) {
    _cleanup_error_ Error error = {};
    Rebalance *wanted;
    int r = request_parse(exchange, loop_realtime(api->options.loop), &wanted, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        write_begin_take(api, exchange, wanted);
}

void rebalance_delete(Api *api, ApiExchange *exchange, _unused_ const char *name) {
    write_begin_take(api, exchange, NULL);
}
