/* PATCH of machines: judged by the view, then written in one transaction. */
#include "fleetd/api/context.h"
#include "fleetd/api/metadata-patch.h"
#include "fleetd/model/keys.h"

#include <errno.h>

typedef struct MetadataWrite {
    Api *api;
    ApiExchange *exchange;
    StoreOp *op;
    Timer *timeout;
    int64_t judged_revision; /* of the view that it was judged by */
    LIST_ENTRY(MetadataWrite) siblings;
} MetadataWrite;

static void write_free(MetadataWrite *write) {
    if (!write)
        return;
    store_op_cancel(write->op);
    timer_free(write->timeout);
    free(write);
}
DEFINE_POINTER_CLEANUP(MetadataWrite, write_free)

static void write_end(MetadataWrite *write) {
    LIST_REMOVE(write, siblings);
    write_free(write);
}

static void write_fail(MetadataWrite *write, int r) {
    answer_error(write->exchange, 503,
                 "the store cannot be reached: %s; it is unknown whether the metadata was changed",
                 r == -ETIMEDOUT ? "it does not answer" : strerror(-r));
    write_end(write);
}

static void on_timeout(void *userdata) {
    write_fail(userdata, -ETIMEDOUT);
}

static void on_abort(void *userdata) {
    write_end(userdata);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    MetadataWrite *write = userdata;
    write->op = NULL;
    if (r < 0) {
        write_fail(write, r);
        return;
    }
    /* What is removed may have been gone already; reads must not wait for what never comes. */
    api_acknowledge(write->api, write->exchange, 204,
                    result->has_changed ? result->revision : write->judged_revision);
    write_end(write);
}

static int txn_start(MetadataWrite *write, const MetadataPatch *patch) {
    StoreWrite writes[STORE_TXN_MAX];
    char *keys[STORE_TXN_MAX];
    int r = 0;
    for (size_t i = 0; i < patch->n_changes; i++) {
        const MetadataChange *change = &patch->changes[i];
        keys[i] = key_metadata(change->machine_id, change->key);
        r = keys[i] ? r : -ENOMEM;
        writes[i] = (StoreWrite){
            .kind = change->value ? STORE_PUT : STORE_DELETE,
            .key = keys[i],
            .value = change->value,
        };
    }
    const StoreTxn txn = {.writes = writes, .n_writes = patch->n_changes};
    if (r == 0)
        r = store_txn(write->api->options.store, &txn, on_txn, write, &write->op);
    for (size_t i = 0; i < patch->n_changes; i++)
        free(keys[i]);
    return r;
}

static int write_start(Api *api, ApiExchange *exchange, const MetadataPatch *patch,
                       int64_t judged_revision) {
    _cleanup_(write_freep) MetadataWrite *write = calloc(1, sizeof(MetadataWrite));
    if (!write)
        return -ENOMEM;
    write->api = api;
    write->exchange = exchange;
    write->judged_revision = judged_revision;
    int r = timer_new(api->options.loop, on_timeout, write, &write->timeout);
    if (r < 0)
        return r;
    r = txn_start(write, patch);
    if (r < 0)
        return r;
    timer_start(write->timeout, api->options.store_timeout_usec);
    exchange->vtable->on_abort(exchange, on_abort, write);
    LIST_INSERT_HEAD(&api->metadata_writes, write, siblings);
    TAKE_PTR(write);
    return 0;
}

/* What can only be judged by what is there: how much a machine already has. One that is not there
 * may be given metadata before it comes. */
static int patch_check(const MetadataPatch *patch, const View *view, Error *reterr) {
    static const Metadata none = {};
    for (size_t i = 0; i < patch->n_changes; i++) {
        const MetadataChange *change = &patch->changes[i];
        const MachineView *machine = view_find_machine(view, change->machine_id);
        const Metadata *overlay = machine ? &machine->overlay : &none;
        if (change->value && !metadata_get(overlay, change->key) &&
            overlay->n_pairs + patch->n_changes > METADATA_PAIRS_MAX)
            return error_set(reterr, -EINVAL, "machine '%s' has too much metadata",
                             change->machine_id);
    }
    return 0;
}

static int change_has_effect(const MetadataChange *change, const View *view) {
    const MachineView *machine = view_find_machine(view, change->machine_id);
    _cleanup_free_ char *key = key_metadata(change->machine_id, change->key);
    if (!key)
        return -ENOMEM;
    return change->value || (machine && metadata_get(&machine->overlay, change->key)) ||
           view_has_unreadable(view, key);
}

/* The removal of what is not there is left out: a transaction that writes nothing has the revision
 * of something else, and who waits for that to show up might wait for ever. */
static int patch_reduce(MetadataPatch *patch, const View *view) {
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; i < patch->n_changes; i++) {
        MetadataChange *change = &patch->changes[i];
        int has_effect = change_has_effect(change, view);
        r = MIN(r, has_effect);
        if (has_effect == 0)
            metadata_change_done(change);
        else
            patch->changes[n++] = *change;
    }
    patch->n_changes = n;
    return r;
}

void machines_patch(Api *api, ApiExchange *exchange, const char *name, View *view) {
    _cleanup_error_ Error error = {};
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    int r = metadata_patch_parse(exchange->body, exchange->body_size, &patch, &error);
    if (r >= 0)
        r = patch_check(&patch, view, &error);
    if (r >= 0)
        r = patch_reduce(&patch, view);
    if (r >= 0 && patch.n_changes == 0) {
        answer_done(exchange, 204, view_revision(view));
        return;
    }
    if (r >= 0)
        r = write_start(api, exchange, &patch, view_revision(view));
    if (r == -EINVAL)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else if (r < 0)
        answer_error(exchange, 503, "the store cannot be asked: %s", strerror(-r));
}

void metadata_writes_end(Api *api) {
    while (!LIST_EMPTY(&api->metadata_writes))
        write_fail(LIST_FIRST(&api->metadata_writes), -ESHUTDOWN);
}
