#include "fleetd/engine/writer.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"

#include <errno.h>

/* Under STORE_TXN_MAX, so that steps that belong together still fit behind the last one. */
#define BATCH_MAX 100
#define COMPARES_MAX (STORE_TXN_MAX + 1)

typedef struct WriterTxn {
    Writer *writer;
    StoreOp *op; /* NULL: free */
} WriterTxn;

struct Writer {
    Store *store;
    WriterDone done;
    void *userdata;
    WriterTxn *txns;
    size_t n_txns, n_under_way;
    int result;
    int64_t revision;
};

/* One transaction in the making. The strings are its own. */
typedef struct Batch {
    StoreCompare compares[COMPARES_MAX];
    StoreWrite writes[STORE_TXN_MAX];
    size_t n_compares, n_writes;
    char **strings;
} Batch;

static void batch_done(Batch *batch) {
    strv_free(batch->strings);
}

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

static int batch_add(Batch *batch, const PlanStep *step, const Feed *feed) {
    int r;
    switch (step->kind) {
    case PLAN_PUT_ORDER:
        r = step->is_void ? batch_fence_machine(batch, step->order->machine_id, feed) : 0;
        return r < 0 ? r
                     : batch_put(batch, key_schedule(step->order->machine_id, step->order->name),
                                 order_format(step->order));
    case PLAN_DELETE_ORDER:
        r = batch_fence_machine(batch, step->order->machine_id, feed);
        return r < 0
                   ? r
                   : batch_delete(batch, key_schedule(step->order->machine_id, step->order->name));
    case PLAN_PUT_PENDING:
        return batch_put(batch, key_pending(step->pending->name), pending_format(step->pending));
    default:
        return batch_delete(batch, key_pending(step->pending->name));
    }
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    WriterTxn *txn = userdata;
    Writer *writer = txn->writer;
    txn->op = NULL;
    /* The fence did not hold, or somebody else has deleted already all that was to be deleted. */
    if (r >= 0 && !result->has_changed)
        r = -ESTALE;
    if (r >= 0)
        writer->revision = MAX(writer->revision, result->revision);
    else if (writer->result == 0 || writer->result == -ESTALE)
        writer->result = r;
    if (--writer->n_under_way == 0)
        writer->done(writer->result, writer->revision, writer->userdata);
}

static int writer_send(Writer *writer, const Batch *batch) {
    StoreTxn txn = {
        .compares = batch->compares,
        .n_compares = batch->n_compares,
        .writes = batch->writes,
        .n_writes = batch->n_writes,
    };
    WriterTxn *slot = &writer->txns[writer->n_txns];
    slot->writer = writer;
    int r = store_txn(writer->store, &txn, on_written, slot, &slot->op);
    if (r < 0)
        return r;
    writer->n_txns++;
    writer->n_under_way++;
    return 0;
}

/* Steps up to BATCH_MAX, and then those that are joined to the last one. */
static int writer_fill(Batch *batch, const Plan *plan, size_t *position, const Feed *feed) {
    while (*position < plan->n_steps) {
        const PlanStep *step = &plan->steps[*position];
        bool is_full = batch->n_writes >= BATCH_MAX && !step->is_joined;
        if (is_full)
            return 0;
        if (batch->n_writes == STORE_TXN_MAX)
            return -E2BIG;
        int r = batch_add(batch, step, feed);
        if (r < 0)
            return r;
        (*position)++;
    }
    return 0;
}

static void writer_clear(Writer *writer) {
    for (size_t i = 0; i < writer->n_txns; i++)
        store_op_cancel(writer->txns[i].op);
    free(writer->txns);
    writer->txns = NULL;
    writer->n_txns = writer->n_under_way = 0;
    writer->result = 0;
    writer->revision = 0;
}

int writer_write(Writer *writer, const Plan *plan, StoreCompare fence, const Feed *feed) {
    writer_clear(writer);
    writer->txns = calloc(plan->n_steps / BATCH_MAX + 1, sizeof(WriterTxn));
    if (!writer->txns)
        return -ENOMEM;
    for (size_t position = 0; position < plan->n_steps;) {
        _cleanup_(batch_done) Batch batch = {.compares = {fence}, .n_compares = 1};
        int r = writer_fill(&batch, plan, &position, feed);
        if (r >= 0)
            r = writer_send(writer, &batch);
        if (r < 0) {
            writer_clear(writer);
            return r;
        }
    }
    return 0;
}

bool writer_is_busy(const Writer *writer) {
    return writer->n_under_way > 0;
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
