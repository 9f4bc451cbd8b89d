#include "fleetd/store/etcd-watch.h"

#include "fleetd/store/etcd-answer.h"
#include "fleetd/store/etcd-error.h"
#include "fleetd/store/etcd-request.h"

#include <errno.h>

/* etcd puts up to 1000 revisions into one message when a watch has to catch up. Past this it is
 * cheaper to list anew, in pages. */
#define MESSAGE_MAX ((size_t) 64 * 1024 * 1024)

/* After a burst there is rest, and a watch at rest needs no more. */
#define BUFFER_KEPT_MAX ((size_t) 4 * 1024)

struct EtcdWatch {
    EtcdHandle handle;
    EtcdCluster *cluster; /* NULL: it has ended, and is freed when the function on the stack ends */
    LIST_ENTRY(EtcdWatch) link;
    size_t endpoint;
    ByteBuffer body;
    H2Request *request;
    EtcdAuthWait auth_wait;
    Timer *timer; /* until it stands; then to end it from the loop */
    int end;      /* why, negative */
    int64_t start_revision;
    uint64_t history; /* 0: its member has not told it */
    int64_t created_revision;
    StoreOp *check;    /* whether the start is compacted */
    bool is_told;      /* that it stands */
    bool is_busy;      /* reading messages */
    bool is_again;     /* the token was refused: it is sent again with another */
    ByteBuffer buffer; /* a message that has not come whole */
    StoreWatchCallbacks callbacks;
    void *userdata;
};

static void watch_free(EtcdWatch *watch) {
    timer_free(watch->timer);
    byte_buffer_done(&watch->buffer);
    byte_buffer_done(&watch->body);
    free(watch);
}

/* Nothing comes any more. */
static void watch_stop(EtcdWatch *watch) {
    h2_request_cancel(TAKE_PTR(watch->request));
    etcd_auth_leave(&watch->auth_wait);
    store_op_cancel(TAKE_PTR(watch->check));
    timer_stop(watch->timer);
    LIST_REMOVE(watch, link);
    watch->cluster = NULL;
}

static void watch_close(EtcdWatch *watch, int r) {
    watch_stop(watch);
    watch->callbacks.on_closed(r, watch->userdata);
    if (!watch->is_busy)
        watch_free(watch);
}

void etcd_watch_cancel(StoreOp *op) {
    EtcdWatch *watch = (EtcdWatch *) op;
    if (!watch->cluster)
        return; /* from inside its own on_closed */
    watch_stop(watch);
    if (!watch->is_busy)
        watch_free(watch);
}

/* With a member that is no use to anyone: tells the cluster, too. */
static void watch_fail(EtcdWatch *watch, int r, const char *why) {
    EtcdCluster *cluster = watch->cluster;
    size_t endpoint = watch->endpoint;
    watch->endpoint = SIZE_MAX; /* so that it is not abandoned as well */
    etcd_cluster_member_failed(cluster, endpoint, r, why);
    watch_close(watch, r);
}

static void on_timer(void *userdata) {
    EtcdWatch *watch = userdata;
    if (watch->end < 0) {
        watch_close(watch, watch->end);
        return;
    }
    h2_client_reconnect(watch->cluster->lanes[ETCD_LANE_WATCHES]);
    watch_fail(watch, -ETIMEDOUT, "a watch was not created in time");
}

static void watch_tell_created(EtcdWatch *watch) {
    if (watch->is_told)
        return;
    watch->is_told = true;
    timer_stop(watch->timer);
    store_op_cancel(TAKE_PTR(watch->check));
    if (watch->callbacks.on_created)
        watch->callbacks.on_created(watch->created_revision, watch->userdata);
}

static void on_checked(int r, const StoreRangeResult *result, void *userdata) {
    EtcdWatch *watch = userdata;
    watch->check = NULL;
    if (watch->end < 0)
        return; /* the timer closes it */
    if (r < 0)
        watch_close(watch, r);
    else
        watch_tell_created(watch);
}

/* etcd says "created" before it looks whether the start is compacted, and nothing when it is not: a
 * read of that revision tells. */
static void watch_check_start(EtcdWatch *watch) {
    StoreRange range = {
        .key = "", .limit = 1, .revision = watch->start_revision, .is_keys_only = true};
    int r = store_range(&watch->cluster->store, &range, on_checked, watch, &watch->check);
    if (r < 0)
        watch_close(watch, r);
}

/* Whether the start is of the history that the member watches. */
static bool watch_meets_history(EtcdWatch *watch, uint64_t history) {
    if (watch->history == 0)
        watch->history = history;
    return history == 0 || watch->history == history;
}

static void watch_created(EtcdWatch *watch, const EtcdWatchAnswer *answer) {
    if (watch->created_revision > 0)
        return;
    watch->created_revision = answer->revision;
    etcd_cluster_member_answered(watch->cluster, watch->endpoint, answer->history);
    if (!watch_meets_history(watch, answer->history))
        watch_close(watch, -ESTALE);
    else if (watch->start_revision > 0 && watch->start_revision <= answer->revision)
        watch_check_start(watch);
    else
        watch_tell_created(watch);
}

static void watch_tell_events(EtcdWatch *watch, const EtcdWatchAnswer *answer) {
    watch_tell_created(watch);
    if (watch->cluster)
        watch->callbacks.on_events(answer->events, answer->n_events, answer->revision,
                                   watch->userdata);
}

static void watch_take_events(EtcdWatch *watch, const EtcdWatchAnswer *answer) {
    if (watch->created_revision > 0)
        watch_tell_events(watch, answer);
    else
        watch_fail(watch, -EPROTO, "events of a watch that was not created");
}

static bool watch_may_log_in(EtcdWatch *watch, int r) {
    EtcdAuth *auth = watch->cluster->auth;
    if (!auth)
        return false;
    if (r == -EKEYEXPIRED)
        return etcd_auth_refused(auth, &watch->auth_wait);
    return !watch->is_told && etcd_auth_denied(auth, &watch->auth_wait);
}

/* A token may be replaced before the watch stands; later its owner watches anew, from where it has
 * come to. */
static void watch_refused(EtcdWatch *watch, int r, const char *why) {
    EtcdCluster *cluster = watch->cluster;
    bool may_log_in = watch_may_log_in(watch, r);
    if (may_log_in && !watch->is_told) {
        watch->is_again = true;
        return;
    }
    if (!may_log_in)
        etcd_cluster_refused(cluster, r, why);
    watch_close(watch, may_log_in ? -ECONNRESET : -EACCES);
}

/* Each step may end the watch. */
static void watch_handle(EtcdWatch *watch, ProtobufBytes message) {
    _cleanup_error_ Error error = {};
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    int r = etcd_watch_parse(message, watch->cluster->prefix, &answer, &error);
    int end = r < 0 ? r : answer.error;
    if (end == -EKEYEXPIRED || end == -EACCES) { /* "created" may stand beside it */
        watch_refused(watch, end, error_text(&error, end));
        return;
    }
    if (r < 0) {
        watch_fail(watch, r, error_text(&error, r));
        return;
    }
    if (answer.is_created)
        watch_created(watch, &answer);
    if (watch->cluster && answer.n_events > 0)
        watch_take_events(watch, &answer);
    if (watch->cluster && answer.error < 0)
        watch_close(watch, answer.error);
}

/* All whole messages; what there is of the next one stays. */
static void watch_read(EtcdWatch *watch) {
    ByteBuffer *buffer = &watch->buffer;
    ProtobufBytes message;
    size_t begin = 0;
    int r = 0;
    while (watch->cluster && !watch->is_again) {
        r = grpc_message_find(buffer->data + begin, buffer->size - begin, MESSAGE_MAX, &message);
        if (r <= 0)
            break;
        watch_handle(watch, message);
        begin += GRPC_PREFIX_SIZE + message.size;
    }
    byte_buffer_consume(buffer, begin);
    if (buffer->size == 0 && buffer->capacity > BUFFER_KEPT_MAX)
        byte_buffer_done(buffer);
    if (watch->cluster && r == -EMSGSIZE)
        watch_close(watch, -ESTALE);
    else if (watch->cluster && r < 0)
        watch_fail(watch, r, "the answer is not in messages of gRPC's");
}

static void watch_settle(EtcdWatch *watch);
static int watch_send(EtcdWatch *watch);

static void on_data(const char *data, size_t size, void *userdata) {
    EtcdWatch *watch = userdata;
    if (byte_buffer_append(&watch->buffer, data, size) < 0) {
        watch_close(watch, -ENOMEM);
        return;
    }
    watch->is_busy = true;
    watch_read(watch);
    watch_settle(watch);
}

static void watch_end_stream(EtcdWatch *watch, const H2Answer *answer) {
    _cleanup_error_ Error error = {};
    int r = etcd_error_check(answer, &error);
    if (r == 0)
        watch_fail(watch, -ECONNRESET, "it ended a watch");
    else if (r == -EACCES || r == -EKEYEXPIRED)
        watch_refused(watch, r, error_text(&error, r));
    else if (r == -ESTALE)
        watch_close(watch, r);
    else
        watch_fail(watch, r, error_text(&error, r));
}

static void on_done(int r, const H2Answer *answer, const char *message, void *userdata) {
    EtcdWatch *watch = userdata;
    watch->request = NULL;
    watch->is_busy = true;
    if (r < 0)
        watch_fail(watch, r, message);
    else
        watch_end_stream(watch, answer);
    watch_settle(watch);
}

static int watch_post(EtcdWatch *watch) {
    EtcdCluster *cluster = watch->cluster;
    watch->endpoint = etcd_endpoints_preferred(cluster->endpoints);
    EtcdPost post = {.lane = ETCD_LANE_WATCHES,
                     .endpoint = watch->endpoint,
                     .path = "/etcdserverpb.Watch/Watch",
                     .body = &watch->body};
    timer_start(watch->timer, cluster->request_timeout_usec);
    return etcd_cluster_post(cluster, &post, on_data, on_done, watch, &watch->request);
}

static void on_auth_ready(int r, void *userdata) {
    EtcdWatch *watch = userdata;
    if (r >= 0)
        r = watch_send(watch);
    if (r < 0)
        watch_close(watch, r);
}

/* At no member while it waits for a token. */
static int watch_send(EtcdWatch *watch) {
    EtcdCluster *cluster = watch->cluster;
    usec_t deadline = loop_now(cluster->loop) + 2 * cluster->request_timeout_usec;
    watch->endpoint = SIZE_MAX;
    int r = cluster->auth ? etcd_auth_enter(cluster->auth, &watch->auth_wait, deadline) : 1;
    return r > 0 ? watch_post(watch) : r;
}

/* What was found out while its bytes were being read is done now that nobody reads them any more.
 */
static void watch_settle(EtcdWatch *watch) {
    watch->is_busy = false;
    if (!watch->cluster) {
        watch_free(watch);
        return;
    }
    if (!watch->is_again)
        return;
    watch->is_again = false;
    watch->created_revision = 0; /* that one stands no more */
    store_op_cancel(TAKE_PTR(watch->check));
    h2_request_cancel(TAKE_PTR(watch->request));
    timer_stop(watch->timer);
    byte_buffer_done(&watch->buffer);
    int r = watch_send(watch);
    if (r < 0)
        watch_close(watch, r);
}

int etcd_watch_start(EtcdCluster *cluster, const StoreWatch *what,
                     const StoreWatchCallbacks *callbacks, void *userdata, StoreOp **ret) {
    EtcdWatch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    watch->handle = (EtcdHandle){.op.store = &cluster->store, .cancel = etcd_watch_cancel};
    watch->cluster = cluster;
    watch->start_revision = what->start_revision;
    watch->history = what->history;
    watch->callbacks = *callbacks;
    watch->userdata = userdata;
    watch->auth_wait = (EtcdAuthWait){.on_ready = on_auth_ready, .userdata = watch};
    int r = timer_new(cluster->loop, on_timer, watch, &watch->timer);
    if (r >= 0)
        r = etcd_watch_format(cluster->prefix, what, &watch->body);
    if (r >= 0)
        r = watch_send(watch);
    if (r < 0) {
        watch_free(watch);
        return r;
    }
    LIST_INSERT_HEAD(&cluster->watches, watch, link);
    if (ret)
        *ret = &watch->handle.op;
    return 0;
}

/* Its check goes on, as it may be what found this out. */
static void watch_abandon(EtcdWatch *watch, int r) {
    if (watch->endpoint == SIZE_MAX || watch->end < 0)
        return;
    watch->end = r;
    h2_request_cancel(TAKE_PTR(watch->request));
    timer_start(watch->timer, 0);
}

void etcd_watches_abandon(EtcdCluster *cluster, size_t endpoint, int r) {
    EtcdWatch *watch;
    LIST_FOREACH (watch, &cluster->watches, link)
        if (watch->endpoint == endpoint)
            watch_abandon(watch, r);
}

void etcd_watches_leave_history(EtcdCluster *cluster, uint64_t history) {
    EtcdWatch *watch;
    LIST_FOREACH (watch, &cluster->watches, link)
        if (watch->history != 0 && watch->history != history)
            watch_abandon(watch, -ESTALE);
}

void etcd_watches_cancel_all(EtcdCluster *cluster) {
    EtcdWatch *watch;
    while ((watch = LIST_FIRST(&cluster->watches)))
        etcd_watch_cancel(&watch->handle.op);
}
