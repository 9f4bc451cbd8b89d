#include "fleetd/agent/cluster-check.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/cluster-id.h"
#include "fleetd/model/keys.h"

#include <inttypes.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

struct ClusterCheck {
    Store *store;
    Loop *loop;
    void (*on_known)(void *userdata);
    void *userdata;
    char *id; /* NULL: not known */
    StoreOp *op;
    Timer *timer; /* to read, at once or again */
};

static void on_written(int r, _unused_ const StoreTxnResult *result, void *userdata) {
    ClusterCheck *check = userdata;
    check->op = NULL;
    timer_start(check->timer, r < 0 ? RETRY_USEC : 0); /* whoever was first: what is there counts */
}

static int check_write(ClusterCheck *check, int64_t mod_revision) {
    uint64_t high = loop_random(check->loop), low = loop_random(check->loop);
    _cleanup_free_ char *id = str_printf("%016" PRIx64 "%016" PRIx64, high, low);
    _cleanup_free_ char *value = id ? cluster_id_format(id) : NULL;
    StoreCompare compare = {
        .key = KEY_CLUSTER_TEXT, .target = STORE_COMPARE_MOD_REVISION, .number = mod_revision};
    StoreWrite write = {.kind = STORE_PUT, .key = KEY_CLUSTER_TEXT, .value = value};
    StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &write, .n_writes = 1};
    return value ? store_txn(check->store, &txn, on_written, check, &check->op) : -ENOMEM;
}

/* 1: known; 0: there is none that can be read. */
static int check_take(ClusterCheck *check, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r < 0)
        return r;
    if (!record.is_readable) {
        log_warning("The id of the cluster in the store cannot be read, %s; it is made anew",
                    error_text(&error, r));
        return 0;
    }
    check->id = TAKE_PTR(record.cluster_id);
    return 1;
}

static void on_read(int r, const StoreRangeResult *result, void *userdata) {
    ClusterCheck *check = userdata;
    check->op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    if (entry)
        r = check_take(check, entry);
    if (r == 0)
        r = check_write(check, entry ? entry->mod_revision : 0);
    if (r < 0)
        timer_start(check->timer, RETRY_USEC);
    else if (check->id)
        check->on_known(check->userdata);
}

static void on_timer(void *userdata) {
    ClusterCheck *check = userdata;
    StoreRange range = {.key = KEY_CLUSTER_TEXT};
    if (store_range(check->store, &range, on_read, check, &check->op) < 0)
        timer_start(check->timer, RETRY_USEC);
}

void cluster_check_forget(ClusterCheck *check) {
    store_op_cancel(TAKE_PTR(check->op));
    timer_stop(check->timer);
    free(TAKE_PTR(check->id));
}

void cluster_check_ask(ClusterCheck *check) {
    cluster_check_forget(check);
    timer_start(check->timer, 0);
}

const char *cluster_check_id(const ClusterCheck *check) {
    return check->id;
}

int cluster_check_new(Store *store, Loop *loop, void (*on_known)(void *userdata), void *userdata,
                      ClusterCheck **ret) {
    _cleanup_(cluster_check_freep) ClusterCheck *check = calloc(1, sizeof(ClusterCheck));
    if (!check)
        return -ENOMEM;
    *check =
        (ClusterCheck){.store = store, .loop = loop, .on_known = on_known, .userdata = userdata};
    int r = timer_new(loop, on_timer, check, &check->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(check);
    return 0;
}

void cluster_check_free(ClusterCheck *check) {
    if (!check)
        return;
    store_op_cancel(check->op);
    timer_free(check->timer);
    free(check->id);
    free(check);
}
