/* Watches: what the inner watch tells is queued, each notice for its time, in order. */
#include "fleetd/store/store-request.h"
#include "tests/fakes/faulty-internal.h"
#include "tests/fakes/store-copy.h"

#include <errno.h>

typedef enum NoticeKind { NOTICE_CREATED, NOTICE_EVENTS, NOTICE_CLOSED } NoticeKind;

typedef struct Notice {
    NoticeKind kind;
    usec_t due;
    int64_t revision;
    StoreEvent *events;
    size_t n_events;
    int r;
    TAILQ_ENTRY(Notice) link;
} Notice;

typedef struct Watch {
    FaultyOp op;
    StoreWatch *watch;
    StoreWatchCallbacks callbacks;
    void *userdata;
    bool is_sent;
    int interrupted; /* 0, or what it is to be closed with */
    TAILQ_HEAD(NoticeList, Notice) notices;
} Watch;

static void notice_free(Notice *notice) {
    store_events_free(notice->events, notice->n_events);
    free(notice);
}

static void watch_free(FaultyOp *op) {
    Watch *watch = (Watch *) op;
    Notice *notice;
    while ((notice = TAILQ_FIRST(&watch->notices))) {
        TAILQ_REMOVE(&watch->notices, notice, link);
        notice_free(notice);
    }
    free(watch->watch);
}

static void watch_close(Watch *watch, int r) {
    faulty_op_remove(&watch->op);
    watch->callbacks.on_closed(r, watch->userdata);
    faulty_op_free(&watch->op);
}

/* Arms the timer for what comes first: the oldest notice, or giving up on silence. */
static void watch_arm(Watch *watch) {
    FaultyStore *store = faulty_op_store(&watch->op);
    const Notice *notice = TAILQ_FIRST(&watch->notices);
    usec_t now = loop_now(store->loop), due = 0;
    if (store->cut == -ETIMEDOUT)
        due = store->cut_since + store->faults.timeout_usec;
    else if (watch->is_sent && store->cut == 0 && watch->interrupted == 0) {
        if (!notice)
            return;
        due = notice->due;
    }
    timer_start(watch->op.timer, due > now ? due - now : 0);
}

static usec_t watch_lag(FaultyStore *store) {
    usec_t lag = store->faults.watch_lag_usec;
    return lag > 0 ? loop_random(store->loop) % lag : 0;
}

static void watch_push(Watch *watch, const Notice *values) {
    FaultyStore *store = faulty_op_store(&watch->op);
    const Notice *last = TAILQ_LAST(&watch->notices, NoticeList);
    Notice *notice = malloc(sizeof(Notice));
    if (!notice)
        abort();
    *notice = *values;
    notice->due = loop_now(store->loop) + faulty_store_latency(store) + watch_lag(store);
    if (last)
        notice->due = MAX(notice->due, last->due);
    TAILQ_INSERT_TAIL(&watch->notices, notice, link);
    if (notice == TAILQ_FIRST(&watch->notices))
        watch_arm(watch);
}

static void on_created(int64_t revision, void *userdata) {
    watch_push(userdata, &(Notice){.kind = NOTICE_CREATED, .revision = revision});
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    watch_push(userdata, &(Notice){.kind = NOTICE_EVENTS,
                                   .events = store_events_copy(events, n_events),
                                   .n_events = n_events,
                                   .revision = revision});
}

static void on_closed(int r, void *userdata) {
    Watch *watch = userdata;
    watch->op.inner = NULL;
    watch_push(watch, &(Notice){.kind = NOTICE_CLOSED, .r = r});
}

static void watch_send(Watch *watch) {
    static const StoreWatchCallbacks callbacks = {on_created, on_events, on_closed};
    FaultyStore *store = faulty_op_store(&watch->op);
    watch->is_sent = true;
    int r = store_watch(store->inner, watch->watch, &callbacks, watch, &watch->op.inner);
    if (r < 0)
        watch_close(watch, r);
}

static void watch_tell(Watch *watch) {
    FaultyStore *store = faulty_op_store(&watch->op);
    Notice *notice = TAILQ_FIRST(&watch->notices);
    if (!notice)
        return;
    if (notice->kind == NOTICE_CLOSED) {
        watch_close(watch, notice->r);
        return;
    }
    if (notice->kind == NOTICE_EVENTS &&
        faulty_store_chance(store, store->faults.broken_watch_permille)) {
        watch_close(watch, -ECONNRESET);
        return;
    }
    TAILQ_REMOVE(&watch->notices, notice, link);
    watch_arm(watch); /* the callback may free the watch */
    if (notice->kind == NOTICE_CREATED)
        watch->callbacks.on_created(notice->revision, watch->userdata);
    else
        watch->callbacks.on_events(notice->events, notice->n_events, notice->revision,
                                   watch->userdata);
    notice_free(notice);
}

static void watch_wake(FaultyOp *op) {
    Watch *watch = (Watch *) op;
    FaultyStore *store = faulty_op_store(op);
    usec_t cut_until = store->cut_since + store->faults.timeout_usec;
    if (watch->interrupted != 0)
        watch_close(watch, watch->interrupted);
    else if (store->cut == -ETIMEDOUT && loop_now(store->loop) < cut_until)
        watch_arm(watch);
    else if (store->cut != 0)
        watch_close(watch, store->cut);
    else if (!watch->is_sent)
        watch_send(watch);
    else
        watch_tell(watch);
}

static void watch_interrupt(FaultyOp *op, int r) {
    ((Watch *) op)->interrupted = r;
    timer_start(op->timer, 0);
}

static void watch_cut(FaultyOp *op) {
    watch_arm((Watch *) op);
}

int faulty_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                 void *userdata, StoreOp **ret) {
    static const FaultyOpKind kind = {
        .wake = watch_wake, .cut = watch_cut, .interrupt = watch_interrupt, .free = watch_free};
    Watch *op = malloc(sizeof(Watch));
    if (!op)
        return -ENOMEM;
    *op = (Watch){.callbacks = *callbacks, .userdata = userdata};
    TAILQ_INIT(&op->notices);
    int r = store_watch_copy(watch, &op->watch);
    if (r >= 0)
        r = faulty_op_begin(store, &op->op, &kind, ret);
    if (r < 0) {
        free(op->watch);
        free(op);
    }
    return r;
}
