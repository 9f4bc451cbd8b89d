#include "fleetd/engine/writer.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/past-placement.h"

#include <errno.h>

/* With one that depends on its unit. */
#define WRITES_MAX (STORE_TXN_MAX - 1)
/* Under that, so that steps that belong together still fit behind the last one. */
#define BATCH_MAX 100
#define STEP_WRITES_MAX 2
#define COMPARES_MAX (WRITES_MAX + 1)

/* One transaction. The strings are its own. */
typedef struct Batch {
    StoreCompare compares[COMPARES_MAX];
    StoreWrite writes[WRITES_MAX];
    size_t n_compares, n_writes;
    char **strings;
} Batch;

struct Writer {
    Store *store;
    WriterDone done;
    void *userdata;
    Batch **batches; /* of the plan that is being written */
    size_t n_batches, n_written;
    StoreOp *op; /* of the first one that is not written */
};

static void batch_free(Batch *batch) {
    if (!batch)
        return;
    strv_free(batch->strings);
    free(batch);
}
DEFINE_POINTER_CLEANUP(Batch, batch_free)

static int batch_own(Batch *batch, char *string_take, const char **ret) {
    _cleanup_free_ char *string = string_take;
    if (!string)
        return -ENOMEM;
    int r = strv_push(&batch->strings, string);
    if (r >= 0)
        *ret = batch->strings[strv_length(batch->strings) - 1];
    return r;
}

static int batch_put(Batch *batch, char *key_take, char *value_take) {
    StoreWrite write = {.kind = STORE_PUT};
    int key = batch_own(batch, key_take, &write.key),
        value = batch_own(batch, value_take, &write.value);
    if (key < 0 || value < 0)
        return -ENOMEM;
    batch->writes[batch->n_writes++] = write;
    return 0;
}

static int batch_delete(Batch *batch, char *key_take) {
    StoreWrite write = {.kind = STORE_DELETE};
    int r = batch_own(batch, key_take, &write.key);
    if (r >= 0)
        batch->writes[batch->n_writes++] = write;
    return r;
}

/* The orders of a machine that came back in this moment are not taken from under it: either its
 * registration is first, and this fails, or it sees its orders gone before it acts
 * (docs/architecture.md, promise 3). */
static int batch_fence_machine(Batch *batch, const char *machine_id, const Feed *feed) {
    if (feed_find_presence(feed, machine_id) == FEED_PRESENCE_HERE)
        return 0;
    StoreCompare compare = {
        .target = STORE_COMPARE_MOD_REVISION,
        .number = feed_machine_revision(feed, machine_id),
    };
    int r = batch_own(batch, key_machine(machine_id), &compare.key);
    if (r < 0)
        return r;
    for (size_t i = 0; i < batch->n_compares; i++)
        if (streq(batch->compares[i].key, compare.key))
            return 0;
    batch->compares[batch->n_compares++] = compare;
    return 0;
}

/* An order that is new says from when on it stands. */
static int batch_put_order(Batch *batch, const PlanStep *step, const Feed *feed, usec_t now_usec) {
    Order order = *step->order;
    if (order.since_usec == ORDER_SINCE_NOW)
        order.since_usec = now_usec;
    int r = step->is_void ? batch_fence_machine(batch, order.machine_id, feed) : 0;
    return r < 0
               ? r
               : batch_put(batch, key_schedule(order.machine_id, order.name), order_format(&order));
}

static bool batch_puts(const Batch *batch, const char *key) {
    for (size_t i = 0; i < batch->n_writes; i++)
        if (batch->writes[i].kind == STORE_PUT && streq(batch->writes[i].key, key))
            return true;
    return false;
}

/* Where the unit was. Of one that is destroyed, be it in this moment, nobody asks; and what has no
 * room, as much else belongs into the same transaction, is not worth a failure. Nor is the second
 * of two placements of a global unit that have one slot: a store takes a key once. */
static int batch_put_past(Batch *batch, const PlanStep *step, usec_t now_usec) {
    const Order *order = step->order;
    bool was_written = order->since_usec != ORDER_SINCE_NOW;
    if (!step->is_known || !was_written || batch->n_writes == WRITES_MAX)
        return 0;
    const PastPlacement past = {
        .number = order->n_before + 1,
        .machine_id = order->machine_id,
        .hash = order->hash,
        .version = order->version,
        .since_usec = order->since_usec,
        .until_usec = now_usec,
        .why = order->reason,
    };
    char *key = key_past(order->name, past_placement_slot(past.number));
    if (key && batch_puts(batch, key)) {
        free(key);
        return 0;
    }
    int r = batch_put(batch, key, past_placement_format(&past));
    return r < 0 ? r
                 : batch_own(batch, key_unit(order->name),
                             &batch->writes[batch->n_writes - 1].only_with);
}

static int batch_delete_order(Batch *batch, const PlanStep *step, const Feed *feed,
                              usec_t now_usec) {
    const Order *order = step->order;
    int r = batch_fence_machine(batch, order->machine_id, feed);
    if (r >= 0)
        r = batch_delete(batch, key_schedule(order->machine_id, order->name));
    return r < 0 ? r : batch_put_past(batch, step, now_usec);
}

static int batch_add(Batch *batch, const PlanStep *step, const Feed *feed, usec_t now_usec) {
    switch (step->kind) {
    case PLAN_PUT_ORDER:
        return batch_put_order(batch, step, feed, now_usec);
    case PLAN_DELETE_ORDER:
        return batch_delete_order(batch, step, feed, now_usec);
    case PLAN_PUT_PENDING:
        return batch_put(batch, key_pending(step->pending->name), pending_format(step->pending));
    default:
        return batch_delete(batch, key_pending(step->pending->name));
    }
}

/* Steps up to BATCH_MAX, and then those that are joined to the last one. */
static int writer_fill(Batch *batch, const Plan *plan, size_t *position, const Feed *feed,
                       usec_t now_usec) {
    while (*position < plan->n_steps) {
        const PlanStep *step = &plan->steps[*position];
        bool is_full = batch->n_writes >= BATCH_MAX && !step->is_joined;
        if (is_full)
            return 0;
        if (batch->n_writes == WRITES_MAX)
            return -E2BIG;
        int r = batch_add(batch, step, feed, now_usec);
        if (r < 0)
            return r;
        (*position)++;
    }
    return 0;
}

static int writer_prepare(Writer *writer, const Plan *plan, StoreCompare fence, const Feed *feed,
                          usec_t now_usec) {
    writer->batches = calloc(plan->n_steps * STEP_WRITES_MAX / BATCH_MAX + 1, sizeof(Batch *));
    if (!writer->batches)
        return -ENOMEM;
    for (size_t position = 0; position < plan->n_steps;) {
        _cleanup_(batch_freep) Batch *batch = calloc(1, sizeof(Batch));
        if (!batch)
            return -ENOMEM;
        batch->compares[batch->n_compares++] = fence;
        int r = writer_fill(batch, plan, &position, feed, now_usec);
        if (r < 0)
            return r;
        writer->batches[writer->n_batches++] = TAKE_PTR(batch);
    }
    return 0;
}

static void writer_clear(Writer *writer) {
    store_op_cancel(TAKE_PTR(writer->op));
    for (size_t i = 0; i < writer->n_batches; i++)
        batch_free(writer->batches[i]);
    free(TAKE_PTR(writer->batches));
    writer->n_batches = writer->n_written = 0;
}

static int writer_send(Writer *writer);

static void writer_end(Writer *writer, int r, int64_t revision) {
    writer_clear(writer);
    writer->done(r, revision, writer->userdata);
}

/* A later step may rest on an earlier one, as a unit on the one that it follows: so the next batch
 * waits for this one, and is not written at all when this one is not. */
static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Writer *writer = userdata;
    writer->op = NULL;
    /* The fence did not hold, or somebody else has deleted already all that was to be deleted. */
    if (r >= 0 && !result->has_changed)
        r = -ESTALE;
    bool was_last = r >= 0 && ++writer->n_written == writer->n_batches;
    if (r >= 0 && !was_last)
        r = writer_send(writer);
    if (r < 0 || was_last)
        writer_end(writer, MIN(r, 0), r < 0 ? 0 : result->revision);
}

static int writer_send(Writer *writer) {
    const Batch *batch = writer->batches[writer->n_written];
    StoreTxn txn = {
        .compares = batch->compares,
        .n_compares = batch->n_compares,
        .writes = batch->writes,
        .n_writes = batch->n_writes,
    };
    return store_txn(writer->store, &txn, on_written, writer, &writer->op);
}

int writer_write(Writer *writer, const Plan *plan, StoreCompare fence, const Feed *feed,
                 usec_t now_usec) {
    writer_clear(writer);
    int r = writer_prepare(writer, plan, fence, feed, now_usec);
    if (r >= 0)
        r = writer_send(writer);
    if (r < 0)
        writer_clear(writer);
    return r;
}

int writer_new(Store *store, WriterDone done, void *userdata, Writer **ret) {
    Writer *writer = calloc(1, sizeof(Writer));
    if (!writer)
        return -ENOMEM;
    *writer = (Writer){.store = store, .done = done, .userdata = userdata};
    *ret = writer;
    return 0;
}

void writer_free(Writer *writer) {
    if (!writer)
        return;
    writer_clear(writer);
    free(writer);
}
