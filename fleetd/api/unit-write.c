/* PUT and DELETE of a unit: read it from the store, decide, write on the condition that it is as it
 * was read, and start over where it is not. Only what is committed is acknowledged (promise 5 of
 * docs/architecture.md).
 *
 * The first decision is made on what the view shows, if it leads to a write: it saves the store a
 * question, and the condition finds out a view that is behind. */
#include "fleetd/api/context.h"
#include "fleetd/api/reads.h"
#include "fleetd/api/unit-request.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <strings.h>

#define ATTEMPTS_MAX 5 /* each lost to another client that was quicker */

typedef enum WriteKind {
    WRITE_PUT,
    WRITE_DELETE,
} WriteKind;

struct UnitWrite {
    Api *api;
    ApiExchange *exchange;
    WriteKind kind;
    UnitRequest request; /* of a DELETE only its name is set */
    char *key;
    int64_t mod_revision; /* of the key as it was read; 0: it did not exist */
    Unit *known;     /* the unit as it was read; NULL: there is none, or none that is readable */
    unsigned status; /* of the answer when the transaction is done */
    unsigned n_attempts;
    bool is_writing; /* the transaction is under way: its outcome is open */
    StoreOp *op;
    Timer *timeout;
    LIST_ENTRY(UnitWrite) siblings;
};

static void write_start(UnitWrite *write);

static void write_free(UnitWrite *write) {
    if (!write)
        return;
    store_op_cancel(write->op);
    timer_free(write->timeout);
    unit_request_done(&write->request);
    unit_free(write->known);
    free(write->key);
    free(write);
}
DEFINE_POINTER_CLEANUP(UnitWrite, write_free)

static void write_end(UnitWrite *write) {
    LIST_REMOVE(write, siblings);
    write_free(write);
}

/* What is known of a request that the store did not answer. */
static void write_fail(UnitWrite *write, int r) {
    const char *cause = r == -ETIMEDOUT ? "it does not answer" : strerror(-r);
    if (write->is_writing)
        answer_error(write->exchange, 503,
                     "the store cannot be reached: %s; it is unknown whether unit '%s' was %s",
                     cause, write->request.name,
                     write->kind == WRITE_PUT ? "written" : "destroyed");
    else
        answer_error(write->exchange, 503, "the store cannot be reached: %s; nothing was changed",
                     cause);
    write_end(write);
}

static void write_acknowledge(UnitWrite *write, unsigned status, int64_t revision) {
    api_acknowledge(write->api, write->exchange, status, revision);
    write_end(write);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    UnitWrite *write = userdata;
    write->op = NULL;
    if (r < 0) {
        write_fail(write, r);
        return;
    }
    write->is_writing = false;
    if (result->succeeded) {
        write_acknowledge(write, write->status, result->revision);
        return;
    }
    if (++write->n_attempts < ATTEMPTS_MAX) {
        write_start(write);
        return;
    }
    answer_error(write->exchange, 503,
                 "unit '%s' is being changed by others all the time; nothing was changed",
                 write->request.name);
    write_end(write);
}

static int txn_start(UnitWrite *write, const StoreWrite *writes, size_t n_writes) {
    const StoreCompare compare = {
        .key = write->key,
        .target = STORE_COMPARE_MOD_REVISION,
        .number = write->mod_revision,
    };
    const StoreTxn txn = {
        .compares = &compare,
        .n_compares = 1,
        .writes = writes,
        .n_writes = n_writes,
    };
    int r = store_txn(write->api->gathering, &txn, on_txn, write, &write->op);
    if (r >= 0)
        write->is_writing = true;
    return r;
}

/* The file goes first, so that nobody ever sees a unit without it. It is written also when it is
 * there: whoever is about to collect it as unused then finds it changed. */
static int put_start(UnitWrite *write, const UnitDecision *decision) {
    _cleanup_free_ char *value = unit_format(&decision->unit);
    _cleanup_free_ char *file_key = key_file(decision->unit.hash);
    StoreWrite writes[2];
    size_t n = 0;
    if (!value || !file_key)
        return -ENOMEM;
    if (decision->writes_file) {
        writes[n] = (StoreWrite){.kind = STORE_PUT, .key = file_key};
        writes[n].value = unit_file_text(write->request.file, &writes[n].value_size);
        n++;
    }
    writes[n++] = (StoreWrite){.kind = STORE_PUT, .key = write->key, .value = value};
    return txn_start(write, writes, n);
}

/* file_is_lost: the one that the unit has, and that is brought once more, is not in the store, or
 * is not readable there. */
static void put_decide(UnitWrite *write, const Unit *known, bool file_is_lost) {
    _cleanup_error_ Error error = {};
    UnitDecision decision =
        unit_request_decide(&write->request, write->mod_revision != 0, known, &error);
    decision.writes_file |= file_is_lost;
    decision.writes_unit |= file_is_lost;
    if (decision.status == 409) {
        answer_error(write->exchange, 409, "%s", error_text(&error, -ENOMEM));
        write_end(write);
        return;
    }
    if (!decision.writes_unit) {
        write_acknowledge(write, 204, write->mod_revision);
        return;
    }
    write->status = decision.status;
    int r = put_start(write, &decision);
    if (r < 0)
        write_fail(write, r);
}

static void delete_decide(UnitWrite *write) {
    if (write->mod_revision == 0) {
        answer_error(write->exchange, 404, "unit '%s' does not exist", write->request.name);
        write_end(write);
        return;
    }
    write->status = 204;
    int r = txn_start(write, &(StoreWrite){.kind = STORE_DELETE, .key = write->key}, 1);
    if (r < 0)
        write_fail(write, r);
}

static void on_file(int r, const StoreRangeResult *result, void *userdata) {
    UnitWrite *write = userdata;
    _cleanup_record_ StoredRecord record = {};
    write->op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    if (r < 0)
        write_fail(write, r);
    else
        put_decide(write, write->known, !record.is_readable);
}

/* Who brings a unit's file once more may do so because it was lost. */
static void put_look_at_file(UnitWrite *write) {
    _cleanup_free_ char *key = key_file(write->known->hash);
    const StoreRange range = {.key = key, .limit = 1};
    int r =
        key ? store_range(write->api->options.store, &range, on_file, write, &write->op) : -ENOMEM;
    if (r < 0)
        write_fail(write, r);
}

static int write_take_unit(UnitWrite *write, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r >= 0 && !record.is_readable)
        log_notice("Replacing a value in the store that cannot be read, %s", error_text(&error, r));
    write->known = TAKE_PTR(record.unit);
    return r;
}

static void put_go_on(UnitWrite *write) {
    const UnitFile *file = write->request.file;
    if (file && write->known && streq(unit_file_hash(file), write->known->hash))
        put_look_at_file(write);
    else
        put_decide(write, write->known, false);
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    UnitWrite *write = userdata;
    write->op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    write->mod_revision = entry ? entry->mod_revision : 0;
    unit_free(TAKE_PTR(write->known));
    if (entry && write->kind == WRITE_PUT)
        r = write_take_unit(write, entry);
    if (r < 0)
        write_fail(write, r);
    else if (write->kind == WRITE_DELETE)
        delete_decide(write);
    else
        put_go_on(write);
}

static void write_read(UnitWrite *write) {
    const StoreRange range = {.key = write->key, .limit = 1};
    int r = store_range(write->api->options.store, &range, on_range, write, &write->op);
    if (r < 0)
        write_fail(write, r);
}

/* Only a decision to write can be made on a guess: that nothing is to be done, or that it cannot
 * be done, is said of what the store has. */
static bool guess_leads_to_write(const UnitWrite *write, const Unit *known) {
    const UnitFile *file = write->request.file;
    if (write->kind == WRITE_DELETE)
        return known;
    if (file && known && streq(unit_file_hash(file), known->hash))
        return false; /* its file may be lost */
    UnitDecision decision = unit_request_decide(&write->request, known, known, NULL);
    return decision.status != 409 && decision.writes_unit;
}

static bool write_guess(UnitWrite *write) {
    const View *view = reads_view(write->api->reads);
    if (write->n_attempts > 0 || !view || !view_is_synced(view))
        return false;
    const UnitView *unit = view_find_unit(view, write->request.name);
    const Unit *known = unit ? unit->unit : NULL;
    if (!guess_leads_to_write(write, known))
        return false;
    write->mod_revision = known ? known->revision : 0;
    if (write->kind == WRITE_DELETE)
        delete_decide(write);
    else
        put_decide(write, known, false);
    return true;
}

static void write_start(UnitWrite *write) {
    if (!write_guess(write))
        write_read(write);
}

static void on_timeout(void *userdata) {
    write_fail(userdata, -ETIMEDOUT);
}

static void on_abort(void *userdata) {
    write_end(userdata);
}

static int write_new(Api *api, ApiExchange *exchange, WriteKind kind, UnitRequest *request_take,
                     UnitWrite **ret) {
    _cleanup_(write_freep) UnitWrite *write = calloc(1, sizeof(UnitWrite));
    if (!write) {
        unit_request_done(request_take);
        return -ENOMEM;
    }
    write->api = api;
    write->exchange = exchange;
    write->kind = kind;
    write->request = *request_take;
    *request_take = (UnitRequest){};
    write->key = key_unit(write->request.name);
    int r = write->key ? timer_new(api->options.loop, on_timeout, write, &write->timeout) : -ENOMEM;
    if (r < 0)
        return r;
    *ret = TAKE_PTR(write);
    return 0;
}

static void write_begin(Api *api, ApiExchange *exchange, WriteKind kind,
                        UnitRequest *request_take) {
    UnitWrite *write;
    if (write_new(api, exchange, kind, request_take, &write) < 0) {
        answer_no_memory(exchange);
        return;
    }
    LIST_INSERT_HEAD(&api->unit_writes, write, siblings);
    timer_start(write->timeout, api->options.store_timeout_usec);
    exchange->vtable->on_abort(exchange, on_abort, write);
    write_start(write);
}

void units_put(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    UnitRequest request = {};
    int r = unit_request_parse(name, exchange->body, exchange->body_size, &request, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        write_begin(api, exchange, WRITE_PUT, &request);
}

void units_delete(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    if (unit_name_check(name, &error) < 0) {
        answer_error(exchange, 404, "unit '%s' does not exist", name);
        return;
    }
    UnitRequest request = {.name = strdup(name)};
    if (request.name)
        write_begin(api, exchange, WRITE_DELETE, &request);
    else
        answer_no_memory(exchange);
}

void unit_writes_end(Api *api) {
    while (!LIST_EMPTY(&api->unit_writes))
        write_fail(LIST_FIRST(&api->unit_writes), -ESHUTDOWN);
}
