#include "fleetd/engine/side-work.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

/* --- deciding --- */

/* While it is not ready nothing is lost: whoever is then looks again. */
static void on_timer(void *userdata) {
    SideWork *work = userdata;
    const SideWorkOptions *options = &work->options;
    if (work->op || !options->is_ready(work->written_revision, options->userdata))
        return;
    int r = leadership_is_sure(options->leadership) ? work->act(work->owner) : -ENOTCONN;
    if (r == -ENOMEM)
        options->on_told(r, options->userdata);
    else if (r < 0)
        timer_start(work->timer, RETRY_USEC);
}

void side_work_look(SideWork *work) {
    if (!work->op)
        timer_start(work->timer, 0);
}

void side_work_look_at(SideWork *work, usec_t realtime_usec) {
    usec_t now = side_work_now(work);
    if (realtime_usec != USEC_INFINITY)
        timer_start(work->timer, realtime_usec > now ? realtime_usec - now : 0);
}

bool side_work_is_held_back(const SideWork *work) {
    return work->options.is_held_back(work->options.userdata);
}

usec_t side_work_now(const SideWork *work) {
    return loop_realtime(work->options.loop);
}

/* --- writing --- */

StoreCompare side_work_fence(const SideWork *work) {
    return leadership_fence(work->options.leadership);
}

int side_work_write(SideWork *work, const StoreTxn *txn, StoreTxnDone done) {
    return store_txn(work->options.store, txn, done, work->owner, &work->op);
}

int side_work_write_record(SideWork *work, const char *key, int64_t revision, const char *value,
                           StoreTxnDone done) {
    const StoreCompare compares[] = {
        side_work_fence(work),
        {.key = key, .target = STORE_COMPARE_MOD_REVISION, .number = revision},
    };
    const StoreWrite write = {.kind = value ? STORE_PUT : STORE_DELETE, .key = key, .value = value};
    const StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &write, .n_writes = 1};
    return side_work_write(work, &txn, done);
}

int side_work_end(SideWork *work, int r, const StoreTxnResult *result) {
    work->op = NULL;
    if (r >= 0 && result->succeeded) {
        work->written_revision = result->revision;
        return 1;
    }
    timer_start(work->timer, RETRY_USEC); /* what is there by then is told */
    return MIN(r, 0);
}

int64_t side_work_revision(const SideWork *work) {
    return work->op ? INT64_MAX : work->written_revision;
}

/* --- life --- */

int side_work_init(SideWork *work, const SideWorkOptions *options, int (*act)(void *owner),
                   void *owner) {
    *work = (SideWork){.options = *options, .act = act, .owner = owner};
    return timer_new(options->loop, on_timer, work, &work->timer);
}

void side_work_done(SideWork *work) {
    store_op_cancel(work->op);
    timer_free(work->timer);
    *work = (SideWork){};
}
