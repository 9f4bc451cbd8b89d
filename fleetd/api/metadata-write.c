/* PATCH of machines: reads which metadata each of them has, and writes in one transaction. So
 * neither does it matter what this fleetd's view has heard, nor can a write that arrives late undo
 * another one that was acknowledged meanwhile. */
#include "fleetd/api/metadata-patch.h"
#include "fleetd/api/write.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/metadata.h"

#include <errno.h>

/* The changes of one machine: they stand together. */
typedef struct MachineRead {
    struct MetadataWrite *write;
    StoreOp *op;
    size_t begin, end;
} MachineRead;

typedef struct MetadataWrite {
    ApiWrite base;
    MetadataPatch patch;
    char *keys[STORE_TXN_MAX];            /* of the changes */
    int64_t mod_revisions[STORE_TXN_MAX]; /* of the keys as they were read; 0: not there */
    MachineRead machines[STORE_TXN_MAX];  /* all that the patch is about */
    size_t n_machines, n_pending;         /* not read yet */
    int64_t seen_revision;                /* the latest of those read */
} MetadataWrite;

static MetadataWrite *from_base(ApiWrite *base) {
    return (MetadataWrite *) base;
}

/* Writing */

static void write_commit(MetadataWrite *write) {
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
    api_write_commit(&write->base, write->base.api->options.store, &txn, 204);
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
    if (write_has_effect(write))
        write_commit(write);
    else
        api_write_acknowledge(&write->base, 204,
                              MAX(write->seen_revision, write->base.api->acknowledged));
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
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (!machine_take(machine, result))
        api_write_refuse(&write->base, 400, "machine '%s' has too much metadata",
                         write->patch.changes[machine->begin].machine_id);
    else if (--write->n_pending == 0)
        write_decide(write);
}

static int machine_read(MachineRead *machine) {
    const MetadataPatch *patch = &machine->write->patch;
    _cleanup_free_ char *prefix = key_metadata_prefix(patch->changes[machine->begin].machine_id);
    const StoreRange range = {.key = prefix, .is_prefix = true, .is_keys_only = true};
    return prefix ? store_range(machine->write->base.api->options.store, &range, on_machine,
                                machine, &machine->op)
                  : -ENOMEM;
}

static void write_start(ApiWrite *base) {
    MetadataWrite *write = from_base(base);
    write->n_pending = write->n_machines;
    for (size_t i = 0; i < write->n_machines; i++) {
        int r = machine_read(&write->machines[i]);
        if (r < 0) {
            api_write_fail(base, r);
            return;
        }
    }
}

static void write_free(ApiWrite *base) {
    MetadataWrite *write = from_base(base);
    for (size_t i = 0; i < write->n_machines; i++)
        store_op_cancel(write->machines[i].op);
    for (size_t i = 0; i < write->patch.n_changes; i++)
        free(write->keys[i]);
    metadata_patch_done(&write->patch);
    free(write);
}

/* Beginning */

static const ApiWriteKind metadata_write_kind = {.start = write_start, .free = write_free};

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

static void write_begin(Api *api, ApiExchange *exchange, MetadataPatch *patch_take) {
    MetadataWrite *write = calloc(1, sizeof(MetadataWrite));
    if (!write) {
        answer_no_memory(exchange);
        return;
    }
    write->base.kind = &metadata_write_kind;
    write->base.deed = "changed";
    write->base.subject = strdup("the metadata");
    if (write_take_patch(write, patch_take) >= 0 && write->base.subject) {
        api_write_begin_take(api, exchange, &write->base);
        return;
    }
    api_write_free(&write->base);
    answer_no_memory(exchange);
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
