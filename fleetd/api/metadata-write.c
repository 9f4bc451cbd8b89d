/* PATCH of machines: read which metadata each of them has, write in one transaction, on the
 * condition that all keys are as they were read, and start over where they are not. So neither does
 * it matter what this fleetd's view has heard, nor can a write that arrives late undo another one
 * that was acknowledged meanwhile (promise 5 of docs/architecture.md). */
#include "fleetd/api/context.h"
#include "fleetd/api/metadata-patch.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/metadata.h"

#include <errno.h>

#define ATTEMPTS_MAX 5 /* each lost to another client that was quicker */

/* The changes of one machine: they stand together. */
typedef struct MachineRead {
    struct MetadataWrite *write;
    StoreOp *op;
    size_t begin, end;
} MachineRead;

typedef struct MetadataWrite {
    Api *api;
    ApiExchange *exchange;
    MetadataPatch patch;
    char *keys[STORE_TXN_MAX];            /* of the changes */
    int64_t mod_revisions[STORE_TXN_MAX]; /* of the keys as they were read; 0: not there */
    MachineRead machines[STORE_TXN_MAX];  /* all that the patch is about */
    size_t n_machines, n_pending;         /* not read yet */
    int64_t seen_revision;                /* the latest of those read */
    unsigned n_attempts;
    bool is_writing; /* the transaction is under way: its outcome is open */
    StoreOp *op;
    Timer *timeout;
    LIST_ENTRY(MetadataWrite) siblings;
} MetadataWrite;

static void write_start(MetadataWrite *write);

static void write_free(MetadataWrite *write) {
    if (!write)
        return;
    for (size_t i = 0; i < write->n_machines; i++)
        store_op_cancel(write->machines[i].op);
    store_op_cancel(write->op);
    timer_free(write->timeout);
    for (size_t i = 0; i < write->patch.n_changes; i++)
        free(write->keys[i]);
    metadata_patch_done(&write->patch);
    free(write);
}
DEFINE_POINTER_CLEANUP(MetadataWrite, write_free)

static void write_end(MetadataWrite *write) {
    LIST_REMOVE(write, siblings);
    write_free(write);
}

static void write_fail(MetadataWrite *write, int r) {
    answer_error(write->exchange, 503, "the store cannot be reached: %s; %s",
                 r == -ETIMEDOUT ? "it does not answer" : strerror(-r),
                 write->is_writing ? "it is unknown whether the metadata was changed"
                                   : "nothing was changed");
    write_end(write);
}

static void write_acknowledge(MetadataWrite *write, int64_t revision) {
    api_acknowledge(write->api, write->exchange, 204, revision);
    write_end(write);
}

/* Writing */

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    MetadataWrite *write = userdata;
    write->op = NULL;
    if (r < 0) {
        write_fail(write, r);
        return;
    }
    write->is_writing = false;
    if (result->succeeded) {
        write_acknowledge(write, result->revision);
        return;
    }
    if (++write->n_attempts < ATTEMPTS_MAX) {
        write_start(write);
        return;
    }
    answer_error(write->exchange, 503,
                 "the metadata is being changed by others all the time; nothing was changed");
    write_end(write);
}

static int txn_start(MetadataWrite *write) {
    StoreCompare compares[STORE_TXN_MAX];
    StoreWrite writes[STORE_TXN_MAX];
    size_t n = write->patch.n_changes;
    for (size_t i = 0; i < n; i++) {
        const char *value = write->patch.changes[i].value;
        compares[i] = (StoreCompare){
            .key = write->keys[i],
            .target = STORE_COMPARE_MOD_REVISION,
            .number = write->mod_revisions[i],
        };
        writes[i] = (StoreWrite){
            .kind = value ? STORE_PUT : STORE_DELETE,
            .key = write->keys[i],
            .value = value,
        };
    }
    const StoreTxn txn = {compares, n, writes, n};
    int r = store_txn(write->api->options.store, &txn, on_txn, write, &write->op);
    if (r >= 0)
        write->is_writing = true;
    return r;
}

static bool write_has_effect(const MetadataWrite *write) {
    for (size_t i = 0; i < write->patch.n_changes; i++)
        if (write->patch.changes[i].value || write->mod_revisions[i] != 0)
            return true;
    return false;
}

/* A transaction that writes nothing would have the revision of something else, and who waits for
 * that to show up might wait for ever. */
static void write_decide(MetadataWrite *write) {
    if (!write_has_effect(write)) {
        write_acknowledge(write, MAX(write->seen_revision, write->api->acknowledged));
        return;
    }
    int r = txn_start(write);
    if (r < 0)
        write_fail(write, r);
}

/* Reading */

static int64_t find_mod_revision(const StoreRangeResult *result, const char *key) {
    for (size_t i = 0; i < result->n_entries; i++)
        if (streq(result->entries[i].key, key))
            return result->entries[i].mod_revision;
    return 0;
}

/* Whether the machine may have what it has then. What it has already may always be changed. */
static bool machine_take(const MachineRead *machine, const StoreRangeResult *result) {
    MetadataWrite *write = machine->write;
    size_t n_pairs = result->n_entries;
    bool adds = false;
    for (size_t i = machine->begin; i < machine->end; i++) {
        int64_t revision = find_mod_revision(result, write->keys[i]);
        bool is_put = write->patch.changes[i].value;
        n_pairs += (is_put && revision == 0) - (!is_put && revision != 0);
        adds |= is_put && revision == 0;
        write->mod_revisions[i] = revision;
        write->seen_revision = MAX(write->seen_revision, revision);
    }
    return !adds || n_pairs <= METADATA_PAIRS_MAX;
}

static void on_machine(int r, const StoreRangeResult *result, void *userdata) {
    MachineRead *machine = userdata;
    MetadataWrite *write = machine->write;
    machine->op = NULL;
    if (r < 0) {
        write_fail(write, r);
    } else if (!machine_take(machine, result)) {
        answer_error(write->exchange, 400, "machine '%s' has too much metadata",
                     write->patch.changes[machine->begin].machine_id);
        write_end(write);
    } else if (--write->n_pending == 0) {
        write_decide(write);
    }
}

static int machine_read(MachineRead *machine) {
    const MetadataPatch *patch = &machine->write->patch;
    _cleanup_free_ char *prefix = key_metadata_prefix(patch->changes[machine->begin].machine_id);
    const StoreRange range = {.key = prefix, .is_prefix = true, .is_keys_only = true};
    return prefix ? store_range(machine->write->api->options.store, &range, on_machine, machine,
                                &machine->op)
                  : -ENOMEM;
}

static void write_start(MetadataWrite *write) {
    write->n_pending = write->n_machines;
    for (size_t i = 0; i < write->n_machines; i++) {
        int r = machine_read(&write->machines[i]);
        if (r < 0) {
            write_fail(write, r);
            return;
        }
    }
}

/* Beginning */

static int change_compare(const void *a, const void *b) {
    return strcmp(((const MetadataChange *) a)->machine_id,
                  ((const MetadataChange *) b)->machine_id);
}

static int write_take_patch(MetadataWrite *write, MetadataPatch *patch_take) {
    MetadataPatch *patch = &write->patch;
    *patch = *patch_take;
    *patch_take = (MetadataPatch){};
    qsort(patch->changes, patch->n_changes, sizeof(MetadataChange), change_compare);
    for (size_t i = 0; i < patch->n_changes; i++) {
        const MetadataChange *change = &patch->changes[i];
        if (i == 0 || change_compare(change - 1, change) != 0)
            write->machines[write->n_machines++] = (MachineRead){.write = write, .begin = i};
        write->machines[write->n_machines - 1].end = i + 1;
        write->keys[i] = key_metadata(change->machine_id, change->key);
        if (!write->keys[i])
            return -ENOMEM;
    }
    return 0;
}

static void on_timeout(void *userdata) {
    write_fail(userdata, -ETIMEDOUT);
}

static void on_abort(void *userdata) {
    write_end(userdata);
}

static int write_new(Api *api, ApiExchange *exchange, MetadataPatch *patch_take,
                     MetadataWrite **ret) {
    _cleanup_(write_freep) MetadataWrite *write = calloc(1, sizeof(MetadataWrite));
    if (!write)
        return -ENOMEM;
    write->api = api;
    write->exchange = exchange;
    int r = write_take_patch(write, patch_take);
    if (r >= 0)
        r = timer_new(api->options.loop, on_timeout, write, &write->timeout);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(write);
    return 0;
}

static void write_begin(Api *api, ApiExchange *exchange, MetadataPatch *patch_take) {
    MetadataWrite *write;
    if (write_new(api, exchange, patch_take, &write) < 0) {
        answer_no_memory(exchange);
        return;
    }
    LIST_INSERT_HEAD(&api->metadata_writes, write, siblings);
    timer_start(write->timeout, api->options.store_timeout_usec);
    exchange->vtable->on_abort(exchange, on_abort, write);
    write_start(write);
}

void machines_patch(Api *api, ApiExchange *exchange, _unused_ const char *name) {
    _cleanup_error_ Error error = {};
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    int r = metadata_patch_parse(exchange->body, exchange->body_size, &patch, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else if (patch.n_changes == 0)
        answer_done(exchange, 204, api->acknowledged);
    else
        write_begin(api, exchange, &patch);
}

void metadata_writes_end(Api *api) {
    while (!LIST_EMPTY(&api->metadata_writes))
        write_fail(LIST_FIRST(&api->metadata_writes), -ESHUTDOWN);
}
